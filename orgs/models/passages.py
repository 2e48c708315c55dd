"""What happened to a thing, as people read it: one row per move (house.md 3)."""

from __future__ import annotations

from typing import Any

from django.db import models


class PassageQuerySet(models.QuerySet["Passage"]):
    """Questions asked of passages."""

    def of(self, obj: models.Model) -> PassageQuerySet:
        """The history of one thing, oldest first."""
        return self.filter(kind=obj._meta.label_lower, object_id=obj.pk).order_by("at", "pk")


class Passage(models.Model):
    """One move of one thing: who, as what, when, from where to where, why. Written only by ``move()``."""

    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    flow = models.CharField(max_length=20)
    name = models.CharField(max_length=30)
    label = models.CharField(max_length=40)
    source = models.CharField(max_length=20)
    target = models.CharField(max_length=20)
    by = models.ForeignKey("orgs.Person", on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=60)
    post_label = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    note = models.TextField(blank=True)
    due_on = models.DateField(null=True, blank=True)
    details: Any = models.JSONField(default=dict)

    objects = PassageQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=("kind", "object_id", "at")),)
