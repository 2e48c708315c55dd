"""Writing to the trail. Call it inside the transaction of the act: both stand or neither does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models

from gradingsite.trail.models import Entry

BATCH = 500


@dataclass(frozen=True)
class Act:
    """One act for :func:`record_many`; the fields are those of :func:`record`."""

    action: str
    obj: models.Model | None = None
    kind: str = ""
    object_id: object = ""
    label: str = ""
    before: Any = None
    after: Any = None
    why: str = ""
    organisation_id: int | None = None


def record(
    *,
    by: Any,
    action: str,
    obj: models.Model | None = None,
    kind: str = "",
    object_id: object = "",
    label: str = "",
    before: Any = None,
    after: Any = None,
    why: str = "",
    organisation_id: int | None = None,
    via: str | None = None,
) -> Entry:
    """Write one entry: a single insert.

    :param by: the person, something with a ``.person`` (an actor), or None for the software or someone unknown.
    :param action: short code, ``sheet.submit``; its Chinese word comes from :mod:`gradingsite.trail.wording`.
    :param obj: the record; or ``kind``, ``object_id`` and ``label`` for what has no row. A label given wins.
    :param before: what changed, as it was: a small dict of JSON values, dates, Decimals. Never a ballot's choice.
    :param after: the same, as it is now.
    :param organisation_id: the organisation concerned, so that histories can be asked by it.
    :param via: ``web``, ``command`` or ``job``; else the actor's, else ``web``.
    """
    act = Act(action, obj, kind, object_id, label, before, after, why, organisation_id)
    entry = _entry(by, act, via)
    entry.save(force_insert=True)
    return entry


def record_many(*, by: Any, acts: Iterable[Act], via: str | None = None) -> int:
    """Write many entries in few statements; gives how many."""
    entries = [_entry(by, act, via) for act in acts]
    Entry.objects.bulk_create(entries, batch_size=BATCH)
    return len(entries)


def _entry(by: Any, act: Act, via: str | None) -> Entry:
    person = getattr(by, "person", by)
    known = person is not None and getattr(person, "pk", None) is not None
    obj = act.obj
    return Entry(
        actor_id=person.pk if known else None,
        actor_name=_clip("actor_name", getattr(person, "name", "") or str(person)) if known else "",
        action=act.action,
        object_kind=obj._meta.label_lower if obj is not None else act.kind,
        object_id=str(obj.pk if obj is not None else act.object_id),
        object_label=_clip("object_label", act.label or (str(obj) if obj is not None else "")),
        before=act.before,
        after=act.after,
        why=act.why,
        via=via or getattr(by, "via", None) or Entry.Via.WEB,
        organisation_id=act.organisation_id,
    )


def _clip(field: str, text: str) -> str:
    """A label is for reading; one that is too long must not undo the act it describes."""
    return text[: Entry._meta.get_field(field).max_length]
