"""Decision, report and approval: rows that say who stands for a grade, kept for good (domain.md 4)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from assessments.models.rounds import Assessment, Round
from orgs.models import Organisation


class Decision(models.Model):
    """A committee's decision 「评定」 on one file: drafted by staff, signed by the committee secretary.

    ``band`` differs from ``computed_band`` only with a ``reason``. A superseded decision stays.
    """

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="decisions")
    computed_band = models.CharField(max_length=20)
    band = models.CharField("评定等次", max_length=20)
    reason = models.TextField("改定事由", blank=True)
    rank = models.PositiveIntegerField("排位", null=True, blank=True)
    meeting_on = models.DateField("会议日期", null=True, blank=True)
    minutes_no = models.CharField("纪要文号", max_length=60, blank=True)
    wording = models.TextField("评定意见", blank=True)
    drafted_by = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    signed_by = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(signed_by__isnull=True, signed_at__isnull=True)
                | Q(signed_by__isnull=False, signed_at__isnull=False, meeting_on__isnull=False),
                name="decision_signed_with_its_meeting",
            ),
            models.UniqueConstraint(
                fields=("assessment",), condition=Q(superseded_at=None), name="one_decision_in_force"
            ),
        )


class Report(models.Model):
    """One act of a committee sending decided files up; its ``number`` is the 第 N 版 the county reads."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="reports")
    committee = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    by = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    note = models.TextField(blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("round", "committee", "number"), name="one_report_each"),
        )


class ReportItem(models.Model):
    """A file in a report, with the version and digest it went up with."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="items")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="report_items")
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)


class Approval(models.Model):
    """An approval 「核准」 of one file in the version and with the digest the approver saw."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="approvals")
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    band = models.CharField(max_length=20)
    by = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    void_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("assessment",), condition=Q(void_at=None), name="one_approval_in_force"
            ),
        )
