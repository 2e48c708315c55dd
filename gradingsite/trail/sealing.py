"""Chaining entries after the fact, and checking the chain.

Writers never wait for the chain: they insert, and a step that runs once a minute ties what has been committed to
what came before. An entry committed late has a lower id than its neighbours; it is sealed later, at its own position.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, Func, OuterRef, TextField

from gradingsite.trail import anchors
from gradingsite.trail.chain import GENESIS, as_text, digest
from gradingsite.trail.models import Entry, EntryQuerySet, Seal

BATCH = 1000
LOCK = 7_302_846_201
"""The advisory lock of the one sealer (PostgreSQL)."""

logger = logging.getLogger(__name__)

COLUMNS = tuple(field.column for field in Entry._meta.concrete_fields)
Columns = dict[str, str | None]


class AsStored(Func):
    """A column as text exactly as it lies in the database, so that no converter hides or trips over a change."""

    arity = 1
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Bytes: SQLite hands out text only if it is UTF-8."""
        return self.as_sql(compiler, connection, template="CAST(%(expressions)s AS BLOB)", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Text; times in UTC, whatever the session's zone."""
        source = self.get_source_expressions()[0].output_field.get_internal_type()
        template = (
            "to_char((%(expressions)s) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US BC')"
            if source == "DateTimeField"
            else "(%(expressions)s)::text"
        )
        return self.as_sql(compiler, connection, template=template, **context)


@dataclass(frozen=True)
class Fault:
    """The first thing that is wrong: its position in the chain, the entry it concerns (if known) and what."""

    position: int | None
    entry_id: int | None
    what: str

    def __str__(self) -> str:
        where = f"第 {self.position} 位" if self.position is not None else "锚文件"
        named = f"，记录 {self.entry_id}" if self.entry_id is not None else ""
        return f"{where}{named}：{self.what}"


@dataclass(frozen=True)
class Verdict:
    """What a check found: sealed entries walked, entries not yet sealed, and the first fault or None."""

    sealed: int
    unsealed: int
    fault: Fault | None


def seal(*, now: dt.datetime, wait: bool = False) -> int:
    """Seal what is committed and not sealed yet, then anchor the end of the chain outside the database.

    :param wait: wait for another sealer instead of leaving the work to it.
    :returns: how many entries were sealed.
    """
    first_time = last_seal() is None
    sealed = _seal_in_batches(_newer, wait)
    last = last_seal()
    if Entry.objects.count() > (last.position if last else 0):
        sealed += _seal_in_batches(_late, wait)
    if first_time or anchors.path().exists():
        anchor(now=now)
    else:
        # Made anew it would hide that the old one has gone, and with it what it witnessed.
        logger.error("the anchor file %s is missing; see verify_trail --restart-anchors", anchors.path())
    return sealed


def anchor(*, now: dt.datetime) -> bool:
    """Note the end of the chain in the anchor file; gives whether a line was added."""
    last = last_seal()
    if last is None:
        return False
    return anchors.append(position=last.position, entry_id=last.entry_id, digest=last.digest, at=now)


def last_seal() -> Seal | None:
    """The end of the chain."""
    return Seal.objects.order_by("-position").first()


def verify() -> Verdict:
    """Walk the whole chain and name the first bad entry: changed, missing, out of order, or cut off at the end."""
    witnessed, spoilt = anchors.read()
    fault = Fault(None, None, spoilt) if spoilt else None
    position, previous = 0, GENESIS
    for seals in _seals():
        entries = _entries([seal["entry_id"] for seal in seals])
        for link in seals:
            found = _link_fault(link, entries, position, previous, witnessed)
            if found:
                return Verdict(position, _unsealed_count(), found)
            position, previous = position + 1, str(link["digest"])
    beyond = sorted(place for place in witnessed if place > position)
    if beyond:
        fault = Fault(position + 1, None, f"此位起的记录被截去，锚文件记有第 {beyond[-1]} 位。")
    elif position and not witnessed and not fault:
        fault = Fault(None, None, "没有锚文件，无法证明末尾完整。")
    return Verdict(position, _unsealed_count(), fault)


def cut_off() -> Fault | None:
    """Whether the anchors know of more than the chain holds: asked before sealing, which would cover it up."""
    last = last_seal()
    position = last.position if last else 0
    beyond = max(anchors.read()[0], default=0)
    return (
        Fault(position + 1, None, f"此位起的封存被截去，锚文件记有第 {beyond} 位。")
        if beyond > position
        else None
    )


def _newer(after: int) -> EntryQuerySet:
    """Entries above every sealed id: the usual case, found without looking for gaps."""
    newest = Seal.objects.order_by("-entry_id").values_list("entry_id", flat=True).first()
    return Entry.objects.filter(pk__gt=newest or 0)


def _late(after: int) -> EntryQuerySet:
    """Unsealed entries wherever they are, above the id given."""
    return Entry.objects.filter(~Exists(Seal.objects.filter(entry_id=OuterRef("pk"))), pk__gt=after)


def _seal_in_batches(choose: Callable[[int], EntryQuerySet], wait: bool) -> int:
    """Seal what ``choose`` finds, a short transaction for each batch; gives how many."""
    sealed = after = 0
    while True:
        with transaction.atomic():
            if not _locked(wait):
                return sealed
            rows = _stored(choose(after).order_by("pk")[:BATCH], COLUMNS)
            _chain(rows)
        sealed += len(rows)
        if len(rows) < BATCH:
            return sealed
        after = int(str(rows[-1]["id"]))


def _locked(wait: bool) -> bool:
    """Be the only sealer until the transaction ends. On SQLite the transaction itself (IMMEDIATE) is the lock."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _chain(rows: list[Columns]) -> None:
    last = last_seal()
    position, previous = (last.position, last.digest) if last else (0, GENESIS)
    seals = []
    for row in rows:
        position += 1
        link = digest(entry=row, position=position, previous=previous)
        seals.append(Seal(position=position, entry_id=int(str(row["id"])), previous=previous, digest=link))
        previous = link
    Seal.objects.bulk_create(seals)


def _stored(rows: Any, columns: tuple[str, ...]) -> list[Columns]:
    wanted = {f"{column}_stored": AsStored(F(column)) for column in columns}
    return [
        {column: as_text(value) for column, value in zip(columns, row, strict=True)}
        for row in rows.annotate(**wanted).values_list(*wanted)
    ]


def _unsealed_count() -> int:
    return _late(0).count()


def _seals() -> Iterator[list[Columns]]:
    """The chain in batches, by position; whatever a position holds, it is read."""
    start: int | None = None
    while True:
        rows = Seal.objects.order_by("position")
        rows = rows if start is None else rows.filter(position__gt=start)
        batch = _stored(rows[:BATCH], ("position", "entry_id", "previous", "digest"))
        if not batch:
            return
        yield batch
        start = int(str(batch[-1]["position"]))


def _entries(ids: list[str | None]) -> dict[str | None, Columns]:
    numbers = [number for number in map(_whole, ids) if number is not None]
    return {row["id"]: row for row in _stored(Entry.objects.filter(pk__in=numbers), COLUMNS)}


def _whole(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"-?\d{1,19}", text) else None


def _link_fault(
    link: Columns,
    entries: dict[str | None, Columns],
    position: int,
    previous: str,
    witnessed: dict[int, set[str]],
) -> Fault | None:
    """What is wrong with the link that should stand at ``position + 1``."""
    expected = position + 1
    entry_id = _whole(link["entry_id"])
    if link["position"] != str(expected):
        return Fault(expected, None, "这一位的封存缺失。")
    entry = entries.get(link["entry_id"])
    if entry is None:
        return Fault(expected, entry_id, "封存还在，记录缺失。")
    if link["previous"] != previous:
        return Fault(expected, entry_id, "与前一位接不上，次序或封存被改动。")
    if link["digest"] != digest(entry=entry, position=expected, previous=previous):
        return Fault(expected, entry_id, "内容与封存时不同。")
    if witnessed.get(expected, {link["digest"]}) != {link["digest"]}:
        return Fault(expected, entry_id, "与锚文件所记不同，此前的记录被整体改写。")
    return None
