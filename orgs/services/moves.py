"""``move()``: the only writer of statuses.

One transaction: the role within reach, the row by compare-and-set, the passage people read, the trail entry.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import F

from gradingsite.lib.flow import Flow, Move
from gradingsite.lib.refusal import Conflict, Refused
from gradingsite.trail.services import Act, record_many
from orgs.actor import Actor
from orgs.models import Passage
from orgs.reach import Reach

SYSTEM = "SYS"
BATCH = 500


class Subject(Protocol):
    """What ``move()`` asks of a thing that has a status."""

    pk: Any
    status: str

    def parties(self, reach: Reach) -> frozenset[str]:
        """Which of the flow's parties a person with this reach is to this thing."""

    def persons(self, group: str) -> frozenset[int]:
        """Ids of the persons in a group an ``other_than`` names."""

    def home_id(self) -> int:
        """The organisation the thing belongs to, for the trail and the history."""


def held_parties(obj: Subject, by: Actor) -> frozenset[str]:
    """The actor's parties to the thing; the software is every party."""
    return obj.parties(by.reach) | ({SYSTEM} if by.is_system else frozenset())


def may(*, flow: Flow, name: str, obj: Subject, by: Actor) -> bool:
    """Whether the actor has the role for the move (its state and rules aside)."""
    return by.is_system or bool(flow.move(name).parties & held_parties(obj, by))


def moves_for(*, flow: Flow, obj: Subject, by: Actor) -> tuple[Move, ...]:
    """The moves the actor can start from the thing's state, own entries left out: what the buttons are made of."""
    found = flow.open_to(obj.status, held_parties(obj, by))
    return tuple(
        found_move
        for found_move in found
        if not any(by.person.pk in obj.persons(group) for group in found_move.other_than)
    )


def check_move(
    *, flow: Flow, name: str, obj: Subject, by: Actor, note: str = "", due_on: dt.date | None = None
) -> Move:
    """The move, if the actor may make it now. Raises PermissionDenied, Refused (reason, own entry) or Conflict."""
    chosen = flow.move(name)
    if not may(flow=flow, name=name, obj=obj, by=by):
        raise PermissionDenied(f"{flow.name}.{name}")
    if obj.status not in chosen.source:
        raise Conflict(f"现在是「{flow.states[obj.status]}」，不能{chosen.label}；请刷新后再看。")
    if chosen.needs_note and not note.strip():
        raise Refused(f"{chosen.label}要写明事由。", field="note")
    if chosen.needs_due and due_on is None:
        raise Refused(f"{chosen.label}要写明何时前补齐。", field="due_on")
    if not by.is_system:
        for group in chosen.other_than:
            if by.person.pk in obj.persons(group):
                raise Refused(f"经手过的人不能自己{chosen.label}，请换一个人办。")
    return chosen


def move(
    *,
    flow: Flow,
    name: str,
    obj: Any,
    by: Actor,
    now: dt.datetime,
    note: str = "",
    due_on: dt.date | None = None,
    version: int | None = None,
    changes: dict[str, Any] | None = None,
    raises_version: bool = False,
    details: dict[str, Any] | None = None,
) -> Passage:
    """Carry ``obj`` through one move of ``flow`` and write who, when and why.

    :param version: the version the actor saw; the row must still have it.
    :param changes: further columns written in the same statement.
    :param raises_version: add one to the row's version.
    :raises PermissionDenied: the actor hasn't the role (403).
    :raises Refused: a reason or date is missing, or the entry is the actor's own.
    :raises Conflict: somebody was faster, or the version is not the one seen.
    """
    chosen = check_move(flow=flow, name=name, obj=obj, by=by, note=note, due_on=due_on)
    source = obj.status
    target = chosen.lands_in(source)
    values: dict[str, Any] = dict(changes or {}) | {"status": target}
    if raises_version:
        values["version"] = F("version") + 1
    with transaction.atomic():
        rows = type(obj)._base_manager.filter(pk=obj.pk, status=source)
        if version is not None:
            rows = rows.filter(version=version)
        if rows.update(**values) != 1:
            raise Conflict("刚才已被别人改动，请刷新后再看。")
        _refresh(obj, values)
        told = _Told(flow, chosen, by, now, note.strip(), due_on, by.post_label(obj.home_id()))
        passage = told.passage(obj, source, details or {})
        passage.save(force_insert=True)
        record_many(by=by, acts=[told.act(obj, source, details or {})])
    return passage


@dataclass(frozen=True)
class _Told:
    """What a move tells, the same for every thing it carries: for the history people read and for the trail."""

    flow: Flow
    move: Move
    by: Actor
    now: dt.datetime
    note: str
    due_on: dt.date | None
    post_label: str

    def passage(self, obj: Any, source: str, details: dict[str, Any]) -> Passage:
        """The row of the history, not yet stored."""
        return Passage(
            kind=obj._meta.label_lower,
            object_id=obj.pk,
            flow=self.flow.name,
            name=self.move.name,
            label=self.move.label,
            source=source,
            target=self.move.lands_in(source),
            by=self.by.person,
            by_name=self.by.person.name,
            post_label=self.post_label,
            at=self.now,
            note=self.note,
            due_on=self.due_on,
            details=details,
        )

    def act(self, obj: Any, source: str, details: dict[str, Any]) -> Act:
        """The entry of the trail."""
        return Act(
            f"{self.flow.name}.{self.move.name}",
            obj,
            before={"status": source},
            after={"status": self.move.lands_in(source)} | details,
            why=self.note,
            organisation_id=obj.home_id(),
        )


def _refresh(obj: models.Model, values: dict[str, Any]) -> None:
    """Bring the instance in hand level with what was written, without a query where values are plain."""
    if any(hasattr(value, "resolve_expression") for value in values.values()):
        obj.refresh_from_db(fields=list(values))
        return
    for field, value in values.items():
        setattr(obj, field, value)


def move_many(
    *,
    flow: Flow,
    name: str,
    objs: Sequence[Any],
    by: Actor,
    now: dt.datetime,
    note: str = "",
    due_on: dt.date | None = None,
    changes: dict[str, Any] | None = None,
    raises_version: bool = False,
    details: Mapping[int, dict[str, Any]] | None = None,
) -> list[Passage]:
    """As :func:`move`, for many things of one kind in a number of statements that doesn't grow with them.

    All or none: one that has moved on meanwhile refuses the whole. ``details`` is keyed by primary key.
    """
    if not objs:
        return []
    chosen = [check_move(flow=flow, name=name, obj=obj, by=by, note=note, due_on=due_on) for obj in objs][0]
    values: dict[str, Any] = dict(changes or {})
    if raises_version:
        values["version"] = F("version") + 1
    with transaction.atomic():
        for source in chosen.source:
            batch = [obj for obj in objs if obj.status == source]
            found = type(objs[0])._base_manager.filter(pk__in=[obj.pk for obj in batch], status=source)
            if batch and found.update(**values, status=chosen.lands_in(source)) != len(batch):
                raise Conflict("刚才已有别人改动了其中一些，请刷新后再看。")
        label = by.post_label(objs[0].home_id()) if len(objs) == 1 else by.post_label()
        told = _Told(flow, chosen, by, now, note.strip(), due_on, label)
        own = details or {}
        passages = Passage.objects.bulk_create(
            (told.passage(obj, obj.status, own.get(obj.pk, {})) for obj in objs), batch_size=BATCH
        )
        record_many(by=by, acts=(told.act(obj, obj.status, own.get(obj.pk, {})) for obj in objs))
        for obj in objs:
            obj.status = chosen.lands_in(obj.status)
    return passages
