"""The ledgers of grading (domain.md 11): on screen, in print, as Excel and csv from one column tree each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import TextIOWrapper
from typing import BinaryIO, NamedTuple

from assessments.ledgers import grading, poll_tallies, score_sheets, summary
from assessments.ledgers.scope import Scope, files_of
from assessments.models import Round
from assessments.models.rounds import AssessmentQuerySet
from assessments.rules import SchemeRules
from assessments.services.schemes import rules_of
from gradingsite.lib.ledger import Ledger, Line, Meta, to_csv
from gradingsite.lib.refusal import Refused
from gradingsite.lib.xlsx import EVERY, to_xlsx
from gradingsite.trail.services import record
from orgs.actor import Actor
from orgs.models import Organisation
from orgs.reach import Reach

LABELS: Mapping[str, str] = {
    "grading": "分类定级台账",
    "summary": "分类定级结果汇总表",
    "score-sheets": "量化评分表",
    "poll-tallies": "民主测评汇总表",
}
"""The four ledgers by the names commands and addresses use."""

_COLUMNS: Mapping[str, Callable[[SchemeRules], Ledger]] = {
    "grading": grading.ledger,
    "summary": summary.ledger,
    "score-sheets": score_sheets.ledger,
    "poll-tallies": poll_tallies.ledger,
}
_ROWS: Mapping[str, Callable[[Scope], Iterable[Line]]] = {
    "grading": grading.rows,
    "summary": summary.rows,
    "score-sheets": score_sheets.rows,
    "poll-tallies": poll_tallies.rows,
}
ENDINGS = ("xlsx", "csv")


class Copy(NamedTuple):
    """One copy of a ledger: its columns, its rows (an iterator, read once), what it says besides, and its files."""

    ledger: Ledger
    rows: Iterable[Line]
    meta: Meta
    files: AssessmentQuerySet


def ledger(name: str, rules: SchemeRules) -> Ledger:
    """The column tree of a ledger under a scheme. Raises Refused for a name there is none of."""
    if name not in _COLUMNS:
        raise Refused(f"没有「{name}」这种台账，可用：{'、'.join(_COLUMNS)}。")
    return _COLUMNS[name](rules)


def build(
    name: str,
    *,
    round: Round,
    organisation: Organisation,
    reach: Reach,
    today: dt.date,
    machine: bool = False,
    start: int = 0,
    stop: int | None = None,
) -> Copy:
    """A copy of a ledger of a round for an organisation, of the files the reach may read.

    Everything is read from stored results, in a number of statements constant per thousand files; what the small-group
    rule hides is not in the rows.

    :param machine: status and step as codes, for csv.
    :param start: ``start`` and ``stop`` cut a page out of the files, in the roster's order (the summary ignores them).
    """
    rules = rules_of(round.scheme)
    columns = ledger(name, rules)
    files = files_of(round, organisation, reach)
    scope = Scope(round, rules, organisation, files, machine, start, stop)
    meta = Meta.of(
        columns,
        unit=organisation.full_name,
        day=today,
        title=f"{organisation.short_name}{round.year}年度{LABELS[name]}",
    )
    return Copy(columns, _ROWS[name](scope), meta, files)


def export(
    name: str,
    *,
    round: Round,
    organisation: Organisation,
    ending: str,
    out: BinaryIO,
    by: Actor,
    today: dt.date,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write a ledger as ``xlsx`` or ``csv`` and note it in the trail; gives the number of lines.

    :param progress: told now and then how many lines are done.
    :raises Refused: unknown ledger or ending.
    """
    if ending not in ENDINGS:
        raise Refused(f"不能导出为「{ending}」，请用 xlsx 或 csv。")
    copy = build(
        name,
        round=round,
        organisation=organisation,
        reach=by.reach,
        today=today,
        machine=ending == "csv",
    )
    if ending == "csv":
        text = TextIOWrapper(out, "utf-8", newline="", write_through=True)
        lines = to_csv(copy.ledger, _told(copy.rows, progress), text)
        text.flush()
        text.detach()
    else:
        lines = to_xlsx(copy.ledger, copy.rows, out, meta=copy.meta, progress=progress)
    record(
        by=by,
        action="ledger.export",
        obj=round,
        label=f"{round.name} {LABELS[name]}",
        after={"ledger": name, "organisation": organisation.code, "ending": ending, "lines": lines},
        organisation_id=organisation.pk,
    )
    return lines


def _told(rows: Iterable[Line], progress: Callable[[int], None] | None) -> Iterator[Line]:
    for number, row in enumerate(rows, 1):
        if progress and number % EVERY == 0:
            progress(number)
        yield row


def file_name(name: str, round: Round, organisation: Organisation, ending: str) -> str:
    """The name a person sees when downloading."""
    return f"{organisation.short_name}{round.year}年度{LABELS[name]}.{ending}"
