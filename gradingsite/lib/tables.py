"""What an uploaded table looks like once it has been read: sheets of rows of cells, nothing more."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import NamedTuple

Value = str | int | float | bool | date | datetime | time | None


def column_letter(column: int) -> str:
    """The letters Excel shows over a column counted from 1: 1 → 'A', 28 → 'AB'."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class Cell(NamedTuple):
    """One cell as the person who sent the file sees it; rows and columns count from 1.

    `value` is the stored result, never a formula's text. `formula_without_value` means a formula
    whose result nobody stored; `filled` a value that comes from the top of a merged cell.
    """

    value: Value = None
    row: int = 0
    column: int = 0
    struck: bool = False
    hidden_row: bool = False
    formula: bool = False
    formula_without_value: bool = False
    is_error: bool = False
    filled: bool = False
    number_format: str = ""

    @property
    def letter(self) -> str:
        """The column's letters."""
        return column_letter(self.column)

    @property
    def place(self) -> str:
        """The address Excel shows, such as 'H161'."""
        return f"{self.letter}{self.row}"

    @property
    def is_blank(self) -> bool:
        """Nothing in it, or only blanks."""
        if self.formula_without_value:
            return False
        return self.value is None or (isinstance(self.value, str) and not self.value.strip())


@dataclass(frozen=True, slots=True)
class Row:
    """One row; only cells with something in them are kept, the others read as blank."""

    number: int
    cells: dict[int, Cell] = field(default_factory=dict)
    hidden: bool = False

    def __getitem__(self, column: int) -> Cell:
        found = self.cells.get(column)
        return found or Cell(row=self.number, column=column, hidden_row=self.hidden)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self.cells.values())

    @property
    def is_blank(self) -> bool:
        """Nothing in it but blanks."""
        return all(cell.is_blank or cell.filled for cell in self)

    @property
    def struck(self) -> bool:
        """Every cell with something in it is struck through: the sender means the row is gone."""
        written = [cell for cell in self if not cell.is_blank and not cell.filled]
        return bool(written) and all(cell.struck for cell in written)

    @property
    def texts(self) -> list[str]:
        """The written cells as text, from left to right."""
        written = sorted((cell.column, str(cell.value)) for cell in self if not cell.is_blank)
        return [text for _, text in written]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, 'visible' / 'hidden' / 'veryHidden', its rows that hold something.

    The rows of hidden sheets are not read. `merged` lists (first row, first column, last row, last column).
    """

    name: str
    visible: str = "visible"
    rows: tuple[Row, ...] = ()
    merged: tuple[tuple[int, int, int, int], ...] = ()

    @property
    def is_visible(self) -> bool:
        """Whether the sender sees it."""
        return self.visible == "visible"

    @property
    def width(self) -> int:
        """The last column with something in it."""
        return max((cell.column for row in self.rows for cell in row), default=0)


@dataclass(frozen=True, slots=True)
class Workbook:
    """All sheets of one file. `form` is 'xlsx' or 'csv', `encoding` what a csv was written in."""

    form: str
    sheets: tuple[Sheet, ...]
    encoding: str = ""

    @property
    def visible_sheets(self) -> tuple[Sheet, ...]:
        """The sheets the sender sees."""
        return tuple(sheet for sheet in self.sheets if sheet.is_visible)

    @property
    def hidden_names(self) -> tuple[str, ...]:
        """The names of hidden sheets, to say that they were left out."""
        return tuple(sheet.name for sheet in self.sheets if not sheet.is_visible)
