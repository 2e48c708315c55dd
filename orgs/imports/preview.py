"""The import as pages take it: a file comes in and is judged, the person looks, then confirms exactly what was shown."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any, BinaryIO

from gradingsite.lib.annotating import annotate
from gradingsite.lib.reading import read_tables
from gradingsite.lib.refusal import Conflict
from orgs.actor import Actor
from orgs.imports import uploads
from orgs.imports.plan import ImportPlan, PlannedRow, plan_import
from orgs.imports.report import faults_to_mark
from orgs.imports.rows import Line, Remark
from orgs.imports.write import Outcome, Source, carry_out, outcome_of

SMALL = 2_000
"""Up to so many rows are written while the person waits; more go to a background job."""
JOB_KIND = "import_organisations"
NAME_LENGTH = 100


def take_in(content: bytes, name: str, *, by: Actor, now: dt.datetime) -> str:
    """Judge an uploaded list and keep it for its owner; gives its token. Raises Refused when it is no such list."""
    plan = plan_import(read_tables(content, name), by=by)
    uploads.discard_old(now=now.timestamp())
    preview = {
        "name": name[:NAME_LENGTH],
        "sha256": hashlib.sha256(content).hexdigest(),
        "digest": plan.digest,
        "counts": {verdict.value: number for verdict, number in plan.counts.items()},
        "to_write": plan.to_write,
        "warned": plan.warned,
        "remarks": plan.remarks,
        "rows": [*map(_row, plan.rows), *_skipped(plan)],
    }
    return uploads.keep(content, preview, owner_id=by.person.pk)


def _row(row: PlannedRow) -> dict[str, Any]:
    line = row.line
    return {
        "sheet": line.sheet,
        "row": line.number,
        "code": line.written_code,
        "name": line.full_name,
        "verdict": row.verdict.value,
        "faults": _remarks(line, line.faults),
        "warnings": _remarks(line, line.warnings),
        "notes": _remarks(line, line.notes),
        "changes": [[change.label, change.before, change.after] for change in row.changes],
    }


def _remarks(line: Line, remarks: list[Remark]) -> list[dict[str, str]]:
    return [
        {"column": line.letters.get(remark.column, ""), "words": remark.words, "remedy": remark.remedy}
        for remark in remarks
    ]


def _skipped(plan: ImportPlan) -> list[dict[str, Any]]:
    return [
        {"sheet": skipped.sheet, "row": skipped.number, "verdict": "skipped", "reason": skipped.reason}
        for skipped in plan.skipped
    ]


def write_marked(token: str, out: BinaryIO, *, by: Actor) -> None:
    """The file with a comment 「批注」 on every cell that was refused or warned of. Raises Conflict when it is gone."""
    content = _content(token)
    annotate(content, faults_to_mark(plan_import(read_tables(content), by=by)), out)


def confirm(token: str, *, digest: str, accept_valid: bool, by: Actor, now: dt.datetime) -> Outcome:
    """Write what the preview showed, and let the file go.

    :param digest: of the preview the person saw.
    :raises Conflict: the file is gone, or what it would do has changed since.
    :raises Refused: rows are refused and ``accept_valid`` isn't given.
    """
    content = _content(token)
    preview = uploads.preview_of(token) or {}
    plan = plan_import(read_tables(content), by=by)
    if plan.digest != digest:
        if not plan.to_write:  # done already: a job that is run twice
            return outcome_of(plan)
        raise Conflict("预览以后，组织数据又有了变化，没有写入。", remedy="请重新上传、核对。")
    source = Source(preview.get("name", ""), preview.get("sha256", ""))
    outcome = carry_out(plan, by=by, now=now, accept_valid=accept_valid, source=source)
    uploads.discard(token)
    return outcome


def _content(token: str) -> bytes:
    content = uploads.content_of(token)
    if content is None:
        raise Conflict("这个文件已经处理过，或放得太久已清除。", remedy="请重新上传。")
    return content
