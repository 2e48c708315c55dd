"""What the approving level fills in: a return, a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from assessments.returning import Choice
from assessments.services.approving import Seen
from gradingsite.lib.refusal import Refused
from orgs.forms import DayField


class ReturnForm(forms.Form):
    """Which steps go back, why, and by when."""

    steps = forms.MultipleChoiceField(
        label="只退哪一步",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请选要退回的步骤"},
    )
    note = forms.CharField(
        label="事由",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "请写明事由"},
    )
    due_on = DayField(label="何时前补齐")

    def __init__(self, data: Any = None, *, choices: Sequence[Choice], **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["steps"].choices = [(one.key, one.label) for one in choices]


class ReasonForm(forms.Form):
    """A reason."""

    note = forms.CharField(label="事由", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


def seen_of(data: Any) -> dict[int, Seen]:
    """The ticked files with the version and digest the page showed. Raises Refused for a damaged form."""
    found = {}
    for one in data.getlist("ids"):
        version, _, digest = str(data.get(f"seen-{one}", "")).partition(":")
        if not one.isdigit() or not version.isdigit() or not digest:
            raise Refused("表单不完整，请回到核准页重新选。")
        found[int(one)] = Seen(int(version), digest)
    return found
