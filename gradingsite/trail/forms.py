"""The filter above the list."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from gradingsite.trail.models import Entry
from gradingsite.trail.wording import action_choices


class EntryFilter(forms.Form):
    """Who, what, when, text; every field may be empty."""

    actor = forms.CharField(label="操作人", required=False, max_length=150)
    action = forms.ChoiceField(label="动作", required=False)
    since = forms.DateField(label="从", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="到", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    text = forms.CharField(label="对象或事由", required=False, max_length=150)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = list(Entry.objects.order_by("action").values_list("action", flat=True).distinct())
        self.fields["action"].choices = [("", "全部"), *action_choices(codes)]

    def clean(self) -> dict[str, Any]:
        """The first day must not lie after the last."""
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", "结束日期早于开始日期，请改一下。")
        return cleaned

    def terms(self) -> dict[str, Any]:
        """What the form asks, as arguments of ``EntryQuerySet.matching``; an impossible filter asks nothing more."""
        asked = self.cleaned_data if self.is_valid() else {}
        until = asked.get("until")
        return {
            "actor": asked.get("actor", ""),
            "action": asked.get("action", ""),
            "since": _midnight(asked.get("since")),
            "before": _midnight(until + dt.timedelta(days=1)) if until and until < dt.date.max else None,
            "text": asked.get("text", ""),
        }


def _midnight(day: dt.date | None) -> dt.datetime | None:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min)) if day else None
