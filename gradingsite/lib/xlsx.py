"""Writing a ledger as the Excel file an office prints, signs, seals and sends up.

The page is the one of GB/T 9704 and the notices' forms: 附件N at the left top, the title over all
columns, the unit and the day above the frame, a merged heading repeated on every page, thin lines
inside and a medium frame outside, notes and signatures under it, landscape A4 one page wide. Values
only, never formulas: text is always stored as text. Rows stream: XlsxWriter keeps one row in memory.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from math import ceil
from typing import Any, BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from gradingsite.lib import points
from gradingsite.lib.days import ZONE
from gradingsite.lib.ledger import (
    Column,
    Group,
    HeaderCell,
    Ledger,
    Line,
    Meta,
    Total,
    display,
    display_width,
    header_cells,
    line_values,
)

THIN, MEDIUM = 1, 2
TITLE_HEIGHT, LINE_HEIGHT, ROW_HEIGHT, SIGN_HEIGHT = 42.0, 15.0, 21.0, 48.0
MOST_HEIGHT = 409.0
EVERY = 1000
SMALLEST_DAY = date(1900, 3, 1)
NOTHING = datetime(2000, 1, 1, tzinfo=ZONE).replace(tzinfo=None)
_NUMBER_FORMATS = {
    "int": "0",
    "points": "0.00",
    "score": "0.00",
    "percent": "0.0%",
    "weight": "0.##%",
    "date": 'yyyy"年"m"月"d"日"',
}


@dataclass(frozen=True, slots=True)
class Fonts:
    """The fonts named in the file (none is embedded): a setting, with the usual ones of an office."""

    title: str = "方正小标宋简体"
    heading: str = "黑体"
    body: str = "宋体"
    notes: str = "仿宋_GB2312"
    size: float = 10.5


def to_xlsx(
    ledger: Ledger,
    lines: Iterable[Line],
    out: BinaryIO | str,
    *,
    meta: Meta | None = None,
    fonts: Fonts | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write the ledger to a file or a stream; give the number of lines.

    `lines` may be endless as far as memory goes; `progress` is told the number written every thousand.
    """
    meta = meta or Meta()
    options = {"constant_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
    book = Workbook(out, options)
    try:
        book.set_properties(
            {
                "title": meta.title or ledger.title,
                "author": meta.author,
                "created": meta.made_at.astimezone(ZONE).replace(tzinfo=None) if meta.made_at else NOTHING,
            }
        )
        page = _Page(ledger, meta, book, fonts or Fonts())
        page.write_top()
        count = page.write_lines(lines, progress)
        page.write_foot()
        page.set_print()
    finally:
        book.close()
    return count


class _Formats:
    """The cell formats of one file, each made once."""

    def __init__(self, book: Workbook, fonts: Fonts) -> None:
        self.book = book
        self.fonts = fonts
        self.made: dict[tuple[Any, ...], Format] = {}

    def plain(self, font: str, size: float, align: str, **more: Any) -> Format:
        """A format without lines."""
        key = (font, size, align, *sorted(more.items()))
        if key not in self.made:
            base = {
                "font_name": font,
                "font_size": size,
                "align": align,
                "valign": "vcenter",
                "text_wrap": True,
            }
            self.made[key] = self.book.add_format(base | more)
        return self.made[key]

    def framed(self, edges: "_Edges", *, align: str = "center", number: str = "", **more: Any) -> Format:
        """A format of the table: thin lines inside, medium ones where the table ends."""
        lines = {
            "left": MEDIUM if edges.left else THIN,
            "right": MEDIUM if edges.right else THIN,
            "top": MEDIUM if edges.top else THIN,
            "bottom": MEDIUM if edges.bottom else THIN,
        }
        font = more.pop("font_name", self.fonts.body)
        if number:
            more["num_format"] = number
        return self.plain(font, self.fonts.size, align, **lines, **more)


@dataclass(frozen=True, slots=True)
class _Edges:
    """At which sides a cell touches the outer frame."""

    left: bool = False
    right: bool = False
    top: bool = False
    bottom: bool = False


class _Page:
    """One sheet being written from top to bottom."""

    def __init__(self, ledger: Ledger, meta: Meta, book: Workbook, fonts: Fonts) -> None:
        self.ledger = ledger
        self.meta = meta
        self.fonts = fonts
        self.formats = _Formats(book, fonts)
        self.leaves = ledger.leaves
        self.last = len(self.leaves) - 1
        self.sheet: Worksheet = book.add_worksheet(_sheet_name(ledger.title))
        self.sheet.set_default_row(ROW_HEIGHT)
        self.row = 0
        self.head = 0
        self.writers = [_WRITERS[leaf.kind] for leaf in self.leaves]
        for index, leaf in enumerate(self.leaves):
            self.sheet.set_column(index, index, leaf.characters)

    @cached_property
    def width(self) -> float:
        """Characters over all columns."""
        return sum(leaf.characters for leaf in self.leaves)

    def write_top(self) -> None:
        """附件N, the title, the line above the frame and the heading."""
        if self.ledger.annex is not None:
            self._across(f"附件{self.ledger.annex}", self.formats.plain(self.fonts.heading, 16, "left"), 24)
        title = self.meta.title or self.ledger.title
        lines = max(1, ceil(display_width(title) * 2 / max(self.width, 1)))
        style = self.formats.plain(self.fonts.title, 22, "center")
        self._across(title, style, TITLE_HEIGHT * lines)
        self._parts(
            [f"{label}{self.meta.heads.get(label, '')}" for label in self.ledger.heads],
            self.formats.plain(self.fonts.notes, 12, "left"),
            self.formats.plain(self.fonts.notes, 12, "right"),
            24,
        )
        self.head = self.row
        self._write_heading()

    def _write_heading(self) -> None:
        depth = self.ledger.depth
        covered: dict[tuple[int, int], HeaderCell] = {}
        for cells in header_cells(self.ledger):
            for cell in cells:
                for row in range(cell.row, cell.row + cell.rowspan):
                    covered |= {
                        (row, column): cell for column in range(cell.column, cell.column + cell.colspan)
                    }
                if cell.rowspan > 1 or cell.colspan > 1:
                    top, left = self.head + cell.row, cell.column
                    self._merge(top, left, top + cell.rowspan - 1, left + cell.colspan - 1)
        heights = self._heading_heights()
        for row in range(depth):
            self.sheet.set_row(self.row, heights[row])
            for column in range(self.last + 1):
                cell = covered[row, column]
                edges = _Edges(column == 0, column == self.last, row == 0, False)
                style = self.formats.framed(edges, font_name=self.fonts.heading)
                if (cell.row, cell.column) == (row, column):
                    self.sheet.write_string(self.row, column, cell.label, style)
                else:
                    self.sheet.write_blank(self.row, column, None, style)
            self.row += 1

    def _heading_heights(self) -> list[float]:
        """Each row as high as its own labels ask; a label over several rows raises the last of them."""
        heights = [ROW_HEIGHT] * self.ledger.depth
        cells = [cell for row in header_cells(self.ledger) for cell in row]
        for cell in sorted(cells, key=lambda cell: cell.rowspan):
            columns = self.leaves[cell.column : cell.column + cell.colspan]
            lines = _lines(cell.label, sum(column.characters for column in columns))
            asked = lines * LINE_HEIGHT + 6
            last = cell.row + cell.rowspan
            missing = asked - sum(heights[cell.row : last])
            if missing > 0:
                heights[last - 1] += missing
        return heights

    def write_lines(self, lines: Iterable[Line], progress: Callable[[int], None] | None) -> int:
        """The rows of the table; the last one closes the frame."""
        count = 0
        middle, end = self._styles(bottom=False), self._styles(bottom=True)
        for line, is_last in _with_last(lines):
            styles = end if is_last else middle
            if isinstance(line, Group):
                self._write_group(line, bottom=is_last)
            else:
                self._write_line(line, styles["total" if isinstance(line, Total) else "row"])
            count += 1
            if progress and count % EVERY == 0:
                progress(count)
        if not count:
            self._write_line({}, end["row"])
        if progress:
            progress(count)
        return count

    def _styles(self, *, bottom: bool) -> dict[str, list[tuple[Format, Format]]]:
        """Per column the format of a value and the one of text standing for none."""
        styles: dict[str, list[tuple[Format, Format]]] = {}
        for sort, more in (("row", {}), ("total", {"bold": True})):
            pairs = []
            for index, leaf in enumerate(self.leaves):
                edges = _Edges(index == 0, index == self.last, False, bottom)
                number = _NUMBER_FORMATS.get(leaf.kind, "@")
                value = self.formats.framed(edges, align=leaf.side, number=number, **more)
                side = "center" if sort == "total" else leaf.side
                pairs.append((value, self.formats.framed(edges, align=side, number="@", **more)))
            styles[sort] = pairs
        return styles

    def _write_line(self, line: Any, styles: list[tuple[Format, Format]]) -> None:
        sheet, row, most = self.sheet, self.row, 1
        for index, value in enumerate(line_values(self.leaves, line)):
            leaf = self.leaves[index]
            style, text_style = styles[index]
            if value is None or value == "":
                blank = leaf.blank
                if blank:
                    sheet.write_string(row, index, blank, text_style)
                else:
                    sheet.write_blank(row, index, None, text_style)
            elif isinstance(value, str):
                sheet.write_string(row, index, value, style if leaf.kind == "text" else text_style)
                if len(value) * 2 > leaf.characters - 1 or "\n" in value:
                    most = max(most, _lines(value, leaf.characters))
            else:
                self.writers[index](sheet, row, index, leaf, value, style)
        if most > 1:
            sheet.set_row(row, min(MOST_HEIGHT, most * LINE_HEIGHT + 6))
        self.row += 1

    def _write_group(self, group: Group, *, bottom: bool) -> None:
        for column in range(self.last + 1):
            edges = _Edges(column == 0, column == self.last, False, bottom)
            style = self.formats.framed(edges, align="left", bold=True, number="@")
            if column:
                self.sheet.write_blank(self.row, column, None, style)
            else:
                self.sheet.write_string(self.row, 0, group.label, style)
        self._merge(self.row, 0, self.row, self.last)
        self.row += 1

    def write_foot(self) -> None:
        """The notes, then the line to sign with room for a seal."""
        style = self.formats.plain(self.fonts.notes, 12, "left", valign="top")
        for note in (*self.ledger.notes, *self.meta.notes):
            self._across(note, style, _lines(note, self.width * 0.86) * 18 + 4)
        signed = [f"{label}{self.meta.signatures.get(label, '')}" for label in self.ledger.signatures]
        side = self.formats.plain(self.fonts.notes, 12, "left")
        self._parts(signed, side, side, SIGN_HEIGHT)

    def set_print(self) -> None:
        """Landscape A4, one page wide, the heading on every page, numbered."""
        sheet, table = self.sheet, self.head + self.ledger.depth
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(self.head, table - 1)
        sheet.center_horizontally()
        sheet.set_margins(left=0.59, right=0.59, top=0.79, bottom=0.79)
        sheet.print_area(0, 0, max(self.row - 1, 0), self.last)
        sheet.set_footer("&C第 &P 页 共 &N 页")
        sheet.freeze_panes(table, min(self.ledger.frozen, self.last))
        sheet.hide_gridlines(2)

    def _across(self, text: str, style: Format, height: float) -> None:
        """One text over all columns."""
        self._parts([text], style, style, height)

    def _parts(self, texts: list[str], style: Format, end_style: Format, height: float) -> None:
        """Texts side by side, each over its share of the width; the last of several in `end_style`."""
        if not texts:
            return
        self.sheet.set_row(self.row, min(MOST_HEIGHT, height))
        starts = self._starts(len(texts))
        for index, (first, text) in enumerate(zip(starts, texts, strict=False)):
            last = (starts[index + 1] if index + 1 < len(starts) else self.last + 1) - 1
            chosen = end_style if index and index == len(starts) - 1 else style
            self.sheet.write_string(self.row, first, text, chosen)
            for column in range(first + 1, last + 1):
                self.sheet.write_blank(self.row, column, None, chosen)
            if last > first:
                self._merge(self.row, first, self.row, last)
        self.row += 1
        if len(texts) > len(starts):
            self._parts(texts[len(starts) :], style, end_style, height)

    def _starts(self, parts: int) -> list[int]:
        """The first columns of `parts` stretches of about equal width."""
        starts, passed = [0], 0.0
        for index, leaf in enumerate(self.leaves[:-1]):
            passed += leaf.characters
            if len(starts) < parts and passed * parts >= self.width * len(starts) * 0.95:
                starts.append(index + 1)
        return starts

    def _merge(self, first_row: int, first_column: int, last_row: int, last_column: int) -> None:
        # merge_range() writes cells of later rows and so loses earlier ones in constant_memory mode:
        # the cells are written in order elsewhere, and only the merge itself is noted here.
        if (first_row, first_column) != (last_row, last_column):
            self.sheet.merge.append([first_row, first_column, last_row, last_column])


def _lines(text: str, characters: float) -> int:
    """How many lines a text takes in a column; one spare line where it is full of them."""
    room = max(characters - 1, 2)
    lines = sum(max(1, ceil(display_width(part) / room)) for part in text.split("\n"))
    return lines + 1 if lines > 4 else lines


def _sheet_name(title: str) -> str:
    """A name Excel accepts: 31 characters, none of []:*?/\\, no apostrophe at an end."""
    kept = "".join(mark for mark in title if mark not in "[]:*?/\\").strip("'")
    return kept[:31] or "台账"


def _with_last(lines: Iterable[Line]) -> Iterator[tuple[Line, bool]]:
    """Each line, and whether it is the last."""
    walk = iter(lines)
    try:
        before = next(walk)
    except StopIteration:
        return
    for line in walk:
        yield before, False
        before = line
    yield before, True


# Each writer stores one value as Excel keeps it; XlsxWriter writes a Decimal's digits as they are.


def _write_int(sheet: Worksheet, row: int, index: int, leaf: Column, value: int, style: Format) -> None:
    if abs(value) < 10**15:
        sheet.write_number(row, index, value, style)
    else:
        sheet.write_string(row, index, str(value), style)


def _write_points(sheet: Worksheet, row: int, index: int, leaf: Column, value: int, style: Format) -> None:
    sheet.write_number(row, index, points.to_decimal(value), style)


def _write_score(sheet: Worksheet, row: int, index: int, leaf: Column, value: Any, style: Format) -> None:
    text, cut = points.eye(value)
    if cut:
        sheet.write_string(row, index, f"≈{text}", style)
    else:
        sheet.write_number(row, index, Decimal(text), style)


def _write_percent(
    sheet: Worksheet, row: int, index: int, leaf: Column, value: tuple[int, int], style: Format
) -> None:
    text = points.format_percent(*value)
    if text == points.MISSING:
        sheet.write_string(row, index, leaf.blank, style)
    else:
        sheet.write_number(row, index, Decimal(text.removesuffix("%")).scaleb(-2), style)


def _write_weight(sheet: Worksheet, row: int, index: int, leaf: Column, value: int, style: Format) -> None:
    sheet.write_string(row, index, points.format_weight(value), style)


def _write_date(sheet: Worksheet, row: int, index: int, leaf: Column, value: date, style: Format) -> None:
    if value < SMALLEST_DAY:
        sheet.write_string(row, index, display(leaf, value), style)
    else:
        sheet.write_datetime(row, index, value, style)


def _write_text(sheet: Worksheet, row: int, index: int, leaf: Column, value: Any, style: Format) -> None:
    sheet.write_string(row, index, display(leaf, value), style)


_WRITERS: dict[str, Callable[[Worksheet, int, int, Column, Any, Format], None]] = {
    "text": _write_text,
    "int": _write_int,
    "points": _write_points,
    "score": _write_score,
    "percent": _write_percent,
    "weight": _write_weight,
    "date": _write_date,
    "moment": _write_text,
}
