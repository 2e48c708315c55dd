"""The ledgers on screen, in print and as files: for any organisation within reach."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from assessments import ledgers
from assessments.access import actor_of, current_round, round_or_404
from assessments.models import Round
from gradingsite.jobs.models import Job
from gradingsite.jobs.services import start
from gradingsite.lib.ledger import table_view
from orgs.models import Organisation
from orgs.navigation import crumbs

PER_PAGE = 50
AT_ONCE = 1000
CONTENT = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """「台账」 leads to the first ledger of the round one works in; says so where there is none."""
    found = current_round(actor_of(request).reach)
    unit = _own_unit(request, found) if found else None
    if found is None or unit is None:
        return render(request, "assessments/ledger_none.html")
    return redirect("assessments:ledger", found.pk, "grading", unit.code)


@require_safe
def show(request: HttpRequest, pk: int, name: str, code: str) -> HttpResponse:
    """A ledger on a page: its heading from the column tree, fifty branches at a time, ready to print."""
    round, unit = _round_and_unit(request, pk, name, code)
    reach = actor_of(request).reach
    whole = ledgers.build(name, round=round, organisation=unit, reach=reach, today=timezone.localdate())
    count = whole.files.count()
    page = Paginator(range(count), PER_PAGE).get_page(request.GET.get("page"))
    copy = whole
    if name != "summary" and "all" not in request.GET:
        copy = ledgers.build(
            name,
            round=round,
            organisation=unit,
            reach=reach,
            today=timezone.localdate(),
            start=max(page.start_index() - 1, 0),
            stop=page.end_index(),
        )
    context = _words(request, round, unit, name) | {
        "copy": copy,
        "table": table_view(copy.ledger, copy.rows),
        "heads": [f"{label}{copy.meta.heads.get(label, '')}" for label in copy.ledger.heads],
        "page": page,
        "count": count,
        "counted_at": timezone.now(),
        "path": crumbs(unit, reach, last="台账"),
    }
    return render(request, "assessments/ledger.html", context)


@require_POST
def download(request: HttpRequest, pk: int, name: str, code: str) -> HttpResponse | FileResponse:
    """A small ledger at once, a large one as a job whose file is found under 我的文件."""
    round, unit = _round_and_unit(request, pk, name, code)
    ending = request.POST.get("ending", "xlsx")
    by = actor_of(request)
    if round.assessments.within(by.reach).filter(path__startswith=unit.path).count() > AT_ONCE:
        label = f"{unit.short_name}{ledgers.LABELS[name]}"
        params = {"name": name, "round": round.pk, "organisation": unit.pk, "ending": ending}
        start(kind="export_ledger", label=label, params=params, by=by)
        return redirect("jobs:list")
    out = BytesIO()
    ledgers.export(
        name, round=round, organisation=unit, ending=ending, out=out, by=by, today=timezone.localdate()
    )
    out.seek(0)
    filename = ledgers.file_name(name, round, unit, ending)
    return FileResponse(out, as_attachment=True, filename=filename, content_type=CONTENT[ending])


def _round_and_unit(request: HttpRequest, pk: int, name: str, code: str) -> tuple[Round, Organisation]:
    if name not in ledgers.LABELS:
        raise Http404
    round = round_or_404(request, pk)
    unit = get_object_or_404(Organisation.objects.within(actor_of(request).reach), code=code)
    get_object_or_404(round.units, organisation=unit)
    return round, unit


def _own_unit(request: HttpRequest, round: Round) -> Organisation | None:
    """The highest organisation of one's own in the round; for listed posts the first listed one."""
    reach = actor_of(request).reach
    units = Organisation.objects.within(reach).filter(pk__in=round.units.values("organisation"))
    return units.order_by("tier", "tree_id", "lft").first()


def _words(request: HttpRequest, round: Round, unit: Organisation, name: str) -> dict[str, Any]:
    """The tools above the ledger: other ledgers, the level above and below, other rounds."""
    reach = actor_of(request).reach
    inside = Organisation.objects.within(reach).filter(pk__in=round.units.values("organisation"))
    above = inside.filter(pk=unit.parent_id).first()
    below = inside.filter(parent=unit).in_order()[:200]
    return {
        "round": round,
        "unit": unit,
        "name": name,
        "title": ledgers.LABELS[name],
        "others": [
            {
                "label": label,
                "url": reverse("assessments:ledger", args=[round.pk, other, unit.code]),
                "current": other == name,
            }
            for other, label in ledgers.LABELS.items()
        ],
        "above": above,
        "below": below,
        "rounds": Round.objects.within(reach).exclude(status="draft").order_by("-year", "-pk")[:20],
        "job": Job.objects.filter(owner=request.user, kind="export_ledger").order_by("-pk").first(),
    }
