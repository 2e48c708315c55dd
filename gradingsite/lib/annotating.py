"""Giving a sender his table back with every fault marked where it stands.

The copy holds the values as they were read (no formulas, macros or links), so it can be corrected and
uploaded again: faulty cells are red and carry a comment 「批注」.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import BinaryIO, NamedTuple

from xlsxwriter import Workbook as NewBook
from xlsxwriter.format import Format

from gradingsite.lib.days import format_moment
from gradingsite.lib.ledger import display_width
from gradingsite.lib.reading import Limits, read_tables
from gradingsite.lib.tables import Cell, Row, Sheet, Value
from gradingsite.lib.xlsx_rows import Pen, RowSheet, new_sheet, sheet_name

EPOCH, FIRST_DAY = date(1899, 12, 30), date(1900, 3, 1)
RED, PALE_RED = "#B3161B", "#FDE3E3"
SHOWN_PER_CELL = 10
EXACT = 10**15


class Fault(NamedTuple):
    """One fault: the sheet's name ('' for a csv), row and column from 1 (None for the whole row), the words."""

    sheet: str
    row: int
    column: int | None
    message: str


def annotate(
    source: bytes | Path | BinaryIO,
    faults: Iterable[Fault],
    out: BinaryIO | str,
    *,
    limits: Limits | None = None,
    author: str = "导入检查",
) -> int:
    """Write an .xlsx copy of an uploaded table with its faults marked; give the number of marked cells.

    `source` is an .xlsx or a .csv. Raises `Refused` as `read_tables` does.
    """
    marks: dict[str, dict[tuple[int, int | None], list[str]]] = {}
    for fault in faults:
        place = (max(fault.row, 1), fault.column)
        marks.setdefault(fault.sheet, {}).setdefault(place, []).append(fault.message)
    tables = read_tables(source, limits=limits)
    book = NewBook(out, {"constant_memory": True})
    count = 0
    try:
        styles = _Styles(book)
        names: list[str] = []
        for sheet in tables.visible_sheets:
            names.append(sheet_name(sheet.name or "导入表", names))
            target = new_sheet(book, names[-1])
            target.set_comments_author(author)
            count += _copy(sheet, target, styles, marks.get(sheet.name, {}))
    finally:
        book.close()
    return count


class _Styles:
    """The few formats of a copy, each made once."""

    def __init__(self, book: NewBook) -> None:
        self.book = book
        self.made: dict[tuple[bool, bool, str], Format] = {}

    def of(self, *, faulty: bool, struck: bool, number: str = "@") -> Format:
        """A cell's format."""
        key = (faulty, struck, number)
        if key not in self.made:
            look = {"num_format": number, "font_name": "宋体", "font_size": 10.5, "valign": "vcenter"}
            if faulty:
                look |= {"bg_color": PALE_RED, "font_color": RED}
            if struck:
                look["font_strikeout"] = True
            self.made[key] = self.book.add_format(look)
        return self.made[key]


def _copy(
    sheet: Sheet, target: RowSheet, styles: _Styles, marks: dict[tuple[int, int | None], list[str]]
) -> int:
    words = _placed(sheet, marks)
    rows = {row.number: row for row in sheet.rows}
    last = max((column for _, column in words), default=1)
    target.wide(max(sheet.width, last))
    for column, width in _widths(sheet).items():
        target.set_column(column - 1, column - 1, width)
    for number in sorted({*rows, *(row for row, _ in words)}):
        row = rows.get(number) or Row(number)
        columns = sorted({*row.cells, *(column for marked, column in words if marked == number)})
        target.put(
            number - 1, [_cell(row[column], styles, faulty=(number, column) in words) for column in columns]
        )
    for (number, column), messages in words.items():
        more = f"\n……另有 {len(messages) - SHOWN_PER_CELL} 处" if len(messages) > SHOWN_PER_CELL else ""
        text = "\n".join(messages[:SHOWN_PER_CELL]) + more
        lines = sum(1 + display_width(line) // 24 for line in text.split("\n"))
        target.write_comment(number - 1, column - 1, text, {"width": 190, "height": 24 + 18 * lines})
    _join_across(sheet, target)
    return len(words)


def _join_across(sheet: Sheet, target: RowSheet) -> None:
    """Titles and group lines stay merged; a value merged downwards stands in each of its rows instead."""
    reached = (0, 0)
    for first_row, first_column, last_row, last_column in sorted(sheet.merged):
        if first_row == last_row and (first_row, first_column) > reached:
            target.join(first_row - 1, first_column - 1, last_row - 1, last_column - 1)
            reached = (last_row, last_column)


def _placed(sheet: Sheet, marks: dict[tuple[int, int | None], list[str]]) -> dict[tuple[int, int], list[str]]:
    """The words per cell; those about a whole row go to its first written cell."""
    rows = {row.number: row for row in sheet.rows}
    placed: dict[tuple[int, int], list[str]] = {}
    for (number, column), messages in marks.items():
        if column is None:
            column = min(rows[number].cells, default=1) if number in rows else 1
        placed.setdefault((number, column), []).extend(messages)
    return placed


def _widths(sheet: Sheet) -> dict[int, float]:
    widths: dict[int, float] = {}
    for row in sheet.rows[:200]:
        for cell in row:
            wide = display_width(str(cell.value)) + 2 if cell.value is not None else 0
            widths[cell.column] = min(40, max(wide, widths.get(cell.column, 8)))
    return widths


def _cell(cell: Cell, styles: _Styles, *, faulty: bool) -> str:
    digits, number = _as_figure(cell.value)
    pen = Pen(cell.column - 1, styles.of(faulty=faulty, struck=cell.struck, number=number))
    if digits:
        return pen.figure(cell.row, digits)
    if cell.value is None:
        return pen.blank(cell.row)
    return pen.text(cell.row, _as_text(cell.value))


def _as_figure(value: Value) -> tuple[str, str]:
    """The digits under which Excel keeps a number or a day, and its format; '' for all else."""
    if isinstance(value, date) and not isinstance(value, datetime) and value >= FIRST_DAY:
        return str((value - EPOCH).days), "yyyy-mm-dd"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "", "@"
    return (repr(value), "General") if abs(value) < EXACT else ("", "@")


def _as_text(value: Value) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return format_moment(value)
    return value.isoformat() if isinstance(value, date | time) else str(value)
