"""Forms of accounts, posts and organisations; they read and tidy, services decide."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy

from orgs.categories import CATEGORIES
from orgs.models import Organisation, Person, Sector
from orgs.reach import Reach
from orgs.roles import AdminRole, Role

SEPARATORS = re.compile(r"[\s,，、;；]+")
NO_ORGANISATION = "没有代码为「{}」的组织，请核对。"
NO_PERSON = "没有用户名为「{}」的启用账号，请核对。"


def half_width(text: str) -> str:
    """Full-width letters, digits and blanks as plain ones, without blanks around."""
    return unicodedata.normalize("NFKC", text).strip()


def suggestions(url_name: str, datalist: str) -> dict[str, Any]:
    """Attributes of an input whose suggestions a page of ours fills in; without scripts it is typed in full."""
    return {
        "list": datalist,
        "autocomplete": "off",
        "hx-get": reverse_lazy(url_name),
        "hx-trigger": "input changed delay:250ms",
        "hx-target": f"#{datalist}",
    }


class DayField(forms.DateField):
    """A day, by the browser's own date picker."""

    def __init__(self, *, label: str, required: bool = True, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label=label, required=required, widget=widget, **kwargs)

    def to_python(self, value: Any) -> dt.date | None:
        """Also 2012年6月20日, 2012.6.20 and full-width digits."""
        if isinstance(value, str):
            value = re.sub(r"[年月./]", "-", half_width(value)).rstrip("日")
        return super().to_python(value)


class OrganisationField(forms.CharField):
    """An organisation by its code. Those outside ``choices`` answer exactly like an unknown code."""

    choices = Organisation.objects.none()

    def __init__(
        self, *, label: str, required: bool = True, suggest: str = "orgs:options", **kwargs: Any
    ) -> None:
        super().__init__(label=label, required=required, max_length=32, **kwargs)
        self.widget.attrs |= suggestions(suggest, "organisation-options")

    def clean(self, value: Any) -> Organisation | None:
        """The organisation, or None when empty and allowed to be."""
        code = half_width(super().clean(value))
        if not code:
            return None
        found = self.choices.filter(code=code).first()
        if found is None:
            raise ValidationError(NO_ORGANISATION.format(code))
        return found


class OrganisationsField(forms.CharField):
    """Organisations by their codes, one a line or separated by commas."""

    choices = Organisation.objects.none()

    def __init__(self, *, label: str, required: bool = False, help_text: str = "") -> None:
        super().__init__(
            label=label,
            required=required,
            help_text=help_text,
            max_length=20_000,
            widget=forms.Textarea(attrs={"rows": 4}),
        )

    def clean(self, value: Any) -> list[Organisation]:
        """The organisations in the order given."""
        codes = [code for code in SEPARATORS.split(half_width(super().clean(value))) if code]
        found = {unit.code: unit for unit in self.choices.filter(code__in=codes)}
        unknown = [code for code in codes if code not in found]
        if unknown:
            raise ValidationError([NO_ORGANISATION.format(code) for code in unknown[:5]])
        return [found[code] for code in dict.fromkeys(codes)]


class PersonField(forms.CharField):
    """An enabled account by its user name."""

    def __init__(self, *, label: str) -> None:
        super().__init__(label=label, max_length=60, help_text="可以输姓名来找")
        self.widget.attrs |= suggestions("orgs:person_options", "person-options")

    def clean(self, value: Any) -> Person:
        """The person."""
        username = half_width(super().clean(value))
        found = Person.objects.filter(username__iexact=username, is_active=True).first()
        if found is None:
            raise ValidationError(NO_PERSON.format(username))
        return found


def why_field(label: str = "依据", help_text: str = "写明谁提出的、哪份文件") -> forms.CharField:
    """The written ground of an act."""
    return forms.CharField(label=label, max_length=300, help_text=help_text)


class SignInForm(forms.Form):
    """User name and password."""

    username = forms.CharField(label="用户名", max_length=60)
    password = forms.CharField(label="密码", max_length=200, strip=False, widget=forms.PasswordInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs |= {"autocomplete": "username", "autofocus": True}
        self.fields["password"].widget.attrs |= {"autocomplete": "current-password"}


class PasswordForm(forms.Form):
    """The old password, and the new one twice."""

    old_password = forms.CharField(
        label="现在的密码", max_length=200, strip=False, widget=forms.PasswordInput
    )
    new_password = forms.CharField(
        label="新密码",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput,
        help_text="至少 10 位，大写字母、小写字母、数字、符号四类里至少三类，不能用最近五次用过的。",
    )
    again = forms.CharField(label="再输一遍新密码", max_length=200, strip=False, widget=forms.PasswordInput)

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["old_password"].widget.attrs |= {"autocomplete": "current-password"}
        for name in ("new_password", "again"):
            self.fields[name].widget.attrs |= {"autocomplete": "new-password"}

    def clean_old_password(self) -> str:
        """It must be the present one."""
        if not self.person.check_password(self.cleaned_data["old_password"]):
            raise ValidationError("现在的密码不对。")
        return self.cleaned_data["old_password"]

    def clean(self) -> dict[str, Any]:
        """Both new ones must agree."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("again") and cleaned.get("new_password") != cleaned["again"]:
            self.add_error("again", "两次输入的新密码不一样。")
        return cleaned


class PersonForm(forms.Form):
    """A new account."""

    username = forms.CharField(
        label="用户名", max_length=60, help_text="3 到 60 个字母、数字或 . _ -，例如 wangcao_chen"
    )
    name = forms.CharField(label="姓名", max_length=40)
    phone = forms.CharField(label="电话", max_length=30, required=False)

    def clean_username(self) -> str:
        """Full-width letters as plain ones."""
        return half_width(self.cleaned_data["username"])


class PersonEditForm(forms.Form):
    """What may be corrected of an account."""

    name = forms.CharField(label="姓名", max_length=40)
    phone = forms.CharField(label="电话", max_length=30, required=False)


class PeopleFilter(forms.Form):
    """The filter above the list of accounts."""

    q = forms.CharField(label="姓名、用户名、电话", required=False, max_length=60, widget=forms.SearchInput)
    role = forms.ChoiceField(label="职务", required=False)
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("", "全部"), ("on", "启用"), ("off", "停用"), ("locked", "锁定"), ("new", "未改初始密码")],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        posts = [(role.value, role.label) for role in Role]
        admins = [(role.value, role.label) for role in AdminRole]
        self.fields["role"].choices = [("", "全部"), *posts, *admins]


class AdminRoleForm(forms.Form):
    """Which of the three administrators a person is, if any."""

    admin_role = forms.ChoiceField(
        label="管理员",
        required=False,
        choices=[("", "不是"), *((role.value, role.label) for role in AdminRole)],
    )
    why = why_field()


class GrantForm(forms.Form):
    """A new post."""

    role = forms.ChoiceField(label="职务", choices=[(role.value, role.label) for role in Role])
    organisation = OrganisationField(
        label="组织代码", suggest="orgs:organisation_options", help_text="可以输名称或拼音首字母来找"
    )
    title = forms.CharField(label="职务名称", required=False, max_length=60, help_text="例如“副书记”，可不填")
    from_on = DayField(label="起")
    to_on = DayField(label="止", required=False, help_text="不填表示长期")
    listed = OrganisationsField(
        label="联系的组织", help_text="包村干部、督导组、联系点领导填组织代码，一行一个；其他职务不填"
    )
    why = why_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everywhere(self, "organisation", "listed")

    def clean_role(self) -> Role:
        """As a role."""
        return Role(self.cleaned_data["role"])


class EndPostForm(forms.Form):
    """The end of a post."""

    on = DayField(label="从哪天起不再担任", help_text="填今天，立即生效")
    why = why_field()


class HandOverForm(forms.Form):
    """A handover 「交接」."""

    to = PersonField(label="接任人用户名")
    on = DayField(label="交接日期", help_text="这一天起由接任人担任，没办完的事一并转交")
    title = forms.CharField(label="职务名称", required=False, max_length=60, help_text="不填则不变")
    why = why_field()


class DeputyForm(forms.Form):
    """A deputy 「代理」."""

    person = PersonField(label="代理人用户名")
    from_on = DayField(label="起")
    to_on = DayField(label="止", help_text="代理必须有结束日期，到期自动失效")
    why = why_field()


class ListedForm(forms.Form):
    """What a listed post covers."""

    organisations = OrganisationsField(
        label="联系的组织", help_text="组织代码，一行一个；留空表示不联系任何组织"
    )
    why = why_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everywhere(self, "organisations")


def everywhere(form: forms.Form, *names: str) -> None:
    """Let these fields take any organisation in being: the security administrator works for all units."""
    for name in names:
        form.fields[name].choices = Organisation.objects.active()


class UploadForm(forms.Form):
    """A file with people."""

    file = forms.FileField(label="人员表", help_text=".xlsx 或 .csv")


class OrganisationFilter(forms.Form):
    """The filter above the list of organisations; its state is the page's address."""

    q = forms.CharField(
        label="名称、编码、拼音首字母", required=False, max_length=60, widget=forms.SearchInput
    )
    unit = OrganisationField(label="所属单位代码", required=False)
    category = forms.ChoiceField(label="组织类别", required=False)
    sector = forms.ModelChoiceField(
        label="领域", required=False, queryset=Sector.objects.all(), empty_label="全部"
    )
    active = forms.ChoiceField(
        label="状态", required=False, choices=[("", "在册"), ("gone", "已撤并"), ("all", "全部")]
    )

    def __init__(self, *args: Any, reach: Reach, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = Organisation.objects.within(reach)
        self.fields["category"].choices = [("", "全部"), *((name, name) for name in CATEGORIES)]
