"""What an import says about its file: lines for a csv report, faults for the annotated copy, rows for the preview."""

from __future__ import annotations

from collections.abc import Iterator

from gradingsite.lib.annotating import Fault
from orgs.imports.plan import ImportPlan, PlannedRow
from orgs.imports.rows import Remark

REPORT_COLUMNS = ("sheet", "row", "column", "code", "verdict", "reason")


def report_lines(plan: ImportPlan) -> Iterator[tuple[str, str, str, str, str, str]]:
    """One line for each thing said about a row, in the order of the file; one plain line for a row without remarks.

    ``verdict`` is ``new``, ``changed``, ``unchanged``, ``refused`` or ``skipped``; ``column`` the letter in the file.
    """
    for skipped in plan.skipped:
        number = str(skipped.number) if skipped.number else ""
        yield skipped.sheet, number, "", "", "skipped", skipped.reason
    for row in plan.rows:
        line = row.line
        head, verdict = (line.sheet, str(line.number)), row.verdict.value
        said = list(_said(row))
        for column, words in said:
            yield *head, line.letters.get(column, ""), line.written_code, verdict, words
        if not said:
            yield *head, "", line.written_code, verdict, ""


def _said(row: PlannedRow) -> Iterator[tuple[str, str]]:
    for fault in row.line.faults:
        yield fault.column, sentence(fault)
    for warning in row.line.warnings:
        yield warning.column, f"提醒：{sentence(warning)}"
    for note in row.line.notes:
        yield note.column, f"已整理：{sentence(note)}"
    for change in row.changes:
        yield change.field, f"修改：{change.label}由「{change.before}」改为「{change.after}」"


def sentence(remark: Remark) -> str:
    """The words of a remark and its remedy."""
    return f"{remark.words}。{remark.remedy}" if remark.remedy else f"{remark.words}。"


def faults_to_mark(plan: ImportPlan) -> list[Fault]:
    """Refused cells and warnings as comments for the copy that goes back to the sender."""
    marks = []
    for row in plan.rows:
        line = row.line
        for kind, remarks in (("不通过", line.faults), ("提醒", line.warnings)):
            for remark in remarks:
                column = _number(line.letters.get(remark.column, ""))
                marks.append(Fault(line.sheet, line.number, column, f"{kind}：{sentence(remark)}"))
    return marks


def _number(letters: str) -> int | None:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number or None
