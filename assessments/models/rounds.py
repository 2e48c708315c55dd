"""A round, its dated steps, the roster frozen at its opening, and each branch's file in it (domain.md 4)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from assessments import flow
from assessments.models.schemes import Scheme
from orgs.models import Organisation, PathField
from orgs.reach import Reach, at_or_below
from orgs.roles import Role


class RoundQuerySet(models.QuerySet["Round"]):
    """Questions asked of rounds."""

    def within(self, reach: Reach) -> RoundQuerySet:
        """Rounds one has to do with: those with a roster unit in one's reach, those above one's posts, one's sheets."""
        if reach.everything:
            return self.all()
        ids = {span.organisation_id for span in reach.spans} | reach.listed_ids()
        units = RosterUnit.objects.filter(organisation__in=ids).values("round")
        own = Q(assessments__sheets__rater=reach.person_id)
        return self.filter(
            Q(pk__in=units) | reach.organisations("organisation__path", "organisation_id") | own
        ).distinct()


class Round(models.Model):
    """A round 「定级轮次」 of an approving committee under one scheme."""

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="rounds")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="rounds")
    name = models.CharField("名称", max_length=100)
    year = models.PositiveSmallIntegerField("年度")
    status = models.CharField(max_length=10, choices=flow.ROUND.choices(), default="draft", editable=False)
    created_by = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ("-year", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(status__in=list(flow.ROUND.states)), name="round_status_known"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def parties(self, reach: Reach) -> frozenset[str]:
        """DEP: the organisation department of the round's committee."""
        return frozenset({"DEP"}) if reach.holds(Role.ORG_DEPARTMENT, self.organisation_id) else frozenset()

    def persons(self, group: str) -> frozenset[int]:
        """No move of a round excludes anybody."""
        return frozenset()

    def home_id(self) -> int:
        """The round's committee."""
        return self.organisation_id


class RoundStage(models.Model):
    """The dates of one step in a round; a deadline ends 23:59:59 of its day. ``step`` is a key of the scheme's steps."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="stages")
    step = models.CharField(max_length=20)
    name = models.CharField(max_length=40)
    starts_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("order",)
        constraints = (models.UniqueConstraint(fields=("round", "step"), name="one_stage_each"),)


class RosterUnit(models.Model):
    """An organisation as it stood when the round was opened: names, place, order. Committees and branches alike."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="units")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=32)
    full_name = models.CharField(max_length=100)
    short_name = models.CharField(max_length=100)
    tier = models.PositiveSmallIntegerField()
    form = models.CharField(max_length=20)
    path = PathField()
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("round", "organisation"), name="on_the_roster_once"),)
        indexes = (models.Index(fields=("organisation",)),)


def frozen_paths(reach: Reach) -> Q:
    """Condition on files by the paths the round froze: authority doesn't follow the tree as it is today.

    One query for the frozen paths of the organisations one holds a post at; after a round is closed today's place
    counts as well.
    """
    ids = [span.organisation_id for span in reach.subtree_spans()]
    condition = Q(organisation__in=sorted(reach.listed_ids())) if reach.listed_ids() else Q(pk__in=())
    if ids:
        paths = (
            RosterUnit.objects.filter(organisation__in=ids)
            .order_by()
            .values_list("path", flat=True)
            .distinct()
        )
        for path in sorted(set(paths)):
            condition |= at_or_below(path)
        for span in reach.subtree_spans():
            condition |= Q(round__status="closed") & at_or_below(span.path, "organisation__path")
    return condition


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    """Questions asked of files."""

    def within(self, reach: Reach) -> AssessmentQuerySet:
        """Files one may see (a related rater sees sheets, not files)."""
        return self.all() if reach.everything else self.filter(frozen_paths(reach))

    def decided_by(self, reach: Reach, *roles: Role) -> AssessmentQuerySet:
        """Files whose deciding committee one serves in one of ``roles``."""
        return self.filter(deciding__in=[span.organisation_id for span in reach.of_roles(roles)])

    def approved_by(self, reach: Reach) -> AssessmentQuerySet:
        """Files whose approving committee's organisation department one serves in."""
        return self.filter(
            approving__in=[span.organisation_id for span in reach.of_roles([Role.ORG_DEPARTMENT])]
        )

    def counted(self) -> AssessmentQuerySet:
        """Files that count in totals and quotas: not those closed by merging."""
        return self.exclude(status=flow.TERMINATED)

    def in_order(self) -> AssessmentQuerySet:
        """In the roster's order."""
        return self.order_by("position")


class Assessment(models.Model):
    """A branch's file 「支部定级档案」 in one round, with what the round froze and what computing found.

    ``total`` in hundredths; ``band`` and ``decided_band`` are band keys of the scheme; ``version`` rises with every
    change to what a grade rests on.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="assessments")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="assessments")
    code = models.CharField(max_length=32)
    full_name = models.CharField(max_length=100)
    short_name = models.CharField(max_length=100)
    sector = models.CharField(max_length=40)
    secretary_name = models.CharField(max_length=40, blank=True)
    member_count = models.PositiveIntegerField(null=True)
    people_count = models.PositiveIntegerField(null=True)
    path = PathField()
    path_names = models.CharField(max_length=300)
    position = models.PositiveIntegerField()
    deciding = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    approving = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    admitted_reason = models.CharField(max_length=300, blank=True)

    status = models.CharField(
        max_length=12, choices=flow.FILE.choices(), default=flow.COLLECTING, editable=False
    )
    version = models.PositiveIntegerField(default=1)
    total = models.IntegerField(null=True)
    total_numerator = models.BigIntegerField(null=True)
    total_denominator = models.BigIntegerField(null=True)
    band = models.CharField(max_length=20, blank=True)
    missing = models.JSONField(default=list)
    remarks = models.JSONField(default=list)
    computed_at = models.DateTimeField(null=True)
    decided_band = models.CharField(max_length=20, blank=True)
    rank = models.PositiveIntegerField(null=True)
    returned_due_on = models.DateField(null=True)
    approval_void = models.BooleanField(default=False)
    announced_at = models.DateTimeField(null=True)
    notice_from_on = models.DateField(null=True)
    notice_to_on = models.DateField(null=True)
    taken_up_at = models.DateTimeField(null=True)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ("round", "position")
        constraints = (
            models.UniqueConstraint(fields=("round", "organisation"), name="one_file_each"),
            models.CheckConstraint(condition=Q(status__in=list(flow.FILE.states)), name="file_status_known"),
            models.CheckConstraint(
                condition=~Q(status__in=[flow.DECIDED, flow.REPORTED, flow.APPROVED]) | ~Q(decided_band=""),
                name="decided_file_has_a_band",
            ),
            models.CheckConstraint(
                condition=Q(notice_to_on__isnull=True) | Q(notice_to_on__gte=F("notice_from_on")),
                name="notice_ends_after_it_begins",
            ),
        )
        indexes = (
            models.Index(fields=("round", "path")),
            models.Index(fields=("round", "deciding", "status")),
            models.Index(fields=("round", "status")),
        )

    def __str__(self) -> str:
        return self.short_name

    def ancestor_ids(self) -> list[int]:
        """The frozen ids of the committees above, from the root down."""
        return [int(part) for part in self.path.strip("/").split("/")][:-1]

    def parties(self, reach: Reach) -> frozenset[str]:
        """SEC, LIA, CLK, COM, DEP, UP and who HOLDs the file now (flow.md)."""
        found: set[str] = set()
        if reach.holds(Role.BRANCH_SECRETARY, self.organisation_id):
            found.add("SEC")
        if reach.lists(Role.LIAISON, self.organisation_id):
            found.add("LIA")
        if reach.holds(Role.TOWNSHIP_CLERK, self.deciding_id):
            found.add("CLK")
        if reach.holds(Role.COMMITTEE_SECRETARY, self.deciding_id):
            found.add("COM")
        if reach.holds(Role.ORG_DEPARTMENT, self.approving_id):
            found.add("DEP")
        above = self.ancestor_ids()
        above = above[: above.index(self.approving_id)] if self.approving_id in above else above
        if any(reach.holds(Role.ORG_DEPARTMENT, unit) for unit in above):
            found.add("UP")
        with_deciding = self.status in (flow.COLLECTING, flow.COMPUTED, flow.DECIDED, flow.UNGRADED)
        if found & ({"CLK", "COM"} if with_deciding else {"DEP"}):
            found.add("HOLDER")
        if with_deciding and "DEP" in found:
            found.add("UP")
        return frozenset(found)

    def persons(self, group: str) -> frozenset[int]:
        """``authors`` of sheets in force, ``confirmers`` and ``typists`` of tracks, ``signers`` and ``drafter`` of decisions."""
        if group == "authors":
            rows = self.tracks.exclude(submitted_by=None).values_list("submitted_by", flat=True)
            raters = self.sheets.filter(status="in_force").exclude(rater=None).values_list("rater", flat=True)
            editors = {
                line["by"]
                for lines in self.sheets.filter(status="in_force").values_list("lines", flat=True)
                for line in lines.values()
                if line.get("by")
            }
            return frozenset(rows) | frozenset(raters) | frozenset(editors)
        if group == "confirmers":
            return frozenset(self.tracks.exclude(confirmed_by=None).values_list("confirmed_by", flat=True))
        if group == "typists":
            return frozenset(self.polls.exclude(entered_by=None).values_list("entered_by", flat=True))
        if group == "signers":
            rows = (
                self.decisions.filter(superseded_at=None)
                .exclude(signed_by=None)
                .values_list("signed_by", flat=True)
            )
            return frozenset(rows)
        if group == "drafter":
            return frozenset(self.decisions.filter(superseded_at=None).values_list("drafted_by", flat=True))
        raise KeyError(group)

    def home_id(self) -> int:
        """The branch."""
        return self.organisation_id
