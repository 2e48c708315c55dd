"""Schemes 「分类定级方案」: one document of rules per version (domain.md 3)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from assessments.flow import SCHEME
from orgs.models import Organisation
from orgs.reach import Reach
from orgs.roles import Role


class SchemeQuerySet(models.QuerySet["Scheme"]):
    """Questions asked of schemes."""

    def within(self, reach: Reach) -> SchemeQuerySet:
        """Those one may read: shared ones, those of one's own line upward, and those issued in one's subtree."""
        if reach.everything:
            return self.all()
        above: set[int] = set()
        for span in reach.spans:
            above.update(int(part) for part in span.path.strip("/").split("/"))
        return self.filter(
            Q(organisation__isnull=True)
            | Q(organisation__in=above)
            | reach.organisations("organisation__path", "organisation_id")
        )

    def latest(self) -> SchemeQuerySet:
        """The newest version of each scheme."""
        newer = Scheme.objects.filter(
            code=models.OuterRef("code"),
            organisation=models.OuterRef("organisation"),
            version__gt=models.OuterRef("version"),
        )
        return self.filter(~models.Exists(newer))


class Scheme(models.Model):
    """One version of a scheme. ``document`` carries every rule; :class:`assessments.rules.SchemeRules` reads it.

    A frozen version never changes; a revision is a new row with the next ``version``.
    """

    code = models.SlugField("代号", max_length=60)
    name = models.CharField("名称", max_length=100)
    year = models.PositiveSmallIntegerField("年度")
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="schemes",
        verbose_name="发文单位",
    )
    refines = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="refined_by"
    )
    version = models.PositiveSmallIntegerField("版次", default=1)
    status = models.CharField(max_length=10, choices=SCHEME.choices(), default="draft", editable=False)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    created_by = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = SchemeQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("code", "organisation", "version"), name="one_version_each"),
            models.UniqueConstraint(
                fields=("code", "version"),
                condition=Q(organisation__isnull=True),
                name="one_shared_version_each",
            ),
            models.CheckConstraint(condition=Q(status__in=list(SCHEME.states)), name="scheme_status_known"),
        )
        ordering = ("-year", "code", "-version")

    def __str__(self) -> str:
        return f"{self.name}（第 {self.version} 版）"

    def parties(self, reach: Reach) -> frozenset[str]:
        """DEP: the organisation department of the issuer."""
        issuer = self.organisation_id
        return frozenset({"DEP"}) if issuer and reach.holds(Role.ORG_DEPARTMENT, issuer) else frozenset()

    def persons(self, group: str) -> frozenset[int]:
        """No move of a scheme excludes anybody."""
        return frozenset()

    def home_id(self) -> int:
        """The issuing organisation (0 for a shared scheme)."""
        return self.organisation_id or 0
