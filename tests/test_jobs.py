"""Background jobs: none lost, none done twice, each ends with a reason one can read; files for their owner alone."""

import datetime as dt
import os
import threading

import pytest
from celery import current_app
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, connection, transaction

from gradingsite.jobs import kinds, results, running, services
from gradingsite.jobs.kinds import Result, job_kind
from gradingsite.jobs.models import Job, JobState
from gradingsite.jobs.tasks import reap as reap_task
from gradingsite.jobs.tasks import run as run_task
from gradingsite.lib.refusal import Refused
from gradingsite.trail.models import Entry
from orgs.models import Person

NOW = dt.datetime.now(dt.UTC)
LATER = NOW + running.QUIET + dt.timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("own_data_dir")


NUDGE = services.nudge
"""The real one: the fixture below takes its place."""


def clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture(autouse=True)
def sent(monkeypatch) -> list[int]:
    """What would have gone to the broker: a broker that loses everything."""
    nudges = []
    monkeypatch.setattr(services, "nudge", lambda job_id, **options: nudges.append(job_id))
    return nudges


@pytest.fixture
def work(monkeypatch) -> list[object]:
    """Register a kind that does what the test appends; each run pops the next, the last stays."""
    script = []

    def doing(job, progress) -> Result | None:
        act = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(act, Exception):
            raise act
        return act(job, progress) if callable(act) else act

    monkeypatch.setattr(kinds, "_KINDS", {})
    job_kind("test", label="测试")(doing)
    return script


def start(by, **changes) -> Job:
    return services.start(**{"kind": "test", "label": "旺草镇台账", "params": {"org": 5}, "by": by} | changes)


def run(job) -> Job:
    services.run(job_id=job.pk, clock=clock)
    job.refresh_from_db()
    return job


# --- starting -----------------------------------------------------------------------------------------------------
def test_a_job_is_a_row_and_the_nudge_goes_out_after_the_commit(
    writer, sent, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        job = start(writer, total=220)
    assert (job.state, job.done, job.total, job.owner) == ("queued", 0, 220, writer)
    assert abs(Job.objects.get().created_at - clock()) < dt.timedelta(minutes=1)
    assert sent == []
    for callback in callbacks:
        callback()
    assert sent == [job.pk]


def test_starting_and_finishing_stand_in_the_trail(writer, work) -> None:
    work.append(Result(name="台账.xlsx", content=b"x"))
    job = run(start(writer))
    seen = Entry.objects.order_by("pk").values_list("action", "actor_id", "object_id", "via")
    assert list(seen) == [
        ("job.start", writer.pk, str(job.pk), "web"),
        ("job.done", writer.pk, str(job.pk), "job"),
    ]


def test_the_broker_is_given_the_id_alone(writer, monkeypatch) -> None:
    seen = []
    monkeypatch.setattr(run_task, "apply_async", lambda args=None, kwargs=None, **k: seen.append((args, k)))
    NUDGE(7)
    ((args, options),) = seen
    assert list(args) == [7]
    assert options["retry"] is False


def test_a_broker_that_is_away_stops_nobody(monkeypatch, caplog) -> None:
    def away(*args, **kwargs) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(run_task, "apply_async", away)
    NUDGE(7)
    assert "the reaper will send it again" in caplog.text


def test_the_tasks_have_their_names() -> None:
    assert {"jobs.run", "jobs.reap", "trail.seal"} <= set(current_app.tasks)


def test_a_kind_is_registered_once(work) -> None:
    with pytest.raises(ValueError, match="registered twice"):
        job_kind("test", label="别的")(lambda job, progress: None)


# --- doing --------------------------------------------------------------------------------------------------------
def test_a_job_done_has_its_file_its_note_and_its_time_to_live(writer, work) -> None:
    work.append(Result(name="旺草镇台账.xlsx", content=b"content", note="220 个支部"))
    job = run(start(writer))
    assert (job.state, job.note, job.result_name, job.result_size) == (
        "done",
        "220 个支部",
        "旺草镇台账.xlsx",
        7,
    )
    assert results.located(job.result_path).read_bytes() == b"content"
    assert "台账" not in job.result_path
    assert job.expires_at - job.finished_at == dt.timedelta(days=7)


def test_a_job_may_write_its_file_itself(writer, work) -> None:
    def doing(job, progress) -> Result:
        path = results.new_path()
        path.write_bytes(b"rows")
        return Result(name="a.csv", path=path)

    work.append(doing)
    assert run(start(writer)).result_size == 4


def test_a_job_without_a_file_is_done_too(writer, work) -> None:
    work.append(None)
    job = run(start(writer))
    assert (job.state, job.has_file, job.has_expired) == ("done", False, False)


def test_nudged_twice_it_works_once(writer, work) -> None:
    runs = []
    work.append(lambda job, progress: runs.append(job.pk))
    job = start(writer)
    run(job)
    run(job)
    assert len(runs) == job.attempts == 1


def test_a_nudge_while_another_worker_is_at_it_does_nothing(writer, work) -> None:
    inner = []
    work.append(lambda job, progress: inner.append(running.attempt(job_id=job.pk, clock=clock)))
    assert run(start(writer)).state == "done"
    assert inner == [None]


def test_a_nudge_for_no_job_does_nothing(db) -> None:
    run_task(987654)


def test_progress_is_written_throttled_and_is_the_heartbeat(writer, work, monkeypatch) -> None:
    seconds = iter(range(1000))
    ticking = iter([0.0, 0.0] + [n / 10 for n in range(1, 100)])
    monkeypatch.setattr(running.time, "monotonic", lambda: next(ticking))
    written = []

    def doing(job, progress) -> None:
        progress.expect(30)
        for done in range(1, 31):
            progress.tick(done)
            row = Job.objects.get(pk=job.pk)
            written.append((row.done, row.heartbeat_at))

    work.append(doing)
    job = start(writer)
    running.attempt(job_id=job.pk, clock=lambda: NOW + dt.timedelta(seconds=next(seconds)))
    job.refresh_from_db()
    assert (job.done, job.total) == (30, 30)
    distinct = list(dict.fromkeys(written))
    assert 3 <= len(distinct) <= 8
    assert distinct == sorted(distinct)


def test_steps_add_up_and_a_beat_changes_nothing(writer, work, monkeypatch) -> None:
    monkeypatch.setattr(running, "THROTTLE", 0)
    seen = []

    def doing(job, progress) -> None:
        progress.step()
        progress.step(4)
        progress.beat()
        seen.append(Job.objects.get(pk=job.pk).done)

    work.append(doing)
    run(start(writer))
    assert seen == [5]


# --- failing ------------------------------------------------------------------------------------------------------
def test_a_refusal_is_the_reason_at_once(writer, work, sent) -> None:
    work.append(Refused("旺草镇没有可导出的支部。", remedy="请换一个轮次。"))
    job = run(start(writer))
    assert (job.state, job.error, job.attempts) == ("failed", "旺草镇没有可导出的支部。请换一个轮次。", 1)
    assert Entry.objects.get(action="job.failed").why == job.error
    assert sent == []


def test_a_right_withdrawn_meanwhile_is_said(writer, work) -> None:
    work.append(PermissionDenied("gone"))
    assert "权限" in run(start(writer)).error


def test_anything_else_is_tried_three_times_and_only_the_log_says_what(writer, work, sent, caplog) -> None:
    work.append(RuntimeError("password=secret in /srv/x.py"))
    job = run(start(writer))
    assert (job.state, job.attempts, sent) == ("queued", 1, [job.pk])
    run(job)
    assert (job.state, job.attempts) == ("queued", 2)
    run(job)
    assert (job.state, job.attempts) == ("failed", 3)
    assert job.error == f"系统处理时出错，试了 3 次没有成功。请联系系统管理员（编号 {job.pk}）。"
    assert "password=secret" in caplog.text


def test_what_goes_wrong_once_is_mended_by_the_next_attempt(writer, work) -> None:
    work.extend([RuntimeError("once"), Result(note="好了")])
    job = services.run_now(start(writer), clock=clock)
    assert (job.state, job.attempts, job.note, job.error) == ("done", 2, "好了", "")


def test_run_now_ends_in_an_end(writer, work) -> None:
    work.append(RuntimeError("always"))
    assert services.run_now(start(writer), clock=clock).state == "failed"


def test_an_unknown_kind_fails_with_a_sentence(writer, work) -> None:
    assert "不认识" in run(start(writer, kind="nobody")).error


# --- lost and found -----------------------------------------------------------------------------------------------
def test_a_broker_emptied_loses_no_job(writer, work, sent) -> None:
    work.append(Result(note="好了"))
    jobs = [start(writer) for _ in range(3)]
    sent.clear()
    assert services.reap(now=clock()) == []
    assert services.reap(now=LATER) == [job.pk for job in jobs] == sent
    assert {run(job).state for job in jobs} == {"done"}


def test_a_worker_killed_between_claim_and_finish_loses_no_job(writer, work, sent) -> None:
    class Killed(BaseException):
        """What no handler catches."""

    def killed(job, progress) -> None:
        raise Killed

    work.extend([killed, Result(note="第二次")])
    job = start(writer)
    with pytest.raises(Killed):
        running.attempt(job_id=job.pk, clock=clock)
    job.refresh_from_db()
    assert job.state == "running"
    assert run(job).state == "running"  # a nudge too early is no second run
    assert services.reap(now=LATER) == [job.pk]
    after = running.attempt(job_id=job.pk, clock=lambda: LATER)
    assert (after.state, after.attempts, after.note) == ("done", 2, "第二次")


def test_a_job_that_kills_its_workers_ends_with_a_reason(writer, work) -> None:
    work.append(Result())
    job = start(writer)
    Job.objects.filter(pk=job.pk).update(state="running", attempts=3, heartbeat_at=NOW)
    after = running.attempt(job_id=job.pk, clock=lambda: LATER)
    assert after.state == "failed"
    assert "处理中断了 3 次" in after.error


def test_the_first_worker_come_back_to_life_changes_nothing(writer, work, own_data_dir, monkeypatch) -> None:
    monkeypatch.setattr(running, "THROTTLE", 0)

    def slow(job, progress) -> Result:
        assert running.attempt(job_id=job.pk, clock=lambda: LATER).note == "第二个"
        return Result(name="first.txt", content=b"first")

    work.extend([slow, Result(note="第二个", name="second.txt", content=b"second")])
    job = start(writer)
    running.attempt(job_id=job.pk, clock=clock)
    job.refresh_from_db()
    assert (job.note, job.result_name, job.attempts) == ("第二个", "second.txt", 2)
    assert [path.read_bytes() for path in results.folder().iterdir()] == [b"second"]


def test_the_first_worker_is_told_to_stop_at_its_next_step(writer, work, monkeypatch) -> None:
    monkeypatch.setattr(running, "THROTTLE", 0)
    reached = []

    def slow(job, progress) -> None:
        running.attempt(job_id=job.pk, clock=lambda: LATER)
        progress.tick(1)
        reached.append("too far")

    work.extend([slow, Result(note="第二个")])
    assert run(start(writer)).note == "第二个"
    assert reached == []


def test_the_reaper_leaves_what_is_over(writer, work, sent) -> None:
    work.append(Result())
    run(start(writer))
    services.cancel(job=start(writer), by=writer, now=clock())
    assert services.reap(now=LATER) == []


def test_the_reaper_task_runs(db) -> None:
    reap_task()


# --- cancelling ---------------------------------------------------------------------------------------------------
def test_a_queued_job_cancelled_never_runs(writer, work) -> None:
    work.append(RuntimeError("must not run"))
    job = services.cancel(job=start(writer), by=writer, now=clock())
    assert run(job).state == "cancelled"
    assert job.attempts == 0
    assert Entry.objects.filter(action="job.cancel", actor=writer).exists()


def test_a_running_job_stops_at_its_next_step(writer, work, monkeypatch) -> None:
    monkeypatch.setattr(running, "THROTTLE", 0)
    reached = []

    def doing(job, progress) -> None:
        progress.tick(1)
        services.cancel(job=Job.objects.get(pk=job.pk), by=writer, now=clock())
        progress.tick(2)
        reached.append("too far")

    work.append(doing)
    assert run(start(writer)).state == "cancelled"
    assert reached == []


def cancelled_elsewhere(job_id, seen) -> None:
    """What another process sees of the job, and its owner cancelling it."""
    try:
        job = Job.objects.get(pk=job_id)
        seen.append(job.done)
        services.cancel(job=job, by=job.owner, now=clock())
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_progress_and_cancelling_reach_into_a_jobs_own_transaction(work, monkeypatch) -> None:
    """An import whole or not at all is one long transaction. PostgreSQL shows its progress and can cancel it."""
    monkeypatch.setattr(running, "THROTTLE", 0)
    owner = Person.objects.create(username="clerk", name="陈办")
    seen = []

    def doing(job, progress) -> None:
        with transaction.atomic():
            Person.objects.filter(pk=owner.pk).update(phone="half")
            progress.tick(1)
            if connection.vendor == "postgresql":
                other = threading.Thread(target=cancelled_elsewhere, args=(job.pk, seen))
                other.start()
                other.join()
            progress.tick(2)

    work.append(doing)
    job = run(start(owner))
    owner.refresh_from_db()
    if connection.vendor == "postgresql":
        assert (seen, job.state, owner.phone) == ([1], "cancelled", "")
    else:  # the one writer is the job itself
        assert (job.state, owner.phone) == ("done", "half")


def test_a_job_cancelled_during_its_last_step_keeps_no_file(writer, work) -> None:
    def doing(job, progress) -> Result:
        services.cancel(job=Job.objects.get(pk=job.pk), by=writer, now=clock())
        return Result(name="a.txt", content=b"a")

    work.append(doing)
    job = run(start(writer))
    assert (job.state, job.result_path) == ("cancelled", "")
    assert list(results.folder().iterdir()) == []


def test_what_is_over_cannot_be_cancelled(writer, work) -> None:
    work.append(None)
    job = run(start(writer))
    with pytest.raises(Refused, match="已经结束"):
        services.cancel(job=job, by=writer, now=clock())


# --- files --------------------------------------------------------------------------------------------------------
def test_expired_files_go_and_the_row_stays(writer, work) -> None:
    work.append(Result(name="旺草镇台账.xlsx", content=b"x"))
    job = run(start(writer))
    services.reap(now=job.expires_at - dt.timedelta(seconds=1))
    assert results.located(job.result_path).exists()
    services.reap(now=job.expires_at)
    assert list(results.folder().iterdir()) == []
    job.refresh_from_db()
    assert (job.state, job.result_name, job.has_file, job.has_expired) == (
        "done",
        "旺草镇台账.xlsx",
        False,
        True,
    )


def test_files_left_by_killed_workers_go_when_old(writer, work) -> None:
    work.append(Result(name="a.txt", content=b"a"))
    job = run(start(writer))
    orphan, young = results.kept(b"orphan"), results.kept(b"young")
    old = (clock() - dt.timedelta(days=8)).timestamp()
    for path in (orphan, results.located(job.result_path)):
        os.utime(path, (old, old))
    services.reap(now=clock())
    assert sorted(results.folder().iterdir()) == sorted([young, results.located(job.result_path)])


@pytest.mark.parametrize("name", ["", "../secret_key", "a/b", "..", "/etc/passwd"])
def test_only_bare_names_are_result_files(name, own_data_dir) -> None:
    with pytest.raises(ValueError, match="not a result file"):
        results.located(name)


def test_a_file_gone_from_the_disk_is_said(writer, work) -> None:
    work.append(Result(name="a.txt", content=b"a"))
    job = run(start(writer))
    results.discard(job.result_path)
    with pytest.raises(Refused, match="找不到"):
        services.open_result(job=job, by=writer, now=clock())


# --- the database keeps the promise -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "values",
    [
        {"state": "lost"},
        {"state": JobState.DONE},
        {"state": JobState.RUNNING, "finished_at": NOW},
        {"result_path": "abc"},
    ],
)
def test_impossible_rows_are_refused(writer, values) -> None:
    job = start(writer)
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**values)
