"""The score grid of one source: sheets as rows, indicators as columns, with what each sheet lacks and its running total.

Read in a number of queries that doesn't grow with the branches. Totals come from the pure module, never from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assessments import flow
from assessments.models import Assessment, Round, Sheet, Track
from assessments.rules import Band, Method, SchemeRules, Source, SourceKind
from assessments.scoring import Grader, score_source
from assessments.services.computing import MarksInForce, marks_in_force, marks_of_sheet, score_file
from assessments.services.schemes import rules_of
from assessments.services.sheets import asked_of, may_write
from gradingsite.lib.points import format_points
from gradingsite.lib.refusal import Refused
from orgs.actor import Actor
from orgs.models import Organisation

OVERALL_FULL = 10_000
RECENT = 3


@dataclass(frozen=True)
class Column:
    """An indicator as a column; ``above`` is the top-level indicator it belongs to, if it is of the second level."""

    key: str
    label: str
    above: str = ""
    hints: str = ""


@dataclass(frozen=True)
class GridCell:
    """One cell: points in hundredths, full points (None: not asked of this sheet), its reason, what it lacks."""

    column: Column
    full: int | None
    points: int | None
    reason: str = ""
    locked: bool = False

    @property
    def missing(self) -> bool:
        """Asked for and empty."""
        return self.full is not None and self.points is None

    @property
    def reasonless(self) -> bool:
        """Below the full points without a reason; the one number of an OVERALL source needs none."""
        return (
            bool(self.column.key)
            and self.full is not None
            and self.points is not None
            and self.points < self.full
            and not self.reason
        )

    @property
    def state(self) -> str:
        """The classes the cell is drawn with."""
        words = ["locked"] if self.locked or self.full is None else []
        if self.reasonless:
            words.append("no-reason")
        elif self.reason:
            words.append("has-reason")
        return " ".join(words)


@dataclass
class GridRow:
    """One sheet. ``provisional`` and ``band``: the total as it would be with this sheet; None while anything is missing."""

    file: Assessment
    sheet: Sheet
    cells: list[GridCell]
    editable: bool
    words: str = ""
    warn: bool = False
    provisional: int | None = None
    band: Band | None = None

    @property
    def name(self) -> str:
        """The branch, with the rater where the sheet has one."""
        label = self.sheet.rater_label
        return f"{self.file.short_name} {label}" if label else self.file.short_name

    @property
    def missing(self) -> int:
        """How many cells are empty."""
        return sum(cell.missing for cell in self.cells)

    @property
    def reasonless(self) -> int:
        """How many deductions lack their reason."""
        return sum(cell.reasonless for cell in self.cells)

    @property
    def gaps(self) -> int:
        """What keeps the sheet from being handed in; 0 once it can't be changed."""
        return self.missing + self.reasonless if self.editable else 0

    @property
    def ready(self) -> bool:
        """Whether the sheet can be handed in now."""
        return self.editable and not self.gaps


@dataclass
class GridGroup:
    """The rows of one sector, with its full points by column."""

    label: str
    full: list[int | None]
    rows: list[GridRow] = field(default_factory=list)

    @property
    def size(self) -> str:
        """How many branches, and how many sheets where several raters have one each."""
        branches, sheets = len({row.file.pk for row in self.rows}), len(self.rows)
        return f"{branches} 个支部" if branches == sheets else f"{branches} 个支部，{sheets} 张表"

    @property
    def sum(self) -> int:
        """Full points of the whole sheet."""
        return sum(full or 0 for full in self.full)


@dataclass
class Grid:
    """What the page shows."""

    round: Round
    source: Source
    rules: SchemeRules
    committee: Organisation | None
    columns: list[Column]
    groups: list[GridGroup]
    recent: dict[str, list[str]]
    absent: list[Assessment]

    @property
    def rows(self) -> list[GridRow]:
        """All rows in the order shown."""
        return [row for group in self.groups for row in group.rows]

    @property
    def gaps(self) -> int:
        """How many places are still to be filled."""
        return sum(row.gaps for row in self.rows)

    @property
    def ready(self) -> list[GridRow]:
        """Rows that can be handed in."""
        return [row for row in self.rows if row.ready]

    @property
    def done(self) -> int:
        """Rows with everything filled in, handed in or not."""
        return sum(not (row.missing + row.reasonless) for row in self.rows)

    @property
    def unit(self) -> str:
        """What the rows are: branches, or sheets where several raters have one each."""
        return "个支部" if len({row.file.pk for row in self.rows}) == len(self.rows) else "张表"

    @property
    def editable(self) -> bool:
        """Whether the person may change any row."""
        return any(row.editable for row in self.rows)

    @property
    def tops(self) -> list[tuple[str, int]]:
        """The first header row where indicators have two levels: label and how many columns it spans."""
        found: list[tuple[str, int]] = []
        for column in self.columns:
            if found and column.above and found[-1][0] == column.above:
                found[-1] = (column.above, found[-1][1] + 1)
            else:
                found.append((column.above, 1))
        return found if any(label for label, _ in found) else []


def grid_of(
    *,
    round: Round,
    source: Source,
    by: Actor,
    committee: Organisation | None = None,
    sheet_ids: Iterable[int] | None = None,
) -> Grid:
    """The grid of a committee's branches, or, without a committee, of the sheets one has as a rater.

    :param sheet_ids: only these sheets, for the answer to a save.
    """
    rules = rules_of(round.scheme)
    sheets = Sheet.objects.filter(assessment__round=round, source=source.key).exclude(
        status__in=["superseded", "released"]
    )
    if committee is None:
        sheets = sheets.filter(rater=by.person.pk)
    else:
        within = round.assessments.within(by.reach).filter(deciding=committee)
        sheets = sheets.filter(assessment__in=within.values("pk"))
    if sheet_ids is not None:
        sheets = sheets.filter(pk__in=list(sheet_ids))
    held = list(
        sheets.select_related("track", "assessment").order_by("assessment__position", "rater_no", "pk")
    )
    for sheet in held:
        sheet.assessment.round = round
        sheet.track.assessment = sheet.assessment
    columns = columns_of(rules, source, {sheet.assessment.sector for sheet in held})
    rows = [_row(sheet, source, columns, by) for sheet in held if sheet.assessment.status != flow.TERMINATED]
    if committee is None:
        _judge_own(rows)
    else:
        _judge(rules, source, rows)
    with_rows = {row.file.pk for row in rows}
    absent = (
        []
        if committee is None or sheet_ids is not None
        else [one for one in within.counted().in_order() if one.pk not in with_rows]
    )
    return Grid(
        round,
        source,
        rules,
        committee,
        columns,
        _grouped(rules, source, columns, rows),
        _recent(held),
        absent,
    )


def columns_of(rules: SchemeRules, source: Source, sectors: Iterable[str]) -> list[Column]:
    """The columns for these sectors, in the scheme's order; one without a key for an OVERALL source."""
    if source.method is not Method.ITEMISED:
        return [Column("", "得分")]
    wanted = set(sectors)
    found: dict[str, Column] = {}
    for sector in rules.sectors:
        if sector.key in wanted:
            for top in sector.indicators:
                for leaf in top.children or (top,):
                    above = top.label if top.children else ""
                    found.setdefault(leaf.key, Column(leaf.key, leaf.label, above, leaf.hints))
    return list(found.values())


def is_open(sheet: Sheet, by: Actor) -> bool:
    """Whether the actor may change the sheet now; no query when round, track and file are in hand."""
    file = sheet.assessment
    return (
        file.round.status == "open"
        and file.status in (flow.COLLECTING, flow.COMPUTED)
        and sheet.status == "draft"
        and sheet.track.status == flow.OPEN
        and may_write(sheet, by)
    )


def cells_of(sheet: Sheet, columns: Sequence[Column], editable: bool) -> list[GridCell]:
    """The sheet's cells by column."""
    asked = asked_of(sheet)
    found = []
    for column in columns:
        if not column.key:
            found.append(GridCell(column, OVERALL_FULL, sheet.total, locked=not editable))
            continue
        line = sheet.lines.get(column.key) or {}
        full = asked.get(column.key)
        found.append(
            GridCell(
                column, full, line.get("points"), line.get("reason", ""), locked=not editable or full is None
            )
        )
    return found


def _row(sheet: Sheet, source: Source, columns: Sequence[Column], by: Actor) -> GridRow:
    editable = is_open(sheet, by)
    return GridRow(sheet.assessment, sheet, cells_of(sheet, columns, editable), editable)


def _grouped(
    rules: SchemeRules, source: Source, columns: Sequence[Column], rows: Sequence[GridRow]
) -> list[GridGroup]:
    groups: dict[str, GridGroup] = {}
    for sector in rules.sectors:
        full = {leaf.key: leaf.points for leaf in sector.leaves()}
        if source.method is not Method.ITEMISED:
            full = {"": OVERALL_FULL}
        groups[sector.key] = GridGroup(sector.label, [full.get(column.key) for column in columns])
    for row in rows:
        groups[row.file.sector].rows.append(row)
    return [group for group in groups.values() if group.rows]


def _recent(sheets: Iterable[Sheet]) -> dict[str, list[str]]:
    """The latest reasons by indicator, newest first."""
    noted: dict[str, dict[str, str]] = {}
    for sheet in sheets:
        for key, line in sheet.lines.items():
            if line.get("reason"):
                times = noted.setdefault(key, {})
                times[line["reason"]] = max(times.get(line["reason"], ""), line.get("at", ""))
    return {
        key: sorted(times, key=lambda reason: times[reason], reverse=True)[:RECENT]
        for key, times in noted.items()
    }


def _judge(rules: SchemeRules, source: Source, rows: Sequence[GridRow]) -> None:
    """Give each row its provisional total and band, or the words of what is missing."""
    ids = [row.file.pk for row in rows]
    marks = marks_in_force(ids)
    tracks: dict[int, dict[str, str]] = {}
    for pk, key, status in Track.objects.filter(assessment__in=ids).values_list(
        "assessment_id", "source", "status"
    ):
        tracks.setdefault(pk, {})[key] = status
    by_file: dict[int, list[GridRow]] = {}
    for row in rows:
        by_file.setdefault(row.file.pk, []).append(row)
    grader = Grader(rules)
    for row in rows:
        row.words, row.warn = _what_is_missing(rules, source, row, by_file[row.file.pk], tracks[row.file.pk])
        if not row.words:
            _estimate(rules, grader, source, row, by_file[row.file.pk], marks)


def _judge_own(rows: Iterable[GridRow]) -> None:
    """A rater reads of the own sheets only: nothing of other sources or totals."""
    for row in rows:
        row.words, row.warn = own_gap(row)
        if not row.words:
            row.words = "可以提交" if row.editable else "已交"


def own_gap(row: GridRow) -> tuple[str, bool]:
    """What the sheet itself lacks, and whether it is to be drawn as a warning."""
    if row.missing:
        whole = row.missing == sum(cell.full is not None for cell in row.cells)
        return ("未开始" if whole else f"还差 {row.missing} 项"), False
    if row.reasonless:
        return f"缺 {row.reasonless} 条事由", True
    return "", False


def _what_is_missing(
    rules: SchemeRules, source: Source, row: GridRow, together: Sequence[GridRow], tracks: dict[str, str]
) -> tuple[str, bool]:
    words, warn = own_gap(row)
    if words:
        return words, warn
    if row.editable and row.sheet.track.returned_note:
        return "退回修改中", True
    if any(other.missing or other.reasonless for other in together):
        return "其他评分人未齐", False
    for one in rules.sources:
        status = tracks.get(one.key, flow.OPEN)
        if one.key == source.key or status == flow.CONFIRMED:
            continue
        if status == flow.IN:
            return f"{one.label}待确认", False
        return f"{one.label}未齐", False
    return "", False


def _estimate(
    rules: SchemeRules,
    grader: Grader,
    source: Source,
    row: GridRow,
    together: Sequence[GridRow],
    marks: MarksInForce,
) -> None:
    """The total with this source's sheets as they stand. Only when every source is in: a total with one ballot
    source missing would tell the other (ballots.md, Small groups)."""
    file = row.file
    if file.status not in (flow.COLLECTING, flow.COMPUTED):
        row.provisional = file.total
        row.band = rules.band(file.decided_band or file.band)
        row.words = "" if row.band else flow.FILE.states[file.status]
        return
    try:
        found = score_file(rules, file, marks)
        if source.key not in found:
            sheets = [marks_of_sheet(one.sheet) for one in together]
            found[source.key] = score_source(rules, source.key, file.sector, sheets)
        result = grader.grade(found)
    except Refused as refused:
        row.words, row.warn = refused.message, True
        return
    if result.missing or result.total is None:
        row.words = f"{'、'.join(result.missing)}未齐"
        return
    row.provisional, row.band = result.total, rules.band(result.band or "")


def source_for_grid(rules: SchemeRules, key: str) -> Source | None:
    """A source filled in on sheets: not a ballot, and never one whose marks aren't kept by rater."""
    source = rules.source(key)
    return None if source is None or source.is_anonymous() else source


def sources_for_grid(rules: SchemeRules) -> list[Source]:
    """The sources filled in on sheets, the superior's first, then in the scheme's order."""
    found = [source for source in rules.sources if not source.is_anonymous()]
    return sorted(found, key=lambda source: source.kind is not SourceKind.SUPERIOR)


def sum_words(row: GridRow) -> str:
    """The sheet's sum so far."""
    return format_points(row.sheet.total) if row.sheet.total is not None else ""
