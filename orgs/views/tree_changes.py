"""The organisation department's acts on the tree. What can't be taken back is shown with its effect and asked twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from gradingsite.lib.refusal import Refused
from orgs import organisation_forms as forms
from orgs.hooks import close_hooks
from orgs.models import Organisation
from orgs.navigation import crumbs
from orgs.services import organisations
from orgs.views.tree import organisation_in_reach

Act = Callable[[Any], Organisation]
GET_OR_POST = ["GET", "HEAD", "POST"]


def kept(request: HttpRequest, code: str) -> Organisation:
    """The organisation, if the person's department keeps it: 404 out of reach, 403 in reach without the role."""
    unit = organisation_in_reach(request, code)
    if not organisations.may_keep(unit, request.actor):
        raise PermissionDenied("只有县级以上组织部能改组织。")
    return unit


def _change(
    request: HttpRequest,
    unit: Organisation,
    form: forms.PaperForm,
    act: Act,
    *,
    title: str,
    submit: str,
    done: str,
    effect: str = "",
    ask_twice: bool = False,
) -> HttpResponse:
    """One form for one act: shown, asked once more where ``ask_twice``, then done."""
    asked = not ask_twice or request.POST.get("confirmed") == "1"
    context = {"form": form, "title": title, "submit": submit, "effect": effect, "organisation": unit}
    context["path"] = crumbs(unit, request.actor.reach, last=submit)
    if form.is_valid() and not asked:
        return render(request, "orgs/confirm.html", context | {"facts": _facts(form)})
    if form.is_valid():
        try:
            changed = act(form)
            messages.success(request, done)
            return redirect("orgs:card", changed.code)
        except Refused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    return render(request, "orgs/form.html", context, status=422 if form.is_bound else 200)


def _facts(form: forms.PaperForm) -> list[tuple[str, Any]]:
    """What was filled in, in words, to be read once more."""
    rows = []
    for name, value in form.cleaned_data.items():
        words = f"{value.full_name}（{value.code}）" if isinstance(value, Organisation) else value
        rows.append((form.fields[name].label, words))
    return rows


def _form(request: HttpRequest, kind: type[forms.PaperForm], unit: Organisation, **initial: Any) -> Any:
    start = {"on": timezone.localdate()} | initial
    return kind(request.POST or None, unit=unit, reach=request.actor.reach, initial=start)


def _terms(request: HttpRequest) -> dict[str, Any]:
    return {"by": request.actor, "now": timezone.now()}


@require_http_methods(GET_OR_POST)
def add(request: HttpRequest, code: str) -> HttpResponse:
    """Set up an organisation below this one."""
    unit = kept(request, code)
    form = _form(request, forms.AddForm, unit)

    def act(form: Any) -> Organisation:
        return organisations.add(parent=unit, **form.content(), paper=form.paper(), **_terms(request))

    title = f"在{unit.short_name}下面新设组织"
    return _change(request, unit, form, act, title=title, submit="新设下级", done="新组织已设立。")


@require_http_methods(GET_OR_POST)
def rename(request: HttpRequest, code: str) -> HttpResponse:
    """Give it a new name; the old one stays in its history and in the rounds that bore it."""
    unit = kept(request, code)
    form = _form(request, forms.RenameForm, unit, full_name=unit.full_name)

    def act(form: Any) -> Organisation:
        return organisations.rename(
            organisation=unit, **form.content(), paper=form.paper(), **_terms(request)
        )

    effect = "旧名称留在变动记录里；已经开始的轮次仍用旧名称。"
    return _change(
        request,
        unit,
        form,
        act,
        title=f"{unit.short_name}改名",
        submit="改名",
        done="名称已改。",
        effect=effect,
    )


@require_http_methods(GET_OR_POST)
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Correct what needs no document."""
    unit = kept(request, code)
    form = _form(request, forms.EditForm, unit, **forms.EditForm.initial_of(unit))

    def act(form: Any) -> Organisation:
        reason = form.cleaned_data["reason"]
        changes = {name: value for name, value in form.content().items() if name != "reason"}
        return organisations.edit(organisation=unit, changes=changes, reason=reason, **_terms(request))

    title = f"更正{unit.short_name}的信息"
    return _change(request, unit, form, act, title=title, submit="更正信息", done="信息已更正。")


@require_http_methods(GET_OR_POST)
def move(request: HttpRequest, code: str) -> HttpResponse:
    """Hang it with all below it under another organisation."""
    unit = kept(request, code)
    form = _form(request, forms.MoveForm, unit)

    def act(form: Any) -> Organisation:
        return organisations.move(organisation=unit, **form.content(), paper=form.paper(), **_terms(request))

    effect = (
        f"{unit.short_name}和它下面的所有组织一起移走，原上级今后看不到它；"
        "已经开始的轮次仍由原党委评定、原县委核准。"
    )
    title = f"移动{unit.full_name}"
    return _change(
        request, unit, form, act, title=title, submit="移动", done="已移动。", effect=effect, ask_twice=True
    )


@require_http_methods(GET_OR_POST)
def merge(request: HttpRequest, code: str) -> HttpResponse:
    """Merge a branch into another."""
    unit = kept(request, code)
    form = _form(request, forms.MergeForm, unit)

    def act(form: Any) -> Organisation:
        return organisations.merge(
            organisation=unit, **form.content(), paper=form.paper(), then=_closing(request), **_terms(request)
        )

    effect = f"{unit.short_name}不再在册，不能恢复；没核准的档案因撤并终止，没办完的整改转给并入的组织。"
    title = f"把{unit.full_name}并入别的组织"
    return _change(
        request, unit, form, act, title=title, submit="并入", done="已并入。", effect=effect, ask_twice=True
    )


@require_http_methods(GET_OR_POST)
def dissolve(request: HttpRequest, code: str) -> HttpResponse:
    """Dissolve a branch."""
    unit = kept(request, code)
    form = _form(request, forms.DissolveForm, unit)

    def act(form: Any) -> Organisation:
        return organisations.dissolve(
            organisation=unit, paper=form.paper(), then=_closing(request), **_terms(request)
        )

    effect = f"{unit.short_name}不再在册，不能恢复；没核准的档案因撤并终止，历史记录都保留。"
    title = f"撤销{unit.full_name}"
    return _change(
        request, unit, form, act, title=title, submit="撤销", done="已撤销。", effect=effect, ask_twice=True
    )


def _closing(request: HttpRequest) -> organisations.Then:
    """What the other rooms do when a branch closes, in the same transaction."""

    def then(organisation: Organisation, successor: Organisation | None) -> None:
        for hook in close_hooks():
            hook(organisation, successor, **_terms(request))

    return then
