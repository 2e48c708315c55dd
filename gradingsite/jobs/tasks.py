"""What the worker runs."""

from celery import shared_task
from django.utils import timezone

from gradingsite.jobs import services


@shared_task(name="jobs.run")
def run(job_id: int) -> None:
    """Do one job."""
    services.run(job_id=job_id, clock=timezone.now)


@shared_task(name="jobs.reap")
def reap() -> None:
    """Look after the jobs nobody has heard of, and the files nobody needs any more."""
    services.reap(now=timezone.now())
