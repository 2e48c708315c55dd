"""One row of a file of scores while it is being read: its cells as numbers, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assessments.imports.verdicts import Verdict, VerdictWord
from assessments.services.importing import Incoming, Key
from gradingsite.lib.points import FULL_POINTS, clean, parse_count_noted, parse_points
from gradingsite.lib.refusal import Refused
from gradingsite.lib.tables import Cell, Row
from gradingsite.lib.tidy import normalise_code, normalise_name

NO_VALUE = "公式没有算出结果，请在 Excel 里打开保存一次，或直接填数。"


@dataclass
class RowReading:
    """A row, the verdicts on it and the marks it brings; ``single``: one mark of many for its source."""

    sheet: str
    row: Row
    code: str = ""
    verdicts: list[Verdict] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    brings: list[Incoming] = field(default_factory=list)
    single: bool = False

    @property
    def refused(self) -> bool:
        """Whether any verdict refuses the row."""
        return any(one.verdict is VerdictWord.ERR for one in self.verdicts)

    @property
    def ignored(self) -> bool:
        """Whether the row holds no scores."""
        return any(one.verdict is VerdictWord.IGNORE for one in self.verdicts)

    def say(self, word: VerdictWord, reason: str, cell: Cell | None = None) -> None:
        """Add a verdict on a cell, or on the whole row."""
        column = cell.letter if cell is not None else ""
        self.verdicts.append(Verdict(self.sheet, self.row.number, column, self.code, word, reason))

    def refuse(self, refused: Refused | str, cell: Cell | None = None) -> None:
        """Refuse the row."""
        self.say(VerdictWord.ERR, str(refused), cell)

    def fix(self, notes: Sequence[str], cell: Cell) -> None:
        """Say what was put right."""
        if notes:
            self.say(VerdictWord.FIX, "、".join(notes), cell)

    def read_code(self, column: int) -> str:
        """The organisation's code, '' when there is none or it can't be read (then the row is refused)."""
        cell = self.row[column]
        if cell.formula_without_value:
            self.refuse(NO_VALUE, cell)
            return ""
        try:
            code, notes = normalise_code(cell.value, number_format=cell.number_format, name="组织代码")
        except Refused as refused:
            self.refuse(refused, cell)
            return ""
        self.code = code
        self.fix(notes, cell)
        return code

    def read_text(self, column: int | None) -> str:
        """A cell's text, put right."""
        return "" if column is None else normalise_name(self.row[column].value)[0]

    def read_points(self, column: int, *, name: str, high: int = FULL_POINTS, step: int = 1) -> int | None:
        """Points in hundredths; None when refused. An empty cell is refused."""
        cell = self.row[column]
        if cell.formula_without_value:
            self.refuse(NO_VALUE, cell)
            return None
        try:
            points = parse_points(_plain(cell), high=high, step=step, name=f"「{name}」")
        except Refused as refused:
            self.refuse(refused, cell)
            return None
        self.fix(_points_notes(cell, points), cell)
        return points

    def read_count(self, column: int, *, name: str, low: int = 0, high: int = 999_999) -> int | None:
        """A head count; None when refused. An empty cell is refused."""
        cell = self.row[column]
        if cell.formula_without_value:
            self.refuse(NO_VALUE, cell)
            return None
        try:
            count, notes = parse_count_noted(
                _plain(cell), unit_words=("人", "票", "张", "名"), low=low, high=high, name=f"「{name}」"
            )
        except Refused as refused:
            self.refuse(refused, cell)
            return None
        self.fix(notes, cell)
        return count


def _plain(cell: Cell) -> str | int | float | None:
    """The value as the readers of numbers take it; dates and the like as text, to be refused by name."""
    value = cell.value
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _points_notes(cell: Cell, points: int) -> list[str]:
    if not isinstance(cell.value, str):
        return []
    notes = []
    text = clean(cell.value)
    if text != cell.value:
        wide = any("！" <= mark <= "～" for mark in cell.value)
        notes.append("全角数字改为半角" if wide else "去掉空格")
    if not points and text.startswith("-"):
        notes.append("负零按 0 计")
    return notes
