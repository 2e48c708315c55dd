"""A committee's session 「评定」: proposals, signing, taking back, correcting, the notice's dates, the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from assessments import flow
from assessments.access import actor_of, committee_or_404, current_round, round_or_404
from assessments.entry_places import committees_of, reads_grid
from assessments.facts import due_of
from assessments.forms import deciding as forms
from assessments.models import Round
from assessments.quota_lines import lines_of
from assessments.rules import StepName
from assessments.services import deciding as services
from assessments.session import Choice, Session, choice_of, session_of
from gradingsite.lib.days import due_words, short_date
from gradingsite.lib.refusal import Refused
from orgs.navigation import crumbs

GET_OR_POST = ["GET", "HEAD", "POST"]


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, None for a page merely looked at."""
    return request.POST if request.method == "POST" else None


@require_safe
def now(request: HttpRequest) -> HttpResponse:
    """「评定」 leads to the round one works in."""
    round = current_round(actor_of(request).reach)
    if round is None:
        raise Http404
    return redirect("assessments:decide", round.pk)


@require_http_methods(GET_OR_POST)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The session of one committee; staff save their proposals here."""
    round = round_or_404(request, pk)
    session = _session(request, round)
    if session is None:
        return _choose(request, round)
    form = forms.DraftsForm(_posted(request), rules=session.rules, rows=session.open_rows)
    if request.method == "POST":
        if not session.clerk:
            raise PermissionDenied("draft")
        if not session.editable:
            raise Refused("现在没有等着拟定等次的支部，请刷新后再看。")
        if form.is_valid():
            return _save(request, session, form)
    context = _page(request, session) | {"form": form, "lines": list(_lines(session, form))}
    return render(request, "assessments/decide.html", context, status=422 if form.errors else 200)


def _session(request: HttpRequest, round: Round) -> Session | None:
    """The session asked for; None where several committees could be meant. 403 for those who may not read it."""
    reach = actor_of(request).reach
    code = request.GET.get("committee", "")
    if code:
        committee = committee_or_404(request, round, code)
        if not reach.everything and not reads_grid(committee, reach):
            raise PermissionDenied("session")
        return session_of(round, committee, reach)
    found = committees_of(round, reach)
    if not found:
        raise PermissionDenied("session")
    return session_of(round, found[0], reach) if len(found) == 1 else None


def _choose(request: HttpRequest, round: Round) -> HttpResponse:
    reach = actor_of(request).reach
    context = {"round": round, "committees": committees_of(round, reach)}
    context["path"] = crumbs(round.organisation, reach, last="评定")
    return render(request, "assessments/decide_choose.html", context)


def _save(request: HttpRequest, session: Session, form: forms.DraftsForm) -> HttpResponse:
    files = [row.file for row in session.open_rows]
    ranks = services.propose_ranks(files=files, bands=form.bands())
    drafts = form.drafts(ranks)
    services.draft_decisions(drafts=drafts, by=actor_of(request), now=timezone.now())
    words = f"已拟定 {len(drafts)} 个支部的等次。" if drafts else "没有改动。"
    messages.success(request, words)
    return redirect(_address(session))


def _address(session: Session) -> str:
    return f"{reverse('assessments:decide', args=[session.round.pk])}?committee={session.committee.code}"


def _page(request: HttpRequest, session: Session) -> dict[str, Any]:
    today = timezone.localdate()
    due_on = due_of(session.round).get(StepName.DECIDE.value)
    notice = session.rules.notice
    return {
        "session": session,
        "round": session.round,
        "committee": session.committee,
        "query": f"?committee={session.committee.code}",
        "path": crumbs(session.committee, actor_of(request).reach, last="评定"),
        "due": f"{short_date(due_on)}前，{due_words(today, due_on)}" if due_on else "",
        "counts": _counts(session),
        "notice_before": bool(notice and notice.timing.value == "before_report"),
    }


def _counts(session: Session) -> dict[str, int]:
    """How many branches wait for what."""
    statuses = [row.file.status for row in session.rows]
    return {
        "all": len(statuses),
        "collecting": statuses.count(flow.COLLECTING),
        "computed": statuses.count(flow.COMPUTED),
        "drafted": sum(row.drafted and row.file.status == flow.COMPUTED for row in session.rows),
        "decided": statuses.count(flow.DECIDED),
        "reported": statuses.count(flow.REPORTED),
        "approved": statuses.count(flow.APPROVED),
    }


def _lines(session: Session, form: forms.DraftsForm) -> Any:
    """Each row with its fields where the viewer may fill them in."""
    waiting = {row.file.pk for row in session.open_rows} if session.editable else set()
    for row in session.rows:
        pk = row.file.pk
        fields = (
            {name: form[f"{name}-{pk}"] for name in ("band", "reason", "rank")} if pk in waiting else None
        )
        yield {"row": row, "fields": fields}


@require_safe
def quotas(request: HttpRequest, pk: int) -> HttpResponse:
    """The quota lines for the bands as they stand in the open form; nothing is written."""
    session = _session(request, round_or_404(request, pk))
    if session is None:
        raise Http404
    bands = session.standing()
    for row in session.open_rows:
        asked = request.GET.get(f"band-{row.file.pk}", "")
        if session.rules.band(asked):
            bands[row.file.pk] = asked
    lines = lines_of(session.rules, session.round, [row.file for row in session.rows], bands)
    return render(request, "assessments/_decide_quotas.html", {"quotas": lines})


@require_safe
def minutes(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet for the meeting's minutes, to print."""
    session = _session(request, round_or_404(request, pk))
    if session is None:
        raise Http404
    return render(
        request, "assessments/decide_minutes.html", _page(request, session) | {"today": timezone.localdate()}
    )


@dataclass(frozen=True)
class Act:
    """An act on ticked branches: its words, its form, who does it."""

    title: str
    button: str
    effect: str
    form: type
    who: str
    done: str
    danger: bool = False


ACTS = {
    "sign": Act("评定", "评定", "签字后等次、事由和得分一并锁定；只有撤回、退回或更正才能再动。", forms.MeetingForm, "secretary",
                "已评定 {n} 个支部。"),
    "take-back": Act("撤回评定", "撤回评定", "这些支部回到「已计分」，原评定留存，标为作废，要重新拟定、重新签字。",
                     forms.NoteForm, "secretary", "已撤回 {n} 个支部的评定。", danger=True),
    "correct": Act("更正评定", "更正评定", "只更正会议日期、纪要文号和评定意见，等次不变；已核准的，核准随即失效，要重新核准。",
                   forms.CorrectForm, "secretary", "已更正评定。", danger=True),
    "notice": Act("登记公示日期", "登记公示", "公示期满后才能上报；登记后支部能看到自己的得分、等次和事由。", forms.NoticeForm,
                  "clerk", "已登记 {n} 个支部的公示日期。"),
    "report": Act("上报", "上报", "上级接收之前可以撤回。", forms.ReportForm, "secretary", "已上报 {n} 个支部。"),
    "take-back-report": Act("撤回上报", "撤回上报", "这些支部回到「已评定」，改好后再上报。", forms.PlainForm, "secretary",
                            "已撤回 {n} 个支部的上报。", danger=True),
}  # fmt: skip


@require_http_methods(GET_OR_POST)
def act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One act on the ticked branches: shown with its effect and their names, then done."""
    session = _session(request, round_or_404(request, pk))
    chosen = ACTS.get(name)
    if session is None or chosen is None:
        raise Http404
    if not getattr(session, chosen.who):
        raise PermissionDenied(name)
    ids = [int(one) for one in request.POST.getlist("ids") or request.GET.getlist("ids") if one.isdigit()]
    if not {row.file.pk for row in session.rows}.issuperset(ids):
        raise Http404
    choice = choice_of(session, name, ids, timezone.localdate())
    form = chosen.form(_posted(request), initial=_initial(choice))
    if request.method == "POST" and form.is_valid():
        done = _carry_out(request, session, name, ids, form)
        if done is not None:
            messages.success(request, chosen.done.format(n=done))
            return redirect(_address(session))
    context = _page(request, session) | {"act": chosen, "name": name, "choice": choice, "form": form}
    return render(request, "assessments/decide_act.html", context, status=422 if form.errors else 200)


def _initial(choice: Choice) -> dict[str, Any]:
    """A correction begins with what stands."""
    decision = choice.able[0].decision if len(choice.able) == 1 else None
    if decision is None or decision.signed_at is None:
        return {"meeting_on": timezone.localdate()}
    return {
        "meeting_on": decision.meeting_on,
        "minutes_no": decision.minutes_no,
        "wording": decision.wording,
    }


def _carry_out(request: HttpRequest, session: Session, name: str, ids: list[int], form: Any) -> int | None:
    """How many branches were acted on; None where a rule said no, which then stands in the form."""
    common: dict[str, Any] = {"by": actor_of(request), "now": timezone.now()}
    try:
        if not ids:
            raise Refused("没有选中支部。")
        return SERVICES[name](session, ids, form.cleaned_data, common)
    except Refused as refusal:
        if refusal.status != Refused.status:
            raise
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return None


def _report(session: Session, ids: list[int], data: dict[str, Any], common: dict[str, Any]) -> int:
    services.report(round=session.round, committee=session.committee, ids=ids, **data, **common)
    return len(ids)


def _correct(session: Session, ids: list[int], data: dict[str, Any], common: dict[str, Any]) -> int:
    files = [row.file for row in session.rows if row.file.pk in ids]
    if len(files) != 1:
        raise Refused("更正要一个支部一个支部地办，请只选一个。")
    services.correct_decision(file=files[0], **data, **common)
    return 1


Service = Callable[[Session, list[int], dict[str, Any], dict[str, Any]], int]
SERVICES: dict[str, Service] = {
    "sign": lambda _, ids, data, common: services.sign_decisions(ids=ids, **data, **common),
    "take-back": lambda _, ids, data, common: services.take_back_decisions(ids=ids, **data, **common),
    "correct": _correct,
    "notice": lambda _, ids, data, common: services.note_notice(ids=ids, **data, **common),
    "report": _report,
    "take-back-report": lambda _, ids, data, common: services.take_back_report(ids=ids, **common),
}
