"""The organisation tree and its dated changes (domain.md 2)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from mptt.managers import TreeManager
from mptt.models import MPTTModel, TreeForeignKey

from orgs.categories import COMMITTEES, Form, Tier
from orgs.reach import Reach, at_or_below


class PathField(models.CharField):
    """Ancestor ids with one's own last, ``/1/12/345/``; compared byte by byte on every database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 200)
        super().__init__(*args, **kwargs)

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        """As a character field, with the ``C`` collation on PostgreSQL (SQLite compares bytes anyway)."""
        found = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            found["collation"] = "C"
        return found


class Sector(models.Model):
    """A sector 「领域」; Guizhou's seven are loaded by a migration, more can be added."""

    name = models.CharField("领域", max_length=40, unique=True)
    order = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        ordering = ("order", "pk")

    def __str__(self) -> str:
        return self.name


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Questions asked of organisations."""

    def within(self, reach: Reach) -> OrganisationQuerySet:
        """Those the reach covers today."""
        return self.filter(reach.organisations())

    def active(self) -> OrganisationQuerySet:
        """Those not merged or dissolved."""
        return self.filter(is_active=True)

    def below(self, organisation: Organisation) -> OrganisationQuerySet:
        """The organisation and everything under it, today."""
        return self.filter(at_or_below(organisation.path))

    def branches(self) -> OrganisationQuerySet:
        """Those of branch tier."""
        return self.filter(tier=Tier.BRANCH)

    def in_order(self) -> OrganisationQuerySet:
        """In the tree's own order, parents before children."""
        return self.order_by("tree_id", "lft")

    def search(self, words: str) -> OrganisationQuerySet:
        """Matches name, short name, code or pinyin initials; every blank-separated word must match."""
        found = self
        for word in words.split():
            found = found.filter(
                Q(full_name__icontains=word)
                | Q(short_name__icontains=word)
                | Q(code__startswith=word)
                | Q(pinyin__contains=word.lower())
            )
        return found


class Organisation(MPTTModel):
    """A party organisation. The tree's numbers and ``path`` are written only by :mod:`orgs.services.tree`."""

    code = models.CharField("组织代码", max_length=32, unique=True)
    full_name = models.CharField("规范全称", max_length=100)
    short_name = models.CharField("简称", max_length=100)
    pinyin = models.CharField("拼音首字母", max_length=210, blank=True)
    category = models.CharField("组织类别", max_length=20)
    tier = models.PositiveSmallIntegerField("层级", choices=[(t.value, t.label) for t in Tier])
    form = models.CharField("形式", max_length=20, choices=[(f.value, f.label) for f in Form])
    sector = models.ForeignKey(Sector, on_delete=models.PROTECT, null=True, blank=True, verbose_name="领域")
    secretary_name = models.CharField("书记姓名", max_length=40, blank=True)
    member_count = models.PositiveIntegerField("党员数", null=True, blank=True)
    people_count = models.PositiveIntegerField("群众数", null=True, blank=True)
    is_active = models.BooleanField("在册", default=True)
    founded_on = models.DateField("成立日期", null=True, blank=True)
    reporting_unit = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reports_of",
        verbose_name="统计汇总单位",
    )
    parent = TreeForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    path = PathField(db_index=True, editable=False)

    objects = TreeManager.from_queryset(OrganisationQuerySet)()

    class Meta:
        indexes = (
            models.Index(fields=("tree_id", "lft"), name="orgs_tree_lft"),
            # The number of branches under a node is read off this index alone.
            models.Index(fields=("form", "path", "is_active"), name="orgs_form_path_active"),
        )
        verbose_name = "党组织"

    class MPTTMeta:
        order_insertion_by: list[str] = []

    def __str__(self) -> str:
        return self.short_name

    @property
    def is_committee(self) -> bool:
        """A 党委, 工委 or 党组."""
        return self.form in COMMITTEES

    def get_descendant_count(self) -> int:
        """How many stand below. MPTT's own reads it off the numbers, which have gaps here; so do the next two."""
        return type(self)._base_manager.filter(at_or_below(self.path)).exclude(pk=self.pk).count()

    def is_leaf_node(self) -> bool:
        """Nothing stands below."""
        return not type(self)._base_manager.filter(parent_id=self.pk).exists()

    def get_leafnodes(self, include_self: bool = False) -> models.QuerySet[Organisation]:
        """Those below (and this one, when asked) under which nothing stands, in the tree's order."""
        return self.get_descendants(include_self=include_self).filter(children__isnull=True)

    def ancestor_ids(self) -> list[int]:
        """Ids from the root down to the parent, read off the path."""
        return [int(part) for part in self.path.strip("/").split("/")][:-1]


class OrganisationChange(models.Model):
    """One dated change of an organisation: names, place and existence are facts with a date and a document."""

    class Kind(models.TextChoices):
        FOUNDED = "founded", "成立"
        RENAMED = "renamed", "改名"
        MOVED = "moved", "移动"
        MERGED = "merged", "并入"
        DISSOLVED = "dissolved", "撤销"
        EDITED = "edited", "更正信息"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    on = models.DateField("日期")
    document_no = models.CharField("文号", max_length=60, blank=True)
    reason = models.CharField("事由", max_length=300, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    successor = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="predecessors"
    )
    by = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-on", "-pk")
