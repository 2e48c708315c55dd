"""A committee's session: its branches with every source, what may be done with which of them, and what blocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from assessments import flow
from assessments.models import Assessment, Report, Round
from assessments.quota_lines import QuotaLine, lines_of
from assessments.rules import NoticeTiming, SchemeRules
from assessments.services.deciding import report_fault, scanned_steps
from assessments.services.quotas import unmet_at_report
from assessments.services.schemes import rules_of
from assessments.side_by_side import Row, rows_of
from orgs.models import Organisation
from orgs.reach import Reach
from orgs.roles import Role


@dataclass(frozen=True, slots=True)
class Choice:
    """An act on ticked branches: those it can be done with, and why not with the others."""

    able: Sequence[Row]
    unable: Sequence[tuple[Row, str]]
    faults: Sequence[str] = ()


@dataclass(slots=True)
class Session:
    """A committee's files in a round, side by side. ``clerk`` and ``secretary``: what the viewer is to them."""

    round: Round
    rules: SchemeRules
    committee: Organisation
    rows: Sequence[Row]
    clerk: bool
    secretary: bool
    latest: Report | None
    quotas: Sequence[QuotaLine] = field(default_factory=tuple)

    @property
    def open_rows(self) -> list[Row]:
        """Those that wait for a proposal or its signature."""
        return [row for row in self.rows if row.file.status == flow.COMPUTED]

    @property
    def editable(self) -> bool:
        """Whether the viewer may write proposals now."""
        return self.clerk and self.round.status == "open" and bool(self.open_rows)

    @property
    def joined(self) -> bool:
        """Whether some row shows sources only jointly."""
        return any(row.joined for row in self.rows)

    def standing(self) -> dict[int, str]:
        """The band standing now of each file that has one."""
        return {row.file.pk: row.proposed.key for row in self.rows if row.proposed}


def session_of(round: Round, committee: Organisation, reach: Reach) -> Session:
    """The session of one committee; the number of queries doesn't grow with its branches."""
    rules = rules_of(round.scheme)
    files = list(round.assessments.within(reach).filter(deciding=committee).counted().in_order())
    for file in files:
        file.round, file.deciding = round, committee
    rows = rows_of(rules, files)
    found = Session(
        round=round,
        rules=rules,
        committee=committee,
        rows=rows,
        clerk=reach.holds(Role.TOWNSHIP_CLERK, committee.pk),
        secretary=reach.holds(Role.COMMITTEE_SECRETARY, committee.pk),
        latest=Report.objects.filter(round=round, committee=committee).select_related("by").last(),
    )
    found.quotas = lines_of(rules, round, files, found.standing())
    return found


Test = Callable[[Row], str]


def choice_of(session: Session, act: str, ids: Sequence[int], today: dt.date) -> Choice:
    """Which of the ticked branches (of all, where none is ticked) an act can be done with."""
    wanted = [row for row in session.rows if not ids or row.file.pk in ids]
    test = _test_of(session, act, today)
    able, unable = [], []
    for row in wanted:
        why = test(row)
        if not why:
            able.append(row)
        elif ids or row.file.status in WAITING.get(act, ()):
            unable.append((row, why))
    faults = unmet_at_report(session.rules, session.round, session.committee) if act == "report" else ()
    return Choice(able, unable, faults)


WAITING: Mapping[str, tuple[str, ...]] = {
    "sign": (flow.COMPUTED,),
    "report": (flow.DECIDED,),
    "notice": (flow.DECIDED,),
}


def _test_of(session: Session, act: str, today: dt.date) -> Test:
    tests: dict[str, Test] = {
        "sign": _cannot_sign,
        "take-back": _cannot_take_back,
        "correct": _cannot_correct,
        "notice": lambda row: _cannot_note(session.rules, row.file),
        "take-back-report": _cannot_take_back_report,
    }
    if act == "report":
        scanned = scanned_steps([row.file for row in session.rows])

        def cannot_report(row: Row) -> str:
            if row.file.status != flow.DECIDED:
                return _stands(row)
            return report_fault(session.rules, row.file, today, scanned[row.file.pk])

        return cannot_report
    return tests[act]


def _stands(row: Row) -> str:
    return f"{row.file.short_name}现在是「{row.status_words}」"


def _cannot_sign(row: Row) -> str:
    if row.file.status != flow.COMPUTED:
        return _stands(row)
    if not row.drafted:
        return f"{row.file.short_name}还没有拟定等次"
    if row.decision and row.decision.computed_band != row.file.band:
        return f"{row.file.short_name}拟定之后又重新计分了，要重新拟定"
    return ""


def _cannot_take_back(row: Row) -> str:
    if row.file.status != flow.DECIDED:
        return _stands(row)
    return f"{row.file.short_name}已经公示，不能撤回" if row.file.notice_from_on else ""


def _cannot_correct(row: Row) -> str:
    return "" if row.file.status in (flow.DECIDED, flow.REPORTED, flow.APPROVED) else _stands(row)


def _cannot_note(rules: SchemeRules, file: Assessment) -> str:
    if rules.notice is None or rules.notice.timing is not NoticeTiming.BEFORE_REPORT:
        return "本方案在上报前不公示"
    if file.status != flow.DECIDED:
        return f"{file.short_name}现在是「{flow.FILE.states[file.status]}」，还不能公示"
    return ""


def _cannot_take_back_report(row: Row) -> str:
    if row.file.status != flow.REPORTED:
        return _stands(row)
    return f"{row.file.short_name}上级已经接收，不能撤回" if row.file.taken_up_at else ""
