"""Scans of signed papers: those of one file, adding one, getting one back."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from assessments.access import actor_of, file_or_404
from assessments.forms.sheets import ScanForm
from assessments.models import Assessment, Scan
from assessments.rules import step_order
from assessments.rules.words import StepName
from assessments.services.scans import content_of, note_download, store_scan
from assessments.services.schemes import rules_of
from gradingsite.lib.refusal import Refused
from orgs.actor import Actor

KEEPERS = frozenset({"SEC", "CLK", "COM", "DEP", "LIA"})


@require_http_methods(["GET", "HEAD", "POST"])
def scans(request: HttpRequest, pk: int) -> HttpResponse:
    """The scans of a file, step by step; a form to add one."""
    file = file_or_404(request, pk)
    by = actor_of(request)
    demand_reader(file, by)
    form = _form(request, file)
    if request.method == "POST" and form.is_valid() and _take(request, file, form):
        after = request.POST.get("next", "")
        here = url_has_allowed_host_and_scheme(after, None)
        return redirect(after) if here else redirect("assessments:scans", pk)
    labels = {one.value: one.label for one in StepName}
    rows = [(labels.get(one.step, one.step), one) for one in file.scans.select_related("file__by")]
    context = {"file": file, "rows": rows, "form": form, "may_add": bool(file.parties(by.reach) & KEEPERS)}
    return render(request, "assessments/scan_list.html", context, status=422 if form.errors else 200)


def demand_reader(file: Assessment, by: Actor) -> None:
    """403 for those who see the file but not its papers."""
    if not by.is_system and not file.parties(by.reach) & (KEEPERS | {"UP", "HOLDER"}):
        raise PermissionDenied("scan")


def _form(request: HttpRequest, file: Assessment) -> ScanForm:
    form = ScanForm(request.POST or None, request.FILES or None, initial={"step": request.GET.get("step", "")})
    rules = rules_of(file.round.scheme)
    form.fields["step"].choices = [(one.value, one.label) for one in step_order(rules) if rules.has_step(one)]
    return form


def _take(request: HttpRequest, file: Assessment, form: ScanForm) -> bool:
    try:
        scan = store_scan(
            assessment=file,
            step=form.cleaned_data["step"],
            upload=form.cleaned_data["file"],
            by=actor_of(request),
            now=timezone.now(),
        )
    except Refused as refused:
        form.add_error("file", str(refused))
        return False
    messages.success(request, f"已上传“{scan.file.name}”。")
    return True


@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """One scan, as an attachment, never shown in the page."""
    scan = get_object_or_404(Scan.objects.select_related("file"), pk=pk)
    file = file_or_404(request, scan.assessment_id)
    by = actor_of(request)
    demand_reader(file, by)
    content = content_of(scan)
    note_download(scan=scan, by=by)
    answer = HttpResponse(content, content_type=scan.file.content_type)
    answer["Content-Disposition"] = content_disposition_header(True, scan.file.name)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
