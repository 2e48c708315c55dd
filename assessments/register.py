"""The list of a round's files: the rows behind every figure of the overview, filtered, sorted, as a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q

from assessments import flow
from assessments.models import Assessment, RosterUnit, Round
from assessments.models.rounds import AssessmentQuerySet
from assessments.rules import Band, SchemeRules
from assessments.steps import State, StepState
from assessments.watching import (
    Pattern,
    Watch,
    is_returned,
    is_sent_back,
    standing_in,
    stands,
    watched_pattern,
)
from gradingsite.lib.days import short_date
from gradingsite.lib.points import format_points
from orgs.reach import Reach, at_or_below

SORTS = {
    "": ("position",),
    "name": ("short_name", "position"),
    "total": (F("total").desc(nulls_last=True), "position"),
    "unit": ("deciding__lft", "position"),
}
COLUMNS = (
    ("组织代码", 20),
    ("支部", 30),
    ("所在单位", 24),
    ("领域", 14),
    ("档案状态", 12),
    ("走到", 12),
    ("等谁", 16),
    ("截止", 14),
    ("综合得分", 10),
    ("等次", 10),
)


@dataclass(frozen=True, slots=True)
class FileLine:
    """One row: the file, where it stands, and its figures where one may see them (they are None else)."""

    file: Assessment
    steps: tuple[StepState, ...]
    current: StepState | None
    status: str
    words: str
    shown: bool
    band: Band | None

    @property
    def total(self) -> int | None:
        """The total in hundredths where it may be shown."""
        return self.file.total if self.shown else None

    @property
    def late(self) -> bool:
        """Whether somebody is late with it."""
        return any(step.state is State.LATE for step in self.steps)


def sees_figures(reach: Reach) -> bool:
    """Whether the person sees totals and bands before they are announced: whoever covers a whole subtree."""
    return reach.everything or bool(reach.subtree_spans())


def files_behind(round: Round, reach: Reach, watch: Watch, terms: Mapping[str, Any]) -> AssessmentQuerySet:
    """The files that fit the filter, in reach, watched and ordered.

    ``terms``: ``q unit step state status band sector late returned sort``; unknown or empty ones don't narrow.
    """
    files = watch.watched(round.assessments.within(reach).counted())
    if terms.get("unit"):
        unit = RosterUnit.objects.filter(round=round, code=terms["unit"]).first()
        files = files.filter(at_or_below(unit.path)) if unit else files.none()
    if terms.get("status"):
        files = files.filter(status=terms["status"])
    if terms.get("sector"):
        files = files.filter(sector=terms["sector"])
    for word in str(terms.get("q") or "").split():
        files = files.filter(Q(full_name__icontains=word) | Q(code__startswith=word))
    files = _in_band(files, str(terms.get("band") or ""), reach)
    step, state, late = str(terms.get("step") or ""), str(terms.get("state") or ""), bool(terms.get("late"))
    returned = bool(terms.get("returned"))
    if step or state or late or returned:
        files = standing_in(
            watch,
            files,
            lambda pattern, steps: (
                (not (step or state or late) or stands(steps, step=step, state=state, late=late))
                and (not returned or is_returned(pattern))
            ),
        )
    return files.select_related("deciding").order_by(*SORTS.get(str(terms.get("sort") or ""), SORTS[""]))


def _in_band(files: AssessmentQuerySet, band: str, reach: Reach) -> AssessmentQuerySet:
    """Whoever doesn't see bands before they are announced must not find them out by filtering either."""
    if not band:
        return files
    if not sees_figures(reach):
        files = files.filter(announced_at__isnull=False)
    if band == "graded":
        return files.exclude(shown_band="")
    return files.filter(shown_band="" if band == "none" else band)


def lines_of(
    files: Iterable[Assessment], rules: SchemeRules, reach: Reach, watch: Watch
) -> Iterator[FileLine]:
    """Each file with its steps and what may be shown of it."""
    above = sees_figures(reach)
    for file in files:
        pattern = watched_pattern(file)
        steps = watch.steps(pattern)
        shown = above or file.announced_at is not None
        current = next((step for step in steps if step.state in (State.LATE, State.RETURNED)), None)
        current = current or next((step for step in steps if step.current), None)
        look, words = status_of(file, pattern, steps)
        band = rules.band(file.shown_band) if shown else None
        yield FileLine(file, steps, current, look, words, shown, band)


def status_of(file: Assessment, pattern: Pattern, steps: Iterable[StepState]) -> tuple[str, str]:
    """The look and the words of a file's status."""
    states = {step.state for step in steps}
    if file.status == flow.APPROVED:
        return "approved", "已核准"
    if is_returned(pattern) or is_sent_back(pattern):
        return "returned", "退回"
    if file.status == flow.REPORTED:
        return "reported", "已上报"
    if file.status == flow.COLLECTING and State.DONE not in states:
        return "todo", "未开始"
    return "doing", flow.FILE.states[file.status]


def rows_for_file(lines: Iterable[FileLine]) -> Iterator[tuple[Any, ...]]:
    """The same rows as cells of a table."""
    for line in lines:
        due_on: dt.date | None = line.current.due_on if line.current else None
        yield (
            line.file.code,
            line.file.full_name,
            line.file.deciding.short_name,
            line.file.sector,
            line.words,
            f"{line.current.label}{'（逾期）' if line.late else ''}" if line.current else "",
            line.current.awaited if line.current else "",
            short_date(due_on) if due_on else "",
            format_points(line.total) if line.total is not None else "—",
            line.band.label if line.band else ("未齐" if line.shown else "未公布"),
        )


def files_per_round(rounds: Iterable[Round], reach: Reach) -> dict[int, int]:
    """How many files of each round are in reach; one query."""
    rows = Assessment.objects.within(reach).counted().filter(round__in=[one.pk for one in rounds]).order_by()
    return dict(rows.values("round").annotate(n=Count("pk")).values_list("round", "n"))


def left_to_close(round: Round, today: dt.date) -> list[tuple[str, int, str]]:
    """What keeps a round from being closed: words, how many files, and the status to look them up by."""
    done = (flow.APPROVED, flow.TERMINATED, flow.UNGRADED)
    rows = round.assessments.exclude(status__in=done).order_by().values("status").annotate(n=Count("pk"))
    counted = {row["status"]: row["n"] for row in rows}
    left = [
        (f"{label}，还没有核准", counted[status], status)
        for status, label in flow.FILE.states.items()
        if status in counted
    ]
    running = round.assessments.filter(notice_to_on__gte=today, status__in=done).count()
    return [*left, ("还在公示期内", running, flow.APPROVED)] if running else left
