"""One row for each background job: what is asked, how far it is, what came out."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now


class JobState(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", "排队中"
    RUNNING = "running", "进行中"
    DONE = "done", "已完成"
    FAILED = "failed", "未完成"
    CANCELLED = "cancelled", "已取消"


ACTIVE = (JobState.QUEUED, JobState.RUNNING)


class JobQuerySet(models.QuerySet["Job"]):
    """Questions asked of jobs."""

    def of(self, person: Any) -> Self:
        """The person's own jobs, newest first: nobody sees another's."""
        return self.filter(owner_id=person.pk).order_by("-pk")

    def active(self) -> Self:
        """Queued or running."""
        return self.filter(state__in=ACTIVE)

    def quiet(self, *, since: dt.datetime) -> Self:
        """Active, and nothing heard of them after ``since``."""
        return self.active().filter(heartbeat_at__lt=since)

    def claimable(self, *, quiet_since: dt.datetime) -> Self:
        """Queued, or running in a worker that has gone quiet."""
        return self.filter(Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, heartbeat_at__lt=quiet_since))

    def claim(self, pk: int, *, now: dt.datetime, quiet_since: dt.datetime) -> Job | None:
        """Take the job by compare-and-set; None when another has it or it is over.

        The number of attempts is the claim's own mark: an earlier worker's writes no longer match it.
        """
        taken = (
            self.claimable(quiet_since=quiet_since)
            .filter(pk=pk)
            .update(
                state=JobState.RUNNING,
                attempts=F("attempts") + 1,
                heartbeat_at=now,
                started_at=Coalesce("started_at", models.Value(now, models.DateTimeField())),
                done=0,
                error="",
            )
        )
        return self.get(pk=pk) if taken else None

    def held(self, job: Job) -> Self:
        """The row, while it still belongs to this attempt and nobody has cancelled it."""
        return self.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)


class Job(models.Model):
    """A background job of one person. ``done`` and ``total`` count items; ``total`` is None while unknown."""

    kind = models.CharField("种类", max_length=60)
    label = models.CharField("名称", max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name="提交人",
    )
    params = models.JSONField("参数", default=dict, encoder=DjangoJSONEncoder)
    state = models.CharField(
        "状态", max_length=10, choices=JobState.choices, default=JobState.QUEUED, editable=False
    )
    done = models.PositiveBigIntegerField("已处理", default=0)
    total = models.PositiveBigIntegerField("总数", null=True)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    created_at = models.DateTimeField("提交时间", db_default=Now())
    heartbeat_at = models.DateTimeField("最近动静", db_default=Now())
    started_at = models.DateTimeField("开始时间", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)
    error = models.CharField("未完成的原因", max_length=1000, blank=True)
    note = models.CharField("结果说明", max_length=1000, blank=True)
    result_path = models.CharField("结果文件", max_length=100, blank=True)
    result_name = models.CharField("文件名", max_length=200, blank=True)
    result_size = models.PositiveBigIntegerField("大小（字节）", null=True)
    expires_at = models.DateTimeField("保留到", null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "后台任务"
        default_permissions = ()
        indexes = [
            models.Index(fields=["owner", "-id"], name="jobs_job_owner"),
            models.Index(
                fields=["heartbeat_at"], name="jobs_job_active", condition=Q(state__in=("queued", "running"))
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="jobs_job_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=("queued", "running"), finished_at__isnull=True)
                | Q(state__in=("done", "failed", "cancelled"), finished_at__isnull=False),
                name="jobs_job_finished_with_time",
            ),
            models.CheckConstraint(
                condition=Q(result_path="") | Q(expires_at__isnull=False), name="jobs_job_file_expires"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_active(self) -> bool:
        """Still queued or running."""
        return self.state in ACTIVE

    @property
    def has_file(self) -> bool:
        """A result file lies ready."""
        return self.state == JobState.DONE and bool(self.result_path)

    @property
    def has_expired(self) -> bool:
        """There was a file, and it has been taken away."""
        return self.state == JobState.DONE and bool(self.result_name) and not self.result_path
