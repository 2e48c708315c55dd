"""Doing a job: claim it, let its function work, write down what came of it."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from gradingsite.jobs import results
from gradingsite.jobs.kinds import Result, Stopped, kind_of
from gradingsite.jobs.models import Job, JobState
from gradingsite.lib.refusal import Refused
from gradingsite.trail.services import record

logger = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]

ATTEMPTS = 3
QUIET = dt.timedelta(minutes=2)
"""A job nothing has been heard of for so long is taken for dead."""
KEPT = dt.timedelta(days=7)
THROTTLE = 0.5
"""Seconds between two writes of progress."""


class RowProgress:
    """Progress written to the job's row, throttled; each write is the heartbeat and looks for a cancellation."""

    def __init__(self, job: Job, clock: Clock) -> None:
        self._job = job
        self._clock = clock
        self._written_at = time.monotonic()
        self._outer = len(connection.savepoint_ids) if connection.in_atomic_block else -1
        self._aside: Any = None

    def expect(self, total: int) -> None:
        """There are ``total`` items to do; written at once."""
        self._job.total = total
        self._write()

    def tick(self, done: int) -> None:
        """``done`` items are done so far."""
        self._job.done = done
        if time.monotonic() - self._written_at >= THROTTLE:
            self._write()

    def step(self, by: int = 1) -> None:
        """``by`` more items are done."""
        self.tick(self._job.done + by)

    def beat(self) -> None:
        """Still alive."""
        self.tick(self._job.done)

    def close(self) -> None:
        """Let go of the second connection, if there was one."""
        if self._aside is not None:
            self._aside.close()

    def _write(self) -> None:
        """Write the figures. Raises Stopped when the row no longer belongs to this attempt."""
        self._written_at = time.monotonic()
        now = self._clock()
        if not self._inside_work():
            held = Job.objects.held(self._job).update(
                done=self._job.done, total=self._job.total, heartbeat_at=now
            )
        elif connection.vendor == "postgresql":
            held = self._write_aside(now)
        else:
            return  # SQLite has one writer, and it is the job's own transaction: nothing to be seen before it ends
        if not held:
            raise Stopped(self._job.pk)

    def _inside_work(self) -> bool:
        """Whether the job's function has opened a transaction, which would hide progress and lock the row."""
        depth = len(connection.savepoint_ids) if connection.in_atomic_block else -1
        return depth > self._outer

    def _write_aside(self, now: dt.datetime) -> int:
        if self._aside is None:
            self._aside = connection.copy()
        with self._aside.cursor() as cursor:
            cursor.execute(
                "UPDATE jobs_job SET done = %s, total = %s, heartbeat_at = %s"
                " WHERE id = %s AND state = %s AND attempts = %s",
                [self._job.done, self._job.total, now, self._job.pk, JobState.RUNNING, self._job.attempts],
            )
            return int(cursor.rowcount)


def attempt(*, job_id: int, clock: Clock) -> Job | None:
    """Try the job once.

    :returns: the job as it stands afterwards (``queued`` when it is to be tried again), or None when there was
        nothing to do: it is over, or another worker has it.
    """
    now = clock()
    job = Job.objects.claim(job_id, now=now, quiet_since=now - QUIET)
    if job is None:
        return None
    if job.attempts > ATTEMPTS:
        return _fail(
            job, f"处理中断了 {ATTEMPTS} 次，已停止。请重新提交，或联系系统管理员（编号 {job.pk}）。", clock()
        )
    kind = kind_of(job.kind)
    if kind is None:
        logger.error("job %s is of unknown kind %s", job.pk, job.kind)
        return _fail(job, f"系统不认识这种任务，请联系系统管理员（编号 {job.pk}）。", clock())
    progress = RowProgress(job, clock)
    try:
        return _finish(job, kind.work(job, progress), clock())
    except Stopped:
        return Job.objects.get(pk=job.pk)
    except Refused as refusal:
        return _fail(job, str(refusal), clock())
    except PermissionDenied:
        return _fail(job, "您没有办这件事的权限，或权限刚被收回。", clock())
    except Exception:
        logger.exception("job %s (%s) failed, attempt %s", job.pk, job.kind, job.attempts)
        return _again_or_fail(job, clock())
    finally:
        progress.close()


def _finish(job: Job, result: Result | None, now: dt.datetime) -> Job:
    """Write the outcome, unless the job was cancelled or taken over: then its file is thrown away."""
    result = result or Result()
    path = results.kept(result.content) if result.content is not None else result.path
    outcome: dict[str, Any] = {"state": JobState.DONE, "done": job.done, "note": result.note[:1000]}
    if job.total is not None:
        outcome["done"] = job.total
    if path is not None:
        outcome |= {
            "result_path": path.name,
            "result_name": result.name[:200],
            "result_size": path.stat().st_size,
            "expires_at": now + KEPT,
        }
    written = _close(job, outcome, now, action="job.done", details={"file": result.name} if path else {})
    if not written and path is not None:
        results.discard(path.name)
    return Job.objects.get(pk=job.pk)


def _fail(job: Job, sentence: str, now: dt.datetime) -> Job:
    _close(job, {"state": JobState.FAILED, "error": sentence[:1000]}, now, action="job.failed", details={})
    return Job.objects.get(pk=job.pk)


def _close(
    job: Job, outcome: dict[str, Any], now: dt.datetime, *, action: str, details: dict[str, Any]
) -> bool:
    with transaction.atomic():
        held = Job.objects.held(job).update(**outcome, finished_at=now, heartbeat_at=now)
        if held:
            why = outcome.get("error", "")
            after = {"state": outcome["state"], "kind": job.kind} | details
            record(by=job.owner, action=action, obj=job, after=after, why=why, via="job")
    return bool(held)


def _again_or_fail(job: Job, now: dt.datetime) -> Job:
    """Something broke that is no rule's refusal: what, only the log says."""
    if job.attempts >= ATTEMPTS:
        return _fail(
            job, f"系统处理时出错，试了 {ATTEMPTS} 次没有成功。请联系系统管理员（编号 {job.pk}）。", now
        )
    try:
        Job.objects.held(job).update(state=JobState.QUEUED, heartbeat_at=now)
    except DatabaseError:
        logger.exception("job %s could not be put back; the reaper will find it", job.pk)
    return Job.objects.get(pk=job.pk)
