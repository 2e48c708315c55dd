"""One sheet as a form; the secretary's own, those to confirm, those to rate, and who rates."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import flow
from assessments.access import actor_of, demand_role, round_or_404, sheet_or_404, track_or_404
from assessments.entry_grid import cells_of, columns_of, is_open
from assessments.entry_places import grid_address
from assessments.entry_sheets import (
    confirmable,
    next_to_fill,
    reads_sheet,
    to_confirm,
)
from assessments.facts import due_of
from assessments.forms.sheets import NoteForm, SheetForm
from assessments.models import Sheet
from assessments.rules import Method, SourceKind
from assessments.services import sheets as service
from assessments.services.marks import source_of
from assessments.services.schemes import rules_of
from gradingsite.lib.days import due_words, short_date
from gradingsite.lib.points import short_points
from gradingsite.lib.refusal import Conflict, Refused
from orgs.roles import Role

PER_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """One branch's sheet: points and reasons; saved as a draft or handed in."""
    found = sheet_or_404(request, pk)
    by = actor_of(request)
    if not reads_sheet(found, by):
        raise PermissionDenied("sheet")
    if request.method == "POST":
        service.demand_writer(found, by)
    source = source_of(found.track)
    rules = rules_of(found.assessment.round.scheme)
    editable = is_open(found, by)
    cells = cells_of(found, columns_of(rules, source, [found.assessment.sector]), editable)
    handing_in = request.POST.get("do") == "hand_in"
    form = SheetForm(request.POST or None, cells=cells, step=rules.precision, handing_in=handing_in)
    if request.method == "POST" and form.is_valid() and _take(request, found, form, handing_in):
        after = next_to_fill(found, by) if handing_in else None
        return redirect("assessments:sheet", (after or found).pk)
    context = _sheet_context(request, found, form, editable)
    return render(request, "assessments/sheet.html", context, status=422 if form.errors else 200)


def _take(request: HttpRequest, found: Sheet, form: SheetForm, handing_in: bool) -> bool:
    """Save what was typed and, if asked, hand in; what a rule refuses stands on top of the form."""
    by, now = actor_of(request), timezone.now()
    try:
        cells = form.written(found.pk)
        if cells:
            service.save_cells(cells=cells, by=by, now=now)
        if handing_in:
            service.hand_in(track=found.track, by=by, now=now, only=found.pk)
    except Conflict as conflict:
        form.add_error(None, f"{conflict} 没有保存，请核对后再交；刷新可看到现在的分数。")
        return False
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    name = found.assessment.short_name
    messages.success(request, f"{name}的表已提交。" if handing_in else f"{name}的表已保存，还没有提交。")
    return True


def _sheet_context(request: HttpRequest, found: Sheet, form: SheetForm, editable: bool) -> dict[str, object]:
    by, file, track = actor_of(request), found.assessment, found.track
    source = source_of(track)
    parties = file.parties(by.reach)
    step = source.step().value
    due_on = track.returned_due_on or due_of(file.round).get(step)
    behalf = editable and service.fills_on_behalf(found, by)
    return {
        "form": form,
        "sheet": found,
        "file": file,
        "round": file.round,
        "track": track,
        "source": source,
        "editable": editable,
        "step": short_points(rules_of(file.round.scheme).precision),
        "due": f"{short_date(due_on)}截止，{due_words(timezone.localdate(), due_on)}" if due_on else "",
        "behalf": behalf,
        "scans": list(file.scans.filter(step=step).select_related("file__by")) if parties else [],
        "scan_step": step,
        "may_scan": bool(parties & {"SEC", "CLK", "COM", "DEP", "LIA"}),
        "may_take_back": found.status == "in_force"
        and track.status == flow.IN
        and track.submitted_by_id == by.person.pk,
        "may_confirm": found.status == "in_force" and confirmable(track, by, timezone.localdate()),
        "may_send_back": found.status == "in_force" and service.may_send_back(track, by),
        "may_seal": source.kind is SourceKind.SELF
        and track.status == flow.CONFIRMED
        and not track.sealed_at
        and bool(parties & {"SEC", "CLK"}),
        "note_form": NoteForm(),
    }


@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a track one has handed in."""
    track = sheet_or_404(request, pk).track
    service.take_back(track=track, by=actor_of(request), now=timezone.now())
    messages.success(request, f"{track.assessment.short_name}的表已撤回，改好后再提交。")
    return redirect("assessments:sheet", pk)


@require_safe
def own(request: HttpRequest, pk: int) -> HttpResponse:
    """The secretary's own sheet."""
    round = round_or_404(request, pk)
    by = actor_of(request)
    demand_role(by.reach, Role.BRANCH_SECRETARY)
    branches = [span.organisation_id for span in by.reach.of_roles([Role.BRANCH_SECRETARY])]
    keys = [one.key for one in rules_of(round.scheme).sources if one.kind is SourceKind.SELF]
    mine = Sheet.objects.current().filter(
        assessment__round=round, assessment__organisation__in=branches, source__in=keys
    )
    found = mine.order_by("pk").values_list("pk", flat=True).first()
    if found is None:
        raise Http404
    return redirect("assessments:sheet", found)


@require_safe
def confirmations(request: HttpRequest, pk: int) -> HttpResponse:
    """Self-assessments of the branches one looks after: to be confirmed first, then the rest."""
    round = round_or_404(request, pk)
    by = actor_of(request)
    demand_role(by.reach, Role.LIAISON, Role.TOWNSHIP_CLERK, Role.COMMITTEE_SECRETARY, Role.ORG_DEPARTMENT)
    rows = to_confirm(round, by)
    due_on = due_of(round).get("confirm")
    context = {
        "round": round,
        "waiting": sum(row.track.status == flow.IN for row in rows),
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "due": f"{short_date(due_on)}截止，{due_words(timezone.localdate(), due_on)}" if due_on else "",
    }
    return render(request, "assessments/sheet_confirm_list.html", context)


@require_safe
def track(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a track is filled in, confirmed or read: its sheet, its grid where there are several, its counts."""
    found = track_or_404(request, pk)
    if source_of(found).method is Method.BALLOT:
        return redirect("assessments:poll", pk)
    sheets = (
        found.sheets.current().exclude(status="released").order_by("-pk").values_list("pk", flat=True)[:2]
    )
    if len(sheets) == 1:
        return redirect("assessments:sheet", sheets[0])
    committee = found.assessment.deciding
    return redirect(grid_address(found.assessment.round, source_of(found), committee))


@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The liaison confirms a self-assessment."""
    track = track_or_404(request, pk)
    service.confirm(track=track, by=actor_of(request), now=timezone.now())
    messages.success(request, f"已确认{track.assessment.short_name}的自评。")
    return redirect("assessments:confirmations", track.assessment.round_id)


@require_POST
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a track back for mending, with a reason the branch reads."""
    track = track_or_404(request, pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise Refused("退回要写明事由，对方看得到。", field="note")
    service.send_back(track=track, note=form.cleaned_data["note"], by=actor_of(request), now=timezone.now())
    messages.success(request, f"已退回{track.assessment.short_name}的{source_of(track).label}，等对方修改。")
    if source_of(track).method is Method.BALLOT:
        return redirect("assessments:poll", track.pk)
    fresh = track.sheets.filter(status="draft").order_by("pk").first()
    if fresh is None:
        return redirect("assessments:confirmations", track.assessment.round_id)
    return redirect("assessments:sheet", fresh.pk)


@require_POST
def seal(request: HttpRequest, pk: int) -> HttpResponse:
    """加盖公章: note that the confirmed self-assessment was sealed on paper."""
    track = track_or_404(request, pk)
    service.seal(track=track, by=actor_of(request), now=timezone.now())
    messages.success(request, f"已记下{track.assessment.short_name}的自评表加盖了公章。")
    sheet_id = track.sheets.current().order_by("-pk").values_list("pk", flat=True)[0]
    return redirect("assessments:sheet", sheet_id)
