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
from assessments.scan_reading import opens_scan, reads_scans, scans_by_step
from assessments.services.scans import content_of, note_download, steps_open_to, store_scan
from gradingsite.lib.refusal import Refused


@require_http_methods(["GET", "HEAD", "POST"])
def scans(request: HttpRequest, pk: int) -> HttpResponse:
    """The scans of a file, step by step; a form to add one."""
    file = file_or_404(request, pk)
    by = actor_of(request)
    steps = steps_open_to(file, by)
    if not reads_scans(file, by) or (request.method == "POST" and not steps):
        raise PermissionDenied("scan")
    form = ScanForm(
        request.POST or None, request.FILES or None, initial={"step": request.GET.get("step", "")}
    )
    form.fields["step"].choices = [(one.value, one.label) for one in steps]
    after = request.POST.get("next", "") or request.GET.get("next", "")
    after = after if url_has_allowed_host_and_scheme(after, None) else ""
    if request.method == "POST" and form.is_valid() and _take(request, file, form):
        return redirect(after) if after else redirect("assessments:scans", pk)
    context = {"file": file, "steps": scans_by_step(file, by), "form": form, "may_add": steps, "after": after}
    return render(request, "assessments/scan_list.html", context, status=422 if form.errors else 200)


def _take(request: HttpRequest, file: Assessment, form: ScanForm) -> bool:
    upload = form.cleaned_data["file"]
    by, now = actor_of(request), timezone.now()
    try:
        scan = store_scan(assessment=file, step=form.cleaned_data["step"], upload=upload, by=by, now=now)
    except Refused as refused:
        form.add_error(refused.field or "file", str(refused))
        return False
    messages.success(request, f"已上传“{scan.file.name}”。")
    return True


@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """One scan, as an attachment, never shown in the page."""
    scan = get_object_or_404(Scan.objects.select_related("file"), pk=pk)
    file = file_or_404(request, scan.assessment_id)
    by = actor_of(request)
    if not opens_scan(scan, file, by):
        raise PermissionDenied("scan")
    content = content_of(scan)
    note_download(scan=scan, by=by)
    answer = HttpResponse(content, content_type=scan.file.content_type)
    answer["Content-Disposition"] = content_disposition_header(True, scan.file.name)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
