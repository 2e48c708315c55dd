"""What one fills in about rounds: creating, dates of the steps, taking a branch in, the filter of the list of files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from assessments.flow import FILE
from assessments.models import Round, RoundStage, Scheme
from assessments.rules import SchemeRules
from assessments.services.rounds import step_label
from assessments.steps import State, shown_steps
from gradingsite.lib.days import parse_day
from gradingsite.lib.refusal import Refused

ANY = ("", "全部")


class DayField(forms.Field):
    """A day as offices write it: 2026年4月10日, 2026-4-10, 20260410."""

    widget = forms.TextInput(attrs={"maxlength": "20", "autocomplete": "off"})

    def to_python(self, value: Any) -> dt.date | None:
        """The day, None when empty."""
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return parse_day(text[:40], name=str(self.label or "日期"))
        except Refused as refused:
            raise forms.ValidationError(refused.message) from None

    def prepare_value(self, value: Any) -> Any:
        """A day back as one types it."""
        return f"{value.year}-{value.month}-{value.day}" if isinstance(value, dt.date) else value


class RoundForm(forms.Form):
    """A round to be prepared: scheme, name and year."""

    scheme = forms.ModelChoiceField(Scheme.objects.none(), label="方案", empty_label="请选择")
    name = forms.CharField(label="名称", max_length=100, help_text="例如：2026年度分类定级")
    year = forms.IntegerField(label="年度", min_value=2000, max_value=2100)

    def __init__(self, data: Mapping[str, Any] | None = None, *, schemes: Any, **more: Any) -> None:
        super().__init__(data, **more)
        field = self.fields["scheme"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = schemes
        field.label_from_instance = lambda scheme: f"{scheme}（{scheme.get_status_display()}）"
        self.fields["year"].widget.attrs["inputmode"] = "numeric"


class StagesForm(forms.Form):
    """The dates of a round's steps, two fields a step."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, stages: Sequence[RoundStage], **more: Any
    ) -> None:
        super().__init__(data, **more)
        self.stages = list(stages)
        for stage in self.stages:
            label = step_label(stage.step)
            for name, words in (("starts_on", "开始"), ("due_on", "截止")):
                self.fields[f"{stage.step}_{name}"] = DayField(
                    label=f"{label}{words}", required=False, initial=getattr(stage, name)
                )

    def rows(self) -> list[dict[str, Any]]:
        """Each step with its two bound fields."""
        return [
            {
                "label": step_label(stage.step),
                "stage": stage.name,
                "fields": (self[f"{stage.step}_starts_on"], self[f"{stage.step}_due_on"]),
            }
            for stage in self.stages
        ]

    def dated(self) -> list[dict[str, object]]:
        """The stages as the service takes them."""
        return [
            {
                "step": stage.step,
                "name": stage.name,
                "starts_on": self.cleaned_data[f"{stage.step}_starts_on"],
                "due_on": self.cleaned_data[f"{stage.step}_due_on"],
            }
            for stage in self.stages
        ]


class AdmitForm(forms.Form):
    """A new branch to be taken into a running round."""

    code = forms.CharField(
        label="支部的组织代码",
        max_length=32,
        widget=forms.TextInput(attrs={"list": "organisation-options", "autocomplete": "off"}),
    )
    reason = forms.CharField(
        label="事由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="例如：今年3月新成立",
    )


class FilesFilter(forms.Form):
    """The filter of a round's files; its state stays in the address."""

    q = forms.CharField(label="支部", required=False, max_length=60)
    unit = forms.ChoiceField(label="单位", required=False)
    step = forms.ChoiceField(label="步骤", required=False)
    state = forms.ChoiceField(
        label="走到",
        required=False,
        choices=[ANY, ("open", "正在办"), *((state.value, state.label) for state in State)],
    )
    status = forms.ChoiceField(label="档案", required=False, choices=[ANY, *FILE.choices()])
    band = forms.ChoiceField(label="等次", required=False)
    sector = forms.ChoiceField(label="领域", required=False)
    late = forms.ChoiceField(label="逾期", required=False, choices=[ANY, ("1", "只看逾期")])
    returned = forms.ChoiceField(label="退回", required=False, choices=[ANY, ("1", "退回未改")])
    sort = forms.CharField(required=False, max_length=10, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        rules: SchemeRules,
        units: Sequence[tuple[str, str]],
        **more: Any,
    ) -> None:
        super().__init__(data, **more)
        if not self.data.get("returned"):
            # Seldom asked for by hand: it shows once a figure has led here.
            self.fields["returned"].widget = forms.HiddenInput()
        self._offer("unit", units)
        self._offer("step", [(key.value, key.label) for key in shown_steps(rules)])
        bands = [(band.key, band.label) for band in rules.bands]
        self._offer("band", [("graded", "已计分"), *bands, ("none", "未齐")])
        self._offer("sector", [(sector.key, sector.label) for sector in rules.sectors])

    def _offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [ANY, *choices]

    @staticmethod
    def round_units(round: Round, reach: Any) -> list[tuple[str, str]]:
        """The deciding committees in reach, as choices; one query."""
        rows = round.assessments.within(reach).order_by("deciding__lft").distinct()
        return list(rows.values_list("deciding__code", "deciding__short_name"))
