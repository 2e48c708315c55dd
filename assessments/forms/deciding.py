"""What a committee fills in: proposals in a table, and the few fields of each act on ticked branches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from assessments.rules import SchemeRules
from assessments.services.deciding import Draft
from assessments.side_by_side import Row
from orgs.forms import DayField

MOST_RANK = 9999


class DraftsForm(forms.Form):
    """A band, a reason and a rank for each branch that waits for a proposal; fields are named ``band-<file>``."""

    def __init__(self, data: Any = None, *, rules: SchemeRules, rows: Sequence[Row]) -> None:
        super().__init__(data)
        self.rows = list(rows)
        choices = [(band.key, band.label) for band in rules.bands]
        for row in self.rows:
            pk, name = row.file.pk, row.file.short_name
            held = row.decision
            self.fields[f"band-{pk}"] = forms.ChoiceField(
                label=f"{name}拟定等次", choices=choices, initial=row.proposed.key if row.proposed else ""
            )
            self.fields[f"reason-{pk}"] = forms.CharField(
                label=f"{name}改定事由", max_length=500, required=False, initial=held.reason if held else ""
            )
            self.fields[f"rank-{pk}"] = forms.IntegerField(
                label=f"{name}排位",
                required=False,
                min_value=1,
                max_value=MOST_RANK,
                initial=held.rank if held else None,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "num"}),
            )
        for name, field in self.fields.items():
            field.widget.attrs |= {"form": "drafts", "aria-label": str(field.label), "autocomplete": "off"}
            if name.startswith("band-"):
                field.widget.attrs["data-band"] = name.removeprefix("band-")

    def clean(self) -> dict[str, Any]:
        """A band other than the computed one needs its reason."""
        for row in self.rows:
            pk = row.file.pk
            band = self.cleaned_data.get(f"band-{pk}")
            if band and band != row.file.band and not self.cleaned_data.get(f"reason-{pk}"):
                self.add_error(f"reason-{pk}", "拟定的等次与计算的不同，要写明事由")
        return self.cleaned_data

    def bands(self) -> dict[int, str]:
        """The band of each file as filled in."""
        return {row.file.pk: self.cleaned_data[f"band-{row.file.pk}"] for row in self.rows}

    def drafts(self, ranks: Mapping[int, int]) -> list[Draft]:
        """The proposals that are new or changed; an empty rank takes the one proposed by total."""
        found = []
        for row in self.rows:
            pk = row.file.pk
            wanted = Draft(
                pk,
                self.cleaned_data[f"band-{pk}"],
                self.cleaned_data[f"reason-{pk}"],
                self.cleaned_data[f"rank-{pk}"] or ranks.get(pk),
            )
            held = row.decision
            if held is None or (held.computed_band, held.band, held.reason, held.rank) != (
                row.file.band,
                wanted.band,
                wanted.reason,
                wanted.rank,
            ):
                found.append(wanted)
        return found


class MeetingForm(forms.Form):
    """The meeting a decision was taken at."""

    meeting_on = DayField(label="会议日期")
    minutes_no = forms.CharField(label="纪要文号", max_length=60, help_text="例如：旺党纪要〔2026〕7号")
    wording = forms.CharField(
        label="评定意见", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )


class NoteForm(forms.Form):
    """A reason."""

    note = forms.CharField(label="事由", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class CorrectForm(MeetingForm):
    """What a correction 「更正」 may change of a decision, and why."""

    note = forms.CharField(label="更正事由", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class NoticeForm(forms.Form):
    """The dates of a public notice."""

    from_on = DayField(label="公示开始")
    to_on = DayField(label="公示截止")


class ReportForm(forms.Form):
    """What goes with a report."""

    note = forms.CharField(
        label="附言", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class PlainForm(forms.Form):
    """An act that asks for nothing more."""
