"""Import of people: the file, what each row would do, the doing, and the passwords, once."""

from __future__ import annotations

import secrets
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gradingsite.lib.reading import read_tables
from gradingsite.lib.refusal import Refused
from orgs import exports
from orgs.forms import UploadForm
from orgs.people_import import HEADINGS, MOST_ROWS, Plan, Verdict, plan_people, write_people
from orgs.views.people import system_only, trail

KEY = "people_import"
MOST_SHOWN = 200
SAMPLE = (
    "张某某", "wangcao_zhang", "13800000000", "包村干部", "520323100000", "520323100201、520323100202", "2026-04-01",
)  # fmt: skip


@require_safe
@system_only
def template(request: HttpRequest) -> HttpResponse:
    """An empty table to fill in, with one line as an example."""
    columns = [(words, 24) for words in HEADINGS]
    return exports.download(exports.workbook("人员", columns, [SAMPLE]), "人员导入模板.xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
@system_only
def upload(request: HttpRequest) -> HttpResponse:
    """Take in the file and keep it until it is confirmed or the next one comes."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        content = file.read()
        try:
            read_tables(content, file.name, max_rows=MOST_ROWS)
        except Refused as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("orgs:people_import_preview", _keep(request, content, file.name))
    context = {"form": form, "headings": HEADINGS, "path": trail(None, "导入人员")}
    return render(request, "orgs/people_upload.html", context, status=422 if form.is_bound else 200)


@require_safe
@system_only
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """What each row would do; nothing is written yet."""
    try:
        plan = _plan(request, token)
    except Refused as refusal:
        _forget(request)
        messages.error(request, str(refusal))
        return redirect("orgs:people_import")
    counts = [(verdict, plan.count(verdict)) for verdict in Verdict]
    context = {"plan": plan, "counts": counts, "token": token, "name": request.session[KEY]["name"]}
    context |= {"rows": plan.worst_first(MOST_SHOWN), "more": max(0, len(plan.rows) - MOST_SHOWN)}
    return render(request, "orgs/people_preview.html", context | {"path": trail(None, "导入人员")})


@require_POST
@system_only
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Write the accepted rows and hand out the new passwords, on a page to print or as an Excel file."""
    plan = _plan(request, token)
    made = write_people(plan, by=request.actor, now=timezone.now())
    _forget(request)
    if request.POST.get("as") == "xlsx":
        return exports.passwords_file((one.person.name, one.person.username, one.password) for one in made)
    return render(request, "orgs/passwords.html", {"made": made, "what": f"导入完成，新账号 {len(made)} 个"})


def _plan(request: HttpRequest, token: str) -> Plan:
    kept = request.session.get(KEY, {})
    path = _path(kept.get("token", ""))
    if kept.get("token") != token or not path.is_file():
        raise Http404
    workbook = read_tables(path.read_bytes(), kept["name"], max_rows=MOST_ROWS)
    return plan_people(workbook, by=request.actor, today=timezone.localdate())


def _path(token: str) -> Path:
    """Under a random name outside the static tree; only the session that brought it knows the name."""
    return settings.DATA_DIR / "cache" / f"people-{token or 'none'}"


def _keep(request: HttpRequest, content: bytes, name: str) -> str:
    _forget(request)
    token = secrets.token_hex(16)
    path = _path(token)
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear_forgotten(path.parent)
    path.write_bytes(content)
    request.session[KEY] = {"token": token, "name": name[:100]}
    return token


def _clear_forgotten(folder: Path) -> None:
    """Files of sessions that ended without confirming: names and telephone numbers don't lie about."""
    oldest = (timezone.now() - settings.SESSION_ABSOLUTE_LIMIT).timestamp()
    for path in folder.glob("people-*"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def _forget(request: HttpRequest) -> None:
    kept = request.session.pop(KEY, None)
    if kept:
        _path(kept["token"]).unlink(missing_ok=True)
