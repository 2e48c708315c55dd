"""What the sources say of a branch: tracks, sheets, polls and their tallies, scores, scans (domain.md 3–6)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from assessments import flow
from assessments.models.rounds import Assessment
from orgs.models import StoredFile
from orgs.reach import Reach


class Track(models.Model):
    """One source of one file: ``open → in → confirmed``. ``source`` is a key of the scheme's sources."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="tracks")
    source = models.CharField(max_length=30)
    status = models.CharField(max_length=10, choices=flow.TRACK.choices(), default=flow.OPEN, editable=False)
    submitted_by = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    sealed_at = models.DateTimeField(null=True)
    on_behalf = models.BooleanField(default=False)
    imported = models.BooleanField(default=False)
    returned_note = models.TextField(blank=True)
    returned_due_on = models.DateField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("assessment", "source"), name="one_track_each"),
            models.CheckConstraint(
                condition=Q(status__in=list(flow.TRACK.states)), name="track_status_known"
            ),
        )

    def parties(self, reach: Reach) -> frozenset[str]:
        """The file's parties, with RAT for whoever has a sheet here and SUBMITTER for whoever handed in."""
        found = set(self.assessment.parties(reach))
        if self.submitted_by_id == reach.person_id:
            found.add("SUBMITTER")
        if self.sheets.filter(rater=reach.person_id).exclude(status="superseded").exists():
            found.add("RAT")
        return frozenset(found)

    def persons(self, group: str) -> frozenset[int]:
        """``submitter``: whoever handed the track in."""
        if group == "submitter":
            return frozenset({self.submitted_by_id} - {None})
        return self.assessment.persons(group)

    def home_id(self) -> int:
        """The branch."""
        return self.assessment.organisation_id


class SheetQuerySet(models.QuerySet["Sheet"]):
    """Questions asked of sheets."""

    def current(self) -> SheetQuerySet:
        """Those not superseded."""
        return self.exclude(status="superseded")

    def in_force(self) -> SheetQuerySet:
        """Those that count."""
        return self.filter(status="in_force")


class Sheet(models.Model):
    """One rater's marks, or imported marks. Its score is ``total`` ÷ ``marks`` (hundredths).

    ``lines``: ``{indicator key: {"points": hundredths, "reason": str, "by": person id, "by_name": str, "at": iso}}``.
    An ordinary sheet has ``marks`` 1; imported single marks of members or public are pooled into one sheet with their
    sum and count, never kept one by one. ``basis`` says which of these it is; ``voters`` is the number of people behind
    an imported mean, when known.
    """

    BASES = (("lines", "逐项评分"), ("total", "只有总分"), ("pooled", "逐人评分合计"), ("mean", "平均分"))
    STATUSES = (("draft", "填写中"), ("in_force", "已交"), ("superseded", "已作废"), ("released", "免评"))

    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="sheets")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="sheets")
    source = models.CharField(max_length=30)
    rater = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, null=True, related_name="sheets")
    rater_label = models.CharField("评分单位", max_length=60, blank=True)
    rater_no = models.PositiveSmallIntegerField(default=1)
    indicators = models.JSONField("分工指标", null=True, blank=True)
    status = models.CharField(max_length=12, choices=STATUSES, default="draft", editable=False)
    lines = models.JSONField(default=dict)
    total = models.IntegerField(null=True)
    marks = models.PositiveIntegerField(default=1)
    voters = models.PositiveIntegerField(null=True)
    basis = models.CharField(max_length=8, choices=BASES, default="lines")
    imported = models.BooleanField(default=False)
    on_behalf = models.BooleanField(default=False)
    release_reason = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField(null=True)
    handed_in_at = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)

    objects = SheetQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(marks__gte=1), name="sheet_has_a_divisor"),
            models.CheckConstraint(
                condition=~Q(status="in_force") | Q(total__isnull=False), name="sheet_in_force_has_a_total"
            ),
            models.UniqueConstraint(
                fields=("track", "rater_no"),
                condition=Q(status__in=["draft", "in_force", "released"]),
                name="one_live_sheet_each",
            ),
        )
        indexes = (
            models.Index(fields=("assessment", "source", "status")),
            models.Index(fields=("rater", "status")),
        )


class Poll(models.Model):
    """A ballot among members or public about a branch. By form or import it goes ``draft → counted``.

    The box's columns (keys, codes, times) come with the ballot box; the counts and tallies below are the same for both.
    """

    PURPOSES = (
        ("grade", "定级测评"),
        ("satisfaction", "满意度"),
        ("debrief", "述职测评"),
        ("awareness", "知晓率"),
    )

    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="polls")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="polls")
    source = models.CharField(max_length=30)
    purpose = models.CharField(max_length=12, choices=PURPOSES, default="grade")
    group = models.CharField("投票人员", max_length=30, blank=True, default="")
    status = models.CharField(max_length=10, choices=flow.POLL.choices(), default="draft", editable=False)
    held_on = models.DateField("测评日期", null=True, blank=True)
    counting_staff = models.CharField("计票人", max_length=100, blank=True)
    expected = models.PositiveIntegerField("应到", null=True)
    issued = models.PositiveIntegerField("发出", null=True)
    returned = models.PositiveIntegerField("收回", null=True)
    valid = models.PositiveIntegerField("有效", null=True)
    blank = models.PositiveIntegerField("弃权", null=True)
    invalid = models.PositiveIntegerField("无效", null=True)
    imported = models.BooleanField(default=False)
    entered_by = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    superseded_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="supersedes")
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(status__in=list(flow.POLL.states)), name="poll_status_known"),
            models.CheckConstraint(
                condition=Q(status="draft")
                | Q(status="void")
                | Q(returned=F("valid") + F("blank") + F("invalid")),
                name="poll_counts_add_up",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "void"])
                | (Q(expected__gte=F("issued")) & Q(issued__gte=F("returned"))),
                name="poll_counts_descend",
            ),
            models.UniqueConstraint(
                fields=("track", "purpose", "group"),
                condition=Q(superseded_at=None),
                name="one_live_poll_each",
            ),
        )

    def parties(self, reach: Reach) -> frozenset[str]:
        """As of its track."""
        return self.track.parties(reach)

    def persons(self, group: str) -> frozenset[int]:
        """As of its track."""
        return self.track.persons(group)

    def home_id(self) -> int:
        """The branch."""
        return self.assessment.organisation_id


class Tally(models.Model):
    """How many votes one option of a poll has. ``question`` is empty where the poll asks one question."""

    poll = models.ForeignKey(Poll, on_delete=models.PROTECT, related_name="tallies")
    question = models.CharField(max_length=30, blank=True, default="")
    option = models.CharField(max_length=30)
    n = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("poll", "question", "option"), name="one_tally_each"),)


class Score(models.Model):
    """A source's score for a file, stored exactly: ``numerator`` ÷ ``denominator`` hundredths.

    ``voters``: valid ballots or people behind it, when known. ``small``: to be shown only in the joined line.
    """

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="scores")
    source = models.CharField(max_length=30)
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()
    voters = models.PositiveIntegerField(null=True)
    small = models.BooleanField(default=False)
    notes = models.JSONField(default=list)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("assessment", "source"), name="one_score_each"),
            models.CheckConstraint(condition=Q(denominator__gte=1), name="score_has_a_divisor"),
        )


class Scan(models.Model):
    """A scan of a signed or sealed paper at a step of a file."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="scans")
    step = models.CharField(max_length=20)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
