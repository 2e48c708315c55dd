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
from assessments.services.sheets import gaps_of, liaisons_post
from orgs.actor import Actor
from orgs.models import Person
from orgs.roles import Role

RATED = (SourceKind.RELATED, SourceKind.PEER, SourceKind.OTHER)


@dataclass(frozen=True)
class ToConfirm:
    """A branch's self-assessment in the list of a liaison."""

    track: Track
    sheet: Sheet | None
    total: int | None
    mine: bool


@dataclass(frozen=True)
class ToRate:
    """A sheet in a rater's list."""

    sheet: Sheet
    source: str
    source_label: str
    status: str
    gaps: int
    note: str


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


def to_rate(round: Round, by: Actor) -> list[ToRate]:
    """The sheets one is asked for as a rater, open ones first; one query."""
    rules = rules_of(round.scheme)
    sheets = (
        Sheet.objects.current()
        .filter(assessment__round=round, rater=by.person.pk)
        .select_related("track", "assessment__deciding")
        .order_by("assessment__position")
    )
    found = []
    for sheet in sheets:
        sheet.assessment.round = round
        sheet.track.assessment = sheet.assessment
        source = rules.source(sheet.source)
        gaps = len(gaps_of(sheet)) if sheet.status == "draft" else 0
        label = source.label if source else sheet.source
        found.append(ToRate(sheet, sheet.source, label, sheet.status, gaps, sheet.track.returned_note))
    return sorted(found, key=lambda row: row.status != "draft")


def rater_tracks(round: Round, by: Actor, committee_id: int) -> list[Track]:
    """Tracks that need raters, with their sheets as ``current_sheets``; constant queries."""
    keys = {one.key: one for one in rules_of(round.scheme).sources if one.kind in RATED and not one.is_anonymous()}
    files = round.assessments.within(by.reach).filter(deciding=committee_id).counted()
    sheets = Sheet.objects.current().select_related("rater").order_by("rater_no")
    tracks = list(
        Track.objects.filter(source__in=keys, assessment__in=files.values("pk"))
        .select_related("assessment")
        .prefetch_related(Prefetch("sheets", queryset=sheets, to_attr="current_sheets"))
        .order_by("assessment__position", "pk")
    )
    for track in tracks:
        track.source_label = keys[track.source].label
    return tracks


def raters_choices(
    round: Round, by: Actor, committee_id: int
) -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[tuple[str, str]]]:
    """Sources, branches still open, and people posted as raters at or above the committee, as choices."""
    rules = rules_of(round.scheme)
    sources = [(one.key, one.label) for one in rules.sources if one.kind in RATED and not one.is_anonymous()]
    files = round.assessments.within(by.reach).filter(
        deciding=committee_id, status__in=[flow.COLLECTING, flow.COMPUTED]
    )
    above = {
        int(part)
        for path in files.order_by().values_list("deciding__path", flat=True).distinct()
        for part in path.strip("/").split("/")
    }
    people = (
        Person.objects.filter(
            is_active=True,
            posts__role=Role.RELATED_RATER,
            posts__organisation__in=above,
        )
        .distinct()
        .order_by("name")
    )
    return (
        sources,
        [(str(pk), name) for pk, name in files.in_order().values_list("pk", "short_name")],
        [(str(one.pk), one.name) for one in people],
    )
