"""What the overview of a subtree shows: units with their steps, states and bands; branches with theirs; quotas.

Read from counts of patterns (:mod:`assessments.watching`): the number of queries doesn't grow with the branches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from django.db.models import Count

from assessments import flow
from assessments.models import Assessment, RosterUnit, Round
from assessments.models.rounds import AssessmentQuerySet
from assessments.rules import Bound, Quota, QuotaScope, SchemeRules, StepName
from assessments.scoring import quota_state, target_label
from assessments.steps import FOLDED, State, StepState, fold_seven, shown_steps
from assessments.watching import PATTERN, Pattern, Watch, is_returned, pattern_of, watched_pattern
from gradingsite.lib.points import FULL_POINTS, exact_text, format_points, format_weight
from orgs.models import Organisation
from orgs.reach import Reach, at_or_below

GROUPS = {
    "县级党委": "县（市、区）",
    "市级党委": "市（州）",
    "乡镇党委": "乡镇、街道",
    "街道党工委": "乡镇、街道",
}
NEAR = 50


@dataclass(slots=True)
class Stage:
    """One step over many files: how many have passed it, how many are late in it."""

    key: StepName
    label: str
    done: int = 0
    late: int = 0


@dataclass(slots=True)
class UnitRow:
    """One unit below: its branches counted by state and band. ``cells``: states of the seven steps."""

    code: str
    name: str
    group: str
    position: int
    count: int = 0
    late: int = 0
    returned: int = 0
    patterns: Counter[Pattern] = field(default_factory=Counter)
    bands: list[int] = field(default_factory=list)
    missing: int = 0
    cells: list[str] = field(default_factory=list)
    status: str = "todo"
    words: str = ""
    step_words: str = ""
    is_committee: bool = True
    round_id: int = 0


@dataclass(frozen=True, slots=True)
class UnitGroup:
    """Units of one kind, in official order."""

    label: str
    rows: Sequence[UnitRow]

    @property
    def count(self) -> int:
        """The branches of all of them."""
        return sum(row.count for row in self.rows)


@dataclass(slots=True)
class QuotaLine:
    """A quota as home shows it: present number, line, and how the line was rounded."""

    label: str
    have: int
    limit: int
    whole: int
    met: bool
    over: int
    short: int
    words: str
    at_least: bool
    blocks: bool


@dataclass(slots=True)
class Overview:
    """A round seen from one organisation."""

    round: Round
    rules: SchemeRules
    anchor: str = ""
    count: int = 0
    computed: int = 0
    late: int = 0
    returned: int = 0
    reported_units: int = 0
    approved_units: int = 0
    returned_units: int = 0
    groups: list[UnitGroup] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    bands: list[int] = field(default_factory=list)
    missing: int = 0
    ungraded: int = 0
    quotas: list[QuotaLine] = field(default_factory=list)

    @property
    def rows(self) -> list[UnitRow]:
        """All units, in order."""
        return [row for group in self.groups for row in group.rows]

    def only(self, state: str) -> None:
        """Keep the units of a status, or with something sent back, on the page; the totals stay."""
        kept = [
            UnitGroup(
                group.label,
                [row for row in group.rows if (row.returned if state == "returned" else row.status == state)],
            )
            for group in self.groups
        ]
        self.groups = [group for group in kept if group.rows]

    @property
    def band_counts(self) -> list[tuple[object, int]]:
        """Bands with their numbers, best to worst."""
        return list(zip(self.rules.bands, self.bands, strict=True))


def overview_of(round: Round, reach: Reach, watch: Watch, *, anchor: Organisation) -> Overview:
    """The units one level below ``anchor`` in a round, with totals and quotas; four queries."""
    files = watch.watched(round.assessments.within(reach).counted())
    own = RosterUnit.objects.filter(round=round, organisation=anchor).first()
    anchor_path = own.path if own else anchor.path
    files = files.filter(at_or_below(anchor_path))
    found = Overview(round=round, rules=watch.rules[round.pk], anchor=anchor.code)
    found.bands = [0] * len(found.rules.bands)
    found.stages = [Stage(key, key.label) for key in shown_steps(found.rules)]
    counts = files.order_by().values("deciding_id", "shown_band", "sector", *PATTERN).annotate(n=Count("pk"))
    counted = list(counts)
    rows = _rows_below(round, anchor_path, {row["deciding_id"] for row in counted}, len(found.bands))
    order = {band.key: place for place, band in enumerate(found.rules.bands)}
    for row in counted:
        _count_in(found, rows[row["deciding_id"]], watch, row, order)
    units = list({id(row): row for row in rows.values()}.values())
    for unit in units:
        _settle(unit, watch)
    found.groups = _grouped(units)
    found.reported_units = sum(row.status == "reported" for row in units)
    found.approved_units = sum(row.status == "approved" for row in units)
    found.returned_units = sum(bool(row.returned) for row in units)
    found.quotas = _quotas(found, counted, whole=anchor.pk == round.organisation_id or not own)
    return found


def overview_of_rounds(rounds: Sequence[Round], reach: Reach, watch: Watch) -> Overview:
    """Several rounds of a year side by side, one row for each committee that runs one; one query.

    Bands are counted by their label: counties may refine a scheme, but not the grades a province names.
    """
    first = rounds[0]
    found = Overview(round=first, rules=watch.rules[first.pk])
    labels = {band.label: place for place, band in enumerate(found.rules.bands)}
    found.bands = [0] * len(labels)
    units = {
        one.pk: UnitRow(
            code=one.organisation.code,
            name=one.organisation.short_name,
            group=GROUPS.get(one.organisation.category, one.organisation.category),
            position=place,
            bands=[0] * len(labels),
            round_id=one.pk,
        )
        for place, one in enumerate(sorted(rounds, key=lambda one: (one.organisation.lft, one.pk)))
    }
    files = watch.watched(Assessment.objects.within(reach).counted().filter(round__in=rounds))
    counts = files.order_by().values("shown_band", *PATTERN).annotate(n=Count("pk"))
    for row in counts:
        band = watch.rules[row["round_id"]].band(row["shown_band"])
        order = {row["shown_band"]: labels[band.label]} if band and band.label in labels else {}
        _count_in(found, units[row["round_id"]], watch, row, order)
    kept = [unit for unit in units.values() if unit.count]
    for unit in kept:
        _settle(unit, watch)
    found.groups = _grouped(kept)
    found.reported_units = sum(row.status == "reported" for row in kept)
    found.approved_units = sum(row.status == "approved" for row in kept)
    found.returned_units = sum(bool(row.returned) for row in kept)
    return found


def _rows_below(round: Round, anchor_path: str, deciding: set[int], bands: int) -> dict[int, UnitRow]:
    """For each deciding committee the unit below the anchor it belongs to; the anchor itself for its own."""
    paths = dict(
        RosterUnit.objects.filter(round=round, organisation__in=deciding).values_list("organisation", "path")
    )
    below = {pk: _next_id(path, anchor_path, pk) for pk, path in paths.items()}
    units = {
        unit.organisation_id: unit
        for unit in RosterUnit.objects.filter(
            round=round, organisation__in=set(below.values())
        ).select_related("organisation")
    }
    made: dict[int, UnitRow] = {}
    for unit_id, unit in units.items():
        category = unit.organisation.category
        made[unit_id] = UnitRow(
            code=unit.code,
            name=unit.short_name,
            group=GROUPS.get(category, category),
            position=unit.position,
            bands=[0] * bands,
            is_committee=unit_id in deciding,
        )
    return {pk: made[below[pk]] for pk in deciding}


def _next_id(path: str, anchor: str, own: int) -> int:
    rest = path.removeprefix(anchor).strip("/")
    return int(rest.split("/")[0]) if rest and path.startswith(anchor) else own


def _count_in(
    found: Overview, unit: UnitRow, watch: Watch, row: dict[str, object], order: dict[str, int]
) -> None:
    """Add one counted pattern to its unit and to the totals."""
    pattern, number = pattern_of(row), int(str(row["n"]))
    steps = watch.steps(pattern)
    unit.patterns[pattern] += number
    unit.count += number
    found.count += number
    if any(step.state is State.LATE for step in steps):
        unit.late += number
        found.late += number
    if is_returned(pattern):
        unit.returned += number
        found.returned += number
    for stage, step in zip(found.stages, steps if found.stages else (), strict=True):
        stage.done += number * step.done
        stage.late += number * (step.state is State.LATE)
    place = order.get(str(row["shown_band"]))
    if place is None:
        unit.missing += number
        found.missing += number
    else:
        unit.bands[place] += number
        found.bands[place] += number
        found.computed += number
    if pattern.status == flow.UNGRADED:
        found.ungraded += number


def _settle(unit: UnitRow, watch: Watch) -> None:
    """Work out a unit's seven cells and its status from its patterns."""
    folded = [(fold_seven(watch.steps(pattern)), number) for pattern, number in unit.patterns.items()]
    by_key: dict[StepName, list[StepState]] = {}
    for steps, _ in folded:
        for step in steps:
            by_key.setdefault(step.key, []).append(step)
    unit.cells = [_cell(by_key[key]) for key in FOLDED if key in by_key]
    keys = [key for key in FOLDED if key in by_key]
    at = next((place for place, cell in enumerate(unit.cells) if cell != "done"), None)
    unit.step_words = "各步都已完成" if at is None else f"第 {at + 1} 步 {keys[at].label}"
    if at is not None and unit.cells[at] == "late":
        unit.step_words += "，逾期"
    statuses = {pattern.status for pattern in unit.patterns} - {flow.UNGRADED}
    unit.status, unit.words = _status(unit, statuses, watch)


def _cell(steps: Sequence[StepState]) -> str:
    states = {step.state for step in steps}
    if states == {State.DONE}:
        return "done"
    for state in (State.LATE, State.RETURNED, State.NOW):
        if state in states:
            return state.value
    return "todo"


def _status(unit: UnitRow, statuses: set[str], watch: Watch) -> tuple[str, str]:
    """The look of a unit's status and its words."""
    if statuses == {flow.APPROVED}:
        return "approved", "已核准"
    if unit.returned:
        return "returned", "退回"
    if statuses <= {flow.REPORTED, flow.APPROVED} and statuses:
        return "reported", "已上报"
    running = [pattern for pattern in unit.patterns if pattern.notice_to_on]
    if running and statuses <= {flow.DECIDED, flow.REPORTED, flow.APPROVED}:
        return "doing", "公示中"
    if statuses == {flow.DECIDED}:
        return "doing", "已评定"
    if not any(watch.started(pattern) for pattern in unit.patterns):
        return "todo", "未开始"
    return "doing", "填报中"


def _grouped(units: Sequence[UnitRow]) -> list[UnitGroup]:
    """Units by kind, kinds in the order in which they first appear."""
    groups: dict[str, list[UnitRow]] = {}
    for unit in sorted(units, key=lambda row: row.position):
        groups.setdefault(unit.group, []).append(unit)
    return [UnitGroup(label, rows) for label, rows in groups.items()]


def _quotas(found: Overview, counted: Sequence[dict[str, object]], *, whole: bool) -> list[QuotaLine]:
    """The round's quotas where the whole round is in sight; a committee's own where only one is."""
    committees = {row["deciding_id"] for row in counted}
    lines = []
    for quota in found.rules.quotas:
        if quota.star or quota.share is None:
            continue
        if (quota.scope is QuotaScope.COMMITTEE and len(committees) == 1) or (
            quota.scope is QuotaScope.ROUND and whole
        ):
            lines.append(_quota_line(found.rules, quota, counted, ""))
        elif quota.scope is QuotaScope.SECTOR and whole:
            sectors = quota.sectors or tuple(dict.fromkeys(str(row["sector"]) for row in counted))
            lines.extend(_quota_line(found.rules, quota, counted, sector) for sector in sectors)
    return [line for line in lines if line]


def _quota_line(
    rules: SchemeRules, quota: Quota, counted: Sequence[dict[str, object]], sector: str
) -> QuotaLine | None:
    rows = [
        row
        for row in counted
        if (not sector or row["sector"] == sector)
        and (sector or not quota.sectors or row["sector"] in quota.sectors)
    ]
    rows_of = [row for row in rows if not quota.of_band or row["shown_band"] == quota.of_band]
    n = sum(int(str(row["n"])) for row in rows_of)
    inside = sum(int(str(row["n"])) for row in rows if row["shown_band"] == quota.band)
    undecided = sum(int(str(row["n"])) for row in rows if not row["shown_band"])
    state = quota_state(rules, quota, n, inside, undecided)
    if state is None or quota.share is None:
        return None
    at_least = quota.bound is Bound.AT_LEAST
    share = format_weight(quota.share)
    exact = exact_text(Fraction(quota.share * n, 100), places=2)
    rounded = "" if quota.share * n % FULL_POINTS == 0 else ("，进位" if at_least else "，舍去")
    words = f"现有 {inside} 个，线在 {state.limit} 个（{n} × {share} = {exact}{rounded}）"
    return QuotaLine(
        label=f"{f'{sector}：' if sector else ''}{target_label(rules, quota)}，{quota.bound.label} {share}",
        have=inside,
        limit=state.limit,
        whole=n,
        met=state.met,
        over=state.over,
        short=state.short,
        words=words if quota.strictness.value == "block" else f"{words}；只提醒，不拦截",
        at_least=at_least,
        blocks=state.blocks,
    )


@dataclass(slots=True)
class BranchRow:
    """One branch in the matrix of steps; ``is_open``: it holds things up, late, sent back or behind most others."""

    file: Assessment
    steps: tuple[StepState, ...]
    is_open: bool = False


@dataclass(slots=True)
class Matrix:
    """Branches against steps. ``scores`` and ``callouts`` are for the spread of totals."""

    rows: list[BranchRow]
    stages: list[Stage]
    late: int = 0
    computed: int = 0
    bands: list[int] = field(default_factory=list)
    scores: list[int] = field(default_factory=list)
    callouts: list[dict[str, object]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """The branches."""
        return len(self.rows)

    @property
    def missing(self) -> int:
        """Branches without a total."""
        return self.count - self.computed


def matrix_of(round: Round, files: AssessmentQuerySet, watch: Watch, *, most: int = 0) -> Matrix:
    """The matrix of these files of a round, those that hold things up first; one query."""
    rules = watch.rules[round.pk]
    held = list(watch.watched(files).in_order()[: most or None])
    rows = [BranchRow(file, watch.steps(watched_pattern(file))) for file in held]
    stages = [Stage(key, key.label) for key in shown_steps(rules)]
    for row in rows:
        for stage, step in zip(stages, row.steps, strict=True):
            stage.done += step.done
            stage.late += step.state is State.LATE
    for row in rows:
        row.is_open = any(
            step.state in (State.LATE, State.RETURNED) or (step.current and 2 * stage.done > len(rows))
            for stage, step in zip(stages, row.steps, strict=True)
        )
    rows.sort(key=lambda row: not row.is_open)
    found = Matrix(rows, stages, late=sum(any(s.state is State.LATE for s in row.steps) for row in rows))
    graded = [file for file in held if file.total is not None]
    found.computed = len(graded)
    found.scores = [file.total or 0 for file in graded]
    shown = Counter(file.shown_band for file in graded)
    found.bands = [shown.get(band.key, 0) for band in rules.bands]
    found.callouts = near_the_line(rules, graded)
    return found


def near_the_line(rules: SchemeRules, files: Sequence[Assessment]) -> list[dict[str, object]]:
    """Who just passed or just missed a bound: at most two, the nearest first."""
    found = []
    for file in files:
        total = file.total or 0
        for band in rules.bands:
            if not band.lower:
                continue
            gap = band.lower - total
            if gap == 0:
                words = f"{file.short_name} {format_points(total)}，压线"
            elif 0 < gap <= NEAR:
                words = (
                    f"{file.short_name} {format_points(total)}，差 {format_points(gap)} 分到“{band.label}”"
                )
            else:
                continue
            found.append((abs(gap), {"score": total, "text": words}))
    return [row for _, row in sorted(found, key=lambda pair: pair[0])[:2]]
