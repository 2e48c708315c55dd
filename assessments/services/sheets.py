"""Sheets: filling in cell by cell, handing in, confirming, sending back, releasing a rater (flow.md, track)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localdate

from assessments import flow
from assessments.models import Assessment, Poll, Sheet, Track
from assessments.rules import Method, SourceKind
from assessments.services.computing import compute_if_ready
from assessments.services.marks import (
    demand_open,
    demand_party,
    lock,
    marks_changed,
    sector_rules_full,
    source_of,
)
from assessments.services.schemes import rules_of
from gradingsite.lib.points import format_points
from gradingsite.lib.refusal import Conflict, Refused
from gradingsite.trail.services import record
from orgs.actor import Actor
from orgs.models import Person
from orgs.services.moves import move

REASON_LENGTH = 200


@dataclass(frozen=True)
class Cell:
    """One cell to write: points in hundredths (None empties it) and its reason.

    ``seen`` is what the writer saw there; a different value now is a conflict. ``indicator`` is empty for the one
    number of an OVERALL sheet.
    """

    sheet_id: int
    indicator: str
    seen: int | None
    points: int | None
    reason: str | None = None


def save_cells(*, cells: Sequence[Cell], by: Actor, now: dt.datetime) -> list[Sheet]:
    """Write cells of one or several sheets, all or none; gives the sheets as they stand.

    :raises Conflict: a cell no longer holds what the writer saw; carries both values.
    :raises Refused: a value is out of range, off the step, or the sheet is handed in or locked.
    """
    grouped: dict[int, list[Cell]] = {}
    for cell in cells:
        grouped.setdefault(cell.sheet_id, []).append(cell)
    with transaction.atomic():
        return [_save_sheet(sheet_id, mine, by, now) for sheet_id, mine in sorted(grouped.items())]


def _save_sheet(sheet_id: int, cells: Sequence[Cell], by: Actor, now: dt.datetime) -> Sheet:
    found = Sheet.objects.filter(pk=sheet_id).values_list("assessment_id", flat=True).first()
    if found is None:
        raise PermissionDenied("sheet")
    assessment = lock(found)
    sheet = Sheet.objects.select_related("track").get(pk=sheet_id)
    sheet.track.assessment = sheet.assessment = assessment
    demand_writer(sheet, by)
    demand_open(assessment)
    if sheet.status != "draft" or sheet.track.status != flow.OPEN:
        raise Refused(f"{assessment.short_name}的这张表已经交了，要改先撤回或退回。")
    before = {cell.indicator: _points_at(sheet, cell.indicator) for cell in cells}
    for cell in cells:
        _write(sheet, cell, by, now)
    sheet.total = _total(sheet)
    sheet.version += 1
    sheet.saved_at = now
    sheet.on_behalf = sheet.on_behalf or fills_on_behalf(sheet, by)
    sheet.save(update_fields=["lines", "total", "version", "saved_at", "on_behalf"])
    record(
        by=by,
        action="sheet.save",
        obj=sheet,
        label=f"{assessment.short_name} {source_of(sheet.track).label}",
        before=before,
        after={cell.indicator: cell.points for cell in cells},
        organisation_id=assessment.organisation_id,
    )
    return sheet


def demand_writer(sheet: Sheet, by: Actor) -> None:
    """Who may fill a sheet: SELF the secretary, SUPERIOR staff, else the rater; staff on behalf of any."""
    kind = source_of(sheet.track).kind
    if sheet.rater_id and sheet.rater_id == by.person.pk:
        return
    names = ("SEC", "CLK") if kind is SourceKind.SELF else ("CLK",)
    demand_party(sheet.assessment, by, *names)


def fills_on_behalf(sheet: Sheet, by: Actor) -> bool:
    """Whether staff fill in for a branch or a rater without an account 「代录」."""
    kind = source_of(sheet.track).kind
    if kind is SourceKind.SUPERIOR or by.is_system:
        return False
    if sheet.rater_id:
        return sheet.rater_id != by.person.pk
    return "SEC" not in sheet.assessment.parties(by.reach)


def may_send_back(track: Track, by: Actor) -> bool:
    """Whether the actor may send what was handed in back for mending now."""
    file = track.assessment
    return (
        file.round.status == "open"
        and file.status in (flow.COLLECTING, flow.COMPUTED)
        and track.status in (flow.IN, flow.CONFIRMED)
        and bool(file.parties(by.reach) & {"LIA", "CLK", "COM"})
    )


def _points_at(sheet: Sheet, indicator: str) -> int | None:
    if not indicator:
        return sheet.total
    return (sheet.lines.get(indicator) or {}).get("points")


def _write(sheet: Sheet, cell: Cell, by: Actor, now: dt.datetime) -> None:
    """Put one cell into the sheet in hand, after comparing with what the writer saw."""
    assessment = sheet.assessment
    rules = rules_of(assessment.round.scheme)
    held = _points_at(sheet, cell.indicator)
    if held != cell.seen and held != cell.points:
        line = sheet.lines.get(cell.indicator, {})
        raise Conflict(
            f"{assessment.short_name}的这一格刚被{line.get('by_name', '别人')}改成 {format_points(held)}。",
            field=f"{sheet.pk}:{cell.indicator}",
            mine=cell.points,
            theirs=held,
        )
    full = _full_points(sheet, cell.indicator)
    if cell.points is not None and not 0 <= cell.points <= full:
        raise Refused(
            f"{assessment.short_name}：{format_points(cell.points)} 超过满分 {format_points(full)}。"
        )
    if cell.points is not None and cell.points % rules.precision:
        raise Refused(
            f"{assessment.short_name}：{format_points(cell.points)} 不合步长 {format_points(rules.precision)}。"
        )
    if not cell.indicator:
        sheet.total = cell.points
    old = sheet.lines.get(cell.indicator, {})
    reason = old.get("reason", "") if cell.reason is None else cell.reason.strip()[:REASON_LENGTH]
    if cell.points is None and not reason:
        sheet.lines.pop(cell.indicator, None)
        return
    sheet.lines[cell.indicator] = {
        "points": cell.points,
        "reason": "" if cell.points == full else reason,
        "by": by.person.pk,
        "by_name": by.person.name,
        "at": now.isoformat(timespec="seconds"),
    }


def _full_points(sheet: Sheet, indicator: str) -> int:
    """Full points of the cell; raises Refused when the sheet has no such cell."""
    source = source_of(sheet.track)
    if source.method is Method.OVERALL and not indicator:
        return 10000
    full = asked_of(sheet).get(indicator)
    if full is None:
        raise Refused("这张表没有这个指标，请刷新后再填。")
    return full


def asked_of(sheet: Sheet) -> dict[str, int]:
    """The indicators this sheet is asked for, with their full points in hundredths; empty for an OVERALL source."""
    source = source_of(sheet.track)
    if source.method is not Method.ITEMISED:
        return {}
    full = sector_rules_full(rules_of(sheet.assessment.round.scheme), sheet.assessment.sector)
    return {
        key: points for key, points in full.items() if sheet.indicators is None or key in sheet.indicators
    }


def _total(sheet: Sheet) -> int | None:
    """The sheet's sum so far; None while nothing is filled in."""
    if source_of(sheet.track).method is not Method.ITEMISED:
        return sheet.total
    points = [line["points"] for line in sheet.lines.values() if line.get("points") is not None]
    return sum(points) if points else None


def gaps_of(sheet: Sheet) -> list[str]:
    """What keeps a sheet from being handed in, a sentence each, in the order of the indicators."""
    asked = asked_of(sheet)
    if not asked:
        return [] if sheet.total is not None else ["还没有打分"]
    sector = rules_of(sheet.assessment.round.scheme).sector(sheet.assessment.sector)
    labels = {leaf.key: leaf.label for leaf in sector.leaves()} if sector else {}
    found = []
    for key, full in asked.items():
        line = sheet.lines.get(key) or {}
        if line.get("points") is None:
            found.append(f"{labels[key]}没有打分")
        elif line["points"] < full and not line.get("reason"):
            found.append(f"{labels[key]}扣 {format_points(full - line['points'])} 分没有写事由")
    return found


def hand_in(*, track: Track, by: Actor, now: dt.datetime, only: int | None = None) -> Track:
    """Hand in the sheets of a track the actor fills: SELF waits for confirmation, others stand when the last is in.

    :param only: hand in just this sheet. Without it staff hand in those of nobody with an account of his own.
    :raises Refused: names what is missing.
    """
    with transaction.atomic():
        assessment = lock(track.assessment_id)
        track = Track.objects.get(pk=track.pk)
        track.assessment = assessment
        demand_open(assessment)
        source = source_of(track)
        mine = [sheet for sheet in _drafts(track) if may_write(sheet, by) and _is_meant(sheet, only, by)]
        if not mine:
            raise Refused("没有要交的表。")
        for sheet in mine:
            gaps = gaps_of(sheet)
            if gaps:
                more = f"等 {len(gaps)} 处" if len(gaps) > 3 else ""
                raise Refused(f"{assessment.short_name}还不能提交：{'、'.join(gaps[:3])}{more}。")
        behalf = any(fills_on_behalf(sheet, by) for sheet in mine)
        if behalf and not assessment.scans.filter(step=source.step().value).exists():
            raise Refused("代录要先上传支部签字盖章的纸质件扫描件。")
        Sheet.objects.filter(pk__in=[sheet.pk for sheet in mine]).update(status="in_force", handed_in_at=now)
        changes = {"submitted_by": by.person, "submitted_at": now, "on_behalf": behalf, "returned_note": ""}
        if source.kind is SourceKind.SELF:
            move(flow=flow.TRACK, name="submit", obj=track, by=by, now=now, changes=changes)
        elif not track.sheets.filter(status="draft").exists():
            changes |= {"confirmed_at": now}
            move(flow=flow.TRACK, name="settle", obj=track, by=by, now=now, changes=changes)
        else:
            record(
                by=by,
                action="sheet.hand_in",
                obj=track,
                organisation_id=track.home_id(),
                after={"sheets": [sheet.pk for sheet in mine]},
            )
        marks_changed(assessment=assessment, by=by, now=now)
        compute_if_ready(assessment=assessment, by=by, now=now)
    return track


def _is_meant(sheet: Sheet, only: int | None, by: Actor) -> bool:
    return sheet.rater_id in (None, by.person.pk) if only is None else sheet.pk == only


def _drafts(track: Track) -> list[Sheet]:
    sheets = list(track.sheets.filter(status="draft").order_by("rater_no"))
    for sheet in sheets:
        sheet.track, sheet.assessment = track, track.assessment
    return sheets


def may_write(sheet: Sheet, by: Actor) -> bool:
    """Whether the actor is one of those who fill this sheet."""
    try:
        demand_writer(sheet, by)
    except PermissionDenied:
        return False
    return True


def take_back(*, track: Track, by: Actor, now: dt.datetime) -> None:
    """Withdraw what was handed in and isn't confirmed yet: the same sheets are drafts again."""
    with transaction.atomic():
        track.assessment = lock(track.assessment_id)
        demand_open(track.assessment)
        cleared = {"submitted_by": None, "submitted_at": None}
        move(flow=flow.TRACK, name="take_back", obj=track, by=by, now=now, changes=cleared)
        track.sheets.filter(status="in_force").update(status="draft", handed_in_at=None)
        marks_changed(assessment=track.assessment, by=by, now=now)


def confirm(*, track: Track, by: Actor, now: dt.datetime) -> None:
    """The liaison confirms a self-assessment; the township staff only where no liaison is posted."""
    with transaction.atomic():
        track.assessment = lock(track.assessment_id)
        demand_open(track.assessment)
        if source_of(track).kind is not SourceKind.SELF:
            raise Refused("这一项不用确认。")
        if (
            not by.is_system
            and "LIA" not in track.parties(by.reach)
            and liaisons_post(track.assessment, localdate(now))
        ):
            raise Refused("这个支部有包村干部，应由包村干部确认。")
        move(
            flow=flow.TRACK,
            name="confirm",
            obj=track,
            by=by,
            now=now,
            changes={"confirmed_by": by.person, "confirmed_at": now},
        )
        marks_changed(assessment=track.assessment, by=by, now=now)
        compute_if_ready(assessment=track.assessment, by=by, now=now)


def liaisons_post(assessment: Assessment, today: dt.date) -> bool:
    """Whether the branch has a liaison on this day."""
    posts = Person.objects.filter(
        is_active=True,
        posts__role="liaison",
        posts__listings__organisation=assessment.organisation_id,
        posts__from_on__lte=today,
    )
    return posts.exclude(posts__role="liaison", posts__to_on__lt=today).exists()


def send_back(*, track: Track, note: str, by: Actor, now: dt.datetime) -> None:
    """Send a track back with a reason: what stood is kept, superseded; a copy is open for mending."""
    with transaction.atomic():
        track.assessment = lock(track.assessment_id)
        demand_open(track.assessment)
        move(
            flow=flow.TRACK,
            name="send_back",
            obj=track,
            by=by,
            now=now,
            note=note,
            changes=_reopened(note, None),
        )
        supersede(track=track, now=now)
        marks_changed(assessment=track.assessment, by=by, now=now)


def _reopened(note: str, due_on: dt.date | None) -> dict[str, object]:
    return {
        "submitted_by": None,
        "submitted_at": None,
        "confirmed_by": None,
        "confirmed_at": None,
        "imported": False,
        "returned_note": note.strip(),
        "returned_due_on": due_on,
    }


def reopen(*, track: Track, note: str, due_on: dt.date, by: Actor, now: dt.datetime) -> None:
    """The track's part of a return by the holder or anyone above (called within the return's transaction)."""
    move(
        flow=flow.TRACK,
        name="reopen",
        obj=track,
        by=by,
        now=now,
        note=note,
        due_on=due_on,
        changes=_reopened(note, due_on),
    )
    supersede(track=track, now=now)


def supersede(*, track: Track, now: dt.datetime) -> None:
    """Mark what stands as superseded and open fresh drafts: sheets as copies to mend, polls empty."""
    standing = list(track.sheets.filter(status="in_force"))
    Sheet.objects.filter(pk__in=[sheet.pk for sheet in standing]).update(
        status="superseded", superseded_at=now
    )
    if source_of(track).method is not Method.BALLOT:
        copies = [_fresh(sheet) for sheet in standing if not sheet.imported]
        if not copies and source_of(track).kind in (SourceKind.SELF, SourceKind.SUPERIOR):
            copies = [] if track.sheets.filter(status="draft").exists() else [Sheet(rater_no=1)]
        for copy in copies:
            copy.track, copy.assessment_id, copy.source = track, track.assessment_id, track.source
        Sheet.objects.bulk_create(copies)
    Poll.objects.filter(track=track, superseded_at=None).update(superseded_at=now)


def _fresh(sheet: Sheet) -> Sheet:
    return Sheet(
        rater=sheet.rater,
        rater_label=sheet.rater_label,
        rater_no=sheet.rater_no,
        indicators=sheet.indicators,
        lines=sheet.lines,
        total=sheet.total,
        on_behalf=sheet.on_behalf,
    )


def assign_raters(
    *,
    track: Track,
    raters: Iterable[tuple[Person | None, str, list[str] | None]],
    by: Actor,
    now: dt.datetime,
) -> list[Sheet]:
    """Ask raters for a sheet: ``(person or None, label, indicators or None for all)``. Those already asked stay."""
    with transaction.atomic():
        track.assessment = lock(track.assessment_id)
        demand_open(track.assessment)
        demand_party(track.assessment, by, "CLK", "DEP")
        if source_of(track).method is Method.BALLOT or source_of(track).kind is SourceKind.SELF:
            raise Refused("这一项不指定评分人。")
        if track.status != flow.OPEN:
            raise Refused("这一项已经齐了，要增加评分人先退回修改。")
        known: set[int | str] = {sheet.rater_id or sheet.rater_label for sheet in track.sheets.current()}
        number = track.sheets.order_by("-rater_no").values_list("rater_no", flat=True).first() or 0
        fresh = []
        for person, label, indicators in raters:
            if (person.pk if person else label) not in known:
                number += 1
                fresh.append(
                    Sheet(
                        track=track,
                        assessment=track.assessment,
                        source=track.source,
                        rater=person,
                        rater_label=label,
                        rater_no=number,
                        indicators=indicators,
                    )
                )
        Sheet.objects.bulk_create(fresh)
        record(
            by=by,
            action="sheet.assign",
            obj=track,
            organisation_id=track.home_id(),
            after={"raters": [sheet.rater_label for sheet in fresh]},
        )
    return fresh


def release(*, sheet: Sheet, reason: str, by: Actor, now: dt.datetime) -> None:
    """Release a rater 「免评」 with a reason; one sheet must be left. The last missing one settles the track."""
    with transaction.atomic():
        track = sheet.track
        track.assessment = lock(sheet.assessment_id)
        demand_party(track.assessment, by, "CLK")
        demand_open(track.assessment)
        if not reason.strip():
            raise Refused("免评要写明事由。", field="reason")
        if sheet.status != "draft":
            raise Refused("这张表已经交了，不能免评。")
        others = track.sheets.filter(status__in=["draft", "in_force"]).exclude(pk=sheet.pk)
        if not others.exists():
            raise Refused("至少要留一张评分表。")
        Sheet.objects.filter(pk=sheet.pk).update(status="released", release_reason=reason.strip())
        record(by=by, action="sheet.release", obj=sheet, why=reason.strip(), organisation_id=track.home_id())
        if not others.filter(status="draft").exists():
            move(flow=flow.TRACK, name="settle", obj=track, by=by, now=now, changes={"confirmed_at": now})
        marks_changed(assessment=track.assessment, by=by, now=now)
        compute_if_ready(assessment=track.assessment, by=by, now=now)


def seal(*, track: Track, by: Actor, now: dt.datetime) -> None:
    """Record that a confirmed self-assessment was sealed on paper 「加盖公章」."""
    demand_party(track.assessment, by, "SEC", "CLK")
    if track.status != flow.CONFIRMED or source_of(track).kind is not SourceKind.SELF:
        raise Refused("自评经确认后才能加盖公章。")
    Track.objects.filter(pk=track.pk).update(sealed_at=now)
    record(by=by, action="track.seal", obj=track, organisation_id=track.home_id())
