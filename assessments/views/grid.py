"""The score grid: the page, saving blocks of cells, handing in, the guide to filling in."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from assessments.access import actor_of, committee_or_404, current_round, round_or_404
from assessments.entry_grid import Grid, GridRow, grid_of, source_for_grid, sources_for_grid, sum_words
from assessments.entry_places import READERS, committees_of, grid_address, reads_grid
from assessments.facts import due_of
from assessments.forms.grid import Entered, read_block
from assessments.models import Round, Sheet
from assessments.rules import Source
from assessments.services.schemes import rules_of
from assessments.services.sheets import hand_in, save_cells
from gradingsite.lib.days import due_words, short_date
from gradingsite.lib.points import format_points, short_points
from gradingsite.lib.refusal import Conflict, Refused
from orgs.actor import Actor
from orgs.models import Organisation
from orgs.roles import Role


@require_safe
def enter(request: HttpRequest) -> HttpResponse:
    """评分 of the round one works in: the committee's grid, one's own sheet, or the list of sheets asked for."""
    reach = actor_of(request).reach
    round = current_round(reach)
    if round is None:
        raise Http404
    if reach.holds_any(READERS):
        return redirect("assessments:grid", round.pk, sources_for_grid(rules_of(round.scheme))[0].key)
    if reach.holds_any([Role.BRANCH_SECRETARY]):
        return redirect("assessments:self_sheet", round.pk)
    return redirect(
        "assessments:confirmations" if reach.holds_any([Role.LIAISON]) else "assessments:mine", round.pk
    )


@require_safe
def show(request: HttpRequest, pk: int, source: str) -> HttpResponse:
    """Branches down, indicators across; filled in like a sheet of Excel."""
    round, asked, committee = _place(request, pk, source)
    by = actor_of(request)
    grid = grid_of(round=round, source=asked, by=by, committee=committee)
    due_on = due_of(round).get(asked.step().value)
    context = {
        "grid": grid,
        "round": round,
        "step": short_points(grid.rules.precision),
        "due": f"{short_date(due_on)}截止，{due_words(timezone.localdate(), due_on)}" if due_on else "",
        "sources": sources_for_grid(grid.rules) if committee else [asked],
        "committees": committees_of(round, by.reach) if committee else [],
        "save_url": grid_address(round, asked, committee, name="grid_save"),
        "submit_url": grid_address(round, asked, committee, name="grid_submit"),
        "files_url": grid_address(round, asked, committee, name="entry_files"),
    }
    return render(request, "assessments/grid.html", context)


@require_POST
def save(request: HttpRequest, pk: int, source: str) -> HttpResponse:
    """Write cells; says of each what became of it. A block marked whole is written whole or not at all."""
    round, asked, committee = _place(request, pk, source)
    by = actor_of(request)
    block = read_block(request.body)
    ids = {entry.sheet_id for entry in block.entries}
    _demand_sheets(round, asked, committee, by, ids)
    told = (
        _save_whole(block.entries, by) if block.whole else [_save_one(entry, by) for entry in block.entries]
    )
    grid = grid_of(round=round, source=asked, by=by, committee=committee, sheet_ids=ids)
    _tell_standing(told, grid)
    answer = {
        "at": f"{timezone.localtime():%H:%M}",
        "cells": told,
        "rows": [_row_told(request, row) for row in grid.rows],
    }
    return JsonResponse(answer)


@require_POST
def submit(request: HttpRequest, pk: int, source: str) -> HttpResponse:
    """Hand in every sheet that is filled in, or the one named; branches that can't be are named with the reason."""
    round, asked, committee = _place(request, pk, source)
    by = actor_of(request)
    grid = grid_of(round=round, source=asked, by=by, committee=committee)
    tracks = {row.file.pk: row.sheet.track for row in grid.ready}
    done, refused = 0, []
    for track in tracks.values():
        try:
            hand_in(track=track, by=by, now=timezone.now())
            done += 1
        except Refused as one:
            refused.append(str(one))
    if done:
        messages.success(request, f"已提交 {done} 个支部的{asked.label}。")
    for words in refused[:10]:
        messages.warning(request, words)
    if not tracks:
        messages.warning(request, "没有可以提交的支部，请先把分数和扣分事由填齐。")
    return redirect(grid_address(round, asked, committee))


@require_safe
def guide(request: HttpRequest, pk: int, source: str) -> HttpResponse:
    """填报说明: what the scheme itself says about filling in this source."""
    round = round_or_404(request, pk)
    rules = rules_of(round.scheme)
    asked = rules.source(source)
    if asked is None:
        raise Http404
    context = {"round": round, "rules": rules, "source": asked, "step": short_points(rules.precision)}
    return render(request, "assessments/grid_guide.html", context)


def _place(request: HttpRequest, pk: int, key: str) -> tuple[Round, Source, Organisation | None]:
    """Round, source and committee of a grid; without a committee one's own sheets as a rater."""
    round = round_or_404(request, pk)
    source = source_for_grid(rules_of(round.scheme), key)
    if source is None:
        raise Http404
    by = actor_of(request)
    code = request.GET.get("committee", "")
    if code:
        committee = committee_or_404(request, round, code)
        if not reads_grid(committee, by.reach):
            raise PermissionDenied("grid")
        return round, source, committee
    if Sheet.objects.current().filter(assessment__round=round, source=key, rater=by.person.pk).exists():
        return round, source, None
    found = committees_of(round, by.reach)
    if not found:
        raise PermissionDenied("grid")
    return round, source, found[0]


def _demand_sheets(
    round: Round, source: Source, committee: Organisation | None, by: Actor, ids: set[int]
) -> None:
    """404 unless every sheet belongs to this grid."""
    sheets = Sheet.objects.filter(pk__in=ids, assessment__round=round, source=source.key)
    if committee is None:
        sheets = sheets.filter(rater=by.person.pk)
    else:
        files = round.assessments.within(by.reach).filter(deciding=committee)
        sheets = sheets.filter(assessment__in=files.values("pk"))
    if sheets.count() != len(ids):
        raise Http404


def _save_one(entry: Entered, by: Actor) -> dict[str, object]:
    told: dict[str, object] = {"sheet": entry.sheet_id, "key": entry.indicator, "state": "saved"}
    try:
        if entry.cell is None:
            raise Refused(entry.fault)
        save_cells(cells=[entry.cell], by=by, now=timezone.now())
    except Conflict as conflict:
        told |= {"state": "conflict", "words": str(conflict)}
    except Refused as refused:
        told |= {"state": "refused", "words": str(refused)}
    return told


def _save_whole(entries: tuple[Entered, ...], by: Actor) -> list[dict[str, object]]:
    """All cells in one transaction. When one is refused, none is written and each says so."""
    told: list[dict[str, object]] = [
        {"sheet": entry.sheet_id, "key": entry.indicator, "state": "saved"} for entry in entries
    ]
    faulty = {place: entry.fault for place, entry in enumerate(entries) if entry.cell is None}
    fault, at = "", ""
    if not faulty:
        try:
            save_cells(cells=[entry.cell for entry in entries if entry.cell], by=by, now=timezone.now())
        except Refused as refused:
            fault, at = str(refused), refused.field
    if faulty or fault:
        for place, one in enumerate(told):
            mine = at == f"{one['sheet']}:{one['key']}"
            state = "conflict" if mine else "refused"
            one |= {"state": state, "words": faulty.get(place) or fault or "整块没有写入"}
    return told


def _tell_standing(told: list[dict[str, object]], grid: Grid) -> None:
    """Add to each cell what stands there now, by whom and when."""
    sheets = {row.sheet.pk: row.sheet for row in grid.rows}
    for one in told:
        sheet = sheets.get(one["sheet"])
        if sheet is None:
            continue
        line = sheet.lines.get(one["key"]) or {}
        points = line.get("points") if one["key"] else sheet.total
        one["value"] = "" if points is None else format_points(points)
        one["reason"] = line.get("reason", "")
        one["by"] = line.get("by_name", "")
        one["at"] = str(line.get("at", ""))


def _row_told(request: HttpRequest, row: GridRow) -> dict[str, object]:
    return {
        "sheet": row.sheet.pk,
        "sum": sum_words(row),
        "total": format_points(row.provisional),
        "missing": row.missing,
        "gaps": row.gaps,
        "verdict": render_to_string("assessments/grid_verdict.html", {"row": row}, request=request),
    }
