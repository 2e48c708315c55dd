"""What the approving level sees of a committee's report: exceptions first with their reasons, the rest as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from assessments import flow
from assessments.models import Assessment, Poll, Report, Round
from assessments.quota_lines import QuotaLine, lines_of
from assessments.rules import Base, ParticipationRule, People, RuleStep, SchemeRules, SourceKind
from assessments.scoring import participation
from assessments.services.evidence import digests_of
from assessments.services.schemes import rules_of
from assessments.side_by_side import Row, rows_of
from gradingsite.lib.points import eye_text, format_points, half_up
from gradingsite.templatetags.charts import gap_axis
from orgs.models import Organisation, Passage
from orgs.reach import Reach
from orgs.roles import Role

FAR = 500
NEAR = 15


@dataclass(frozen=True, slots=True)
class Tag:
    """Why a file is looked at by itself: a short word, its look, and one sentence."""

    word: str
    look: str
    cause: str = ""


@dataclass(slots=True)
class Candidate:
    """One reported file before the approver: the version and digest he sees, what stands out."""

    row: Row
    tags: Sequence[Tag]
    digest: str
    refused: str = ""

    @property
    def file(self) -> Assessment:
        """The file."""
        return self.row.file

    @property
    def seen(self) -> str:
        """Version and digest as the form carries them."""
        return f"{self.file.version}:{self.digest}"

    @property
    def causes(self) -> str:
        """The sentences of all tags."""
        return "；".join(tag.cause.rstrip("。；") for tag in self.tags if tag.cause)

    @property
    def points(self) -> list[Mapping[str, Any]]:
        """The sources as the gap plot takes them, self first; those joined stay out."""
        own = [cell for cell in self.row.cells if not cell.joint]
        return [
            {"label": cell.label, "score": cell.score, "is_self": cell.is_self}
            for cell in sorted(own, key=lambda cell: not cell.is_self)
        ]


@dataclass(slots=True)
class Desk:
    """A committee's report before the approving level."""

    round: Round
    rules: SchemeRules
    committee: Organisation
    candidates: Sequence[Candidate]
    settled: Sequence[Assessment]
    below: Sequence[Assessment]
    report: Report | None
    department: bool
    quotas: Sequence[QuotaLine] = field(default_factory=tuple)
    axis: tuple[int, int] = (6500, 8500)

    @property
    def exceptions(self) -> list[Candidate]:
        """Those to be decided one by one."""
        return [one for one in self.candidates if one.tags]

    @property
    def ordinary(self) -> list[Candidate]:
        """Those that may be approved together."""
        return [one for one in self.candidates if not one.tags]

    @property
    def untaken(self) -> list[Candidate]:
        """Those not received yet."""
        return [one for one in self.candidates if one.file.taken_up_at is None]

    @property
    def incomplete(self) -> int:
        """How many branches of the committee are not complete."""
        return sum(file.status == flow.COLLECTING for file in self.below)

    @property
    def joined(self) -> bool:
        """Whether some row shows sources only jointly."""
        return any(one.row.joined for one in self.candidates)


@dataclass(frozen=True, slots=True)
class Unit:
    """A committee in the list: where its files stand."""

    committee: Organisation
    total: int
    reported: int
    exceptions: int
    approved: int
    below: int
    number: int


def desk_of(round: Round, committee: Organisation, reach: Reach) -> Desk:
    """One committee's report; the number of queries doesn't grow with its branches."""
    rules = rules_of(round.scheme)
    files = list(
        round.assessments.within(reach)
        .filter(deciding=committee)
        .counted()
        .select_related("organisation")
        .in_order()
    )
    for file in files:
        file.round, file.deciding = round, committee
    reported = [file for file in files if file.status == flow.REPORTED]
    found = Desk(
        round=round,
        rules=rules,
        committee=committee,
        candidates=candidates_of(rules, reported, reach.person_id),
        settled=[file for file in files if file.status in (flow.APPROVED, flow.UNGRADED)],
        below=[file for file in files if file.status in (flow.COLLECTING, flow.COMPUTED, flow.DECIDED)],
        report=Report.objects.filter(round=round, committee=committee).select_related("by").last(),
        department=any(reach.holds(Role.ORG_DEPARTMENT, file.approving_id) for file in files[:1]),
        axis=gap_axis([file.total or 0 for file in reported]),
    )
    found.quotas = lines_of(rules, round, files, {file.pk: file.decided_band or file.band for file in files})
    return found


def units_of(round: Round, reach: Reach) -> list[Unit]:
    """Every committee of the round within reach: how many reported, how many stand out; constant queries."""
    rules = rules_of(round.scheme)
    files = round.assessments.within(reach).counted()
    reported = list(files.filter(status=flow.REPORTED))
    special: dict[int, int] = {}
    for one in candidates_of(rules, reported, reach.person_id):
        special[one.file.deciding_id] = special.get(one.file.deciding_id, 0) + bool(one.tags)
    counts: dict[int, dict[str, int]] = {}
    for pk, status, n in files.order_by().values_list("deciding", "status").annotate(n=Count("pk")):
        counts.setdefault(pk, {})[status] = n
    numbers = dict(Report.objects.filter(round=round).order_by("number").values_list("committee", "number"))
    units = []
    for committee in Organisation.objects.filter(pk__in=list(counts)).in_order():
        held = counts[committee.pk]
        units.append(
            Unit(
                committee=committee,
                total=sum(held.values()),
                reported=held.get(flow.REPORTED, 0),
                exceptions=special.get(committee.pk, 0),
                approved=held.get(flow.APPROVED, 0),
                below=sum(held.get(one, 0) for one in (flow.COLLECTING, flow.COMPUTED, flow.DECIDED)),
                number=numbers.get(committee.pk, 0),
            )
        )
    return units


def candidates_of(rules: SchemeRules, files: Sequence[Assessment], person_id: int) -> list[Candidate]:
    """Reported files with what stands out of each; a dozen queries whatever their number."""
    ids = [file.pk for file in files]
    digests = digests_of(files)
    rows = Passage.objects.filter(
        kind="assessments.assessment", object_id__in=ids, name__startswith="return_"
    )
    returned = dict(rows.order_by("at", "pk").values_list("object_id", "note"))
    short = _shortfalls(rules, files)
    found = []
    for row in rows_of(rules, files, person_id=person_id):
        tags = list(_tags(rules, row, returned.get(row.file.pk), short.get(row.file.pk, "")))
        refused = "您经手过这个支部，请另一位同志核准" if row.own else ""
        found.append(Candidate(row, tags, digests[row.file.pk], refused))
    return found


def _tags(rules: SchemeRules, row: Row, returned: str | None, short: str) -> Iterable[Tag]:
    file = row.file
    if file.approval_void:
        yield Tag("核准已失效", "bad", "评定更正过，要重新核准")
    if returned is not None:
        yield Tag("退回过", "warn", f"退回事由：{returned}")
    if row.overridden and row.computed and row.proposed:
        steps = rules.rank(row.proposed.key) - rules.rank(row.computed.key)
        way = f"{'低' if steps > 0 else '高'}{'一二三四五'[min(abs(steps), 5) - 1]}档"
        reason = row.decision.reason if row.decision else ""
        yield Tag("改定等次", "warn", f"改定，{way}：{reason}")
    if short:
        yield Tag("参评不足", "warn", short)
    yield from _gaps(rules, row)
    near = _near(rules, row)
    if near:
        yield Tag("临界", "blue", near)
    if row.own:
        yield Tag("本人经手", "blue")


def _gaps(rules: SchemeRules, row: Row) -> Iterable[Tag]:
    """Sources far from the others: self against their mean, each other one against the total."""
    if row.gap is not None and row.gap >= FAR:
        yield Tag("自评偏高", "warn", f"自评高出其他各评均值 {format_points(half_up(row.gap))} 分")
    for source, cell in zip(rules.sources, row.cells, strict=True):
        if source.kind is SourceKind.SELF or cell.score is None or row.file.total is None:
            continue
        away = cell.score - row.file.total
        if abs(away) >= FAR:
            words = (
                f"{cell.label}评 {eye_text(cell.score)}，与综合得分差 {format_points(half_up(abs(away)))} 分"
            )
            yield Tag(f"{cell.label}偏{'高' if away > 0 else '低'}", "warn", words)


def _near(rules: SchemeRules, row: Row) -> str:
    """Whether the total just passed or just missed a bound, in words."""
    total = row.file.total
    if total is None:
        return ""
    for band in rules.bands:
        away = total - (band.lower or 0)
        if band.lower and 0 <= away <= NEAR:
            return f"{format_points(total)}，刚过“{band.label}”的线 {format_points(away)} 分"
        if band.lower and -NEAR <= away < 0:
            return f"{format_points(total)}，差 {format_points(-away)} 分到“{band.label}”"
    return ""


def _shortfalls(rules: SchemeRules, files: Sequence[Assessment]) -> dict[int, str]:
    """The participation rules of the ballots that a file doesn't meet, in words; one query."""
    asked = [one for one in rules.participation if one.step is RuleStep.BALLOT and one.share is not None]
    if not asked:
        return {}
    polls: dict[int, list[Poll]] = {}
    live = Poll.objects.filter(assessment__in=files, status="counted", superseded_at=None, purpose="grade")
    for poll in live:
        polls.setdefault(poll.assessment_id, []).append(poll)
    found = {}
    for file in files:
        words = [_shortfall(rules, rule, file, polls.get(file.pk, ())) for rule in asked]
        found[file.pk] = "；".join(word for word in words if word)
    return found


def _shortfall(rules: SchemeRules, rule: ParticipationRule, file: Assessment, polls: Sequence[Poll]) -> str:
    keys = {
        source.key
        for source in rules.sources
        if (not rule.source or source.key == rule.source)
        and any(group.people in (rule.people, People.ALL) for group in source.voter_groups())
    }
    mine = [poll for poll in polls if poll.source in keys]
    if not mine:
        return ""
    heads = {People.MEMBERS: file.member_count, People.PUBLIC: file.people_count}
    expected = sum(poll.expected or 0 for poll in mine)
    base = heads.get(rule.people) if rule.base is Base.ROSTER else expected
    state = participation(rule, base or expected, sum(poll.returned or 0 for poll in mine))
    return "" if state.met else state.words
