"""What the pages of single sheets show: whom they wait for, who may read, confirm and rate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Prefetch

from assessments import flow
from assessments.models import Round, Sheet, Track
from assessments.rules import SourceKind
from assessments.services.marks import source_of
from assessments.services.schemes import rules_of
from assessments.services.sheets import liaisons_post
from orgs.actor import Actor
from orgs.roles import Role


@dataclass(frozen=True)
class ToConfirm:
    """A branch's self-assessment in the list of a liaison."""

    track: Track
    sheet: Sheet | None
    total: int | None
    mine: bool


def reads_sheet(sheet: Sheet, by: Actor) -> bool:
    """Who reads a sheet: its rater; committee and organisation departments; of a self-assessment also branch and
    liaison. The branch reads what others say of it once the grade is announced; nobody the pooled marks of voters."""
    if source_of(sheet.track).is_anonymous():
        return False
    if sheet.rater_id == by.person.pk:
        return True
    parties = sheet.assessment.parties(by.reach)
    if parties & {"CLK", "COM", "DEP", "UP"}:
        return True
    own = source_of(sheet.track).kind is SourceKind.SELF
    return bool(parties & {"SEC", "LIA"}) and (own or sheet.assessment.announced_at is not None)


def confirmable(track: Track, by: Actor, today: dt.date) -> bool:
    """Whether the actor is the one to confirm this self-assessment now."""
    if source_of(track).kind is not SourceKind.SELF or track.status != flow.IN:
        return False
    if track.submitted_by_id == by.person.pk:
        return False
    parties = track.assessment.parties(by.reach)
    return "LIA" in parties or ("CLK" in parties and not liaisons_post(track.assessment, today))


def next_to_fill(sheet: Sheet, by: Actor) -> Sheet | None:
    """After a rater's sheet the next of the same rater that isn't in."""
    if sheet.rater_id != by.person.pk:
        return None
    others = Sheet.objects.filter(
        rater=by.person.pk, source=sheet.source, status="draft", assessment__round=sheet.assessment.round
    )
    return others.order_by("assessment__position").first()


def to_confirm(round: Round, by: Actor) -> list[ToConfirm]:
    """Self-assessments of the files in reach: those waiting first. Constant queries."""
    keys = [one.key for one in rules_of(round.scheme).sources if one.kind is SourceKind.SELF]
    files = round.assessments.within(by.reach).counted()
    current = Sheet.objects.current().order_by("rater_no")
    tracks = (
        Track.objects.filter(source__in=keys, assessment__in=files.values("pk"))
        .select_related("assessment", "submitted_by", "confirmed_by")
        .prefetch_related(Prefetch("sheets", queryset=current, to_attr="current_sheets"))
        .order_by("assessment__position")
    )
    found = []
    for track in tracks:
        track.assessment.round = round
        sheet = next(iter(track.current_sheets), None)
        listed = by.reach.lists(Role.LIAISON, track.assessment.organisation_id)
        total = sheet.total if sheet and sheet.status == "in_force" else None
        found.append(ToConfirm(track, sheet, total, listed))
    order = {flow.IN: 0, flow.OPEN: 1, flow.CONFIRMED: 2}
    return sorted(found, key=lambda row: order[row.track.status])
