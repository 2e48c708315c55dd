"""The committee's side: drafting and signing decisions, the notice's dates, correcting, reporting (domain.md 4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localdate

from assessments import flow
from assessments.models import Approval, Assessment, Decision, Report, ReportItem, Round, Scan
from assessments.rules import Notice, NoticeTiming, SchemeRules, StepName
from assessments.services.evidence import digests_of
from assessments.services.marks import demand_party
from assessments.services.quotas import unmet_at_report
from assessments.services.schemes import rules_of
from gradingsite.lib.days import add_working_days, format_date, working_days_between
from gradingsite.lib.refusal import Conflict, Refused
from gradingsite.trail.services import record
from orgs.actor import Actor
from orgs.models import Organisation
from orgs.services.moves import move, move_many


@dataclass(frozen=True)
class Draft:
    """What staff propose for one file: a band key, why it differs from the computed one, and the rank 「排位」."""

    assessment_id: int
    band: str
    reason: str = ""
    rank: int | None = None


def locked(ids: Sequence[int]) -> list[Assessment]:
    """The files, locked for the rest of the transaction, in the roster's order."""
    return list(
        Assessment.objects.select_for_update(of=("self",))
        .select_related("round__scheme")
        .filter(pk__in=ids)
        .order_by("position")
    )


def locked_for(ids: Sequence[int], by: Actor, party: str) -> list[Assessment]:
    """The files, locked, if the actor is the party to every one of them.

    Raises PermissionDenied otherwise, and for an id that is none, before a rule says anything about a file.
    """
    files = locked(ids)
    if len(files) != len(set(ids)):
        raise PermissionDenied("files")
    for file in files:
        demand_party(file, by, party)
    return files


def draft_decisions(*, drafts: Sequence[Draft], by: Actor, now: dt.datetime) -> list[Decision]:
    """Write what staff propose; a draft of before is replaced, a signed decision is not touched.

    Raises Refused when a file has no total, a band isn't the scheme's, or an override has no reason.
    """
    wanted = {draft.assessment_id: draft for draft in drafts}
    with transaction.atomic():
        files = locked(list(wanted))
        for file in files:
            demand_party(file, by, "CLK")
            _refuse_undecidable(file, wanted[file.pk])
        Decision.objects.filter(assessment__in=files, superseded_at=None, signed_at=None).update(
            superseded_at=now
        )
        found = Decision.objects.bulk_create(
            Decision(
                assessment=file,
                computed_band=file.band,
                band=wanted[file.pk].band,
                reason=wanted[file.pk].reason.strip(),
                rank=wanted[file.pk].rank,
                drafted_by=by.person,
                drafted_at=now,
            )
            for file in files
        )
        for file in files:
            draft = wanted[file.pk]
            record(
                by=by,
                action="decision.draft",
                obj=file,
                before={"band": file.band},
                after={"band": draft.band},
                why=draft.reason.strip(),
                organisation_id=file.organisation_id,
            )
    return found


def _refuse_undecidable(file: Assessment, draft: Draft) -> None:
    rules = rules_of(file.round.scheme)
    if file.round.status != "open":
        raise Refused("本轮次没有开始或已经结束。")
    if file.status != flow.COMPUTED:
        raise Conflict(f"{file.short_name}现在是「{flow.FILE.states[file.status]}」，不能拟定等次。")
    if rules.band(draft.band) is None:
        raise Refused(f"{file.short_name}：方案里没有这个等次。")
    if draft.band != file.band and not draft.reason.strip():
        raise Refused(f"{file.short_name}拟定的等次与计算的不同，要写明事由。")


def propose_ranks(*, files: Sequence[Assessment], bands: dict[int, str]) -> dict[int, int]:
    """A rank within each band by total, highest first; equal totals share a rank. ``bands``: file id to band key."""
    ranks: dict[int, int] = {}
    for band in set(bands.values()):
        ordered = sorted(
            (file for file in files if bands.get(file.pk) == band), key=lambda file: -(file.total or 0)
        )
        for place, file in enumerate(ordered, start=1):
            tied = place > 1 and ordered[place - 2].total == file.total
            ranks[file.pk] = ranks[ordered[place - 2].pk] if tied else place
    return ranks


def sign_decisions(
    *,
    ids: Sequence[int],
    meeting_on: dt.date,
    minutes_no: str,
    wording: str = "",
    by: Actor,
    now: dt.datetime,
) -> int:
    """The committee secretary signs the drafts: the files are decided. All or none; gives how many."""
    if not minutes_no.strip():
        raise Refused("请填会议纪要文号。", field="minutes_no")
    if meeting_on > localdate(now):
        raise Refused(f"会议日期 {format_date(meeting_on)} 还没有到。", field="meeting_on")
    with transaction.atomic():
        files = locked_for(ids, by, "COM")
        drafts = {
            row.assessment_id: row
            for row in Decision.objects.filter(assessment__in=files, superseded_at=None)
        }
        for file in files:
            draft = drafts.get(file.pk)
            if draft is None or draft.signed_at is not None:
                raise Refused(f"{file.short_name}还没有拟定等次。")
            if draft.computed_band != file.band:
                raise Conflict(f"{file.short_name}拟定之后又重新计分了，请重新拟定。")
        signed = {
            "signed_by": by.person,
            "signed_at": now,
            "meeting_on": meeting_on,
            "minutes_no": minutes_no.strip(),
            "wording": wording.strip(),
        }
        details = {}
        for file in files:
            draft = drafts[file.pk]
            details[file.pk] = {"band": draft.band, "computed": draft.computed_band, "reason": draft.reason}
            file.decided_band, file.rank = draft.band, draft.rank
        Assessment.objects.bulk_update(files, ["decided_band", "rank"], batch_size=500)
        move_many(
            flow=flow.FILE, name="decide", objs=files, by=by, now=now, raises_version=True, details=details
        )
        Decision.objects.filter(pk__in=[drafts[file.pk].pk for file in files]).update(**signed)
    return len(files)


def take_back_decisions(*, ids: Sequence[int], note: str, by: Actor, now: dt.datetime) -> int:
    """The committee secretary takes decisions back before a notice is posted; they stay, superseded."""
    with transaction.atomic():
        files = locked_for(ids, by, "COM")
        posted = [file.short_name for file in files if file.notice_from_on]
        if posted:
            raise Refused(f"{'、'.join(posted[:3])}已经公示，不能撤回评定；请由持有档案的一级退回。")
        move_many(
            flow=flow.FILE,
            name="take_back_decision",
            objs=files,
            by=by,
            now=now,
            note=note,
            changes={"decided_band": "", "rank": None},
            raises_version=True,
        )
        supersede_decisions(files=files, now=now)
    return len(files)


def supersede_decisions(*, files: Sequence[Assessment], now: dt.datetime) -> None:
    """Keep the decisions in force of these files as superseded."""
    Decision.objects.filter(assessment__in=files, superseded_at=None).update(superseded_at=now)


def void_approvals(*, files: Sequence[Assessment], reason: str, now: dt.datetime) -> None:
    """Void the approvals in force of these files; they stay on file."""
    Approval.objects.filter(assessment__in=files, void_at=None).update(void_at=now, void_reason=reason[:300])


def correct_decision(
    *,
    file: Assessment,
    meeting_on: dt.date,
    minutes_no: str,
    wording: str,
    note: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Correct date, number or wording of a decision 「更正」; an approval in force goes void."""
    with transaction.atomic():
        [file] = locked([file.pk])
        old = Decision.objects.filter(assessment=file, superseded_at=None).first()
        name = "correct" if file.status == flow.DECIDED else "correct_reported"
        was_approved = file.status == flow.APPROVED
        move(
            flow=flow.FILE,
            name=name,
            obj=file,
            by=by,
            now=now,
            note=note,
            raises_version=True,
            changes={"approval_void": was_approved} if name == "correct_reported" else {},
        )
        if old is None:
            raise Refused("没有可更正的评定。")
        supersede_decisions(files=[file], now=now)
        if was_approved:
            void_approvals(files=[file], reason=f"评定更正：{note}", now=now)
        Decision.objects.create(
            assessment=file,
            computed_band=old.computed_band,
            band=old.band,
            reason=old.reason,
            rank=old.rank,
            drafted_by=old.drafted_by,
            drafted_at=old.drafted_at,
            meeting_on=meeting_on,
            minutes_no=minutes_no.strip(),
            wording=wording.strip(),
            signed_by=by.person,
            signed_at=now,
        )


def _refuse_short(notice: Notice, from_on: dt.date, to_on: dt.date) -> None:
    """The scheme's working days start the day after posting (domain.md 4, Days)."""
    wanted = notice.working_days or 0
    if working_days_between(from_on, to_on) < wanted:
        earliest = format_date(add_working_days(from_on, wanted))
        raise Refused(
            f"方案规定公示 {wanted} 个工作日，最早到 {earliest}（自公示次日起算，只除周末）。", field="to_on"
        )


def note_notice(*, ids: Sequence[int], from_on: dt.date, to_on: dt.date, by: Actor, now: dt.datetime) -> int:
    """Type in a public notice's dates: staff before the report, the organisation department after approval."""
    if to_on < from_on:
        raise Refused("公示截止日期早于开始日期。", field="to_on")
    with transaction.atomic():
        files = locked(ids)
        for file in files:
            notice = rules_of(file.round.scheme).notice
            if notice is None:
                raise Refused("本方案不公示。")
            _refuse_short(notice, from_on, to_on)
            before = notice.timing is NoticeTiming.BEFORE_REPORT
            demand_party(file, by, "CLK" if before else "DEP")
            if file.status != (flow.DECIDED if before else flow.APPROVED):
                raise Refused(f"{file.short_name}现在是「{flow.FILE.states[file.status]}」，还不能公示。")
            record(
                by=by,
                action="notice.dates",
                obj=file,
                organisation_id=file.organisation_id,
                after={"from": str(from_on), "to": str(to_on)},
            )
        Assessment.objects.filter(pk__in=[file.pk for file in files]).update(
            notice_from_on=from_on, notice_to_on=to_on, announced_at=now
        )
    return len(files)


def report(
    *, round: Round, committee: Organisation, ids: Sequence[int], note: str = "", by: Actor, now: dt.datetime
) -> Report:
    """One act of the committee: send decided files up, each with version and digest (domain.md 4, report)."""
    rules = rules_of(round.scheme)
    with transaction.atomic():
        files = locked_for(ids, by, "COM")
        if not files:
            raise Refused("没有选中要上报的支部。")
        scanned = scanned_steps(files)
        for file in files:
            if file.deciding_id != committee.pk or file.round_id != round.pk:
                raise Refused(f"{file.short_name}不归本党委评定。")
            fault = report_fault(rules, file, localdate(now), scanned[file.pk])
            if fault:
                raise Refused(fault)
        unmet = unmet_at_report(rules, round, committee)
        if unmet:
            raise Refused(
                f"配额不符，不能上报：{'；'.join(unmet)}。", remedy="请先撤回有关支部的评定，重新研究。"
            )
        last = Report.objects.filter(round=round, committee=committee).order_by("-number").first()
        found = Report.objects.create(
            round=round,
            committee=committee,
            number=last.number + 1 if last else 1,
            by=by.person,
            at=now,
            note=note.strip(),
        )
        move_many(
            flow=flow.FILE,
            name="report",
            objs=files,
            by=by,
            now=now,
            note=note,
            changes={"taken_up_at": None, "approval_void": False},
            details={file.pk: {"report": found.number} for file in files},
        )
        digests = digests_of(files)
        ReportItem.objects.bulk_create(
            ReportItem(report=found, assessment=file, version=file.version, digest=digests[file.pk])
            for file in files
        )
    return found


def report_fault(rules: SchemeRules, file: Assessment, today: dt.date, scanned: Collection[str]) -> str:
    """Why a decided file can't go up yet, in words; empty when it can. ``scanned``: the steps it has scans of."""
    notice = rules.notice
    if notice and notice.timing is NoticeTiming.BEFORE_REPORT:
        if file.notice_to_on is None:
            return f"{file.short_name}还没有公示，公示期满后才能上报。"
        if file.notice_to_on >= today:
            return f"{file.short_name}公示到 {format_date(file.notice_to_on)}，期满后才能上报。"
    for step in rules.steps:
        if step.scan and step.key in SCANNED_BEFORE_REPORT and step.key.value not in scanned:
            return f"{file.short_name}缺「{step.key.label}」的签字盖章扫描件。"
    return ""


def scanned_steps(files: Sequence[Assessment]) -> dict[int, set[str]]:
    """The steps of which each file has a scan, keyed by file; one query."""
    found: dict[int, set[str]] = {file.pk: set() for file in files}
    for pk, step in Scan.objects.filter(assessment__in=list(found)).values_list("assessment_id", "step"):
        found[pk].add(step)
    return found


SCANNED_BEFORE_REPORT = frozenset(StepName) - {StepName.REPORT, StepName.APPROVE, StepName.RECTIFY}


def take_back_report(*, ids: Sequence[int], by: Actor, now: dt.datetime) -> int:
    """The committee takes a report back before the level above has taken it up."""
    with transaction.atomic():
        files = locked_for(ids, by, "COM")
        taken = [file.short_name for file in files if file.taken_up_at]
        if taken:
            raise Refused(f"{'、'.join(taken[:3])}上级已经接收，不能撤回；请联系上级退回。")
        move_many(flow=flow.FILE, name="take_back_report", objs=files, by=by, now=now)
    return len(files)
