"""Filling in with Excel: a template per source and committee, read back cell by cell before anything is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

import xlsxwriter

from assessments import flow
from assessments.entry_grid import Grid, GridCell, GridRow
from assessments.models import Track
from assessments.rules import Source
from assessments.scoring import BallotCounts, check_counts
from assessments.services.polls import Counts, counted_groups
from assessments.services.sheets import REASON_LENGTH, Cell
from gradingsite.lib.days import parse_day
from gradingsite.lib.points import format_points, parse_count, parse_points, short_points, to_decimal
from gradingsite.lib.reading import Header, find_header, read_tables
from gradingsite.lib.refusal import Refused
from gradingsite.lib.tables import Row
from gradingsite.lib.tables import Sheet as Table
from gradingsite.lib.tidy import normalise_code, normalise_name

CODE, NAME, RATER, GROUP = "组织代码", "支部", "评分人", "投票人员"
COUNTS = (
    ("expected", "应到"),
    ("issued", "发出"),
    ("returned", "收回"),
    ("blank", "弃权"),
    ("invalid", "无效"),
)
DAY, STAFF = "测评日期", "计票人"
REASON = "扣分事由"


class Verdict(StrEnum):
    """What becomes of a cell or a row of the file."""

    NEW = "新录入"
    CHANGED = "改动"
    UNCHANGED = "不变"
    REFUSED = "不写"


@dataclass(frozen=True)
class Judged:
    """One place of the file: its row number, heading, the branch, what becomes of it and why."""

    row: int
    column: str
    name: str
    verdict: Verdict
    words: str
    cell: Cell | None = None


@dataclass(frozen=True)
class Ballot:
    """The counts of one row, ready for the service."""

    track: Track
    group: str
    counts: Counts
    held_on: dt.date
    counting_staff: str


@dataclass(frozen=True)
class Plan:
    """What a file would do."""

    judged: tuple[Judged, ...]
    ballots: tuple[Ballot, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """How many of one verdict."""
        return sum(one.verdict is verdict for one in self.judged)

    @property
    def cells(self) -> list[Cell]:
        """The cells to write."""
        return [one.cell for one in self.judged if one.cell is not None]

    @property
    def writes(self) -> int:
        """How many places would be written."""
        return self.count(Verdict.NEW) + self.count(Verdict.CHANGED)


@dataclass(frozen=True)
class BallotLine:
    """One row of a ballot's template: a branch's track and, where counted apart, the group."""

    track: Track
    group: str
    group_label: str


# Templates


def marks_template(grid: Grid) -> bytes:
    """The grid as a workbook to fill in: codes as text, numbers checked against each sector's full points."""
    heads = [CODE, NAME, RATER] if _has_raters(grid) else [CODE, NAME]
    titles = heads + [words for column in grid.columns for words in _titles(grid, column.key, column.label)]
    rows = []
    limits: dict[tuple[int, int], int] = {}
    for number, row in enumerate(grid.rows, start=1):
        values: list[str | int | None] = [row.file.code, row.file.short_name]
        if _has_raters(grid):
            values.append(row.sheet.rater_label)
        for cell in row.cells:
            if cell.full is not None:
                limits[number, len(values)] = cell.full
            values.append(cell.points if cell.full is not None else None)
            if cell.column.key:
                values.append(cell.reason)
        rows.append(values)
    return _workbook(titles, rows, limits, step=grid.rules.precision, fixed=len(heads))


def ballot_template(source: Source, lines: Sequence[BallotLine]) -> bytes:
    """A workbook for the counts of a ballot. Always empty: how few voted stays between the two who count."""
    grouped = any(line.group for line in lines)
    heads = [CODE, NAME, GROUP] if grouped else [CODE, NAME]
    titles = (
        heads + [label for _, label in COUNTS] + [option.label for option in source.options] + [DAY, STAFF]
    )
    rows: list[list[str | int | None]] = []
    for line in lines:
        own: list[str | int | None] = [line.track.assessment.code, line.track.assessment.short_name]
        rows.append([*own, line.group_label] if grouped else own)
    return _workbook(titles, rows, {}, step=0, fixed=len(heads))


def _has_raters(grid: Grid) -> bool:
    return any(row.sheet.rater_label for row in grid.rows)


def _titles(grid: Grid, key: str, label: str) -> list[str]:
    return [label, f"{label}{REASON}"] if key else [label]


def _workbook(
    titles: Sequence[str],
    rows: Sequence[Sequence[str | int | None]],
    limits: dict[tuple[int, int], int],
    *,
    step: int,
    fixed: int,
) -> bytes:
    """One sheet: fixed columns as text, points as numbers with two decimals and a check of each cell."""
    stream = BytesIO()
    with xlsxwriter.Workbook(stream, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("填写")
        head = book.add_format(
            {"bold": True, "border": 1, "align": "center", "text_wrap": True, "bg_color": "#f0f1f4"}
        )
        text = book.add_format({"num_format": "@", "border": 1})
        points = book.add_format({"num_format": "0.00", "border": 1})
        for column, title in enumerate(titles):
            sheet.set_column(column, column, 22 if column < 2 else 18 if REASON in title else 12)
            sheet.write_string(0, column, title, head)
        for number, values in enumerate(rows, start=1):
            for column, value in enumerate(values):
                if isinstance(value, int):
                    sheet.write_number(number, column, to_decimal(value), points)
                else:
                    sheet.write_string(number, column, value or "", text)
        for (number, column), full in limits.items():
            sheet.data_validation(number, column, number, column, _check_of(full, step))
        sheet.freeze_panes(1, fixed)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
    return stream.getvalue()


def _check_of(full: int, step: int) -> dict[str, object]:
    return {
        "validate": "decimal",
        "criteria": "between",
        "minimum": 0,
        "maximum": short_points(full),
        "error_title": "分数不对",
        "error_message": f"填 0 到 {short_points(full)} 之间的数，步长 {short_points(step)}。",
    }


# Reading back


def read_marks(grid: Grid, content: bytes, filename: str) -> Plan:
    """What a filled-in template would write into the grid. Raises Refused for a file that is no such template."""
    wanted: dict[str, Iterable[str]] = {"code": [CODE, "代码"], "name": [NAME, "支部名称"], "rater": [RATER]}
    for column in grid.columns:
        wanted[f"p:{column.key}"] = [column.label]
        if column.key:
            wanted[f"r:{column.key}"] = [f"{column.label}{REASON}"]
    table, header = _table(content, filename, wanted)
    by_code: dict[tuple[str, str], GridRow] = {
        (row.file.code, row.sheet.rater_label): row for row in grid.rows
    }
    judged: list[Judged] = []
    seen: set[int] = set()
    for row in _body(table, header):
        try:
            found = _row_of(row, header, by_code, seen)
        except Refused as refused:
            judged.append(Judged(row.number, CODE, _name_in(row, header), Verdict.REFUSED, str(refused)))
            continue
        judged.extend(_judge_row(row, header, found))
    return Plan(tuple(judged))


def _table(content: bytes, filename: str, wanted: dict[str, Iterable[str]]) -> tuple[Table, Header]:
    for table in read_tables(content, filename, max_rows=5000, max_columns=120).visible_sheets:
        header = find_header(table, wanted, required=["code"])
        if header is not None and len(header.columns) > 2:
            return table, header
    raise Refused("没有找到表头。", remedy="请下载本表的模板，在模板里填写后再上传，不要改动第一行。")


def _body(table: Table, header: Header) -> Iterator[Row]:
    for row in table.rows:
        if row.number > header.row and not row.is_blank and not row.struck:
            yield row


def _name_in(row: Row, header: Header) -> str:
    column = header.columns.get("name")
    return str(row[column].value or "") if column else ""


def _code_in(row: Row, header: Header) -> str:
    cell = row[header.columns["code"]]
    return normalise_code(cell.value, number_format=cell.number_format, name=CODE)[0]


def _row_of(row: Row, header: Header, by_code: dict[tuple[str, str], GridRow], seen: set[int]) -> GridRow:
    code = _code_in(row, header)
    if not code:
        raise Refused("没有组织代码。")
    rater = ""
    if "rater" in header.columns:
        rater = normalise_name(row[header.columns["rater"]].value)[0]
    found = by_code.get((code, rater))
    if found is None:
        raise Refused(f"组织代码 {code} 不在本表里。")
    if found.sheet.pk in seen:
        raise Refused(f"组织代码 {code} 前面已有一行。")
    seen.add(found.sheet.pk)
    return found


def _judge_row(row: Row, header: Header, found: GridRow) -> Iterator[Judged]:
    for cell in found.cells:
        column = header.columns.get(f"p:{cell.column.key}")
        if column is not None:
            yield from _judge_cell(row, column, header.columns.get(f"r:{cell.column.key}"), found, cell)


def _judge_cell(
    row: Row, column: int, reason_column: int | None, found: GridRow, cell: GridCell
) -> Iterator[Judged]:
    """One indicator of one row; an empty cell leaves what stands."""
    given = row[column]
    reason = None
    if reason_column is not None and not row[reason_column].is_blank:
        reason = " ".join(str(row[reason_column].value).split())[:REASON_LENGTH]
    if given.is_blank and reason is None:
        return

    def judged(verdict: Verdict, words: str, entry: Cell | None = None) -> Judged:
        return Judged(row.number, f"{given.letter} {cell.column.label}", found.name, verdict, words, entry)

    if cell.full is None:
        yield judged(Verdict.REFUSED, "本领域不评这一项。")
        return
    try:
        if given.formula_without_value or given.is_error:
            raise Refused("公式没有算出结果，请改成数字。")
        points = (
            cell.points if given.is_blank else parse_points(given.value, high=cell.full, step=1, name="分数")  # type: ignore[arg-type]
        )
    except Refused as refused:
        yield judged(Verdict.REFUSED, str(refused))
        return
    if points == cell.points and reason in (None, cell.reason):
        yield judged(Verdict.UNCHANGED, format_points(points))
    elif cell.locked:
        yield judged(Verdict.REFUSED, f"已经交了或已锁定，现在是 {format_points(cell.points)}。")
    else:
        entry = Cell(found.sheet.pk, cell.column.key, cell.points, points, reason)
        fresh = cell.points is None
        words = format_points(points) if fresh else f"{format_points(cell.points)} → {format_points(points)}"
        yield judged(
            Verdict.NEW if fresh else Verdict.CHANGED, words + (f"，{reason}" if reason else ""), entry
        )


def read_ballots(
    source: Source, lines: Sequence[BallotLine], content: bytes, filename: str, today: dt.date
) -> Plan:
    """What a filled-in template of counts would enter. A row without any count is passed over."""
    wanted: dict[str, Iterable[str]] = {
        "code": [CODE],
        "name": [NAME],
        "group": [GROUP],
        "day": [DAY],
        "staff": [STAFF],
    }
    wanted |= {name: [label] for name, label in COUNTS}
    wanted |= {f"o:{option.key}": [option.label] for option in source.options}
    table, header = _table(content, filename, wanted)
    left = {(line.track.assessment.code, line.group_label): line for line in lines}
    judged: list[Judged] = []
    ballots: list[Ballot] = []
    for row in _body(table, header):
        numbers = [key for key in header.columns if key not in ("code", "name", "group", "day", "staff")]
        if all(row[header.columns[key]].is_blank for key in numbers):
            continue
        try:
            line = _line_of(row, header, left)
            ballot = _ballot(row, header, source, line, today)
        except Refused as refused:
            judged.append(Judged(row.number, "", _name_in(row, header), Verdict.REFUSED, str(refused)))
            continue
        ballots.append(ballot)
        words = f"收回 {ballot.counts.returned}，有效 {ballot.counts.valid}"
        judged.append(Judged(row.number, "", line.track.assessment.short_name, Verdict.NEW, words))
    return Plan(tuple(judged), tuple(ballots))


def _line_of(row: Row, header: Header, left: dict[tuple[str, str], BallotLine]) -> BallotLine:
    code = _code_in(row, header)
    group = normalise_name(row[header.columns["group"]].value)[0] if "group" in header.columns else ""
    line = left.pop((code, group), None)
    if line is None:
        raise Refused(f"组织代码 {code or '（空）'} 不在本表里，或前面已有一行。")
    if line.track.status != flow.OPEN:
        raise Refused("票数已经交了，要改先撤回或退回。")
    return line


def _ballot(row: Row, header: Header, source: Source, line: BallotLine, today: dt.date) -> Ballot:
    def count(key: str, label: str) -> int:
        column = header.columns.get(key)
        return parse_count(row[column].value if column else None, name=label)  # type: ignore[arg-type]

    heads = {name: count(name, label) for name, label in COUNTS}
    options = {option.key: count(f"o:{option.key}", f"「{option.label}」票") for option in source.options}
    counts = Counts(**heads, options=options)
    asked = BallotCounts(
        options, counts.blank, counts.invalid, counts.expected, counts.issued, counts.returned
    )
    faults = check_counts(source, asked)
    if faults:
        raise Refused(f"{'；'.join(faults)}。")
    held_on = parse_day(row[header.columns["day"]].value if "day" in header.columns else None, name=DAY)  # type: ignore[arg-type]
    if held_on > today:
        raise Refused("测评日期不能晚于今天。")
    staff = str(row[header.columns["staff"]].value or "").strip() if "staff" in header.columns else ""
    if not staff:
        raise Refused("写明计票人、监票人。")
    return Ballot(line.track, line.group, counts, held_on, staff[:100])


def ballot_lines(source: Source, tracks: Sequence[Track]) -> list[BallotLine]:
    """The rows of a ballot's template."""
    groups = counted_groups(source)
    return [BallotLine(track, key, label) for track in tracks for key, label in groups]
