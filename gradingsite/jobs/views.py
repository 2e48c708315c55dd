"""「我的文件」: a person's own jobs, their progress and their files."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from gradingsite.jobs import services
from gradingsite.jobs.models import Job

PAGE = 50


@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    """The person's jobs, newest first."""
    page = Paginator(Job.objects.of(request.user), PAGE).get_page(request.GET.get("page"))
    return render(request, "jobs/list.html", {"page": page})


@require_safe
def job_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a job is, as a fragment that asks again while the job is under way."""
    job = get_object_or_404(Job.objects.of(request.user), pk=pk)
    if not request.htmx:
        return redirect("jobs:list")
    return render(request, "jobs/_progress.html", {"job": job})


@require_POST
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel one's own job."""
    job = get_object_or_404(Job.objects.of(request.user), pk=pk)
    services.cancel(job=job, by=request.user, now=timezone.now())
    return render(request, "jobs/_progress.html", {"job": job}) if request.htmx else redirect("jobs:list")


@require_safe
def job_download(request: HttpRequest, pk: int) -> FileResponse:
    """The file of one's own job, as an attachment under its Chinese name."""
    job = get_object_or_404(Job.objects.of(request.user), pk=pk)
    file = services.open_result(job=job, by=request.user, now=timezone.now())
    return FileResponse(file, as_attachment=True, filename=job.result_name)
