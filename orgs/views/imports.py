"""Import of organisations: upload, look at what each row would do, confirm. For organisation departments."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gradingsite.jobs.services import start
from gradingsite.lib.refusal import Refused
from orgs import exports, resources
from orgs.imports import COLUMNS, Verdict, uploads
from orgs.imports.preview import JOB_KIND, SMALL, confirm, take_in, write_marked
from orgs.navigation import Crumb
from orgs.services.organisations import KEEPERS

PAGE = 50
IN_ORDER = (Verdict.REFUSED, Verdict.NEW, Verdict.CHANGED, Verdict.UNCHANGED, Verdict.SKIPPED)
"""Exceptions first."""
View = Callable[..., HttpResponse]


class ListForm(forms.Form):
    """A list of organisations."""

    file = forms.FileField(label="组织名单", help_text=".xlsx 或 .csv，一次不超过 6 万行")


def keepers_only(view: View) -> View:
    """403 for those who are no organisation department; a file that isn't one's own is 404."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: str) -> HttpResponse:
        if not request.actor.reach.holds_any(KEEPERS):
            raise PermissionDenied("只有县级以上组织部能导入组织。")
        if "token" in kwargs and not uploads.belongs(kwargs["token"], owner_id=request.actor.person.pk):
            raise Http404
        return view(request, **kwargs)

    return guarded


@require_safe
@keepers_only
def template(request: HttpRequest) -> HttpResponse:
    """An empty list to fill in."""
    return exports.download(resources.template(), "组织名单模板.xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
@keepers_only
def upload(request: HttpRequest) -> HttpResponse:
    """Take in a file and judge it; nothing is written."""
    form = ListForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            token = take_in(file.read(), file.name, by=request.actor, now=timezone.now())
            return redirect("orgs:import_preview", token=token)
        except Refused as refused:
            form.add_error("file", str(refused))
    context = {"form": form, "headings": COLUMNS.values(), "path": _path("导入")}
    return render(request, "orgs/import_upload.html", context, status=422 if form.is_bound else 200)


@require_safe
@keepers_only
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """What each row would do, one verdict at a time."""
    found = _preview(token)
    tabs = [(verdict, found["counts"][verdict]) for verdict in IN_ORDER]
    first = next((verdict for verdict, number in tabs if number), Verdict.NEW)
    shown = next((verdict for verdict in IN_ORDER if verdict == request.GET.get("show")), first)
    rows = [row for row in found["rows"] if row["verdict"] == shown]
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "found": found,
        "tabs": tabs,
        "shown": shown,
        "page": page,
        "token": token,
        "path": _path("核对"),
    }
    return render(request, "orgs/import_preview.html", context | {"refused": found["counts"]["refused"]})


@require_safe
@keepers_only
def marked(request: HttpRequest, token: str) -> HttpResponse:
    """The file back, its faults marked by comments."""
    name = _preview(token)["name"].rsplit(".", 1)[0]
    out = BytesIO()
    write_marked(token, out, by=request.actor)
    return exports.download(out.getvalue(), f"{name}（批注）.xlsx")


@require_POST
@keepers_only
def import_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Write what was shown: at once, or as a job where it is much."""
    found = _preview(token)
    terms = {"digest": request.POST.get("digest", ""), "accept_valid": request.POST.get("accept") == "1"}
    if found["counts"]["refused"] and not terms["accept_valid"]:
        raise Refused(
            f"有 {found['counts']['refused']} 行不通过，没有写入。",
            remedy="要写入其余的行，请先勾选“只写入可用的行”。",
        )
    if found["to_write"] > SMALL:
        start(kind=JOB_KIND, label=f"导入{found['name']}", params={"token": token} | terms, by=request.actor)
        messages.info(request, "正在后台写入，可以离开本页；结果在“我的文件”里。")
        return redirect("jobs:list")
    outcome = confirm(token, by=request.actor, now=timezone.now(), **terms)
    messages.success(request, f"导入完成：{outcome}。")
    return redirect("orgs:index")


def _preview(token: str) -> dict[str, Any]:
    found = uploads.preview_of(token)
    if found is None:
        raise Http404
    return found


def _path(words: str) -> list[Crumb]:
    return [Crumb("组织", "/orgs/"), Crumb(words)]
