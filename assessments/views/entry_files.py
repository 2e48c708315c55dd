"""Filling in with Excel: the template, the file filled in, what it would do, writing it."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.access import actor_of, committee_or_404, demand_role, round_or_404
from assessments.entry_files import (
    BallotLine,
    Plan,
    Verdict,
    ballot_lines,
    ballot_template,
    marks_template,
    read_ballots,
    read_marks,
)
from assessments.entry_grid import Grid, grid_of, source_for_grid
from assessments.entry_places import reads_grid
from assessments.forms.imports import ScoreFileForm
from assessments.imports.uploads import belongs, discard, keep, kept
from assessments.models import Round, Track
from assessments.rules import Method, Source
from assessments.services.polls import enter_counts
from assessments.services.schemes import rules_of
from assessments.services.sheets import save_cells
from gradingsite.lib.refusal import Refused
from orgs.exports import download
from orgs.models import Organisation
from orgs.roles import Role

PER_PAGE = 50
SHOWN = {
    "refused": Verdict.REFUSED,
    "new": Verdict.NEW,
    "changed": Verdict.CHANGED,
    "unchanged": Verdict.UNCHANGED,
}


@require_http_methods(["GET", "HEAD", "POST"])
def entry_files(request: HttpRequest, pk: int, source: str) -> HttpResponse:
    """Download the template, bring it back."""
    round, asked, committee = _place(request, pk, source)
    form = ScoreFileForm(request.POST or None, request.FILES or None)
    form.fields["file"].label = "填好的文件"
    form.fields["file"].help_text = "xlsx，用下载的模板填写。"
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["file"]
        content = chosen.read()
        try:
            _plan(request, round, asked, committee, content, chosen.name)
        except Refused as refused:
            form.add_error("file", str(refused))
        else:
            token = keep(content, owner_id=request.user.pk, now=timezone.now())
            request.session[f"entry-{token}"] = chosen.name[:100]
            return redirect(_address("entry_preview", round, asked, committee, token))
    context = _context(round, asked, committee) | {"form": form}
    return render(request, "assessments/grid_files.html", context, status=422 if form.errors else 200)


@require_safe
def template(request: HttpRequest, pk: int, source: str) -> HttpResponse:
    """The workbook to fill in."""
    round, asked, committee = _place(request, pk, source)
    if asked.method is Method.BALLOT:
        content = ballot_template(asked, _lines(request, round, asked, committee))
    else:
        content = marks_template(_grid(request, round, asked, committee))
    return download(content, f"{committee.short_name}{asked.label}填报表.xlsx")


@require_safe
def preview(request: HttpRequest, pk: int, source: str, token: str) -> HttpResponse:
    """What the file would do, place by place."""
    round, asked, committee = _place(request, pk, source)
    plan, name = _kept(request, round, asked, committee, token)
    wanted = SHOWN.get(request.GET.get("show", ""))
    judged = [one for one in plan.judged if wanted is None or one.verdict is wanted]
    context = _context(round, asked, committee) | {
        "plan": plan,
        "filename": name,
        "show": request.GET.get("show", ""),
        "page": Paginator(judged, PER_PAGE).get_page(request.GET.get("page")),
        "counts": [(key, verdict, plan.count(verdict)) for key, verdict in SHOWN.items()],
        "refused": plan.count(Verdict.REFUSED),
        "confirm_url": _address("entry_confirm", round, asked, committee, token),
    }
    return render(request, "assessments/grid_files_preview.html", context)


@require_POST
def confirm(request: HttpRequest, pk: int, source: str, token: str) -> HttpResponse:
    """Write what the preview showed, all or nothing."""
    round, asked, committee = _place(request, pk, source)
    plan, _ = _kept(request, round, asked, committee, token)
    if plan.count(Verdict.REFUSED) and "accept_valid" not in request.POST:
        raise Refused("有不能写入的地方，请先改好文件，或勾选只写入可用的部分。")
    by, now = actor_of(request), timezone.now()
    with transaction.atomic():
        save_cells(cells=plan.cells, by=by, now=now)
        for one in plan.ballots:
            enter_counts(
                track=one.track,
                counts=one.counts,
                held_on=one.held_on,
                counting_staff=one.counting_staff,
                group=one.group,
                by=by,
                now=now,
            )
    discard(token)
    if plan.ballots:
        messages.success(request, f"已录入 {plan.writes} 份票数，等另一人复核。")
    else:
        messages.success(request, f"已写入 {plan.writes} 处{asked.label}，还没有提交。")
    name = "polls" if asked.method is Method.BALLOT else "grid"
    return redirect(_address(name, round, asked, committee))


def _place(request: HttpRequest, pk: int, key: str) -> tuple[Round, Source, Organisation]:
    """404 out of reach and for sources that are neither sheets nor ballots; 403 for those who don't enter."""
    round = round_or_404(request, pk)
    reach = actor_of(request).reach
    rules = rules_of(round.scheme)
    source = rules.source(key)
    if source is None or (source.method is not Method.BALLOT and source_for_grid(rules, key) is None):
        raise Http404
    committee = committee_or_404(request, round, request.GET.get("committee", ""))
    demand_role(reach, Role.TOWNSHIP_CLERK)
    if not reads_grid(committee, reach):
        raise Http404
    return round, source, committee


def _address(name: str, round: Round, source: Source, committee: Organisation, token: str = "") -> str:
    args = [round.pk] if name == "polls" else [round.pk, source.key, *([token] if token else [])]
    return f"{reverse(f'assessments:{name}', args=args)}?committee={committee.code}"


def _context(round: Round, source: Source, committee: Organisation) -> dict[str, object]:
    back = "polls" if source.method is Method.BALLOT else "grid"
    return {
        "round": round,
        "source": source,
        "committee": committee,
        "template_url": _address("entry_template", round, source, committee),
        "upload_url": _address("entry_files", round, source, committee),
        "back_url": _address(back, round, source, committee),
    }


def _grid(request: HttpRequest, round: Round, source: Source, committee: Organisation) -> Grid:
    return grid_of(round=round, source=source, by=actor_of(request), committee=committee)


def _lines(request: HttpRequest, round: Round, source: Source, committee: Organisation) -> list[BallotLine]:
    files = round.assessments.within(actor_of(request).reach).filter(deciding=committee).counted()
    tracks = Track.objects.filter(source=source.key, assessment__in=files.values("pk"))
    return ballot_lines(source, list(tracks.select_related("assessment").order_by("assessment__position")))


def _plan(
    request: HttpRequest, round: Round, source: Source, committee: Organisation, content: bytes, name: str
) -> Plan:
    if source.method is Method.BALLOT:
        lines = _lines(request, round, source, committee)
        return read_ballots(source, lines, content, name, timezone.localdate())
    return read_marks(_grid(request, round, source, committee), content, name)


def _kept(
    request: HttpRequest, round: Round, source: Source, committee: Organisation, token: str
) -> tuple[Plan, str]:
    content = kept(token) if belongs(token, owner_id=request.user.pk) else None
    if content is None:
        raise Http404
    name = request.session.get(f"entry-{token}", "")
    return _plan(request, round, source, committee, content, name), name
