"""The approving level's side: taking up, approving what was seen, returning only what lacks (domain.md 4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localdate

from assessments import flow
from assessments.models import Approval, Assessment
from assessments.rules import NoticeTiming
from assessments.services.deciding import locked, supersede_decisions, void_approvals
from assessments.services.evidence import digests_of
from assessments.services.marks import UNCOMPUTED, demand_party, source_of
from assessments.services.quotas import refuse_unmet_at_approval
from assessments.services.schemes import rules_of
from assessments.services.sheets import reopen
from gradingsite.lib.refusal import Conflict, Refused
from orgs.actor import Actor
from orgs.services.moves import held_parties, move, move_many


@dataclass(frozen=True)
class Seen:
    """What the approver saw of a file."""

    version: int
    digest: str


def take_up(*, ids: Sequence[int], by: Actor, now: dt.datetime) -> int:
    """Mark reported files as received; the level below can no longer take them back."""
    with transaction.atomic():
        files = [file for file in locked(ids) if file.taken_up_at is None]
        move_many(flow=flow.FILE, name="take_up", objs=files, by=by, now=now, changes={"taken_up_at": now})
    return len(files)


def approve(*, seen: Mapping[int, Seen], by: Actor, now: dt.datetime) -> int:
    """Approve files, each in the version and with the digest the approver saw. All or none; gives how many.

    :raises Conflict: a file has changed since it was seen.
    :raises Refused: the actor entered, confirmed, typed or signed something in a file.
    """
    if not seen:
        raise Refused("没有选中要核准的支部。")
    with transaction.atomic():
        files = locked(list(seen))
        if len(files) != len(seen):
            raise PermissionDenied("approve")
        for file in files:
            demand_party(file, by, "DEP")
        digests = digests_of(files)
        for file in files:
            held = seen[file.pk]
            if (held.version, held.digest) != (file.version, digests[file.pk]):
                raise Conflict(f"{file.short_name}的内容已有新的一版，请重看后再核准。")
        announced = {} if _announced_by_notice(files[0]) else {"announced_at": now}
        move_many(
            flow=flow.FILE,
            name="approve",
            objs=files,
            by=by,
            now=now,
            changes={"approval_void": False, "returned_due_on": None} | announced,
            details={file.pk: {"version": file.version, "band": file.decided_band} for file in files},
        )
        Assessment.objects.filter(pk__in=list(seen), taken_up_at=None).update(taken_up_at=now)
        for round in {file.round for file in files}:
            refuse_unmet_at_approval(rules_of(round.scheme), round)
        Approval.objects.bulk_create(
            Approval(
                assessment=file,
                version=file.version,
                digest=digests[file.pk],
                band=file.decided_band,
                by=by.person,
                at=now,
            )
            for file in files
        )
    return len(files)


def _announced_by_notice(file: Assessment) -> bool:
    notice = rules_of(file.round.scheme).notice
    return notice is not None and notice.timing is NoticeTiming.AFTER_APPROVAL


def return_tracks(
    *, file: Assessment, sources: Sequence[str], note: str, due_on: dt.date, by: Actor, now: dt.datetime
) -> None:
    """Return only the named sources 「缺什么补什么」: they reopen, the rest stands; the decision is superseded."""
    if not sources:
        raise Refused("请选要退回的步骤。", field="sources")
    _refuse_past(due_on, now)
    with transaction.atomic():
        file = _demand_returnable(file, by)
        tracks = {track.source: track for track in file.tracks.all()}
        for source in sources:
            if source not in tracks:
                raise Refused("方案里没有这个评价主体。", field="sources")
        labels = []
        for source in sources:
            track = tracks[source]
            track.assessment = file
            labels.append(source_of(track).label)
            reopen(track=track, note=note, due_on=due_on, by=by, now=now)
        move(
            flow=flow.FILE,
            name="return_tracks",
            obj=file,
            by=by,
            now=now,
            note=note,
            due_on=due_on,
            changes=_undecided(due_on) | UNCOMPUTED,
            raises_version=True,
            details={"steps": labels},
        )
        supersede_decisions(files=[file], now=now)
        void_approvals(files=[file], reason=f"退回：{note}", now=now)


def return_decision(*, file: Assessment, note: str, due_on: dt.date, by: Actor, now: dt.datetime) -> None:
    """Return only the decision: the sources are untouched, the committee decides anew."""
    _refuse_past(due_on, now)
    with transaction.atomic():
        file = _demand_returnable(file, by)
        move(
            flow=flow.FILE,
            name="return_decision",
            obj=file,
            by=by,
            now=now,
            note=note,
            due_on=due_on,
            changes=_undecided(due_on),
            raises_version=True,
            details={"steps": ["评定"]},
        )
        supersede_decisions(files=[file], now=now)
        void_approvals(files=[file], reason=f"退回评定：{note}", now=now)


def return_report(*, file: Assessment, note: str, due_on: dt.date, by: Actor, now: dt.datetime) -> None:
    """Return only the papers of the report: the decision stands."""
    _refuse_past(due_on, now)
    with transaction.atomic():
        file = _demand_returnable(file, by)
        move(
            flow=flow.FILE,
            name="return_report",
            obj=file,
            by=by,
            now=now,
            note=note,
            due_on=due_on,
            changes={"returned_due_on": due_on, "taken_up_at": None},
            details={"steps": ["上报材料"]},
        )


def set_ungraded(*, file: Assessment, note: str, by: Actor, now: dt.datetime) -> None:
    """Leave a file without a grade, by the county, with a reason; it stays in n and in no band."""
    with transaction.atomic():
        [file] = locked([file.pk])
        move(flow=flow.FILE, name="set_ungraded", obj=file, by=by, now=now, note=note)


def resume(*, file: Assessment, note: str, by: Actor, now: dt.datetime) -> None:
    """Take an ungraded file up again."""
    with transaction.atomic():
        [file] = locked([file.pk])
        move(flow=flow.FILE, name="resume", obj=file, by=by, now=now, note=note)


def _demand_returnable(file: Assessment, by: Actor) -> Assessment:
    [file] = locked([file.pk])
    if file.round.status != "open":
        raise Refused("本轮次已经结束，不能再退回；发现的问题请在整改中处理。")
    if not by.is_system and not held_parties(file, by) & {"HOLDER", "UP"}:
        raise PermissionDenied("return")
    return file


def _refuse_past(due_on: dt.date, now: dt.datetime) -> None:
    if due_on < localdate(now):
        raise Refused("补齐的期限不能早于今天。", field="due_on")


def _undecided(due_on: dt.date) -> dict[str, object]:
    return {
        "decided_band": "",
        "rank": None,
        "returned_due_on": due_on,
        "taken_up_at": None,
        "notice_from_on": None,
        "notice_to_on": None,
        "approval_void": False,
    }
