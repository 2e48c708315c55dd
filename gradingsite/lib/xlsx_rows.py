"""Rows of an Excel sheet written straight through, one at a time and never held.

XlsxWriter makes the workbook around them: styles, page set-up, merges, comments, the package. Its own
cell writers cost five times what the text of a cell costs, and would copy a text that begins with <r>
and ends with </r> into the file as markup; here every text is escaped.
"""

import re
from collections.abc import Iterable
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from gradingsite.lib.tables import column_letter

MOST_CHARACTERS = 32_767
MOST_HEIGHT = 409.0
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def escape(text: str) -> str:
    """Text as it stands between XML tags; characters XML cannot hold are left out."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _FORBIDDEN.search(text):
        text = _FORBIDDEN.sub("", text)
    if "_x" in text:
        text = _LOOKS_ESCAPED.sub("_x005F_", text)
    if "&" in text or "<" in text or ">" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text


class RowSheet(Worksheet):
    """A sheet that is given its rows as finished XML, from top to bottom."""

    def _write_single_row(self, current_row_num: int = 0) -> None:
        """Nothing is buffered, so there is nothing to write out."""

    def put(self, row: int, cells: Iterable[str], height: float = 0) -> None:
        """Write row `row` (counted from 0) from the XML of its cells; `height` in points, 0 the default."""
        size = f' ht="{min(height, MOST_HEIGHT):.4g}" customHeight="1"' if height else ""
        self.fh.write(f'<row r="{row + 1}"{size}>{"".join(cells)}</row>')
        self.dim_rowmin = 0
        self.dim_rowmax = row

    def wide(self, columns: int) -> None:
        """Say how many columns the rows have."""
        self.dim_colmin, self.dim_colmax = 0, max(columns - 1, 0)

    def join(self, first_row: int, first_column: int, last_row: int, last_column: int) -> None:
        """Merge cells whose contents and lines are written with their rows; one cell stays as it is."""
        if (first_row, first_column) != (last_row, last_column):
            self.merge.append([first_row, first_column, last_row, last_column])


class Pen:
    """The XML of cells of one column in one format: `text`, `figure` and `blank` take the row from 1."""

    __slots__ = ("letters", "style")

    def __init__(self, column: int, style: Format) -> None:
        self.letters = column_letter(column + 1)
        self.style = style._get_xf_index()

    def text(self, row: int, text: str) -> str:
        """Text, always as text."""
        if len(text) > MOST_CHARACTERS:
            text = text[: MOST_CHARACTERS - 1] + "…"
        content = f'<is><t xml:space="preserve">{escape(text)}</t></is>'
        return f'<c r="{self.letters}{row}" s="{self.style}" t="inlineStr">{content}</c>'

    def figure(self, row: int, digits: str) -> str:
        """A number, given by its decimal digits."""
        return f'<c r="{self.letters}{row}" s="{self.style}"><v>{digits}</v></c>'

    def blank(self, row: int) -> str:
        """Only the lines around it."""
        return f'<c r="{self.letters}{row}" s="{self.style}"/>'


def new_sheet(book: Workbook, name: str) -> RowSheet:
    """A sheet for finished rows; the workbook must be made with `constant_memory`."""
    sheet: Any = book.add_worksheet(name, worksheet_class=RowSheet)
    return sheet


def sheet_name(title: str, taken: Iterable[str] = ()) -> str:
    """A name Excel accepts: 31 characters, none of []:*?/\\, no apostrophe at an end, not yet taken."""
    kept = "".join(mark for mark in title if mark not in "[]:*?/\\" and mark >= " ").strip("'")[:31]
    name, number = kept or "台账", 1
    used = {other.lower() for other in taken} | {"history"}
    while name.lower() in used:
        number += 1
        name = f"{kept[:26]}（{number}）"
    return name
