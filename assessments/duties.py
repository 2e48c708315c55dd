"""What can wait for a person: kinds of duties, an item of the inbox, and the desk read once for all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q

from assessments import flow
from assessments.models import Assessment, Decision, Round, Sheet, Track
from assessments.rules import SchemeRules, StepName
from assessments.watching import Watch
from gradingsite.lib.days import due_words, short_date, weekday
from gradingsite.lib.flow import Flow
from orgs.actor import Actor
from orgs.models import Post
from orgs.reach import Reach
from orgs.roles import Role


@dataclass(frozen=True, slots=True, eq=False)
class Duty:
    """A kind of item: the move it leads to, who makes it, and the word on its button.

    Without a ``move``: what prepares a move (a draft, a notice's dates) or only reminds somebody of one.
    """

    flow: Flow
    move: str
    party: str
    button: str
    step: StepName | None = None


FILL_SELF = Duty(flow.TRACK, "submit", "SEC", "去填报", StepName.SELF)
FILL_FOR = Duty(flow.TRACK, "submit", "CLK", "去代录", StepName.SELF)
FILL_SUPERIOR = Duty(flow.TRACK, "submit", "CLK", "去录入", StepName.SUPERIOR)
ENTER_COUNTS = Duty(flow.TRACK, "submit", "CLK", "去录票", StepName.BALLOT)
CONFIRM_SELF = Duty(flow.TRACK, "confirm", "LIA", "去确认", StepName.CONFIRM)
CONFIRM_FOR = Duty(flow.TRACK, "confirm", "CLK", "去确认", StepName.CONFIRM)
CONFIRM_COUNTS = Duty(flow.TRACK, "confirm", "CLK", "去复核", StepName.BALLOT)
ASSIGN = Duty(flow.TRACK, "", "CLK", "去指定", StepName.RELATED)
RATE_FOR = Duty(flow.TRACK, "settle", "CLK", "去代录", StepName.RELATED)
RATE = Duty(flow.TRACK, "settle", "RAT", "去评分", StepName.RELATED)
DRAFT = Duty(flow.FILE, "", "CLK", "去拟定", StepName.DECIDE)
SIGN = Duty(flow.FILE, "decide", "COM", "去评定", StepName.DECIDE)
NOTICE = Duty(flow.FILE, "", "CLK", "去登记", StepName.NOTICE)
REPORT = Duty(flow.FILE, "report", "COM", "去上报", StepName.REPORT)
APPROVE = Duty(flow.FILE, "approve", "DEP", "去核准", StepName.APPROVE)
TAKE_UP = Duty(flow.FILE, "take_up", "DEP", "去接收", StepName.APPROVE)
AFTER_NOTICE = Duty(flow.FILE, "", "DEP", "去登记", StepName.NOTICE)
CHASE = Duty(flow.FILE, "", "DEP", "催办")
CHASE_BELOW = Duty(flow.TRACK, "", "CLK", "催办")
OPEN_ROUND = Duty(flow.ROUND, "open", "DEP", "去开始")
DUTIES = tuple(value for value in list(globals().values()) if isinstance(value, Duty))


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do: the matter, one line of cause, by when, and the address of the form."""

    duty: Duty
    matter: str
    cause: str
    url: str
    due_on: dt.date | None = None
    late: bool = False
    due_words: str = ""
    fold_url: str = ""

    @property
    def button(self) -> str:
        """The word on the button."""
        return self.duty.button

    @property
    def due_day(self) -> str:
        """「应于 4月7日」 or 「4月10日 周五」."""
        if self.due_on is None:
            return ""
        day = short_date(self.due_on)
        return f"应于 {day}" if self.late else f"{day} {weekday(self.due_on).replace('星期', '周')}"


@dataclass(frozen=True, slots=True)
class Group:
    """Items due in the same stretch of time."""

    label: str
    items: Sequence[Item]

    @property
    def is_late(self) -> bool:
        """Whether these are the late ones."""
        return self.label == "逾期"


@dataclass(slots=True)
class Desk:
    """What one person's open files look like: read once for all items."""

    actor: Actor
    today: dt.date
    watch: Watch
    files: list[Assessment] = field(default_factory=list)
    tracks: list[Track] = field(default_factory=list)
    decisions: dict[int, bool] = field(default_factory=dict)
    with_liaison: set[int] = field(default_factory=set)
    with_secretary: set[int] = field(default_factory=set)

    def rules(self, file: Assessment) -> SchemeRules:
        """The rules of a file's round."""
        return self.watch.rules[file.round_id]

    def due(self, file: Assessment, step: StepName) -> dt.date | None:
        """By when a step is to be done in the file's round."""
        return self.watch.due[file.round_id].get(step.value)


def held_at(reach: Reach, *roles: Role) -> list[int]:
    """The organisations at which one holds a post in one of the roles."""
    return [span.organisation_id for span in reach.of_roles(roles)]


def read_desk(desk: Desk, rounds: Sequence[Round]) -> None:
    """Files the person is party to below the county, their tracks, drafts, and who else is there to act."""
    reach = desk.actor.reach
    own = held_at(reach, Role.BRANCH_SECRETARY)
    own += [pk for span in reach.of_roles([Role.LIAISON]) for pk in span.listed]
    committees = held_at(reach, Role.TOWNSHIP_CLERK, Role.COMMITTEE_SECRETARY)
    if not rounds or not (own or committees):
        return
    files = Assessment.objects.filter(round__in=rounds, status__in=flow.BEFORE_APPROVAL)
    files = files.filter(Q(organisation__in=own) | Q(deciding__in=committees))
    desk.files = list(desk.watch.watched(files).select_related("deciding").order_by("round", "position"))
    by_id = {file.pk: file for file in desk.files}
    sheets = Sheet.objects.current().filter(track=OuterRef("pk"))
    desk.tracks = list(
        Track.objects.filter(assessment__in=by_id)
        .exclude(status=flow.CONFIRMED)
        .annotate(has_sheets=Exists(sheets), has_papers=Exists(sheets.filter(status="draft", rater=None)))
        .order_by("assessment__position")
    )
    for track in desk.tracks:
        track.assessment = by_id[track.assessment_id]
    signed = Decision.objects.filter(assessment__in=by_id, superseded_at=None)
    desk.decisions = {pk: at is not None for pk, at in signed.values_list("assessment", "signed_at")}
    branches = {file.organisation_id for file in desk.files}
    held = Post.objects.held_on(desk.today)
    desk.with_secretary = set(
        held.filter(role=Role.BRANCH_SECRETARY, organisation__in=branches).values_list(
            "organisation", flat=True
        )
    )
    desk.with_liaison = set(
        held.filter(role=Role.LIAISON, listings__organisation__in=branches).values_list(
            "listings__organisation", flat=True
        )
    )


def item_due(
    desk: Desk,
    duty: Duty,
    matter: str,
    cause: str,
    url: str,
    due_on: dt.date | None,
    track: Track | None = None,
) -> Item:
    """An item with its deadline in words."""
    late = due_on is not None and due_on < desk.today
    return Item(duty, matter, cause, url, due_on, late, due_words(desk.today, due_on))
