"""A file of scores read through: verdicts on its rows and the marks it would bring; then taken in, all or nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from assessments.imports.cells import RowReading
from assessments.imports.headings import Layout, layout_of
from assessments.imports.rows import Reader
from assessments.imports.verdicts import Verdict, VerdictWord
from assessments.models import Round
from assessments.rules import SchemeRules
from assessments.services.importing import (
    Imported,
    Incoming,
    Key,
    SheetIn,
    Standing,
    demand_importable,
    import_marks,
    standings,
    targets_of,
    ungraded_codes,
)
from assessments.services.schemes import rules_of
from gradingsite.lib.reading import Limits, read_tables
from gradingsite.lib.refusal import Refused
from gradingsite.lib.tables import Sheet
from orgs.actor import Actor

HEADING_WITHIN = 60
"""The heading is looked for in so many first rows of a sheet."""

STANDING_WORDS = {
    Standing.NEW: "新录入",
    Standing.CHANGED: "改动，旧表作废",
    Standing.UNCHANGED: "与现有一致，不变",
}


@dataclass
class Preview:
    """What a file would do to a round. ``notes``: verdicts on whole sheets and columns."""

    round: Round
    filename: str
    digest: str
    shapes: tuple[str, ...]
    rows: list[RowReading]
    notes: list[Verdict]
    incoming: list[Incoming]
    expected: Imported
    standing: dict[Key, Standing] = field(default_factory=dict)

    @property
    def refused(self) -> int:
        """How many rows can't be taken in."""
        return sum(row.refused for row in self.rows)

    @property
    def accepted(self) -> int:
        """How many rows bring marks."""
        return sum(bool(row.brings) for row in self.rows)

    def count(self, word: VerdictWord) -> int:
        """How many verdicts of this word."""
        return sum(one.verdict is word for one in self.verdicts())

    def verdicts(self) -> Iterator[Verdict]:
        """Every verdict in the order of the file; a row of which nothing else is said has one."""
        yield from self.notes
        for row in self.rows:
            if row.brings and not row.verdicts:
                words = dict.fromkeys(STANDING_WORDS[self.standing[one.key]] for one in row.brings)
                word = VerdictWord.OK
                yield Verdict(row.sheet, row.row.number, "", row.code, word, "；".join(words))
            yield from row.verdicts


def read_scores(
    *, round: Round, content: bytes, filename: str, by: Actor, limits: Limits | None = None
) -> Preview:
    """Read a file of scores for a round; nothing is written.

    :raises Refused: the file is no table, holds no scores, or the round takes none.
    :raises PermissionDenied: the actor is no staff of a deciding committee.
    """
    demand_importable(round, by)
    rules = rules_of(round.scheme)
    book = read_tables(content, filename, limits=limits)
    reader = Reader(rules, targets_of(round, by), ungraded_codes(round, by))
    notes = [
        Verdict(name, 0, "", "", VerdictWord.WARN, "隐藏的工作表，没有读取。") for name in book.hidden_names
    ]
    shapes: list[str] = []
    for sheet in book.visible_sheets:
        if not sheet.rows:
            continue
        layout = _layout(sheet, rules)
        if layout is None:
            notes.append(Verdict(sheet.name, 0, "", "", VerdictWord.WARN, "没有找到分数的表头，没有读取。"))
            continue
        shapes.append(layout.shape.label)
        notes += [_stray(sheet, layout, word) for word in layout.stray]
        for row in sheet.rows:
            if row.number > layout.row:
                reader.read(layout, sheet.name, row)
    if not shapes:
        raise Refused(
            "没有找到分数的表头。",
            remedy="表头要有「组织代码」，和评价主体（"
            + "、".join(one.label for one in rules.sources)
            + "）或得分、票数。",
        )
    _refuse_broken(reader)
    incoming = _gathered(reader, rules)
    expected, standing = Imported(), {}
    for one, found in standings(incoming):
        expected.note(found)
        standing[one.key] = found
    digest = hashlib.sha256(content).hexdigest()
    shown = tuple(dict.fromkeys(shapes))
    return Preview(round, filename, digest, shown, reader.rows, notes, incoming, expected, standing)


def take_in(
    *,
    preview: Preview,
    accept_valid: bool,
    by: Actor,
    now: dt.datetime,
    progress: Callable[[int], None] | None = None,
) -> Imported:
    """Put a read file's marks in force, in one transaction.

    :param accept_valid: take the sound rows though others are refused.
    :raises Refused: a row is refused (without ``accept_valid``), or nothing is left to take in.
    """
    if preview.refused and not accept_valid:
        raise Refused(f"有 {preview.refused} 行不能导入，整个文件没有导入。", remedy="请按报告改好再导入。")
    if not preview.incoming:
        raise Refused("文件里没有可以导入的分数。")
    return import_marks(
        round=preview.round,
        incoming=preview.incoming,
        filename=preview.filename,
        digest=preview.digest,
        by=by,
        now=now,
        progress=progress,
    )


def _layout(sheet: Sheet, rules: SchemeRules) -> Layout | None:
    try:
        return layout_of(replace(sheet, rows=sheet.rows[:HEADING_WITHIN]), rules)
    except Refused as refused:
        if sheet.name:
            refused.message = f"工作表「{sheet.name}」：{refused.message}"
        raise


def _stray(sheet: Sheet, layout: Layout, word: str) -> Verdict:
    return Verdict(
        sheet.name,
        layout.row,
        "",
        "",
        VerdictWord.WARN,
        f"「{word[:30]}」这一列不是本方案的评价主体，没有导入。",
    )


def _refuse_broken(reader: Reader) -> None:
    """Single marks stand or fall together: a mean of only some of them would be another mark."""
    for row in reader.rows:
        if row.brings and row.brings[0].key in reader.broken:
            row.brings.clear()
            row.refuse("同一支部、同一评价主体还有不能导入的行，这一组都没有导入。")


def _gathered(reader: Reader, rules: SchemeRules) -> list[Incoming]:
    """The rows' marks by branch and source; single marks of members and public become their sum and count."""
    found: dict[Key, Incoming] = {}
    single: set[Key] = set()
    for row in reader.rows:
        for one in row.brings:
            held = found.get(one.key)
            if held is None:
                found[one.key] = Incoming(one.target, one.source, list(one.sheets), list(one.polls))
            else:
                held.sheets += one.sheets
                held.polls += one.polls
        if row.brings and row.single:
            single.add(row.brings[0].key)
    for key in single:
        one = found[key]
        source = rules.source(one.source)
        if source is not None and source.is_anonymous():
            total = sum(sheet.total for sheet in one.sheets)
            count = len(one.sheets)
            one.sheets = [SheetIn("pooled", total, marks=count, voters=count)]
    return list(found.values())
