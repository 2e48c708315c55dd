"""What holds for every change to marks: the file is open to it, is stale after it, and carries a new version."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db.models import F

from assessments import flow
from assessments.models import Assessment, Track
from assessments.rules import SchemeRules, Source
from assessments.services.schemes import rules_of
from gradingsite.lib.refusal import Refused
from orgs.actor import Actor
from orgs.services.moves import move

UNCOMPUTED: dict[str, object] = {
    "total": None,
    "total_numerator": None,
    "total_denominator": None,
    "band": "",
    "missing": [],
    "remarks": [],
    "computed_at": None,
}


def lock(assessment_id: int) -> Assessment:
    """The file, locked for the rest of the transaction (SQLite transactions are IMMEDIATE and lock the whole)."""
    return (
        Assessment.objects.select_for_update(of=("self",))
        .select_related("round__scheme", "round")
        .get(pk=assessment_id)
    )


def source_of(track: Track) -> Source:
    """The scheme's source the track stands for."""
    source = rules_of(track.assessment.round.scheme).source(track.source)
    if source is None:
        raise LookupError(f"source {track.source} is not in the scheme")
    return source


def sector_rules_full(rules: SchemeRules, sector: str) -> dict[str, int]:
    """Full points in hundredths of every scored indicator of the sector, in order."""
    found = rules.sector(sector)
    return {leaf.key: leaf.points or 0 for leaf in found.leaves()} if found else {}


def demand_open(assessment: Assessment) -> None:
    """Raise Refused unless marks of the file may change now."""
    if assessment.round.status != "open":
        raise Refused("本轮次没有开始或已经结束，不能再改。")
    if assessment.status not in (flow.COLLECTING, flow.COMPUTED):
        label = flow.FILE.states[assessment.status]
        raise Refused(f"{assessment.short_name}现在是「{label}」，评分已锁定；要改须先由持有档案的一级退回。")


def demand_party(assessment: Assessment, by: Actor, *names: str) -> None:
    """Raise PermissionDenied unless the actor is one of the parties to the file."""
    if not by.is_system and not assessment.parties(by.reach) & set(names):
        raise PermissionDenied(f"file {assessment.pk}: {names}")


def marks_changed(*, assessment: Assessment, by: Actor, now: dt.datetime) -> None:
    """Raise the version; a computed file goes back to collecting, its total void until computed again."""
    if assessment.status == flow.COMPUTED:
        move(
            flow=flow.FILE,
            name="go_stale",
            obj=assessment,
            by=by.as_software(),
            now=now,
            changes=UNCOMPUTED,
            raises_version=True,
        )
        return
    # What an earlier computing found missing was said of other marks.
    Assessment.objects.filter(pk=assessment.pk).update(version=F("version") + 1, missing=[], remarks=[])
    assessment.version += 1
