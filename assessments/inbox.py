"""The inbox 「待办」: what waits for one person, read off the flow tables and the states (ui.md 1–3).

Every duty names the move of a flow it leads to and the party who makes it; a test holds both against the tables.
A constant number of queries, whatever the number of branches.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.timezone import localdate

from assessments import flow, places
from assessments.models import Assessment, Decision, Round, Sheet, Track
from assessments.rules import Method, NoticeTiming, SchemeRules, Source, SourceKind, StepName
from assessments.steps import State, StepState
from assessments.watching import PATTERN, Watch, pattern_of, watched_pattern
from gradingsite.lib.days import due_words, short_date, weekday
from gradingsite.lib.flow import Flow
from orgs.actor import Actor
from orgs.models import Post
from orgs.reach import Reach
from orgs.roles import Role

ALONE = 2
NAMED = 3


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


def inbox_of(actor: Actor, today: dt.date) -> list[Item]:
    """Everything that waits for the person today, most pressing first."""
    reach = actor.reach
    if reach.everything or reach.admin_role or not reach.spans:
        return []
    rounds = list(Round.objects.within(reach).filter(status="open").select_related("scheme"))
    desk = Desk(actor, today, Watch(rounds, today))
    _read(desk, rounds)
    found = [*_by_track(desk), *_by_file(desk), *_sheets(desk), *_above(desk), *_rounds(desk)]
    return sorted(found, key=lambda item: (item.due_on is None, item.due_on or today, not item.late))


def count_of(actor: Actor) -> int:
    """How many things wait: the number beside 「待办」."""
    return len(inbox_of(actor, localdate()))


def grouped(items: Sequence[Item], today: dt.date) -> list[Group]:
    """逾期, 今日, 本周 (to Sunday) and 以后; groups without items are left out."""
    sunday = today + dt.timedelta(days=6 - today.weekday())
    piles: dict[str, list[Item]] = {"逾期": [], "今日": [], "本周": [], "以后": []}
    for item in items:
        if item.late:
            piles["逾期"].append(item)
        elif item.due_on == today:
            piles["今日"].append(item)
        elif item.due_on and item.due_on <= sunday:
            piles["本周"].append(item)
        else:
            piles["以后"].append(item)
    return [Group(label, held) for label, held in piles.items() if held]


def _of(reach: Reach, *roles: Role) -> list[int]:
    return [span.organisation_id for span in reach.of_roles(roles)]


def _read(desk: Desk, rounds: Sequence[Round]) -> None:
    """Files the person is party to below the county, their tracks, drafts, and who else is there to act."""
    reach = desk.actor.reach
    own = _of(reach, Role.BRANCH_SECRETARY)
    own += [pk for span in reach.of_roles([Role.LIAISON]) for pk in span.listed]
    committees = _of(reach, Role.TOWNSHIP_CLERK, Role.COMMITTEE_SECRETARY)
    if not rounds or not (own or committees):
        return
    files = Assessment.objects.filter(round__in=rounds, status__in=flow.BEFORE_APPROVAL)
    files = files.filter(Q(organisation__in=own) | Q(deciding__in=committees))
    desk.files = list(desk.watch.watched(files).select_related("deciding").order_by("round", "position"))
    by_id = {file.pk: file for file in desk.files}
    drafts = Sheet.objects.current().filter(track=OuterRef("pk"))
    desk.tracks = list(
        Track.objects.filter(assessment__in=by_id)
        .exclude(status=flow.CONFIRMED)
        .annotate(has_sheets=Exists(drafts))
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


@dataclass(frozen=True, slots=True)
class _Open:
    """A track that waits, before alike ones are put together."""

    duty: Duty
    track: Track
    source: Source
    due_on: dt.date | None


def _by_track(desk: Desk) -> list[Item]:
    waiting = []
    for track in desk.tracks:
        source = desk.rules(track.assessment).source(track.source)
        if source is None or track.assessment.status not in (flow.COLLECTING, flow.COMPUTED):
            continue
        duty = _duty_of(desk, track, source)
        if duty is None:
            continue
        step = duty.step or source.step()
        if duty.button == "催办":
            step = StepName.CONFIRM if track.status == flow.IN else source.step()
        due_on = desk.due(track.assessment, step)
        if track.returned_note and track.status == flow.OPEN:
            due_on = track.returned_due_on or track.assessment.returned_due_on or due_on
        if duty.button != "催办" or (due_on and due_on < desk.today):
            waiting.append(_Open(duty, track, source, due_on))
    piles: dict[tuple[object, ...], list[_Open]] = {}
    for one in waiting:
        alone = one.track.pk if one.track.returned_note and one.track.status == flow.OPEN else 0
        key = (one.duty, one.track.assessment.round_id, one.source.key, one.due_on, alone)
        piles.setdefault(key, []).append(one)
    return [item for pile in piles.values() for item in _track_items(desk, pile)]


def _duty_of(desk: Desk, track: Track, source: Source) -> Duty | None:
    """What a waiting track asks of this person, if anything."""
    parties = track.assessment.parties(desk.actor.reach)
    me, branch = desk.actor.person.pk, track.assessment.organisation_id
    kind, handed_in = source.kind, track.status == flow.IN
    if kind is SourceKind.SELF and handed_in:
        if track.submitted_by_id == me:
            return None
        if "LIA" in parties:
            return CONFIRM_SELF
        if "CLK" in parties:
            return CHASE_BELOW if branch in desk.with_liaison else CONFIRM_FOR
        return None
    if kind is SourceKind.SELF:
        if "SEC" in parties:
            return FILL_SELF
        if "CLK" in parties:
            return CHASE_BELOW if branch in desk.with_secretary else FILL_FOR
        return None
    if "CLK" not in parties:
        return None
    if source.method is Method.BALLOT:
        if handed_in:
            return None if track.submitted_by_id == me else CONFIRM_COUNTS
        return ENTER_COUNTS
    if handed_in:
        return None
    if kind is SourceKind.SUPERIOR or source.is_anonymous():
        return FILL_SUPERIOR
    return CHASE_BELOW if track.has_sheets else ASSIGN  # type: ignore[attr-defined]


def _track_items(desk: Desk, pile: Sequence[_Open]) -> Iterable[Item]:
    """Alike tracks as one item, few ones each by itself."""
    if len(pile) <= ALONE:
        for one in pile:
            yield _item(
                desk, one.duty, f"{one.track.assessment.short_name}：{_matter(one)}", _cause(one), [one]
            )
        return
    names = "、".join(one.track.assessment.short_name for one in pile[:NAMED])
    more = f"等 {len(pile)} 个支部" if len(pile) > NAMED else ""
    yield _item(desk, pile[0].duty, f"{_matter(pile[0])}：{len(pile)} 个支部", f"{names}{more}", pile)


def _matter(one: _Open) -> str:
    label = one.source.label
    if one.track.returned_note and one.track.status == flow.OPEN:
        return f"{label}退回重做"
    words = {
        FILL_SELF: "未提交",
        FILL_FOR: "待代录",
        FILL_SUPERIOR: "未录入",
        ENTER_COUNTS: "票数未录入",
        CONFIRM_SELF: "待确认",
        CONFIRM_FOR: "待确认",
        CONFIRM_COUNTS: "票数待第二人复核",
        ASSIGN: "未指定评分人",
    }
    if one.duty is CHASE_BELOW:
        return f"{label}{'待包村干部确认' if one.track.status == flow.IN else '未提交'}"
    return f"{label}{words[one.duty]}"


def _cause(one: _Open) -> str:
    """One line: why it waits, or what follows from it."""
    if one.track.returned_note and one.track.status == flow.OPEN:
        return f"退回事由：{one.track.returned_note}"
    name = one.track.assessment.short_name
    if one.duty in (FILL_SUPERIOR, ENTER_COUNTS, FILL_FOR):
        return f"缺这一张表，{name}不能评定"
    if one.duty is FILL_SELF:
        return "逐项打分，低于满分的写明事由"
    if one.duty is FILL_FOR:
        return "支部没有账号，由乡镇代录"
    if one.duty is CHASE_BELOW:
        return f"等{'包村干部确认' if one.track.status == flow.IN else '对方提交'}，{name}不能计分"
    if one.duty is ASSIGN:
        return "指定评分人后，对方才能评分"
    return "确认后才计入得分" if one.duty is not CONFIRM_COUNTS else "须由录入人以外的人复核"


def _item(desk: Desk, duty: Duty, matter: str, cause: str, pile: Sequence[_Open]) -> Item:
    track = pile[0].track
    return _made(desk, duty, matter, cause, _track_url(duty, pile[0], len(pile)), pile[0].due_on, track)


def _made(
    desk: Desk,
    duty: Duty,
    matter: str,
    cause: str,
    url: str,
    due_on: dt.date | None,
    track: Track | None = None,
) -> Item:
    late = due_on is not None and due_on < desk.today
    return Item(duty, matter, cause, url, due_on, late, due_words(desk.today, due_on))


def _track_url(duty: Duty, one: _Open, number: int) -> str:
    """The form itself: the branch's own where there is one, else the page of all of them."""
    file, track = one.track.assessment, one.track
    if duty is CHASE_BELOW:
        step = StepName.CONFIRM if track.status == flow.IN else one.source.step()
        return places.chase_page(file.round_id, unit=file.deciding.code, step=step.value)
    committee = "" if duty is FILL_SELF else file.deciding.code
    found = places.track_form(duty.step, file.round_id, committee, track, one.source, alone=number == 1)
    return found or places.file_page(file.pk)


def _by_file(desk: Desk) -> list[Item]:
    """Drafting, signing, noting the notice and reporting, one item a committee."""
    piles: dict[tuple[Duty, int, int, dt.date | None], list[Assessment]] = {}
    for file in desk.files:
        parties = file.parties(desk.actor.reach)
        duty = _file_duty(desk, file, parties)
        if duty and duty.step:
            due_on = file.returned_due_on or desk.due(file, duty.step)
            piles.setdefault((duty, file.round_id, file.deciding_id, due_on), []).append(file)
    return [_file_item(desk, duty, due_on, files) for (duty, _, _, due_on), files in piles.items()]


def _file_duty(desk: Desk, file: Assessment, parties: frozenset[str]) -> Duty | None:
    drafted = file.pk in desk.decisions
    if file.status == flow.COMPUTED:
        if drafted and "COM" in parties:
            return SIGN
        return DRAFT if not drafted and "CLK" in parties else None
    if file.status != flow.DECIDED:
        return None
    notice = desk.rules(file).notice
    before = notice is not None and notice.timing is NoticeTiming.BEFORE_REPORT
    if before and file.notice_from_on is None:
        return NOTICE if "CLK" in parties else None
    if "COM" in parties and (not before or (file.notice_to_on and file.notice_to_on < desk.today)):
        return REPORT
    return None


def _file_item(desk: Desk, duty: Duty, due_on: dt.date | None, files: Sequence[Assessment]) -> Item:
    first, number = files[0], len(files)
    names = "、".join(file.short_name for file in files[:NAMED]) + (
        f"等 {number} 个支部" if number > NAMED else ""
    )
    open_ones = sum(
        other.status == flow.COLLECTING and other.deciding_id == first.deciding_id for other in desk.files
    )
    returned = "退回后重新" if first.returned_due_on else ""
    matter = {
        DRAFT: f"{returned}拟定 {number} 个支部的等次",
        SIGN: f"{returned}评定 {number} 个支部的等次",
        NOTICE: f"登记 {number} 个支部的公示日期",
        REPORT: f"{returned}上报 {number} 个支部",
    }[duty]
    cause = names
    if duty is DRAFT:
        cause = (
            f"{number} 个已计分"
            + (f"，{open_ones} 个未齐" if open_ones else "")
            + "；会后录入会议日期和纪要号"
        )
    url = places.committee_form(duty.step, first.round_id, first.deciding.code) or places.files_page(
        first.round_id, unit=first.deciding.code
    )
    return _made(desk, duty, matter, cause, url, due_on)


def _sheets(desk: Desk) -> list[Item]:
    """A rater's open sheets, one item a round; sent-back ones by themselves."""
    mine = Sheet.objects.filter(
        rater=desk.actor.person.pk,
        status="draft",
        track__status=flow.OPEN,
        assessment__status__in=(flow.COLLECTING, flow.COMPUTED),
        assessment__round__status="open",
    ).order_by()
    rows = mine.values(
        "assessment__round", "assessment__round__name", "track__returned_due_on", "track__source"
    )
    found = []
    for row in rows.annotate(n=Count("pk")):
        round_id = row["assessment__round"]
        due_on = row["track__returned_due_on"] or desk.watch.due.get(round_id, {}).get(StepName.RELATED.value)
        returned = "退回重评" if row["track__returned_due_on"] else "给"
        url = places.rater_form(round_id, row["track__source"]) or places.page("assessments:rounds")
        words = f"{returned} {row['n']} 个支部{'' if returned != '给' else '评分'}"
        found.append(_made(desk, RATE, words, row["assessment__round__name"], url, due_on))
    return found


def _above(desk: Desk) -> list[Item]:
    """The approving side, from counts by committee: to take up, to approve, to chase; one query."""
    committees = _of(desk.actor.reach, Role.ORG_DEPARTMENT)
    if not committees or not desk.watch.rounds:
        return []
    files = Assessment.objects.filter(
        round__in=desk.watch.rounds, approving__in=committees, status__in=flow.RUNNING
    )
    rows = (
        desk.watch.watched(files)
        .order_by("deciding__lft")
        .values("deciding__code", "deciding__short_name", "notice_from_on", *PATTERN)
        .annotate(n=Count("pk"), taken=Count("taken_up_at"))
    )
    units: dict[tuple[int, str], list[dict[str, object]]] = {}
    for row in rows:
        units.setdefault((row["round_id"], row["deciding__code"]), []).append(row)
    found = []
    for (round_id, code), held in units.items():
        found += _unit_items(desk, round_id, code, held)
    return found


def _unit_items(desk: Desk, round_id: int, code: str, rows: Sequence[dict[str, object]]) -> Iterable[Item]:
    name = str(rows[0]["deciding__short_name"])
    reported = sum(int(str(row["n"])) for row in rows if row["status"] == flow.REPORTED)
    taken = sum(int(str(row["taken"])) for row in rows if row["status"] == flow.REPORTED)
    due_on = desk.watch.due[round_id].get(StepName.APPROVE.value)
    if reported:
        duty = APPROVE if taken == reported else TAKE_UP
        url = places.page("assessments:approve_committee", round_id, code) or places.files_page(
            round_id, unit=code, step="approve", status="open"
        )
        cause = "已上报，等核准" if duty is APPROVE else "已上报，接收后下级不能再撤回"
        yield _made(desk, duty, f"{name}：{reported} 个支部", cause, url, due_on)
    late = _latest(desk, rows)
    if late:
        step, number, returned = late
        words = "退回未改" if returned else f"{number} 个支部{step.label}未完成"
        url = places.chase_page(round_id, unit=code, step=step.key.value)
        yield _made(desk, CHASE, f"{name}：{words}", f"{step.awaited}未办", url, step.due_on)
    notice = desk.watch.rules[round_id].notice
    bare = sum(
        int(str(row["n"])) for row in rows if row["status"] == flow.APPROVED and row["notice_from_on"] is None
    )
    if bare and notice and notice.timing is NoticeTiming.AFTER_APPROVAL:
        url = places.page("assessments:approve_committee", round_id, code) or places.files_page(
            round_id, unit=code
        )
        due = desk.watch.due[round_id].get(StepName.NOTICE.value)
        yield _made(desk, AFTER_NOTICE, f"{name}：登记 {bare} 个支部的公示日期", "核准后公示", url, due)


def _latest(desk: Desk, rows: Sequence[dict[str, object]]) -> tuple[StepState, int, bool] | None:
    """The first late step below the county, how many branches are late in it, and whether all were sent back."""
    found: dict[StepName, tuple[StepState, int, bool]] = {}
    for row in rows:
        pattern = pattern_of(row)
        for step in desk.watch.steps(pattern):
            if step.state is State.LATE and step.key is not StepName.APPROVE:
                _, number, returned = found.get(step.key, (step, 0, True))
                mending = pattern.returned_due_on is not None
                found[step.key] = (step, number + int(str(row["n"])), returned and mending)
                break
    if not found:
        return None
    return min(found.values(), key=lambda late: (late[0].due_on or desk.today, -late[1]))


def _rounds(desk: Desk) -> list[Item]:
    """Rounds in preparation that the person may open."""
    own = _of(desk.actor.reach, Role.ORG_DEPARTMENT)
    if not own:
        return []
    drafts = Round.objects.filter(organisation__in=own, status="draft").prefetch_related("stages")
    found = []
    for one in drafts:
        due_on = next((stage.starts_on for stage in one.stages.all() if stage.starts_on), None)
        url = places.page("assessments:round", one.pk)
        found.append(_made(desk, OPEN_ROUND, f"{one.name}还没有开始", "核对方案和名册后开始", url, due_on))
    return found


@dataclass(frozen=True, slots=True)
class Coming:
    """Something ahead, for an empty inbox."""

    day: dt.date
    words: str
    left: str


def coming_for(rounds: Sequence[Round], today: dt.date, *, most: int = 3) -> list[Coming]:
    """The next dates of the rounds: what comes next and when. The stages must be prefetched."""
    found = []
    for one in rounds:
        for stage in one.stages.all():
            if stage.due_on and stage.due_on >= today:
                label = StepName(stage.step).label
                words = f"{label}截止" if stage.name in ("", label) else f"{label}截止（{stage.name}）"
                if len(rounds) > 1:
                    words = f"{one.name}：{words}"
                found.append(Coming(stage.due_on, words, due_words(today, stage.due_on)))
    return sorted(found, key=lambda one: one.day)[:most]
