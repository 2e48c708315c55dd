"""What the pages of ballots show: branches by what became of their ballots, one ballot, who may see its figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Case, Count, Q, QuerySet, When

from assessments import flow
from assessments.entry_places import READERS, committees_of
from assessments.facts import due_of
from assessments.ledgers.scope import figures_of
from assessments.models import Poll, Round, Track
from assessments.rules import Method, SchemeRules, Source, StepName
from assessments.services.marks import source_of
from assessments.services.polls import counted_groups, stamp_of
from assessments.services.schemes import rules_of
from gradingsite.lib.days import due_words, short_date
from gradingsite.lib.points import format_percent
from orgs.actor import Actor
from orgs.models import Organisation, Passage, Post
from orgs.roles import Role

RETURNED = Q(status=flow.OPEN) & ~Q(returned_note="")
STATES: dict[str, tuple[str, Q]] = {
    "open": ("未录入", Q(status=flow.OPEN, returned_note="")),
    "returned": ("退回", RETURNED),
    "in": ("待第二人复核", Q(status=flow.IN)),
    "counted": ("已计票", Q(status=flow.CONFIRMED)),
}
LOOKS = {"open": "todo", "returned": "returned", "in": "doing", "counted": "approved"}
NOT_YOURS = "还没有计分；计分前只有录入人和复核人看得到票数。"
TOO_FEW = "有效票少，不单独显示；合并后的数在「民主评议合计」里。"


def ballot_sources(rules: SchemeRules) -> tuple[Source, ...]:
    """The sources that are voted on."""
    return tuple(source for source in rules.sources if source.method is Method.BALLOT)


def state_of(track: Track) -> str:
    """Which of ``STATES`` a track stands in."""
    if track.status == flow.OPEN:
        return "returned" if track.returned_note else "open"
    return "in" if track.status == flow.IN else "counted"


@dataclass(frozen=True, slots=True)
class PollRow:
    """One branch and one of its ballots in the list. ``act``: what the viewer is to do, ``enter`` or ``confirm``."""

    track: Track
    source: Source
    state: str
    due_on: dt.date | None
    late: bool
    act: str
    awaits: str

    @property
    def words(self) -> str:
        """The state in words."""
        return STATES[self.state][0]

    @property
    def look(self) -> str:
        """How the state's mark looks."""
        return LOOKS[self.state]


@dataclass(frozen=True)
class PollList:
    """The ballots of the committees one reads, narrowed by committee, state and words, with the number in each state."""

    round: Round
    rules: SchemeRules
    committees: Sequence[Organisation]
    tracks: QuerySet[Track]
    counts: Sequence[tuple[str, str, int]]
    by: Actor
    today: dt.date

    def rows(self, tracks: Iterable[Track]) -> list[PollRow]:
        """Rows of some of the tracks; one query."""
        due = due_of(self.round).get(StepName.BALLOT.value)
        sources = {source.key: source for source in self.rules.sources}
        return [_row(track, sources[track.source], due, self.by, self.today) for track in tracks]


def polls_in(round: Round, by: Actor, *, today: dt.date, committee: str, state: str, q: str) -> PollList:
    """The ballots of a round as somebody reads them. A constant number of queries."""
    rules = rules_of(round.scheme)
    committees = committees_of(round, by.reach)
    files = round.assessments.within(by.reach).counted().filter(deciding__in=committees)
    if committee:
        files = files.filter(deciding__code=committee)
    for word in q.split():
        files = files.filter(Q(full_name__icontains=word) | Q(code__startswith=word))
    keys = [source.key for source in ballot_sources(rules)]
    tracks = Track.objects.filter(source__in=keys, assessment__in=files.order_by().values("pk"))
    numbers = tracks.aggregate(**{name: Count("pk", filter=held) for name, (_, held) in STATES.items()})
    counts = [("", "全部", sum(numbers.values()))]
    counts += [(name, words, numbers[name]) for name, (words, _) in STATES.items()]
    if state in STATES:
        tracks = tracks.filter(STATES[state][1])
    tracks = tracks.select_related("assessment__deciding", "submitted_by", "confirmed_by")
    done_last = Case(When(status=flow.CONFIRMED, then=1), default=0)
    return PollList(
        round, rules, committees, tracks.order_by(done_last, "assessment__position", "pk"), counts, by, today
    )


def _row(track: Track, source: Source, due: dt.date | None, by: Actor, today: dt.date) -> PollRow:
    state = state_of(track)
    due_on = (
        (track.returned_due_on or track.assessment.returned_due_on or due) if state == "returned" else due
    )
    locked = track.assessment.status not in (flow.COLLECTING, flow.COMPUTED)
    staff = "CLK" in track.assessment.parties(by.reach) and not locked
    act = ""
    if staff and state in ("open", "returned"):
        act = "enter"
    elif staff and state == "in" and track.submitted_by_id != by.person.pk:
        act = "confirm"
    awaits = "等另一名党务干部" if state == "in" and track.submitted_by_id == by.person.pk else ""
    late = state != "counted" and due_on is not None and due_on < today
    return PollRow(track, source, state, None if state == "counted" else due_on, late, act, awaits)


@dataclass(frozen=True, slots=True)
class Pile:
    """The figures of one pile of ballots: numbers by name, votes by option (empty where they are not shown)."""

    label: str
    numbers: Sequence[tuple[str, int | None]]
    votes: Sequence[tuple[str, int, str]] = ()


@dataclass(frozen=True)
class PollPage:
    """One ballot of one branch for one viewer. ``hidden``: why there are no figures."""

    track: Track
    source: Source
    state: str
    due: str
    moves: frozenset[str]
    parties: frozenset[str]
    polls: Sequence[Poll]
    piles: Sequence[Pile] = ()
    hidden: str = ""
    no_votes: str = ""
    awaited: str = ""
    history: Sequence[dict[str, object]] = field(default_factory=tuple)

    @property
    def words(self) -> str:
        """The state in words."""
        return STATES[self.state][0]

    @property
    def look(self) -> str:
        """How the state's mark looks."""
        return LOOKS[self.state]

    @property
    def stamp(self) -> str:
        """What the second person confirms."""
        return stamp_of(self.polls)

    @property
    def groups(self) -> tuple[tuple[str, str], ...]:
        """The piles counted apart."""
        return counted_groups(self.source)

    @property
    def poll(self) -> Poll | None:
        """The first pile: day and counting staff are the same for all."""
        return self.polls[0] if self.polls else None


def poll_page(track: Track, by: Actor, *, today: dt.date) -> PollPage:
    """What somebody sees of one branch's ballot, and the moves open to him."""
    file, source, state = track.assessment, source_of(track), state_of(track)
    polls = list(track.polls.filter(superseded_at=None, purpose="grade").order_by("group", "pk"))
    due_on = due_of(file.round).get(StepName.BALLOT.value)
    if state == "returned":
        due_on = track.returned_due_on or file.returned_due_on or due_on
    due = f"{short_date(due_on)}截止，{due_words(today, due_on)}" if due_on and state != "counted" else ""
    moves = _moves(track, polls, by)
    shown, distribution, hidden = _may_see(track, source, polls, moves, by)
    piles = [_pile(source, poll, votes=distribution) for poll in polls] if shown else []
    no_votes = "" if distribution or not piles else "有效票少，不列各选项的票数。"
    parties = file.parties(by.reach)
    awaited = _awaited(track, today) if "take_back" in moves else ""
    return PollPage(
        track, source, state, due, moves, parties, polls, piles, hidden, no_votes, awaited, _history(track)
    )


def _awaited(track: Track, today: dt.date) -> str:
    """The names of those who may look the figures over; empty when the committee has nobody else."""
    posts = Post.objects.held_on(today).filter(
        role=Role.TOWNSHIP_CLERK, organisation=track.assessment.deciding_id
    )
    names = posts.exclude(person=track.submitted_by_id).values_list("person__name", flat=True)
    return "、".join(dict.fromkeys(names.order_by("pk")))


def _moves(track: Track, polls: Sequence[Poll], by: Actor) -> frozenset[str]:
    """Which of ``enter``, ``confirm``, ``send_back``, ``take_back`` the viewer may make now."""
    file = track.assessment
    if file.round.status != "open" or file.status not in (flow.COLLECTING, flow.COMPUTED):
        return frozenset()
    parties, me = file.parties(by.reach), by.person.pk
    found = set()
    if track.status == flow.OPEN and "CLK" in parties:
        found.add("enter")
    if track.status == flow.IN and track.submitted_by_id == me:
        found.add("take_back")
    elif track.status == flow.IN and "CLK" in parties and all(poll.entered_by_id != me for poll in polls):
        found |= {"confirm", "send_back"}
    elif track.status == flow.CONFIRMED and parties & {"CLK", "COM"}:
        found.add("send_back")
    return frozenset(found)


def _may_see(
    track: Track, source: Source, polls: Sequence[Poll], moves: frozenset[str], by: Actor
) -> tuple[bool, bool, str]:
    """Whether figures and whether votes per option may be shown, and why not.

    The two who handle the tally see their own form; everybody else sees what the small-group rule leaves, and nothing
    before the file is computed: which sources are small isn't known before.
    """
    if not polls:
        return False, False, ""
    handled = {poll.entered_by_id for poll in polls} | {poll.confirmed_by_id for poll in polls}
    if by.person.pk in handled or "confirm" in moves:
        return True, True, ""
    figures = figures_of(rules_of(track.assessment.round.scheme), [track.assessment])[track.assessment_id]
    if track.status != flow.CONFIRMED or not figures.valid:
        return False, False, NOT_YOURS
    if not figures.view.shows(source.key):
        return False, False, TOO_FEW
    return True, figures.view.shows_distribution(source.key), ""


def _pile(source: Source, poll: Poll, *, votes: bool) -> Pile:
    label = next((words for key, words in counted_groups(source) if key == poll.group), "")
    numbers = (
        ("应到", poll.expected),
        ("发出", poll.issued),
        ("收回", poll.returned),
        ("有效", poll.valid),
        ("弃权", poll.blank),
        ("无效", poll.invalid),
    )
    if not votes:
        return Pile(label, numbers)
    held = {tally.option: tally.n for tally in poll.tallies.all() if not tally.question}
    valid = poll.valid or 0
    rows = [
        (one.label, held.get(one.key, 0), format_percent(held.get(one.key, 0), valid))
        for one in source.options
    ]
    return Pile(label, numbers, rows)


def _history(track: Track) -> list[dict[str, object]]:
    """What happened to the track, oldest first."""
    return [
        {"at": one.at, "by": one.by_name, "what": one.label, "note": one.note}
        for one in Passage.objects.of(track)
    ]


def earlier_form(track: Track, by: Actor) -> dict[str, object]:
    """The figures to start from: those typed and taken back, or, after a return, the ones the viewer typed himself."""
    polls = list(track.polls.filter(superseded_at=None, purpose="grade").prefetch_related("tallies"))
    if not polls:
        last = (
            track.polls.filter(entered_by=by.person, purpose="grade", imported=False)
            .order_by("-superseded_at")
            .first()
        )
        if last is not None:
            polls = list(track.polls.filter(superseded_at=last.superseded_at).prefetch_related("tallies"))
    if not polls or any(poll.entered_by_id != by.person.pk for poll in polls):
        return {}
    found: dict[str, object] = {"held_on": polls[0].held_on, "counting_staff": polls[0].counting_staff}
    numbers = {key: place for place, (key, _) in enumerate(counted_groups(source_of(track)))}
    for poll in polls:
        place = numbers.get(poll.group)
        for name in ("expected", "issued", "returned", "blank", "invalid"):
            found[f"{name}_{place}"] = getattr(poll, name)
        for tally in poll.tallies.all():
            found[f"option_{tally.option}_{place}"] = tally.n
    return found


def next_open(track: Track) -> Track | None:
    """The next ballot of the same committee that is still to be typed; None at the end."""
    file = track.assessment
    keys = [source.key for source in ballot_sources(rules_of(file.round.scheme))]
    tracks = Track.objects.filter(
        source__in=keys,
        status=flow.OPEN,
        assessment__round=file.round_id,
        assessment__deciding=file.deciding_id,
        assessment__status__in=(flow.COLLECTING, flow.COMPUTED),
    ).filter(
        Q(assessment__position__gt=file.position) | Q(assessment__position=file.position, pk__gt=track.pk)
    )
    return tracks.select_related("assessment").order_by("assessment__position", "pk").first()


def reads_polls(track: Track, by: Actor) -> bool:
    """Whether somebody reads what became of a ballot: the deciding level and whoever stands above it."""
    if by.is_system or track.assessment.parties(by.reach) & {"CLK", "COM", "DEP", "UP"}:
        return True
    above = set(track.assessment.ancestor_ids())
    return any(span.organisation_id in above for span in by.reach.of_roles(READERS))
