"""Organisations as pages: the tree with the card of one, search, the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models.query import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from orgs import exports
from orgs.forms import OrganisationFilter, half_width
from orgs.hooks import card_hooks
from orgs.models import Organisation, OrganisationChange, Post
from orgs.navigation import crumbs, hit, path_words
from orgs.querysets import found_by, listed_organisations, nodes, roots
from orgs.reach import Reach
from orgs.services.organisations import may_keep

PAGE = 50
PORTION = 200
MOST_FOUND = 20
MOST_IN_BOX = 8


@dataclass(frozen=True)
class Branch:
    """One node as the page draws it: its portion of children when open, and how many are not drawn yet."""

    unit: Organisation
    children: tuple[Branch, ...] = ()
    is_open: bool = False
    is_current: bool = False
    rest: int = 0
    after: int = 0


def organisation_in_reach(request: HttpRequest, code: str) -> Organisation:
    """The organisation with this code; out of reach answers as if it did not exist."""
    return get_object_or_404(
        Organisation.objects.within(request.actor.reach).select_related("sector", "parent", "reporting_unit"),
        code=code,
    )


def branches(reach: Reach, current: Organisation | None) -> list[Branch]:
    """The person's tree, opened down to ``current`` and its children; one query a level."""
    trail = [*current.ancestor_ids(), current.pk] if current else []
    return [_branch(unit, reach, trail) for unit in roots(reach)[:PORTION]]


def _branch(unit: Organisation, reach: Reach, trail: list[int]) -> Branch:
    if unit.pk not in trail or not unit.has_children:
        return Branch(unit, is_current=bool(trail) and unit.pk == trail[-1])
    below = nodes(reach).filter(parent=unit)
    portion = list(below[: PORTION + 1])
    # The child that leads on to the current one is drawn even when it stands beyond the first portion.
    kept = portion[:PORTION]
    ahead = (
        [child for child in below.filter(pk__in=trail) if child not in kept] if len(portion) > PORTION else []
    )
    rest = below.count() - len(kept) if len(portion) > PORTION else 0
    children = tuple(_branch(child, reach, trail) for child in (*kept, *ahead))
    return Branch(unit, children, True, unit.pk == trail[-1], rest, kept[-1].lft if rest else 0)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The tree, with the first organisation of one's own beside it."""
    own = roots(request.actor.reach)
    if not own:
        return render(request, "orgs/no_reach.html")
    return card(request, own[0].code)


@require_safe
def card(request: HttpRequest, code: str) -> HttpResponse:
    """One organisation: facts, posts, changes, what other rooms add. For htmx only the card and the breadcrumb."""
    unit = organisation_in_reach(request, code)
    actor = request.actor
    context: dict[str, Any] = {
        "unit": unit,
        "path": crumbs(unit, actor.reach),
        "changes": _changes(unit),
        "posts": Post.objects.held_on(timezone.localdate())
        .filter(organisation=unit)
        .select_related("person"),
        "cells": [cell for hook in card_hooks() if (cell := hook(unit, actor))],
        "may_keep": may_keep(unit, actor),
    }
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "orgs/_card_answer.html", context)
    return render(request, "orgs/tree.html", context | {"branches": branches(actor.reach, unit)})


def _changes(unit: Organisation) -> QuerySet[OrganisationChange]:
    return OrganisationChange.objects.filter(organisation=unit).select_related("successor")


@require_safe
def children(request: HttpRequest, code: str) -> HttpResponse:
    """The next portion of an organisation's children, as tree items; ``after`` is the number of the last one drawn."""
    unit = organisation_in_reach(request, code)
    after = request.GET.get("after", "")
    start = int(after) if after.isdecimal() and len(after) <= 12 else 0
    below = nodes(request.actor.reach).filter(parent=unit, lft__gt=start)
    portion = list(below[: PORTION + 1])
    shown = [Branch(child) for child in portion[:PORTION]]
    rest = below.count() - PORTION if len(portion) > PORTION else 0
    node = Branch(unit, tuple(shown), True, rest=rest, after=shown[-1].unit.lft if rest else 0)
    if not request.htmx and request.headers.get("X-Requested-With") != "tree":
        return _portion_page(request, unit, node)
    return render(request, "orgs/_children.html", {"branch": node})


def _portion_page(request: HttpRequest, unit: Organisation, node: Branch) -> HttpResponse:
    """The same portion as a page, for a browser without scripts."""
    path = crumbs(unit, request.actor.reach, last="下级组织")
    return render(request, "orgs/children.html", {"unit": unit, "branch": node, "path": path})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Organisations found by name, short name, code or pinyin initials, each with its path."""
    q = half_width(request.GET.get("q", ""))[:60]
    if request.htmx and not q:
        return HttpResponse()
    found = found_by(q, reach=request.actor.reach) if q else Organisation.objects.none()
    most = MOST_IN_BOX if request.htmx else MOST_FOUND
    first = list(found[: most + 1])
    units = first[:most]
    words = path_words(units)
    context = {
        "q": q,
        "rows": [(unit, words[unit.pk], hit(unit.short_name, q)) for unit in units],
        "has_more": len(first) > most,
        # A province is searched through once for the box, once more only for the page that says how many.
        "count": found.count() if len(first) > most and not request.htmx else len(units),
    }
    return render(request, "orgs/_found.html" if request.htmx else "orgs/search.html", context)


@require_safe
def options(request: HttpRequest) -> HttpResponse:
    """Suggestions for an organisation's code within one's reach, as options of a datalist."""
    q = half_width(next(iter(request.GET.values()), ""))[:60]
    units = list(found_by(q, reach=request.actor.reach)[:MOST_FOUND]) if q else []
    words = path_words(units)
    return render(
        request, "orgs/_organisation_options.html", {"units": [(unit, words[unit.pk]) for unit in units]}
    )


def _filtered(request: HttpRequest) -> tuple[OrganisationFilter, QuerySet[Organisation]]:
    form = OrganisationFilter(request.GET or None, reach=request.actor.reach)
    if form.is_bound and not form.is_valid():
        return form, Organisation.objects.none()
    terms = form.cleaned_data if form.is_bound else {}
    return form, listed_organisations(reach=request.actor.reach, **terms)


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All organisations in reach as a list, filtered, fifty a page."""
    form, found = _filtered(request)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    words = path_words(page.object_list)
    context = {
        "form": form,
        "page": page,
        "rows": [(unit, words[unit.pk]) for unit in page],
        "query": request.GET.urlencode(),
    }
    return render(request, "orgs/list.html", context)


@require_safe
def listing_export(request: HttpRequest) -> HttpResponse:
    """The same rows as the list shows, all pages, as an Excel file."""
    form, found = _filtered(request)
    if form.is_bound and not form.is_valid():
        raise Http404
    return exports.organisations_file(found, by=request.actor, asked=request.GET.dict())
