"""The approving level's pages: the list of committees, one committee's report, approving, returning, no grade."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import flow
from assessments.access import (
    actor_of,
    committee_or_404,
    current_round,
    demand_role,
    file_or_404,
    round_or_404,
)
from assessments.approval_desk import Desk, desk_of, units_of
from assessments.comparison import lines_of, picture_of
from assessments.facts import due_of
from assessments.forms.approving import ReasonForm, ReturnForm, seen_of
from assessments.forms.deciding import NoticeForm
from assessments.models import Assessment
from assessments.returning import DECISION, PAPERS, PHRASES, choices_of, may_return, plan_of
from assessments.rules import NoticeTiming, StepName
from assessments.services import approving as services
from assessments.services.deciding import note_notice
from gradingsite.lib.days import add_working_days, due_words, short_date
from gradingsite.lib.refusal import Conflict, Refused
from orgs.navigation import crumbs
from orgs.roles import Role

GET_OR_POST = ["GET", "HEAD", "POST"]
DAYS_TO_MEND = 5


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, None for a page merely looked at."""
    return request.POST if request.method == "POST" else None


@require_safe
def now(request: HttpRequest) -> HttpResponse:
    """「核准」 leads to the round one works in."""
    round = current_round(actor_of(request).reach)
    if round is None:
        raise Http404
    return redirect("assessments:approve", round.pk)


@require_safe
def index(request: HttpRequest, pk: int) -> HttpResponse:
    """The committees of the round: how many branches they reported, how many stand out."""
    round = round_or_404(request, pk)
    reach = actor_of(request).reach
    demand_role(reach, Role.ORG_DEPARTMENT)
    context = {"round": round, "units": units_of(round, reach)}
    context["path"] = crumbs(round.organisation, reach, last="核准")
    return render(request, "assessments/approve_list.html", context)


@require_safe
def leniency(request: HttpRequest, pk: int) -> HttpResponse:
    """How strictly the committees mark, side by side, as a picture and a table."""
    round = round_or_404(request, pk)
    reach = actor_of(request).reach
    demand_role(reach, Role.ORG_DEPARTMENT)
    lines = lines_of(round, reach)
    context = {"round": round, "lines": lines, "picture": picture_of(lines)}
    context["path"] = crumbs(round.organisation, reach, last="宽严比较")
    return render(request, "assessments/leniency.html", context)


@require_safe
def desk(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """One committee's report, exceptions first. Looking at it writes nothing."""
    found = _desk(request, pk, code)
    return render(request, "assessments/approve.html", _page(request, found))


def _desk(request: HttpRequest, pk: int, code: str) -> Desk:
    round = round_or_404(request, pk)
    reach = actor_of(request).reach
    committee = committee_or_404(request, round, code)
    demand_role(reach, Role.ORG_DEPARTMENT)
    return desk_of(round, committee, reach)


def _page(request: HttpRequest, found: Desk) -> dict[str, Any]:
    today = timezone.localdate()
    due_on = due_of(found.round).get(StepName.APPROVE.value)
    notice = found.rules.notice
    return {
        "desk": found,
        "round": found.round,
        "committee": found.committee,
        "path": crumbs(found.committee, actor_of(request).reach, last="核准"),
        "due": f"{short_date(due_on)}前，{due_words(today, due_on)}" if due_on else "",
        "low": found.axis[0],
        "high": found.axis[1],
        "notice_after": bool(notice and notice.timing is NoticeTiming.AFTER_APPROVAL),
    }


@require_POST
def take_up(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """接收: the level below can no longer take the report back."""
    found = _desk(request, pk, code)
    if not found.department:
        raise PermissionDenied("take_up")
    ids = [one.file.pk for one in found.untaken]
    number = services.take_up(ids=ids, by=actor_of(request), now=timezone.now())
    messages.success(request, f"已接收 {number} 个支部，下级不能再撤回。")
    return redirect("assessments:approve_committee", pk, code)


@require_POST
def approve(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Names and version once more, then the approval of exactly what was seen."""
    found = _desk(request, pk, code)
    if not found.department:
        raise PermissionDenied("approve")
    seen = seen_of(request.POST)
    if not seen:
        raise Refused("没有选中要核准的支部。")
    number = found.report.number if found.report else 0
    if request.POST.get("report") != str(number):
        raise Conflict(f"第 {number} 版已报，请重看。", remedy="回到核准页，看过新的一版再核准。")
    if request.POST.get("confirmed") == "1":
        done = services.approve(seen=seen, by=actor_of(request), now=timezone.now())
        messages.success(request, f"已核准{found.committee.short_name} {done} 个支部。")
        return redirect("assessments:approve_committee", pk, code)
    chosen = [one for one in found.candidates if one.file.pk in seen]
    if len(chosen) != len(seen) or any(
        (seen[one.file.pk].version, seen[one.file.pk].digest) != (one.file.version, one.digest)
        for one in chosen
    ):
        raise Conflict("有的支部已有新的一版或已不在上报中，请重看。", remedy="回到核准页，看过再核准。")
    return render(request, "assessments/approve_confirm.html", _page(request, found) | {"chosen": chosen})


@require_http_methods(GET_OR_POST)
def notice(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """The dates of the notice after approval, typed by the department."""
    found = _desk(request, pk, code)
    if not found.department:
        raise PermissionDenied("notice")
    files = [one for one in found.settled if one.status == flow.APPROVED and one.notice_from_on is None]
    form = NoticeForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            number = note_notice(
                ids=[one.pk for one in files], **form.cleaned_data, by=actor_of(request), now=timezone.now()
            )
            messages.success(request, f"已登记 {number} 个支部的公示日期。")
            return redirect("assessments:approve_committee", pk, code)
        except Refused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    context = _page(request, found) | {"form": form, "files": files}
    return render(request, "assessments/approve_notice.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """退回: only the ticked steps, with a reason and a date; a drawer on the approval page, a page by itself."""
    file = file_or_404(request, pk)
    reach = actor_of(request).reach
    if not may_return(file, reach):
        raise PermissionDenied("return")
    choices = choices_of(file, reach)
    today = timezone.localdate()
    start = {"due_on": add_working_days(today, DAYS_TO_MEND), "note": request.GET.get("note", "")}
    form = ReturnForm(
        _posted(request), choices=choices, initial=start | {"steps": request.GET.getlist("steps")}
    )
    if request.method == "POST" and form.is_valid():
        try:
            _send_back(request, file, form.cleaned_data)
            messages.success(request, f"已退回{file.short_name}，只退所选的步骤。")
            return _after(request, file)
        except Refused as refusal:
            if isinstance(refusal, Conflict):
                raise
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    context = _return_page(request, file, form, choices)
    name = "_return_drawer.html" if request.htmx else "return.html"
    return render(request, f"assessments/{name}", context, status=422 if form.errors else 200)


def _return_page(request: HttpRequest, file: Assessment, form: ReturnForm, choices: Any) -> dict[str, Any]:
    ticked = form.data.getlist("steps") if form.is_bound else form.initial["steps"]
    due_on = form.initial["due_on"]
    return {
        "file": file,
        "form": form,
        "choices": choices,
        "ticked": ticked,
        "plan": plan_of(file, choices, ticked),
        "phrases": PHRASES,
        "due_left": due_words(timezone.localdate(), due_on),
        "close_url": _back(request, file),
        "path": crumbs(file.organisation, actor_of(request).reach, last="退回"),
    }


@require_safe
def return_effects(request: HttpRequest, pk: int) -> HttpResponse:
    """What the ticked steps would do, while they are being ticked."""
    file = file_or_404(request, pk)
    reach = actor_of(request).reach
    if not may_return(file, reach):
        raise PermissionDenied("return")
    plan = plan_of(file, choices_of(file, reach), request.GET.getlist("steps"))
    return render(request, "assessments/_return_effects.html", {"plan": plan})


def _send_back(request: HttpRequest, file: Assessment, data: dict[str, Any]) -> None:
    steps = data["steps"]
    common: dict[str, Any] = {
        "file": file,
        "note": data["note"],
        "due_on": data["due_on"],
        "by": actor_of(request),
        "now": timezone.now(),
    }
    sources = [one for one in steps if one not in (DECISION, PAPERS)]
    if sources:
        services.return_tracks(sources=sources, **common)
    elif DECISION in steps:
        services.return_decision(**common)
    else:
        services.return_report(**common)


def _back(request: HttpRequest, file: Assessment) -> str:
    """Where one came from: the department its desk, everybody else the file."""
    if actor_of(request).reach.holds_any([Role.ORG_DEPARTMENT]):
        return f"/rounds/{file.round_id}/approve/{file.deciding.code}/"
    return f"/assessments/{file.pk}/"


def _after(request: HttpRequest, file: Assessment) -> HttpResponse:
    return redirect(_back(request, file))


@require_http_methods(GET_OR_POST)
def ungraded(request: HttpRequest, pk: int) -> HttpResponse:
    """列为未定等次, and back 恢复定级: the county's acts on a file, with a reason."""
    file = file_or_404(request, pk)
    if "DEP" not in file.parties(actor_of(request).reach):
        raise PermissionDenied("ungraded")
    back = file.status == flow.UNGRADED
    form = ReasonForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        act = services.resume if back else services.set_ungraded
        act(file=file, note=form.cleaned_data["note"], by=actor_of(request), now=timezone.now())
        messages.success(request, f"{file.short_name}{'已恢复定级' if back else '已列为未定等次'}。")
        return redirect("assessments:why", file.pk)
    context = {"file": file, "form": form, "back": back}
    context["path"] = crumbs(file.organisation, actor_of(request).reach, last="未定等次")
    return render(request, "assessments/ungraded.html", context, status=422 if form.errors else 200)
