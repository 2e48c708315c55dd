"""What is kept of every act, and the seals that make a later change visible. Rows are only ever added."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from gradingsite.trail.wording import action_label, field_label, kind_label, value_label


class EntryQuerySet(models.QuerySet["Entry"]):
    """Questions asked of the trail."""

    def about(self, kind: str, object_id: object) -> Self:
        """The history of one thing, newest first."""
        return self.filter(object_kind=kind, object_id=str(object_id)).order_by("-pk")

    def matching(
        self,
        *,
        actor: str = "",
        action: str = "",
        since: dt.datetime | None = None,
        before: dt.datetime | None = None,
        text: str = "",
    ) -> Self:
        """Entries that fit every filter given; ``since`` is included, ``before`` is not."""
        found = self
        if actor:
            found = found.filter(Q(actor_name__icontains=actor) | Q(actor__username=actor))
        if action:
            found = found.filter(action=action)
        if since:
            found = found.filter(at__gte=since)
        if before:
            found = found.filter(at__lt=before)
        if text:
            found = found.filter(Q(object_label__icontains=text) | Q(why__icontains=text) | Q(object_id=text))
        return found


class Entry(models.Model):
    """One act: who, when, what, to which record, from what to what, why. Never changed, never deleted."""

    class Via(models.TextChoices):
        WEB = "web", "网页"
        COMMAND = "command", "命令行"
        JOB = "job", "后台任务"

    # The database's clock, so that no caller can date an act.
    at = models.DateTimeField("时间", db_default=Now(), editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name="操作人",
    )
    actor_name = models.CharField("操作人姓名", max_length=150, blank=True)
    action = models.CharField("动作", max_length=80)
    object_kind = models.CharField("对象类别", max_length=80, blank=True)
    object_id = models.CharField("对象编号", max_length=80, blank=True)
    object_label = models.CharField("对象", max_length=300, blank=True)
    before = models.JSONField("改前", null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField("改后", null=True, encoder=DjangoJSONEncoder)
    why = models.TextField("事由", blank=True)
    via = models.CharField("途径", max_length=10, choices=Via.choices, default=Via.WEB)
    # A plain number: this layer knows no organisations.
    organisation_id = models.BigIntegerField("组织编号", null=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "审计记录"
        default_permissions = ()
        indexes = [
            models.Index(fields=["at"], name="trail_entry_at"),
            models.Index(fields=["actor", "id"], name="trail_entry_actor"),
            models.Index(fields=["action", "id"], name="trail_entry_action"),
            models.Index(fields=["object_kind", "object_id", "id"], name="trail_entry_object"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name or '系统'} {self.action_label} {self.object_label}".strip()

    @property
    def action_label(self) -> str:
        """The act in Chinese, or its code while nobody has named it."""
        return action_label(self.action)

    @property
    def kind_label(self) -> str:
        """The kind of record in Chinese, or its code."""
        return kind_label(self.object_kind)

    @property
    def before_text(self) -> str:
        """The old values as JSON, empty when there are none."""
        return "" if self.before is None else json.dumps(self.before, ensure_ascii=False, sort_keys=True)

    @property
    def after_text(self) -> str:
        """The new values as JSON, empty when there are none."""
        return "" if self.after is None else json.dumps(self.after, ensure_ascii=False, sort_keys=True)

    @property
    def changes(self) -> list[tuple[str, Any, Any]]:
        """Field, old value, new value in words, for each field on either side; None where a side doesn't name it."""
        old, new = self.before or {}, self.after or {}
        if not (isinstance(old, dict) and isinstance(new, dict)):
            return [("", self.before, self.after)]
        kind = self.object_kind
        return [
            (
                field_label(kind, key),
                value_label(kind, key, old.get(key)),
                value_label(kind, key, new.get(key)),
            )
            for key in sorted({**old, **new})
        ]


class Seal(models.Model):
    """One link of the chain: the entry at this position, tied to the seal before it. Order of sealing, not of ids."""

    position = models.BigIntegerField("位次", primary_key=True)
    # A plain number: a seal whose entry has been taken away must stay, to bear witness.
    entry_id = models.BigIntegerField("记录编号", unique=True)
    previous = models.CharField("前一摘要", max_length=64)
    digest = models.CharField("摘要", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "审计封存"
        default_permissions = ()

    def __str__(self) -> str:
        return f"第 {self.position} 位：记录 {self.entry_id}"
