"""How a page gets the thing it is about: always through the reach, so that what is out of reach is not there (404)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from assessments.models import Assessment, Round, Scheme, Sheet, Track
from orgs.actor import Actor
from orgs.models import Organisation
from orgs.reach import Reach
from orgs.roles import Role


def actor_of(request: HttpRequest) -> Actor:
    """Who acts: put on the request by :mod:`orgs.middleware`."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def round_or_404(request: HttpRequest, pk: int) -> Round:
    """A round one has to do with."""
    rounds = Round.objects.within(actor_of(request).reach).select_related("scheme", "organisation")
    return get_object_or_404(rounds, pk=pk)


def scheme_or_404(request: HttpRequest, pk: int) -> Scheme:
    """A scheme one may read."""
    schemes = Scheme.objects.within(actor_of(request).reach).select_related("organisation", "refines")
    return get_object_or_404(schemes, pk=pk)


def file_or_404(request: HttpRequest, pk: int) -> Assessment:
    """A file one may see."""
    files = Assessment.objects.within(actor_of(request).reach)
    return get_object_or_404(
        files.select_related("round__scheme", "deciding", "approving", "organisation"), pk=pk
    )


def track_or_404(request: HttpRequest, pk: int) -> Track:
    """A track of a file one may see."""
    track = get_object_or_404(Track, pk=pk)
    track.assessment = file_or_404(request, track.assessment_id)
    return track


def sheet_or_404(request: HttpRequest, pk: int) -> Sheet:
    """One's own sheet, or a sheet of a file one may see."""
    reach = actor_of(request).reach
    sheet = get_object_or_404(Sheet.objects.select_related("track", "assessment__round__scheme"), pk=pk)
    seen = (
        sheet.rater_id == reach.person_id
        or Assessment.objects.within(reach).filter(pk=sheet.assessment_id).exists()
    )
    if not seen:
        raise Http404
    sheet.track.assessment = sheet.assessment
    return sheet


def committee_or_404(request: HttpRequest, round: Round, code: str) -> Organisation:
    """A deciding committee of the round that one covers (today or as the round froze it)."""
    files = round.assessments.within(actor_of(request).reach).filter(deciding__code=code)
    return get_object_or_404(Organisation, code=code, pk__in=files.values("deciding"))


def demand_role(reach: Reach, *roles: Role) -> None:
    """403 unless some post carries one of the roles."""
    if not reach.everything and not reach.holds_any(roles):
        raise PermissionDenied("role")


def demand_party(thing: Any, reach: Reach, *names: str) -> None:
    """403 unless the reach makes one of these parties to the thing."""
    if not reach.everything and not thing.parties(reach) & set(names):
        raise PermissionDenied("party")


def current_round(reach: Reach) -> Round | None:
    """The round somebody works in: the newest open one, else the newest."""
    rounds = Round.objects.within(reach).exclude(status="draft").select_related("scheme", "organisation")
    return (
        rounds.filter(status="open").order_by("-year", "-pk").first()
        or rounds.order_by("-year", "-pk").first()
    )
