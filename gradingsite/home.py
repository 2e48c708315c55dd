"""Home: what waits for the person, and beside it how far the part of the tree they cover has come."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assessments import inbox
from assessments.models import Assessment, Round
from assessments.overview import matrix_of, overview_of, overview_of_rounds
from assessments.services.rounds import step_label
from assessments.steps import StepState
from assessments.views.rounds import anchor_of
from assessments.watching import Watch, watched_pattern
from gradingsite.lib.days import due_words, short_date
from orgs.actor import Actor
from orgs.models import Organisation
from orgs.navigation import crumbs
from orgs.reach import Reach
from orgs.roles import Role
from orgs.sections import navigation

MOST_BRANCHES = 400


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """「待办」 for the person asking, with the picture that goes with what they cover."""
    actor: Actor = request.actor
    today = timezone.localdate()
    items = inbox.inbox_of(actor, today)
    request.nav = navigation(request, {"home": len(items)})
    rounds = rounds_in_view(actor.reach)
    context: dict[str, Any] = {
        "items": items,
        "groups": inbox.grouped(items, today),
        "first": items[0] if items else None,
        "today": today,
        "path": path_of(actor.reach),
        "coming": inbox.coming_for([one for one in rounds if one.status == "open"], today),
    }
    context |= picture(actor, rounds, today)
    return render(request, f"home/{context['kind']}.html", context)


def rounds_in_view(reach: Reach) -> list[Round]:
    """The rounds of the year one works in: the open ones, else the newest; two queries."""
    rounds = Round.objects.within(reach).exclude(status="draft").select_related("scheme", "organisation")
    found = list(rounds.prefetch_related("stages")[:40])
    running = [one for one in found if one.status == "open"]
    pool = running or found
    return [one for one in pool if one.year == pool[0].year] if pool else []


def path_of(reach: Reach) -> list[Any]:
    """The breadcrumb down to the first organisation one has a post at."""
    if not reach.spans:
        return []
    return crumbs(Organisation.objects.get(pk=reach.spans[0].organisation_id), reach)


def picture(actor: Actor, rounds: list[Round], today: dt.date) -> dict[str, Any]:
    """What stands beside the inbox, by what the person covers: several units, one unit's branches, or one branch."""
    reach = actor.reach
    if not rounds or not reach.spans or all(span.role is Role.RELATED_RATER for span in reach.spans):
        return {"kind": "plain"}
    several = rounds_below(rounds, reach)
    if len(several) > 1:
        return several_picture(several, reach, today)
    round = rounds[0]
    watch = Watch([round], today)
    context = {
        "round": round,
        "rounds": rounds,
        "rules": watch.rules[round.pk],
        "now": now_words(round, today),
    }
    anchor = anchor_of(round, reach)
    if anchor is None:
        return context | branches_picture(round, reach, watch)
    found = overview_of(round, reach, watch, anchor=anchor)
    if len(found.rows) == 1 and found.rows[0].is_committee and found.rows[0].code == anchor.code:
        files = round.assessments.within(reach).counted().filter(deciding=anchor)
        matrix = matrix_of(round, files, watch, most=MOST_BRANCHES)
        return context | {"kind": "township", "matrix": matrix, "overview": found, "anchor": anchor}
    return context | {"kind": "county", "overview": found, "anchor": anchor}


def rounds_below(rounds: list[Round], reach: Reach) -> list[Round]:
    """The rounds run by committees below one's own: a city looks at its counties' rounds side by side."""
    spans = reach.subtree_spans()
    return [
        one
        for one in rounds
        if any(
            one.organisation.path.startswith(span.path) and one.organisation_id != span.organisation_id
            for span in spans
        )
    ]


def several_picture(rounds: list[Round], reach: Reach, today: dt.date) -> dict[str, Any]:
    """Several rounds of the year, one row each."""
    watch = Watch(rounds, today)
    found = overview_of_rounds(rounds, reach, watch)
    return {
        "kind": "rounds",
        "overview": found,
        "rounds": rounds,
        "rules": found.rules,
        "year": rounds[0].year,
    }


def branches_picture(round: Round, reach: Reach, watch: Watch) -> dict[str, Any]:
    """Single branches: one with its list of steps, several as a matrix without figures."""
    files = round.assessments.within(reach).counted()
    matrix = matrix_of(round, files, watch, most=MOST_BRANCHES)
    if matrix.count != 1:
        return {"kind": "branches" if matrix.count else "plain", "matrix": matrix}
    file: Assessment = matrix.rows[0].file
    return {
        "kind": "branch",
        "file": file,
        "steps": step_rows(watch.steps(watched_pattern(file)), watch.today),
    }


def step_rows(steps: tuple[StepState, ...], today: dt.date) -> list[dict[str, Any]]:
    """Steps as the vertical list draws them."""
    return [
        {
            "label": step.label,
            "state": step.state.value,
            "awaited": step.awaited if step.current else "",
            "due": due_line(step, today),
        }
        for step in steps
    ]


def due_line(step: StepState, today: dt.date) -> str:
    """「4月10日截止，还剩 1 个工作日」 for a step that isn't done."""
    if step.done or step.due_on is None:
        return ""
    left = f"，{due_words(today, step.due_on)}" if step.current else ""
    return f"{short_date(step.due_on)}截止{left}"


def now_words(round: Round, today: dt.date) -> dict[str, str]:
    """Which step the round's dates are at today, and by when."""
    if round.status != "open":
        return {"state": round.get_status_display()}
    stages = [stage for stage in round.stages.all() if stage.due_on]
    for number, stage in enumerate(round.stages.all(), start=1):
        if stage.due_on and stage.due_on >= today:
            return {
                "number": str(number),
                "label": step_label(stage.step),
                "due": f"{short_date(stage.due_on)}截止，{due_words(today, stage.due_on)}",
            }
    return {"state": "各步日期都已过"} if stages else {"state": "还没有定各步日期"}
