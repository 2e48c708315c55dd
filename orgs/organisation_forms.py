"""Forms of the acts that change the tree: each rests on a day, a document number and a reason (domain.md 2)."""

from __future__ import annotations

from typing import Any

from django import forms

from orgs.categories import CATEGORIES, Form, Tier, parent_fault
from orgs.forms import DayField, OrganisationField, half_width
from orgs.models import Organisation, Sector
from orgs.reach import Reach
from orgs.services.organisations import KEEPERS, Paper


class CountField(forms.IntegerField):
    """A head count; 「７０」 and 「70人」 are read as 70."""

    def __init__(self, *, label: str) -> None:
        widget = forms.TextInput(attrs={"inputmode": "numeric"})
        super().__init__(label=label, required=False, min_value=0, widget=widget)

    def to_python(self, value: Any) -> int | None:
        """As a whole number, or None when empty."""
        return super().to_python(half_width(str(value)).removesuffix("人") if value is not None else value)


class CodeField(forms.CharField):
    """A new organisation's code."""

    def clean(self, value: Any) -> str:
        """Full-width letters and digits as plain ones."""
        return half_width(super().clean(value))


class PaperForm(forms.Form):
    """What an act rests on; the end of every form here."""

    on = DayField(label="日期", help_text="文件上的生效日期")
    document_no = forms.CharField(label="文号", max_length=60, help_text="例如 绥组〔2026〕12号")
    reason = forms.CharField(label="事由", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    field_order: tuple[str, ...] = ()

    def __init__(self, *args: Any, unit: Organisation, reach: Reach, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit = unit
        for name in ("parent", "into", "reporting_unit"):
            if name in self.fields:
                self.fields[name].choices = Organisation.objects.active().filter(
                    reach.organisations(roles=KEEPERS)
                )

    def paper(self) -> Paper:
        """The day, the number and the reason as one value."""
        return Paper(*(self.cleaned_data[name] for name in ("on", "document_no", "reason")))

    def content(self) -> dict[str, Any]:
        """The other fields."""
        papers = {"on", "document_no", "reason"}
        return {name: value for name, value in self.cleaned_data.items() if name not in papers}


class AddForm(PaperForm):
    """A new organisation under ``unit``; only categories that may stand there are offered."""

    code = CodeField(label="组织代码", max_length=32, help_text="6 到 32 位字母或数字，全系统不能重复")
    full_name = forms.CharField(label="规范全称", max_length=100)
    category = forms.ChoiceField(label="组织类别")
    sector = forms.ModelChoiceField(
        label="领域", required=False, queryset=Sector.objects.all(), empty_label="不填"
    )
    secretary_name = forms.CharField(label="书记姓名", required=False, max_length=40)
    member_count = CountField(label="党员数")
    people_count = CountField(label="群众数")

    field_order = (
        "code", "full_name", "category", "sector", "secretary_name", "member_count", "people_count",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        above = (Tier(self.unit.tier), Form(self.unit.form))
        fitting = [name for name, place in CATEGORIES.items() if not parent_fault(place, above)]
        self.fields["category"].choices = [(name, name) for name in reversed(fitting)]


class RenameForm(PaperForm):
    """A new name."""

    full_name = forms.CharField(label="新的规范全称", max_length=100)
    short_name = forms.CharField(label="简称", required=False, max_length=100, help_text="不填则由全称得出")

    field_order = ("full_name", "short_name")


class MoveForm(PaperForm):
    """A new place."""

    parent = OrganisationField(label="移到哪个组织下面", help_text="填组织代码，可以输名称或拼音首字母来找")

    field_order = ("parent",)


class MergeForm(PaperForm):
    """The successor of a branch."""

    into = OrganisationField(label="并入哪个组织", help_text="填组织代码，可以输名称或拼音首字母来找")

    field_order = ("into",)


class DissolveForm(PaperForm):
    """The end of a branch."""


class EditForm(PaperForm):
    """What is corrected without a document: secretary, counts, sector, short name, founding day, reporting unit."""

    secretary_name = forms.CharField(label="书记姓名", required=False, max_length=40)
    member_count = CountField(label="党员数")
    people_count = CountField(label="群众数")
    sector = forms.ModelChoiceField(
        label="领域", required=False, queryset=Sector.objects.all(), empty_label="不填"
    )
    short_name = forms.CharField(label="简称", max_length=100)
    founded_on = DayField(label="成立日期", required=False)
    reporting_unit = OrganisationField(
        label="统计汇总单位", required=False, help_text="统计时不算在上级名下才填，填组织代码"
    )

    on = None
    document_no = None
    field_order = (
        "secretary_name", "member_count", "people_count", "sector", "short_name", "founded_on", "reporting_unit",
    )  # fmt: skip

    @staticmethod
    def initial_of(unit: Organisation) -> dict[str, Any]:
        """What the form shows first: as it stands."""
        found = {name: getattr(unit, name) for name in EditForm.field_order}
        return found | {"reporting_unit": unit.reporting_unit.code if unit.reporting_unit else ""}
