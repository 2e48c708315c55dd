"""Taking scores in from a file: upload, preview with a verdict on every row, confirm."""

from __future__ import annotations

from io import StringIO

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.access import actor_of, demand_role, round_or_404
from assessments.forms.imports import ScoreFileForm
from assessments.imports import Preview, VerdictWord, read_scores, take_in, write_report
from assessments.imports.uploads import belongs, discard, keep, kept
from assessments.models import Round
from gradingsite.jobs.services import start
from gradingsite.lib.refusal import Refused
from orgs.roles import Role

PER_PAGE = 50
AT_ONCE = 2000
FILTERS = {
    "refused": (VerdictWord.ERR,),
    "warned": (VerdictWord.WARN, VerdictWord.FIX),
    "taken": (VerdictWord.OK,),
    "skipped": (VerdictWord.IGNORE,),
}


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a file; what it holds is shown before anything is written."""
    round = round_or_404(request, pk)
    demand_role(actor_of(request).reach, Role.TOWNSHIP_CLERK, Role.ORG_DEPARTMENT)
    form = ScoreFileForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        chosen = form.cleaned_data["file"]
        content = chosen.read()
        try:
            read_scores(round=round, content=content, filename=chosen.name, by=actor_of(request))
        except Refused as refused:
            form.add_error("file", str(refused))
        else:
            token = keep(content, owner_id=request.user.pk, now=timezone.now())
            request.session[f"scores-{token}"] = chosen.name
            return redirect("assessments:import_preview", round.pk, token)
    return render(request, "assessments/import_upload.html", {"round": round, "form": form})


@require_safe
def preview(request: HttpRequest, pk: int, token: str) -> HttpResponse:
    """What the file would do, row by row; by kind of verdict, fifty a page."""
    round, found = _read(request, pk, token)
    wanted = FILTERS.get(request.GET.get("show", ""))
    verdicts = [one for one in found.verdicts() if wanted is None or one.verdict in wanted]
    context = {
        "round": round,
        "found": found,
        "token": token,
        "show": request.GET.get("show", ""),
        "page": Paginator(verdicts, PER_PAGE).get_page(request.GET.get("page")),
        "counts": {name: sum(found.count(word) for word in words) for name, words in FILTERS.items()},
    }
    return render(request, "assessments/import_preview.html", context)


@require_safe
def report(request: HttpRequest, pk: int, token: str) -> HttpResponse:
    """Every verdict as csv."""
    _, found = _read(request, pk, token)
    out = StringIO(newline="")
    write_report(found.verdicts(), out)
    answer = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="import-report.csv"'
    return answer


@require_POST
def confirm(request: HttpRequest, pk: int, token: str) -> HttpResponse:
    """Take the marks in: a small file at once, a large one as a job. The uploaded file goes when they are in."""
    round, found = _read(request, pk, token)
    by = actor_of(request)
    accept_valid = "accept_valid" in request.POST
    if len(found.incoming) > AT_ONCE:
        params = {
            "round": round.pk,
            "upload": token,
            "filename": found.filename,
            "accept_valid": accept_valid,
        }
        start(kind="import_scores", label=f"导入分数：{found.filename}", params=params, by=by)
        return redirect("jobs:list")
    done = take_in(preview=found, accept_valid=accept_valid, by=by, now=timezone.now())
    discard(token)
    return render(request, "assessments/import_done.html", {"round": round, "done": done, "found": found})


def _read(request: HttpRequest, pk: int, token: str) -> tuple[Round, Preview]:
    round = round_or_404(request, pk)
    content = kept(token) if belongs(token, owner_id=request.user.pk) else None
    if content is None:
        raise Http404
    name = request.session.get(f"scores-{token}", "")
    return round, read_scores(round=round, content=content, filename=name, by=actor_of(request))
