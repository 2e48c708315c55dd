"""What is said of each row of an imported file: where, what, and what to do about it."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, TextIO

from gradingsite.lib.tidy import guard

HEADINGS = ("sheet", "row", "column", "code", "verdict", "reason")


class VerdictWord(StrEnum):
    """OK taken as it stands, FIX put right first, WARN taken but look at it, ERR refused, IGNORE no data."""

    OK = "OK"
    FIX = "FIX"
    WARN = "WARN"
    ERR = "ERR"
    IGNORE = "IGNORE"

    @property
    def label(self) -> str:
        """The Chinese word of screens."""
        return LABELS[self]


LABELS = {
    VerdictWord.OK: "通过",
    VerdictWord.FIX: "已更正",
    VerdictWord.WARN: "请核对",
    VerdictWord.ERR: "不能导入",
    VerdictWord.IGNORE: "跳过",
}


class Verdict(NamedTuple):
    """One verdict. ``row`` 0: the whole sheet; ``column``: the letters Excel shows, empty for the whole row."""

    sheet: str
    row: int
    column: str
    code: str
    verdict: VerdictWord
    reason: str


def write_report(verdicts: Iterable[Verdict], out: TextIO) -> None:
    """Write verdicts as csv; ``out`` is opened with newline=""."""
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for one in verdicts:
        row = (one.sheet, one.row or "", one.column, one.code, one.verdict.value, one.reason)
        writer.writerow([guard(cell) if isinstance(cell, str) else cell for cell in row])
