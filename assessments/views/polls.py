"""Ballots on paper: the list by branch, the form of the first person, the look of the second."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from assessments.access import actor_of, current_round, demand_role, round_or_404, track_or_404
from assessments.entry_places import READERS
from assessments.forms.polls import PollFilter, ReturnForm, TallyForm
from assessments.models import Track
from assessments.poll_reading import (
    PollPage,
    PollRow,
    earlier_form,
    next_open,
    poll_page,
    polls_in,
    reads_polls,
)
from assessments.rules import Method, StepName
from assessments.services import sheets as sheets_service
from assessments.services.marks import source_of
from assessments.services.polls import confirm_counts, enter_all_counts
from assessments.services.scans import store_scan
from gradingsite.lib.refusal import Refused
from orgs.navigation import crumbs

PER_PAGE = 50


@require_safe
def current(request: HttpRequest) -> HttpResponse:
    """The ballots of the round one works in now."""
    demand_role(actor_of(request).reach, *READERS)
    round = current_round(actor_of(request).reach)
    if round is None:
        raise Http404
    return redirect("assessments:polls", round.pk)


@require_safe
def index(request: HttpRequest, pk: int) -> HttpResponse:
    """Branches and ballots with what became of each."""
    round = round_or_404(request, pk)
    by = actor_of(request)
    demand_role(by.reach, *READERS)
    terms = {name: request.GET.get(name, "").strip() for name in ("committee", "state", "q")}
    found = polls_in(round, by, today=timezone.localdate(), **terms)
    form = PollFilter(
        request.GET or None, committees=[(one.code, one.short_name) for one in found.committees]
    )
    page = Paginator(found.tracks, PER_PAGE).get_page(request.GET.get("page"))
    for track in page.object_list:
        track.assessment.round = round
    context = {
        "round": round,
        "found": found,
        "form": form,
        "page": page,
        "rows": found.rows(page.object_list),
    }
    context |= {"state": terms["state"], "first": _first_act(context["rows"])}
    return render(request, "assessments/polls.html", context)


def _first_act(rows: Sequence[PollRow]) -> int:
    """The track of the first row with something to do: only its button is red."""
    return next((row.track.pk for row in rows if row.act), 0)


@require_http_methods(["GET", "HEAD", "POST"])
def poll(request: HttpRequest, pk: int) -> HttpResponse:
    """One branch's ballot: to type, to look over, to read; a POST names in ``do`` what is done."""
    track = track_or_404(request, pk)
    if source_of(track).method is not Method.BALLOT:
        raise Http404
    if not reads_polls(track, actor_of(request)):
        raise PermissionDenied("poll")
    if request.method != "POST":
        return _show(request, track)
    if "CLK" not in track.assessment.parties(actor_of(request).reach):
        raise PermissionDenied("poll")
    return ACTS.get(request.POST.get("do", ""), _enter)(request, track)


def _show(
    request: HttpRequest, track: Track, form: TallyForm | None = None, note: ReturnForm | None = None
) -> HttpResponse:
    by, today = actor_of(request), timezone.localdate()
    found = poll_page(track, by, today=today)
    if form is None and "enter" in found.moves:
        form = TallyForm(source=found.source, today=today, initial=earlier_form(track, by))
    status = 422 if (form and form.errors) or (note and note.errors) else 200
    context = _context(track, found, form, note)
    context["path"] = crumbs(track.assessment.organisation, by.reach, last=found.source.label)
    return render(request, "assessments/poll.html", context, status=status)


def _context(
    track: Track, found: PollPage, form: TallyForm | None, note: ReturnForm | None
) -> dict[str, object]:
    file = track.assessment
    return {
        "next": next_open(track) if "CLK" in found.parties else None,
        "found": found,
        "file": file,
        "track": track,
        "form": form,
        "returning": note or ReturnForm(),
        "sending_back": note is not None,
        "scans": file.scans.filter(step=StepName.BALLOT.value).select_related("file__by"),
    }


def _enter(request: HttpRequest, track: Track) -> HttpResponse:
    """The first person's figures."""
    by, now, today = actor_of(request), timezone.now(), timezone.localdate()
    form = TallyForm(request.POST, request.FILES, source=source_of(track), today=today)
    if not form.is_valid():
        return _show(request, track, form)
    try:
        enter_all_counts(track=track, sheet=form.sheet(), by=by, now=now)
    except Refused as refused:
        form.add_error(None, str(refused))
        return _show(request, track, form)
    if form.cleaned_data["scan"]:
        _keep_scan(request, track, form)
    track.refresh_from_db(fields=["status"])
    messages.success(request, f"{_name(track)}的票数已录入，等另一名党务干部复核后计票。")
    return redirect("assessments:poll", track.pk)


def _keep_scan(request: HttpRequest, track: Track, form: TallyForm) -> None:
    """The figures stand whether or not the scan can be kept."""
    by, step = actor_of(request), StepName.BALLOT.value
    try:
        upload = form.cleaned_data["scan"]
        store_scan(assessment=track.assessment, step=step, upload=upload, by=by, now=timezone.now())
    except Refused as refused:
        messages.warning(request, f"扫描件没有存上：{refused}")


def _confirm(request: HttpRequest, track: Track) -> HttpResponse:
    """The second person found the figures as on paper."""
    by = actor_of(request)
    confirm_counts(track=track, by=by, now=timezone.now(), seen=request.POST.get("seen", ""))
    messages.success(request, f"{_name(track)}已计票。")
    return redirect("assessments:poll", track.pk)


def _send_back(request: HttpRequest, track: Track) -> HttpResponse:
    """The second person found something else on paper."""
    note = ReturnForm(request.POST)
    if not note.is_valid():
        return _show(request, track, note=note)
    sheets_service.send_back(
        track=track, note=note.cleaned_data["note"], by=actor_of(request), now=timezone.now()
    )
    messages.success(request, f"{_name(track)}已退回修改。")
    return redirect("assessments:poll", track.pk)


def _take_back(request: HttpRequest, track: Track) -> HttpResponse:
    """The first person wants to mend before the second has looked."""
    sheets_service.take_back(track=track, by=actor_of(request), now=timezone.now())
    messages.success(request, f"{_name(track)}的票数已撤回，改好再交。")
    return redirect("assessments:poll", track.pk)


def _name(track: Track) -> str:
    return f"{track.assessment.short_name}{source_of(track).label}"


ACTS: dict[str, Callable[[HttpRequest, Track], HttpResponse]] = {
    "confirm": _confirm,
    "send_back": _send_back,
    "take_back": _take_back,
}
