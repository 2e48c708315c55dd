"""Writing a ledger as the Excel file an office prints, signs, seals and sends up.

The page is the one of GB/T 9704 and the notices' forms: 附件N at the left top, the title over all
columns, the unit and the day above the frame, a merged heading repeated on every page, thin lines
inside and a medium frame outside, notes and signatures under it, landscape A4 one page wide. Values
only, never formulas: text is always stored as text. Rows stream: no more than one is held.
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

from gradingsite.lib import points
from gradingsite.lib.days import ZONE, local_day
from gradingsite.lib.ledger import (
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
from gradingsite.lib.xlsx_rows import Pen, RowSheet, new_sheet, sheet_name

THIN, MEDIUM = 1, 2
TITLE_HEIGHT, LINE_HEIGHT, ROW_HEIGHT, SIGN_HEIGHT = 42.0, 15.0, 21.0, 48.0
EVERY = 1000
EPOCH, FIRST_DAY = date(1899, 12, 30), date(1900, 3, 1)
NOTHING = datetime(2000, 1, 1, tzinfo=ZONE).replace(tzinfo=None)
_NUMBER_FORMATS = {
    "int": "0",
    "points": "0.00",
    "score": "0.00",
    "percent": "0.0%",
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
    book = Workbook(out, {"constant_memory": True})
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
        self.sheet: RowSheet = new_sheet(book, sheet_name(ledger.title))
        self.sheet.set_default_row(ROW_HEIGHT)
        self.sheet.wide(len(self.leaves))
        self.row = self.head = 0
        self.widths = [leaf.characters for leaf in self.leaves]
        for index, width in enumerate(self.widths):
            self.sheet.set_column(index, index, width)

    @cached_property
    def width(self) -> float:
        """Characters over all columns."""
        return sum(self.widths)

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
                    self.sheet.join(top, left, top + cell.rowspan - 1, left + cell.colspan - 1)
        heights = self._heading_heights()
        for row in range(depth):
            written = []
            for column in range(self.last + 1):
                cell = covered[row, column]
                edges = _Edges(column == 0, column == self.last, row == 0, False)
                pen = Pen(column, self.formats.framed(edges, font_name=self.fonts.heading))
                is_first = (cell.row, cell.column) == (row, column)
                written.append(pen.text(self.row + 1, cell.label) if is_first else pen.blank(self.row + 1))
            self._put(written, heights[row])

    def _heading_heights(self) -> list[float]:
        """Each row as high as its own labels ask; a label over several rows raises the last of them."""
        heights = [ROW_HEIGHT] * self.ledger.depth
        cells = [cell for row in header_cells(self.ledger) for cell in row]
        for cell in sorted(cells, key=lambda cell: cell.rowspan):
            lines = _lines(cell.label, sum(self.widths[cell.column : cell.column + cell.colspan]))
            asked = lines * LINE_HEIGHT + 6
            last = cell.row + cell.rowspan
            missing = asked - sum(heights[cell.row : last])
            if missing > 0:
                heights[last - 1] += missing
        return heights

    def write_lines(self, lines: Iterable[Line], progress: Callable[[int], None] | None) -> int:
        """The rows of the table; the last one closes the frame."""
        count = 0
        middle, end = self._pens(bottom=False), self._pens(bottom=True)
        for line, is_last in _with_last(lines):
            pens = end if is_last else middle
            if isinstance(line, Group):
                self._write_group(line, bottom=is_last)
            else:
                self._write_line(line, pens["total" if isinstance(line, Total) else "row"])
            count += 1
            if progress and count % EVERY == 0:
                progress(count)
        if not count:
            self._write_line({}, end["row"])
        if progress:
            progress(count)
        return count

    def _pens(self, *, bottom: bool) -> dict[str, list[tuple[Pen, Pen]]]:
        """Per column the pen for a value and the one for text standing in its place."""
        pens: dict[str, list[tuple[Pen, Pen]]] = {}
        for sort, more in (("row", {}), ("total", {"bold": True})):
            pairs = []
            for index, leaf in enumerate(self.leaves):
                edges = _Edges(index == 0, index == self.last, False, bottom)
                number = _NUMBER_FORMATS.get(leaf.kind, "@")
                side = "center" if sort == "total" else leaf.side
                value = self.formats.framed(edges, align=side, number=number, **more)
                text = self.formats.framed(edges, align=side, number="@", **more)
                pairs.append((Pen(index, value), Pen(index, text)))
            pens[sort] = pairs
        return pens

    def _write_line(self, line: Any, pens: list[tuple[Pen, Pen]]) -> None:
        number, most, written = self.row + 1, 1, []
        values = line_values(self.leaves, line)
        for leaf, value, width, pair in zip(self.leaves, values, self.widths, pens, strict=True):
            if value is None or value == "":
                written.append(pair[1].text(number, leaf.blank) if leaf.blank else pair[1].blank(number))
                continue
            if not isinstance(value, str):
                digits = _digits(leaf.kind, value)
                if digits is not None:
                    written.append(pair[0].figure(number, digits))
                    continue
                value = display(leaf, value)
            written.append(pair[1].text(number, value))
            if len(value) * 2 > width - 1 or "\n" in value:
                most = max(most, _lines(value, width))
        self._put(written, most * LINE_HEIGHT + 6 if most > 1 else 0)

    def _write_group(self, group: Group, *, bottom: bool) -> None:
        written = []
        for column in range(self.last + 1):
            edges = _Edges(column == 0, column == self.last, False, bottom)
            pen = Pen(column, self.formats.framed(edges, align="left", bold=True, number="@"))
            written.append(pen.blank(self.row + 1) if column else pen.text(self.row + 1, group.label))
        self.sheet.join(self.row, 0, self.row, self.last)
        self._put(written, ROW_HEIGHT)

    def _put(self, written: list[str], height: float) -> None:
        self.sheet.put(self.row, written, height)
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
        starts = self._starts(len(texts))
        ends = [*starts[1:], self.last + 1]
        written = []
        for index, (first, end, text) in enumerate(zip(starts, ends, texts, strict=False)):
            chosen = end_style if index and end > self.last else style
            written.append(Pen(first, chosen).text(self.row + 1, text))
            written.extend(Pen(column, chosen).blank(self.row + 1) for column in range(first + 1, end))
            self.sheet.join(self.row, first, self.row, end - 1)
        self._put(written, height)
        self._parts(texts[len(starts) :], style, end_style, height)

    def _starts(self, parts: int) -> list[int]:
        """The first columns of `parts` stretches of about equal width."""
        starts, passed, columns = [0], 0.0, len(self.widths)
        for index in range(1, columns):
            passed += self.widths[index - 1]
            wanting = parts - len(starts)
            is_share = passed * parts >= self.width * len(starts) * 0.95
            if wanting and (is_share or columns - index <= wanting):
                starts.append(index)
        return starts


def _lines(text: str, characters: float) -> int:
    """How many lines a text takes in a column; one spare line where it is full of them."""
    room = max(characters - 1, 2)
    lines = sum(max(1, ceil(display_width(part) / room)) for part in text.split("\n"))
    return lines + 1 if lines > 4 else lines


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


def _digits(kind: str, value: Any) -> str | None:
    """The decimal digits under which Excel keeps a value; None when it is to be written as text."""
    if kind == "int":
        return str(value) if abs(value) < 10**15 else None
    if kind == "points":
        return points.format_points(value)
    if kind == "score":
        text, cut = points.eye(value)
        return None if cut else text
    if kind == "percent":
        text = points.format_percent(*value)
        return None if text == points.MISSING else str(Decimal(text.removesuffix("%")).scaleb(-2))
    if kind == "date":
        return str((local_day(value) - EPOCH).days) if local_day(value) >= FIRST_DAY else None
    return None
