"""Raters: who is asked for a branch's sheets, who needn't, and a rater's own list."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.access import actor_of, demand_role, round_or_404, sheet_or_404
from assessments.entry_places import committees_of
from assessments.forms.raters import RatersForm
from assessments.forms.sheets import NoteForm
from assessments.models import Assessment, Round
from assessments.rater_reading import asked_in, candidates, open_files, rated_sources, to_rate
from assessments.services import sheets as service
from assessments.services.schemes import rules_of
from gradingsite.lib.refusal import Refused
from orgs.models import Organisation, Person
from orgs.roles import Role

PER_PAGE = 50


@require_safe
def mine(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheets one is asked for as a rater."""
    round = round_or_404(request, pk)
    today = timezone.localdate()
    rows = to_rate(round, actor_of(request), today=today)
    context = {
        "round": round,
        "today": today,
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "left": sum(row.status == "draft" for row in rows),
        "first": next((row.sheet.pk for row in rows if row.status == "draft"), 0),
        "sources": list({row.source_label: row.source for row in rows}.items()),
    }
    return render(request, "assessments/mine.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def raters(request: HttpRequest, pk: int) -> HttpResponse:
    """Who rates which branch of one's committee; ask more, release some."""
    round = round_or_404(request, pk)
    by = actor_of(request)
    demand_role(by.reach, Role.TOWNSHIP_CLERK, Role.ORG_DEPARTMENT)
    committees = committees_of(round, by.reach)
    code = request.GET.get("committee", "")
    committee = next((one for one in committees if one.code == code or not code), None)
    if committee is None:
        raise Http404
    form = _form(request, round, committee)
    if request.method == "POST" and form.is_valid() and _assign(request, round, form):
        return redirect(f"{request.path}?committee={committee.code}")
    rows = asked_in(round, by, committee.pk)
    context = {"round": round, "committee": committee, "committees": committees, "form": form, "rows": rows}
    return render(request, "assessments/raters.html", context, status=422 if form.errors else 200)


def _form(request: HttpRequest, round: Round, committee: Organisation) -> RatersForm:
    """The form with what can be chosen; a POST by somebody who may not ask anybody is refused."""
    files = open_files(round, actor_of(request), committee.pk)
    allowed = [one for one in files if one.parties(actor_of(request).reach) & {"CLK", "DEP"}]
    if request.method == "POST" and files and not allowed:
        raise PermissionDenied("raters")
    return RatersForm(
        request.POST or None,
        sources=rated_sources(rules_of(round.scheme)),
        files=allowed,
        people=candidates(committee.path, timezone.localdate()),
    )


def _assign(request: HttpRequest, round: Round, form: RatersForm) -> bool:
    """Ask them for every branch chosen; a branch that refuses is named and doesn't keep the others."""
    chosen = form.chosen_people()
    people = Person.objects.in_bulk([one.person_id for one in chosen])
    wanted = [(people[one.person_id], one.unit, None) for one in chosen]
    wanted += [(None, name, None) for name in form.cleaned_data["units"]]
    by, now, done, refused = actor_of(request), timezone.now(), 0, []
    files = Assessment.objects.filter(pk__in=form.chosen_files(), round=round).in_order()
    for file in files:
        track = file.tracks.get(source=form.cleaned_data["source"])
        try:
            service.assign_raters(track=track, raters=wanted, by=by, now=now)
            done += 1
        except Refused as one:
            refused.append(f"{file.short_name}：{one}")
    if done:
        messages.success(request, f"已给 {done} 个支部指定评分人 {len(wanted)} 名。")
        for words in refused[:10]:
            messages.warning(request, words)
        return True
    form.add_error("files", "；".join(refused[:3]) or "没有可以指定的支部。")
    return False


@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """免评: a rater needn't rate, with a reason."""
    found = sheet_or_404(request, pk)
    form = NoteForm(request.POST)
    reason = form.cleaned_data["note"] if form.is_valid() else ""
    service.release(sheet=found, reason=reason, by=actor_of(request), now=timezone.now())
    messages.success(request, f"{found.assessment.short_name}：{found.rater_label or '这名评分人'}已免评。")
    where = reverse("assessments:raters", args=[found.assessment.round_id])
    return redirect(f"{where}?committee={found.assessment.deciding.code}")
