"""Rounds as pages: the list, preparing and opening, progress of the units below, the list of files, chasing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_http_methods, require_safe

from assessments import chasing, places, register
from assessments.access import actor_of, current_round, demand_party, demand_role, round_or_404
from assessments.forms.rounds import AdmitForm, FilesFilter, RoundForm, StagesForm
from assessments.models import RosterUnit, Round, Scheme
from assessments.overview import matrix_of, overview_of
from assessments.services import rounds as services
from assessments.services.schemes import rules_of
from assessments.watching import Watch
from gradingsite.lib.refusal import Refused
from gradingsite.trail.services import record
from orgs import exports
from orgs.models import Organisation
from orgs.navigation import Crumb, crumbs
from orgs.reach import Reach
from orgs.roles import Role

PAGE = 50
GET_OR_POST = ["GET", "HEAD", "POST"]


def path_to(round: Round, reach: Reach, last: str = "") -> list[Crumb]:
    """The breadcrumb of a page about a round."""
    found = [
        *crumbs(round.organisation, reach, last="进度")[:-1],
        Crumb("定级轮次", places.page("assessments:rounds")),
    ]
    if last:
        return [*found, Crumb(round.name, places.page("assessments:round", round.pk)), Crumb(last)]
    return [*found, Crumb(round.name)]


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """「进度」: all rounds one has to do with, newest first."""
    reach = actor_of(request).reach
    found = Round.objects.within(reach).select_related("scheme", "organisation").prefetch_related("stages")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "counts": register.files_per_round(page.object_list, reach),
        "may_create": may_create(reach),
    }
    return render(request, "assessments/rounds.html", context)


def may_create(reach: Reach) -> bool:
    """Whether somebody prepares rounds: an organisation department."""
    return reach.holds_any([Role.ORG_DEPARTMENT])


@require_safe
def progress(request: HttpRequest) -> HttpResponse:
    """「进度」 leads to the round one works in, else to the list."""
    found = current_round(actor_of(request).reach)
    return redirect("assessments:round", found.pk) if found else redirect("assessments:rounds")


@require_http_methods(GET_OR_POST)
def create(request: HttpRequest) -> HttpResponse:
    """Prepare a round: scheme, name, year; the dates come next."""
    by = actor_of(request)
    demand_role(by.reach, Role.ORG_DEPARTMENT)
    schemes = Scheme.objects.within(by.reach).latest().order_by("-year", "name")
    form = RoundForm(request.POST or None, schemes=schemes, initial={"year": timezone.localdate().year})
    if request.method == "POST" and form.is_valid():
        try:
            found = services.create_round(
                **form.cleaned_data, organisation=_own_committee(by.reach), by=by, now=timezone.now()
            )
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            messages.success(request, f"「{found.name}」已建好，请填各步日期。")
            return redirect("assessments:round_dates", found.pk)
    context = {
        "form": form,
        "title": "新建定级轮次",
        "submit": "建轮次",
        "back": places.page("assessments:rounds"),
    }
    return render(request, "assessments/round_form.html", context, status=422 if form.errors else 200)


def _own_committee(reach: Reach) -> Organisation:
    spans = reach.of_roles([Role.ORG_DEPARTMENT])
    return Organisation.objects.get(pk=spans[0].organisation_id)


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """How far every unit below has come; ``?unit=`` looks from a unit further down."""
    round = round_or_404(request, pk)
    reach = actor_of(request).reach
    may_manage = "DEP" in round.parties(reach)
    context: dict[str, Any] = {"round": round, "path": path_to(round, reach), "may_manage": may_manage}
    stages = [(services.step_label(stage.step), stage) for stage in round.stages.all()]
    context |= {
        "stages": stages,
        "today": timezone.localdate(),
        "scheme_url": places.page("assessments:scheme", round.scheme_id),
    }
    if round.status != "draft":
        context |= _seen_from(request, round, reach)
    return render(request, "assessments/round.html", context)


def _seen_from(request: HttpRequest, round: Round, reach: Reach) -> dict[str, Any]:
    watch = Watch([round], timezone.localdate())
    anchor = anchor_of(round, reach, request.GET.get("unit", ""))
    if anchor is None:
        files = round.assessments.within(reach).counted()
        return {"matrix": matrix_of(round, files, watch, most=200), "rules": watch.rules[round.pk]}
    found = overview_of(round, reach, watch, anchor=anchor)
    if len(found.rows) == 1 and found.rows[0].code == anchor.code:
        files = round.assessments.within(reach).counted().filter(deciding=anchor)
        return {
            "overview": found,
            "matrix": matrix_of(round, files, watch, most=400),
            "anchor": anchor,
            "rules": found.rules,
        }
    state = request.GET.get("state", "")
    if state:
        found.only(state)
    return {"overview": found, "anchor": anchor, "rules": found.rules, "state": state}


def anchor_of(round: Round, reach: Reach, code: str = "") -> Organisation | None:
    """The organisation a person looks at a round from: the asked one, else the highest one covers within it.

    None for who covers single branches only. Raises Http404 for one out of reach or out of the round.
    """
    if code:
        unit = get_object_or_404(RosterUnit.objects.select_related("organisation"), round=round, code=code)
        if not reach.covers(unit.path, unit.organisation_id):
            raise Http404
        return unit.organisation
    spans = reach.subtree_spans()
    if reach.everything or any(round.organisation.path.startswith(span.path) for span in spans):
        return round.organisation
    inside = [span for span in spans if span.path.startswith(round.organisation.path)]
    if not inside:
        return None
    return Organisation.objects.get(pk=min(inside, key=lambda span: len(span.path)).organisation_id)


@require_http_methods(GET_OR_POST)
def dates(request: HttpRequest, pk: int) -> HttpResponse:
    """The dates of the steps, before and while the round runs."""
    round = round_or_404(request, pk)
    by = actor_of(request)
    demand_party(round, by.reach, "DEP")
    form = StagesForm(request.POST or None, stages=round.stages.all())
    if request.method == "POST" and form.is_valid():
        try:
            services.change_dates(round=round, stages=form.dated(), by=by)
        except Refused as refused:
            form.add_error(
                f"{refused.field}_due_on" if f"{refused.field}_due_on" in form.fields else None, str(refused)
            )
        else:
            messages.success(request, "各步日期已保存。")
            return redirect("assessments:round", round.pk)
    context = {"form": form, "round": round, "path": path_to(round, by.reach, "各步日期")}
    return render(request, "assessments/round_dates.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
def open_round(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a round: first what it will do, then the act."""
    round = round_or_404(request, pk)
    by = actor_of(request)
    demand_party(round, by.reach, "DEP")
    if request.method == "POST":
        number = services.open_round(round=round, by=by, now=timezone.now())
        messages.success(request, f"「{round.name}」已开始，{number} 个支部建了档案。")
        return redirect("assessments:round", round.pk)
    graded = services.graded_branches(round)
    context = {
        "round": round,
        "path": path_to(round, by.reach, "开始"),
        "title": f"开始「{round.name}」",
        "submit": f"开始，给 {graded} 个支部建档",
        "effects": [
            f"方案「{round.scheme.name}」第 {round.scheme.version} 版冻结，不能再改；要改只能修订为新一版，用于以后的轮次",
            f"名册冻结：{graded} 个支部各建一份档案，此后组织变动不影响本轮次",
            "各支部书记、乡镇党务干部、评分人的待办里马上出现要办的事",
        ],
        "undated": [services.step_label(stage.step) for stage in round.stages.all() if stage.due_on is None],
    }
    return render(request, "assessments/round_confirm.html", context)


@require_http_methods(GET_OR_POST)
def close_round(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a round: first what is left, then the act."""
    round = round_or_404(request, pk)
    by = actor_of(request)
    demand_party(round, by.reach, "DEP")
    if request.method == "POST":
        services.close_round(round=round, by=by, now=timezone.now())
        messages.success(request, f"「{round.name}」已结束。")
        return redirect("assessments:round", round.pk)
    context = {
        "round": round,
        "path": path_to(round, by.reach, "结束"),
        "title": f"结束「{round.name}」",
        "submit": f"结束「{round.name}」",
        "effects": ["结束后各档案不能再改、不能再退回", "发现的问题在整改中处理"],
        "left": register.left_to_close(round, timezone.localdate()),
    }
    return render(request, "assessments/round_confirm.html", context)


@require_http_methods(GET_OR_POST)
def admit(request: HttpRequest, pk: int) -> HttpResponse:
    """「补入」: take a branch into a running round, with a reason."""
    round = round_or_404(request, pk)
    by = actor_of(request)
    demand_party(round, by.reach, "DEP")
    form = AdmitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        branch = Organisation.objects.within(by.reach).filter(code=form.cleaned_data["code"].strip()).first()
        try:
            if branch is None:
                raise Refused("没有找到这个支部，请核对组织代码。", field="code")
            file = services.admit(
                round=round,
                organisation=branch,
                reason=form.cleaned_data["reason"],
                by=by,
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error("code", str(refused))
        else:
            messages.success(request, f"{file.short_name}已补入「{round.name}」。")
            return redirect("assessments:round", round.pk)
    context = {
        "form": form,
        "path": path_to(round, by.reach, "补入支部"),
        "title": "补入支部",
        "submit": "补入这个支部",
        "effect": f"补入后按「{round.name}」的方案定级，事由记入档案。",
        "back": places.page("assessments:round", round.pk),
    }
    return render(request, "assessments/round_form.html", context, status=422 if form.errors else 200)


def _filtered(request: HttpRequest, round: Round) -> tuple[FilesFilter, Any, Watch]:
    """The filter, the files that fit it, and their watch; a filter that makes no sense finds nothing."""
    reach = actor_of(request).reach
    watch = Watch([round], timezone.localdate())
    form = FilesFilter(
        request.GET or MultiValueDict(),
        rules=watch.rules[round.pk],
        units=FilesFilter.round_units(round, reach),
    )
    valid = form.is_valid()
    terms = dict(form.cleaned_data)
    unit = request.GET.get("unit", "")
    if unit and "unit" in form.errors and RosterUnit.objects.filter(round=round, code=unit).exists():
        # A county or an office between: no choice of the filter, but an address figures lead to.
        terms["unit"], valid = unit, set(form.errors) == {"unit"}
    found = register.files_behind(round, reach, watch, terms)
    return form, found if valid else found.none(), watch


@require_safe
def files(request: HttpRequest, pk: int) -> HttpResponse:
    """The files of a round in reach: the rows behind every figure."""
    round = round_or_404(request, pk)
    reach = actor_of(request).reach
    form, found, watch = _filtered(request, round)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    export = places.page("assessments:round_files_export", round.pk)
    context = {
        "round": round,
        "form": form,
        "page": page,
        "lines": register.lines_of(page.object_list, watch.rules[round.pk], reach, watch),
        "path": path_to(round, reach, "支部名单"),
        "export_url": f"{export}?{request.GET.urlencode()}" if request.GET else export,
    }
    return render(request, "assessments/round_files.html", context)


@require_safe
def files_export(request: HttpRequest, pk: int) -> HttpResponse:
    """「导出当前结果」: the same rows, all pages, as an Excel file."""
    round = round_or_404(request, pk)
    by = actor_of(request)
    _, found, watch = _filtered(request, round)
    lines = register.lines_of(found.iterator(chunk_size=500), rules_of(round.scheme), by.reach, watch)
    content = exports.workbook("支部名单", register.COLUMNS, register.rows_for_file(lines))
    record(
        by=by,
        action="files.export",
        obj=round,
        after=request.GET.dict(),
        organisation_id=round.organisation_id,
    )
    return exports.download(content, f"{round.name}支部名单{timezone.localdate():%Y%m%d}.xlsx")


@require_safe
def chase(request: HttpRequest, pk: int) -> HttpResponse:
    """「催办」: who is late with a step of a unit, and a text to send them."""
    round = round_or_404(request, pk)
    by = actor_of(request)
    demand_role(by.reach, Role.TOWNSHIP_CLERK, Role.COMMITTEE_SECRETARY, Role.ORG_DEPARTMENT)
    watch = Watch([round], timezone.localdate())
    unit, step = request.GET.get("unit", ""), request.GET.get("step", "")
    late = register.files_behind(round, by.reach, watch, {"unit": unit, "step": step, "late": True})
    lines = list(register.lines_of(late[:500], watch.rules[round.pk], by.reach, watch))
    context = {
        "round": round,
        "lines": lines,
        "path": path_to(round, by.reach, "催办"),
        "text": chasing.text_for(round, lines, step, timezone.localdate()),
        "contacts": chasing.contacts_of(lines, step, timezone.localdate()),
        "files_url": places.files_page(round.pk, unit=unit, step=step, late=1),
    }
    return render(request, "assessments/round_chase.html", context)
