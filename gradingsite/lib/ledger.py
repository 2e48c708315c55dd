"""A ledger is declared once, as a tree of columns; the heading in Excel, the `<thead>` of the page, the csv
and the check of an import's heading are all read off it.

Rows are mappings from column keys to plain values: text, `int`, hundredths for points, a `Fraction` of
hundredths for a source score, (part, whole) for a share, basis points for a weight, dates. None is
"nothing there". `gradingsite.lib.xlsx` writes the printed file.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Literal, NamedTuple, TextIO

from gradingsite.lib import points
from gradingsite.lib.days import format_date, format_moment
from gradingsite.lib.tidy import guard

Kind = Literal["text", "int", "points", "score", "percent", "weight", "date", "moment"]
Align = Literal["", "left", "center", "right"]

NARROW, MEDIUM, WIDE = 7.0, 14.0, 34.0
_WIDTHS: dict[str, float] = {"text": MEDIUM, "date": 15.0, "moment": 20.0}
SIGNATURES = ("单位负责人（签字）：", "审核人：", "填表人：", "联系电话：")


@dataclass(frozen=True, slots=True)
class Column:
    """One heading: a leaf holds values, a parent only its children.

    `label` may break by meaning with a line break (领导\\n班子). `width` is in characters of Excel's
    standard font, two for a Chinese one. `machine` names the column in csv (by default the key), `empty`
    is what stands where there is nothing.
    """

    key: str
    label: str
    kind: Kind = "text"
    width: float = 0
    children: tuple["Column", ...] = ()
    machine: str = ""
    empty: str | None = None
    align: Align = ""

    @property
    def leaves(self) -> tuple["Column", ...]:
        """The columns under this heading that hold values, from left to right."""
        if not self.children:
            return (self,)
        return tuple(leaf for child in self.children for leaf in child.leaves)

    @property
    def depth(self) -> int:
        """Rows of heading from here down."""
        return 1 + max((child.depth for child in self.children), default=0)

    @property
    def name(self) -> str:
        """The column's name in csv."""
        return self.machine or self.key

    @property
    def characters(self) -> float:
        """Width in characters, at least as wide as the heading's longest line."""
        longest = max(display_width(line) for line in self.label.split("\n"))
        return self.width or max(_WIDTHS.get(self.kind, NARROW), min(longest, 16) + 1.5)

    @property
    def side(self) -> str:
        """Where the values stand: long text at the left, all else in the middle."""
        return self.align or ("left" if self.kind == "text" and self.characters > MEDIUM else "center")

    @property
    def blank(self) -> str:
        """What stands in an empty cell: by default nothing for text, '—' for a figure."""
        if self.empty is not None:
            return self.empty
        return "" if self.kind == "text" else points.MISSING


@dataclass(frozen=True, slots=True)
class Ledger:
    """A table an office prints, signs and sends up.

    `heads` are the labels of the line above the frame, `notes` stand under it, `signatures` at the end
    (none for a notice's own form). `annex` is the N of 附件N. `frozen` columns stay in sight.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    annex: int | None = None
    heads: tuple[str, ...] = ("填报单位（盖章）：", "填报时间：")
    notes: tuple[str, ...] = ()
    signatures: tuple[str, ...] = SIGNATURES
    frozen: int = 1

    def __post_init__(self) -> None:
        keys = [leaf.key for leaf in self.leaves]
        names = [leaf.name for leaf in self.leaves]
        if len(set(keys)) != len(keys) or len(set(names)) != len(names):
            raise ValueError(f"ledger {self.name} names a column twice")

    @property
    def leaves(self) -> tuple[Column, ...]:
        """The columns that hold values, from left to right."""
        return tuple(leaf for column in self.columns for leaf in column.leaves)

    @property
    def depth(self) -> int:
        """Rows of the heading."""
        return max(column.depth for column in self.columns)


@dataclass(frozen=True, slots=True)
class Meta:
    """What one copy of a ledger says besides its rows.

    `title` replaces the ledger's, `heads` gives what follows each head's label, `signatures` what follows
    a signature's label (the name of who filled it in), `made_at` goes into the file's properties.
    """

    title: str = ""
    heads: Mapping[str, str] = field(default_factory=dict)
    signatures: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    made_at: datetime | None = None
    author: str = ""

    @classmethod
    def of(cls, ledger: Ledger, *, unit: str, day: date | None = None, **more: Any) -> "Meta":
        """The usual line: the first head is the unit, the last one the day."""
        heads = dict.fromkeys(ledger.heads, "")
        if ledger.heads:
            heads[ledger.heads[0]] = unit
        if day and len(ledger.heads) > 1:
            heads[ledger.heads[-1]] = format_date(day)
        return cls(heads=heads, author=unit, **more)


@dataclass(frozen=True, slots=True)
class Total:
    """A line of sums, first or last; `label` stands in the first column if that has no value."""

    values: Mapping[str, Any]
    label: str = "合计"


@dataclass(frozen=True, slots=True)
class Group:
    """A line over the whole width that names the rows below it."""

    label: str


Line = Mapping[str, Any] | Total | Group


class HeaderCell(NamedTuple):
    """One cell of the heading; row and column count from 0 within it."""

    label: str
    row: int
    column: int
    rowspan: int
    colspan: int
    key: str
    is_leaf: bool


def header_cells(ledger: Ledger) -> list[list[HeaderCell]]:
    """The heading as rows of cells with their spans, for `<thead>` and for the merged cells of Excel."""
    rows: list[list[HeaderCell]] = [[] for _ in range(ledger.depth)]

    def place(column: Column, row: int, left: int) -> int:
        width = len(column.leaves)
        height = 1 if column.children else ledger.depth - row
        rows[row].append(HeaderCell(column.label, row, left, height, width, column.key, not column.children))
        for child in column.children:
            left = place(child, row + 1, left)
        return left if column.children else left + 1

    left = 0
    for column in ledger.columns:
        left = place(column, 0, left)
    return rows


def wanted_headings(ledger: Ledger) -> dict[str, tuple[str, ...]]:
    """For `reading.find_header`: per key the names under which the column comes back."""
    counts: dict[str, int] = {}
    for leaf in ledger.leaves:
        counts[leaf.label] = counts.get(leaf.label, 0) + 1
    return {
        leaf.key: (leaf.label, leaf.name, leaf.key) if counts[leaf.label] == 1 else (leaf.name, leaf.key)
        for leaf in ledger.leaves
    }


# Values


def display(column: Column, value: Any) -> str:
    """A value as a person reads it on a page."""
    if value is None or value == "":
        return column.blank
    return _DISPLAY[column.kind](value)


def machine_text(column: Column, value: Any) -> str:
    """A value as a program reads it back from csv: plain, '' when there is none."""
    if value is None:
        return ""
    if column.kind == "text":
        return guard(str(value))
    return _MACHINE[column.kind](value)


def _percent(value: tuple[int, int]) -> str:
    return points.format_percent(*value)


def _plain_score(value: Fraction | int) -> str:
    return points.eye(value)[0]


def _moment(value: datetime) -> str:
    return value.isoformat(timespec="seconds")


_DISPLAY: dict[str, Callable[[Any], str]] = {
    "text": str,
    "int": str,
    "points": points.format_points,
    "score": points.eye_text,
    "percent": _percent,
    "weight": points.format_weight,
    "date": format_date,
    "moment": format_moment,
}
_MACHINE: dict[str, Callable[[Any], str]] = _DISPLAY | {
    "score": _plain_score,
    "date": date.isoformat,
    "moment": _moment,
}


# For pages and csv


class TableCell(NamedTuple):
    """One cell of a page's table."""

    text: str
    key: str
    kind: str
    side: str
    is_empty: bool


class TableLine(NamedTuple):
    """One line of a page's table: 'row', 'total' or 'group' (then one cell over `span` columns)."""

    sort: str
    cells: tuple[TableCell, ...]
    span: int
    source: Any


class TableView(NamedTuple):
    """All a template needs to show a ledger."""

    head: list[list[HeaderCell]]
    lines: list[TableLine]
    width: int


def table_view(ledger: Ledger, lines: Iterable[Line]) -> TableView:
    """The heading and the lines as text, for a template."""
    leaves = ledger.leaves
    return TableView(header_cells(ledger), [_table_line(leaves, line) for line in lines], len(leaves))


def _table_line(leaves: tuple[Column, ...], line: Line) -> TableLine:
    if isinstance(line, Group):
        cell = TableCell(line.label, "", "text", "left", False)
        return TableLine("group", (cell,), len(leaves), line)
    values = line_values(leaves, line)
    cells = tuple(
        TableCell(
            display(leaf, value) if leaf.kind == "text" or not isinstance(value, str) else value,
            leaf.key,
            leaf.kind,
            leaf.side,
            value is None or value == "",
        )
        for leaf, value in zip(leaves, values, strict=True)
    )
    return TableLine("total" if isinstance(line, Total) else "row", cells, 1, line)


def line_values(leaves: tuple[Column, ...], line: Mapping[str, Any] | Total) -> list[Any]:
    """A line's values in the order of the columns; a total's label takes the first place if it is free."""
    if not isinstance(line, Total):
        return [line.get(leaf.key) for leaf in leaves]
    values = [line.values.get(leaf.key) for leaf in leaves]
    if values[0] is None:
        values[0] = line.label
    return values


def to_csv(ledger: Ledger, lines: Iterable[Line], out: TextIO) -> int:
    """Write one heading line of machine names and the rows (totals and groups left out); give their number.

    `out` is a text stream opened with newline=""; a byte order mark is written for Excel.
    """
    leaves = ledger.leaves
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow([leaf.name for leaf in leaves])
    count = 0
    for line in lines:
        if isinstance(line, Total | Group):
            continue
        writer.writerow([machine_text(leaf, line.get(leaf.key)) for leaf in leaves])
        count += 1
    return count


def display_width(text: str) -> int:
    """Width in half-width characters: two for an East Asian one, one for the others."""
    return len(text) if text.isascii() else sum(1 if mark < "\u1100" else 2 for mark in text)
