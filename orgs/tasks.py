"""Background jobs of this room: a large list of organisations."""

from __future__ import annotations

from django.utils import timezone

from gradingsite.jobs.kinds import Progress, Result, job_kind
from gradingsite.jobs.models import Job
from orgs.imports.memory import without_collecting
from orgs.imports.preview import JOB_KIND, confirm
from orgs.services.people import acting


@job_kind(JOB_KIND, label="导入组织")
def import_organisations(job: Job, progress: Progress) -> Result:
    """``params``: ``token``, ``digest``, ``accept_valid``. The owner's reach is that of now."""
    now = timezone.now()
    progress.beat()
    with without_collecting():
        outcome = confirm(
            job.params["token"],
            digest=job.params["digest"],
            accept_valid=job.params["accept_valid"],
            by=acting(job.owner, on=timezone.localdate(now), via="job"),
            now=now,
        )
    return Result(note=f"{outcome}。")
