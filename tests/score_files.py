"""Small files of scores for the village, as an office would write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import openpyxl

from assessments.imports import Preview, read_scores, take_in
from assessments.services.importing import Imported
from orgs.actor import Actor
from orgs.services.people import system_actor
from tests.village import NOW, Village

BIG, MIDDLE, SMALL, RIVER, OFFICE = (
    "520323102001",
    "520323102002",
    "520323102003",
    "520323103001",
    "520323901002",
)
COMMITTEE = "520323102"
ELSEWHERE = "520324101001"
WIDE = ("org_code", "org_name", "domain", "上级党组织评", "党支部自评", "党员评", "群众评", "相关单位评")
LONG = ("org_code", "source", "score")
LINES = ("带头人", "工作思路", "工作制度", "活动阵地", "保障机制", "工作业绩", "群众反映")
RATERS = ("org_code", "source", "rater_no", "score")
BALLOTS = (
    "org_code", "org_name", "committee_score", "self_score", "eligible", "issued", "returned",
    "好", "较好", "一般", "较差", "弃权", "无效",
)  # fmt: skip


def csv_bytes(heading: Sequence[str], rows: Iterable[Sequence[Any]], encoding: str = "utf-8") -> bytes:
    """A csv file."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(heading)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def xlsx_bytes(rows: Iterable[Sequence[Any]], *, more: dict[str, list[Sequence[Any]]] | None = None) -> bytes:
    """A workbook with one sheet, and ``more`` by name; a name that begins 隐藏 is hidden."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    for name, held in (more or {}).items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name.startswith("隐藏") else "visible"
        for row in held:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def preview(village: Village, content: bytes, by: Actor | None = None) -> Preview:
    """The file read for the village's round, nothing written."""
    assert village.round is not None
    return read_scores(round=village.round, content=content, filename="打分.csv", by=by or system_actor())


def bring(
    village: Village, content: bytes, *, accept_valid: bool = False, by: Actor | None = None
) -> Imported:
    """The file read and taken in."""
    by = by or system_actor()
    return take_in(preview=preview(village, content, by), accept_valid=accept_valid, by=by, now=NOW)


def errors(found: Preview) -> list[tuple[int, str, str]]:
    """Row, column and reason of what is refused."""
    return [(one.row, one.column, one.reason) for one in found.verdicts() if one.verdict == "ERR"]
