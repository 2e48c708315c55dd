"""The editor of a draft scheme: one page, one form per section, saved section by section."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from assessments.access import actor_of, demand_party, scheme_or_404
from assessments.forms.scheme_cells import names_of
from assessments.forms.schemes import SECTIONS, Editor, boxes_of
from assessments.models import Scheme
from assessments.rules import SchemeRules, compare
from assessments.scheme_reading import sizes_of
from assessments.services import schemes as services
from assessments.views.schemes import bounds_known, frame, sum_of_weights
from gradingsite.lib.points import FULL_POINTS, FULL_WEIGHT, format_weight
from gradingsite.lib.refusal import Conflict, Refused
from orgs.models import Sector


@require_safe
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The editor; a frozen scheme leads to its page in words."""
    scheme = scheme_or_404(request, pk)
    demand_party(scheme, actor_of(request).reach, "DEP")
    if scheme.status == "frozen":
        return redirect("assessments:scheme", scheme.pk)
    return render(request, "assessments/scheme_edit.html", _drawn(request, scheme, _editor(request, scheme)))


@require_POST
def part(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """A section as posted: saved, or shown again with a row more, a row less, or what can't be read."""
    scheme = scheme_or_404(request, pk)
    demand_party(scheme, actor_of(request).reach, "DEP")
    if key not in SECTIONS:
        raise Http404
    editor = _editor(request, scheme)
    editor.take(request.POST)
    if request.POST.get("act") not in (None, "", "save"):
        return _again(request, scheme, editor, key, 200, unsaved=True)
    if editor.typed is None:
        return _again(request, scheme, editor, key, 422, unsaved=True)
    return _save(request, scheme, editor, key)


def _save(request: HttpRequest, scheme: Scheme, editor: Editor, key: str) -> HttpResponse:
    assert editor.typed is not None
    seen = request.POST.get("seen_digest", "")
    try:
        services.save_document(
            scheme=scheme,
            document=editor.typed.write(),
            seen_digest=seen,
            by=actor_of(request),
            now=timezone.now(),
        )
    except Conflict:
        differing = _both(scheme, editor.typed, key)
        scheme.refresh_from_db()
        return _again(request, scheme, editor, key, 409, unsaved=True, differing=differing)
    if not request.htmx:
        messages.success(request, f"{SECTIONS[key].title}已保存。")
        query = f"?sector={editor.sector}" if editor.sector else ""
        return redirect(reverse("assessments:scheme_edit", args=[scheme.pk]) + f"{query}#part-{key}")
    fresh = _editor(request, scheme)
    renamed = names_of(editor.stored) != names_of(fresh.stored)
    dependents = [SECTIONS[one] for one in _NAMING if renamed and one != key]
    return _again(request, scheme, fresh, key, 200, saved=True, dependents=dependents)


# Sections whose choices are bands, stars, sources or sectors of other sections.
_NAMING = ("quotas", "stars", "adjustments", "vetoes", "participation")


def _both(scheme: Scheme, mine: SchemeRules, key: str) -> list[Any]:
    """What now stands in a section against what was typed."""
    theirs = services.rules_of(Scheme.objects.get(pk=scheme.pk))
    fields = SECTIONS[key].fields
    return [one for one in compare(theirs, mine) if one.path.split(".")[0] in fields]


def _editor(request: HttpRequest, scheme: Scheme) -> Editor:
    rules = services.rules_of(scheme)
    wanted = (request.POST if request.method == "POST" else request.GET).get("sector", "0")
    sector = int(wanted) if wanted.isdecimal() and int(wanted) < len(rules.sectors) else 0
    parent = services.rules_of(scheme.refines) if scheme.refines else None
    return Editor(rules, parent, sizes_of(scheme.organisation, rules), sector)


def _again(
    request: HttpRequest, scheme: Scheme, editor: Editor, key: str, status: int, **more: Any
) -> HttpResponse:
    context = _drawn(request, scheme, editor) | {"changed": key, "goal": editor.goal} | more
    context["section"] = SECTIONS[key]
    fragment = "assessments/scheme_answer.html" if request.htmx else "assessments/scheme_edit.html"
    return render(request, fragment, context, status=status)


def _drawn(request: HttpRequest, scheme: Scheme, editor: Editor) -> dict[str, Any]:
    """Everything the editor's page draws."""
    drawn, faults = editor.page(), editor.faults()
    rules = editor.typed or editor.stored
    weights = sum_of_weights(rules)
    shown = rules.sectors[editor.sector] if editor.sector < len(rules.sectors) else None
    points = sum(one.points or 0 for one in shown.indicators) if shown else 0
    taken = {sector.key for sector in rules.sectors}
    names = Sector.objects.exclude(name__in=taken).values_list("name", flat=True)
    about = frame(request, scheme)
    return about | {
        "goal": "",
        "sections": SECTIONS,
        "drawn": drawn,
        "rules": rules,
        "readable": editor.typed is not None,
        "faults": faults,
        "boxes": boxes_of(faults) if editor.typed else [],
        "old_weights": _old_weights(about["before"], rules),
        "sector": drawn["sectors"].rows[editor.sector] if shown else None,
        "sector_place": editor.sector,
        "points": points,
        "points_full": points == FULL_POINTS,
        "weights": [source.weight or 0 for source in rules.sources],
        "weight_sum": weights,
        "weights_full": weights == FULL_WEIGHT,
        "bounds_known": bounds_known(rules),
        "new_sectors": list(names),
        "parent": editor.parent,
    }


def _old_weights(before: Scheme | None, rules: SchemeRules) -> str:
    """Weights as they were in the version before, where they were changed: 「群众评 20%」."""
    if before is None:
        return ""
    old = services.rules_of(before)
    changed = [(one, old.source(one.key)) for one in rules.sources]
    return "，".join(
        f"{was.label} {format_weight(was.weight)}" for one, was in changed if was and was.weight != one.weight
    )


@require_POST
def sectors(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a sector with the indicators of the one shown, or take the one shown out."""
    scheme = scheme_or_404(request, pk)
    demand_party(scheme, actor_of(request).reach, "DEP")
    editor = _editor(request, scheme)
    place = editor.change_sectors(request.POST.get("act", ""), request.POST.get("name", "").strip())
    if editor.typed is None:
        raise Refused("领域的名称不能用，请换一个名称。")
    services.save_document(
        scheme=scheme,
        document=editor.typed.write(),
        seen_digest=request.POST.get("seen_digest", ""),
        by=actor_of(request),
        now=timezone.now(),
    )
    return redirect(reverse("assessments:scheme_edit", args=[scheme.pk]) + f"?sector={place}#part-sectors")
