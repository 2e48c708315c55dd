"""Who is to rate which branches, and why somebody needn't."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from assessments.models import Assessment
from assessments.rater_reading import Candidate
from assessments.rules import Source
from orgs.forms import half_width


class RatersForm(forms.Form):
    """Who is to rate which branches: people with an account, units without one a line each."""

    source = forms.ChoiceField(label="评价主体")
    everywhere = forms.BooleanField(label="全部支部", required=False)
    files = forms.MultipleChoiceField(label="支部", required=False, widget=forms.CheckboxSelectMultiple)
    people = forms.MultipleChoiceField(
        label="有账号的评分人", required=False, widget=forms.CheckboxSelectMultiple
    )
    units = forms.CharField(
        label="没有账号的评分单位",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="一行一个单位，由党务干部代录，交表前要上传签字盖章件。",
    )

    def __init__(
        self,
        *args: Any,
        sources: Sequence[Source],
        files: Sequence[Assessment],
        people: Sequence[Candidate],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.candidates = {str(one.person_id): one for one in people}
        self.fields["source"].choices = [(one.key, one.label) for one in sources]
        self.fields["files"].choices = [(str(one.pk), one.short_name) for one in files]
        self.fields["people"].choices = [
            (pk, f"{one.name}　{one.unit}") for pk, one in self.candidates.items()
        ]

    def clean_units(self) -> list[str]:
        """The units, one a line, each once."""
        names = [half_width(line) for line in self.cleaned_data["units"].splitlines()]
        if any(len(name) > 60 for name in names):
            raise forms.ValidationError("单位名称不超过 60 个字。")
        return list(dict.fromkeys(name for name in names if name))

    def clean(self) -> dict[str, Any]:
        """Some branch and somebody must be named."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "files" in cleaned and not cleaned["files"] and not cleaned.get("everywhere"):
            self.add_error("files", "至少选一个支部。")
        if not cleaned.get("people") and not cleaned.get("units") and "units" in cleaned:
            self.add_error("people", "至少选一名评分人或填一个单位。")
        return cleaned

    def chosen_files(self) -> list[int]:
        """The branches meant."""
        if self.cleaned_data["everywhere"]:
            return [int(pk) for pk, _ in self.fields["files"].choices]
        return [int(pk) for pk in self.cleaned_data["files"]]

    def chosen_people(self) -> list[Candidate]:
        """The people meant."""
        return [self.candidates[pk] for pk in self.cleaned_data["people"]]
