"""What grading shows on an organisation's card: its grades over the years and the way to its file."""

from __future__ import annotations

from django.urls import reverse

from assessments import flow
from assessments.models import Assessment
from assessments.services.schemes import rules_of
from orgs.actor import Actor
from orgs.categories import Tier
from orgs.hooks import CardCell
from orgs.models import Organisation


def grades_cell(organisation: Organisation, actor: Actor) -> CardCell | None:
    """The announced or (for those who may see it) computed grades of a branch, newest first; None for committees."""
    if organisation.tier != Tier.BRANCH:
        return None
    files = (
        Assessment.objects.within(actor.reach)
        .filter(organisation=organisation)
        .exclude(status=flow.TERMINATED)
        .select_related("round__scheme")
        .order_by("-round__year", "-pk")[:10]
    )
    rows = [_row(file, actor) for file in files]
    if not rows:
        return None
    newest = rows[0]
    return CardCell(
        template="assessments/_card_grades.html",
        context={"rows": rows},
        button={"label": f"看 {newest['year']} 年档案", "url": newest["url"]},
    )


def _row(file: Assessment, actor: Actor) -> dict[str, object]:
    above = bool(file.parties(actor.reach) & {"CLK", "COM", "DEP", "UP"}) or bool(
        {span.organisation_id for span in actor.reach.subtree_spans()} & set(file.ancestor_ids())
    )
    shown = above or file.announced_at is not None
    rules = rules_of(file.round.scheme)
    return {
        "year": file.round.year,
        "url": reverse("assessments:why", args=[file.pk]),
        "band": rules.band(file.decided_band or file.band) if shown else None,
        "total": file.total if shown else None,
        "shown": shown,
        "status": flow.FILE.states[file.status],
    }
