"""Starting, cancelling and fetching jobs, and looking after those that have gone quiet."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any, BinaryIO

from celery import current_app
from django.db import transaction

from gradingsite.jobs import results
from gradingsite.jobs.models import Job, JobState
from gradingsite.jobs.running import ATTEMPTS, KEPT, QUIET, Clock, attempt
from gradingsite.lib.refusal import Refused
from gradingsite.trail.services import record

logger = logging.getLogger(__name__)

RETRY_AFTER = 5
"""Seconds before the second attempt; twice as long before the third."""


def start(*, kind: str, label: str, params: dict[str, Any], by: Any, total: int | None = None) -> Job:
    """Put a job on the list and nudge a worker once the transaction stands.

    :param kind: code given to :func:`gradingsite.jobs.kinds.job_kind`.
    :param label: what the person reads in 「我的文件」: 「旺草镇整改台账」.
    :param params: JSON values; ids, never what the person may not see.
    :param by: the person or an actor; only this person sees the job and its file.
    :param total: how many items there are, if known already.
    """
    person = getattr(by, "person", by)
    with transaction.atomic():
        job = Job.objects.create(kind=kind, label=label[:200], owner=person, params=params, total=total)
        record(by=by, action="job.start", obj=job, after={"kind": kind, "params": params})
        transaction.on_commit(lambda: nudge(job.pk), robust=True)
    return job


def nudge(job_id: int, *, after: int = 0) -> None:
    """Tell a worker, by id alone, that there is a job. A broker that is away is no matter: the reaper asks again."""
    try:
        current_app.signature("jobs.run", args=[job_id]).apply_async(countdown=after or None, retry=False)
    except Exception:
        logger.exception("job %s: the broker did not take the nudge; the reaper will send it again", job_id)


def run(*, job_id: int, clock: Clock) -> None:
    """What a worker does when nudged. Nudged twice, it works once."""
    job = attempt(job_id=job_id, clock=clock)
    if job is not None and job.state == JobState.QUEUED:
        nudge(job_id, after=RETRY_AFTER * job.attempts)


def run_now(job: Job, *, clock: Clock) -> Job:
    """Do the job here and now, all attempts of it; for commands and tests. Gives it as it stands afterwards."""
    for _ in range(ATTEMPTS):
        seen = attempt(job_id=job.pk, clock=clock)
        if seen is None or not seen.is_active:
            break
    return Job.objects.get(pk=job.pk)


def cancel(*, job: Job, by: Any, now: dt.datetime) -> Job:
    """Cancel a job that is not over; a running one stops at its next step, undoing what is not committed.

    :raises Refused: it is over already.
    """
    with transaction.atomic():
        held = Job.objects.active().filter(pk=job.pk).update(state=JobState.CANCELLED, finished_at=now)
        if not held:
            raise Refused(f"「{job.label}」已经结束，不能再取消。")
        record(
            by=by,
            action="job.cancel",
            obj=job,
            before={"state": job.state},
            after={"state": JobState.CANCELLED},
        )
    job.refresh_from_db()
    return job


def open_result(*, job: Job, by: Any, now: dt.datetime) -> BinaryIO:
    """Open the job's file for its owner and note the download in the trail.

    :raises Refused: there is no file, or it has expired.
    """
    if job.has_expired or (job.has_file and job.expires_at <= now):
        raise Refused("文件已过期，不再保留。", remedy="请重新导出。")
    if not job.has_file:
        raise Refused("这项任务没有可下载的文件。")
    try:
        file = results.located(job.result_path).open("rb")
    except (FileNotFoundError, ValueError):
        raise Refused("文件找不到了。", remedy="请重新导出。") from None
    record(by=by, action="job.download", obj=job, after={"file": job.result_name})
    return file


def reap(*, now: dt.datetime) -> list[int]:
    """Send again what has gone quiet and take away expired files.

    :returns: ids of the jobs sent again.
    """
    quiet = list(Job.objects.quiet(since=now - QUIET).order_by("pk").values_list("pk", flat=True))
    for job_id in quiet:
        nudge(job_id)
    for job in Job.objects.filter(expires_at__lte=now).exclude(result_path=""):
        results.discard(job.result_path)
        Job.objects.filter(pk=job.pk).update(result_path="")
    known = set(Job.objects.exclude(result_path="").values_list("result_path", flat=True))
    for path in results.orphans(older_than=(now - KEPT).timestamp(), known=known):
        path.unlink(missing_ok=True)
    return quiet
