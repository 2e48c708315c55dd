"""The sealing step, run by the worker's clock."""

from celery import shared_task
from django.utils import timezone

from gradingsite.trail import sealing


@shared_task(name="trail.seal")
def seal() -> None:
    """Seal what has been committed since the last time."""
    sealing.seal(now=timezone.now())
