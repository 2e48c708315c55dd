"""Organisation lists for tests: a clean small county, and ways to write it as an office would send it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from django.utils import timezone
from openpyxl import Workbook

from gradingsite.lib.reading import read_tables
from orgs.actor import Actor
from orgs.imports import COLUMNS, ImportPlan, Outcome, PlannedRow, carry_out, plan_import
from orgs.services.people import system_actor

HEAD = tuple(COLUMNS.values())

COUNTY: list[tuple[Any, ...]] = [
    ("520000000000", "中共贵山省委员会", "", "省级党委", "", "省甲", None, None),
    ("520300000000", "中共遵山市委员会", "520000000000", "市级党委", "", "市甲", None, None),
    ("520323000000", "中共绥山县委员会", "520300000000", "县级党委", "", "县甲", None, None),
    ("520323901000", "中共绥山县直属机关工作委员会", "520323000000", "县直党（工）委", "", "工甲", None, None),
    ("520323901001", "中共绥山县财政局总支部委员会", "520323901000", "党总支", "机关事业单位", "总甲", None, None),
    ("520323901002", "中共绥山县财政局第一支部委员会", "520323901001", "党支部", "机关事业单位", "支甲", 24, 45),
    ("520323102000", "中共绥山县旺草镇委员会", "520323000000", "乡镇党委", "", "镇甲", None, None),
    ("520323102201", "中共绥山县旺草镇大村支部委员会", "520323102000", "党支部", "农村", "村甲", 40, 1200),
    ("520323102202", "中共绥山县旺草镇中村支部委员会", "520323102000", "党支部", "农村", "村乙", 18, 300),
    ("520323102203", "中共绥山县旺草镇小村支部", "520323102000", "党支部", "农村", "村丙", 3, 60),
    ("520323102204", "中共绥山县旺草镇上村支部", "520323102000", "党支部", "农村", "村丁", 5, 80),
    ("520323103000", "中共绥山县蒲场镇委员会", "520323000000", "乡镇党委", "", "镇乙", None, None),
    ("520323103201", "中共绥山县蒲场镇河村支部委员会", "520323103000", "党支部", "农村", "河甲", 30, 900),
]  # fmt: skip

BRANCH = ("520323102209", "中共绥山县旺草镇新村支部", "520323102000", "党支部", "农村", "新甲", 9, 100)
"""A branch the county doesn't have yet."""


def with_(row: Sequence[Any], **changes: Any) -> tuple[Any, ...]:
    """The row with some cells changed, by the machine name of their columns."""
    return tuple(changes.get(key, value) for key, value in zip(COLUMNS, row, strict=True))


def workbook(sheets: dict[str, Iterable[Sequence[Any]]], *, hidden: Iterable[str] = ()) -> Workbook:
    """A workbook of these sheets."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        if name in hidden:
            sheet.sheet_state = "hidden"
    return book


def as_bytes(book: Workbook) -> bytes:
    """The workbook as a file."""
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def xlsx(rows: Iterable[Sequence[Any]], head: Sequence[str] = HEAD) -> bytes:
    """One sheet with a heading row."""
    return as_bytes(workbook({"组织": [head, *rows]}))


def as_csv(rows: Iterable[Sequence[Any]], encoding: str = "utf-8", head: Sequence[str] = HEAD) -> bytes:
    """The rows as csv text."""
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in (head, *rows)]
    return "\r\n".join(lines).encode(encoding)


def plan(content: bytes, by: Actor | None = None) -> ImportPlan:
    """What the file would do."""
    return plan_import(read_tables(content, "名单.xlsx"), by=by or system_actor())


def bring_in(content: bytes, by: Actor | None = None, *, accept_valid: bool = False) -> Outcome:
    """Plan and write."""
    by = by or system_actor()
    return carry_out(plan(content, by), by=by, now=timezone.now(), accept_valid=accept_valid)


def row_of(found: ImportPlan, code: str) -> PlannedRow:
    """The one row of a code."""
    return next(row for row in found.rows if row.line.code == code)


def faults_of(row: PlannedRow) -> list[tuple[str, str]]:
    """Column letter and words of what is refused."""
    return [(row.line.letters[fault.column], fault.words) for fault in row.line.faults]
