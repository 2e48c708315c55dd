"""Computing: the marks in force go through the pure module, exact scores and totals are stored (domain.md 5).

The same function serves one file and a whole round; its number of statements doesn't grow within a batch.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db import transaction

from assessments import flow
from assessments.models import Assessment, Poll, Round, Score, Sheet, Track
from assessments.models.rounds import AssessmentQuerySet
from assessments.rules import SchemeRules
from assessments.scoring import (
    BallotCounts,
    Grader,
    Marks,
    MeanMarks,
    PooledMarks,
    Result,
    SheetMarks,
    SourceScore,
    score_source,
)
from assessments.services.schemes import rules_of
from assessments.smallgroups import small_sources
from gradingsite.lib.refusal import Refused
from orgs.actor import Actor
from orgs.roles import Role
from orgs.services.moves import move_many

BATCH = 500


@dataclass
class Outcome:
    """What computing found: how many files have a total, and the incomplete ones with the labels they miss."""

    computed: int = 0
    incomplete: list[tuple[str, str, list[str]]] = field(default_factory=list)


@dataclass(frozen=True)
class MarksInForce:
    """The marks in force of one batch, by (file id, source)."""

    confirmed: frozenset[tuple[int, str]]
    sheets: dict[tuple[int, str], list[Marks]]
    ballots: dict[tuple[int, str], list[BallotCounts]]


def compute_asked(
    *,
    round: Round,
    by: Actor,
    now: dt.datetime,
    expect: Callable[[int], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Compute what the actor may ask for: staff the files they decide, the round's department and the software all.

    Raises PermissionDenied for anyone else.
    """
    if by.is_system:
        return compute_round(round=round, by=by, now=now, expect=expect, progress=progress)
    if "DEP" in round.parties(by.reach):
        return compute_round(round=round, by=by.as_software(), now=now, expect=expect, progress=progress)
    if not by.reach.holds_any([Role.TOWNSHIP_CLERK]):
        raise PermissionDenied("compute")
    mine = round.assessments.decided_by(by.reach, Role.TOWNSHIP_CLERK)
    return compute_round(round=round, files=mine, by=by, now=now, expect=expect, progress=progress)


def compute_round(
    *,
    round: Round,
    files: AssessmentQuerySet | None = None,
    by: Actor,
    now: dt.datetime,
    expect: Callable[[int], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Compute the round's files (or only ``files``) still open to it, in batches, each its own transaction.

    ``expect`` is told how many there are, ``progress`` how many are done. Raises Refused when the round isn't open.
    """
    if round.status != "open":
        raise Refused(f"「{round.name}」没有开始或已经结束，不能计分。")
    wanted = round.assessments.all() if files is None else files
    ids = list(
        wanted.filter(status__in=[flow.COLLECTING, flow.COMPUTED]).in_order().values_list("pk", flat=True)
    )
    if expect:
        expect(len(ids))
    outcome = Outcome()
    for start in range(0, len(ids), BATCH):
        compute_files(round=round, ids=ids[start : start + BATCH], by=by, now=now, outcome=outcome)
        if progress:
            progress(min(start + BATCH, len(ids)))
    return outcome


def compute_if_ready(*, assessment: Assessment, by: Actor, now: dt.datetime) -> None:
    """Compute the file as soon as its last track is in force; the software does it, whoever was last."""
    if not assessment.tracks.exclude(status=flow.CONFIRMED).exists():
        compute_files(
            round=assessment.round, ids=[assessment.pk], by=by.as_software(), now=now, outcome=Outcome()
        )
        assessment.refresh_from_db(fields=["status", "total", "band", "version"])


def compute_files(*, round: Round, ids: Sequence[int], by: Actor, now: dt.datetime, outcome: Outcome) -> None:
    """Score, grade and store the given files of a round; adds to ``outcome``. Files past *computed* are left alone."""
    rules = rules_of(round.scheme)
    grader = Grader(rules)
    with transaction.atomic():
        files = list(
            Assessment.objects.select_for_update()
            .filter(pk__in=ids, status__in=[flow.COLLECTING, flow.COMPUTED])
            .order_by("position")
        )
        marks = marks_in_force([file.pk for file in files])
        fresh: list[tuple[Assessment, Result]] = []
        scores: list[Score] = []
        for file in files:
            found = score_file(rules, file, marks)
            result = grader.grade(found)
            scores.extend(_rows(rules, file, found))
            _note(file, result, outcome)
            fresh.append((file, result))
        Score.objects.filter(assessment__in=files).delete()
        Score.objects.bulk_create(scores, batch_size=BATCH)
        _store(fresh, by, now)


def marks_in_force(ids: Sequence[int]) -> MarksInForce:
    """Read the marks in force of the files in three queries."""
    confirmed = frozenset(
        Track.objects.filter(assessment__in=ids, status=flow.CONFIRMED).values_list("assessment_id", "source")
    )
    sheets: dict[tuple[int, str], list[Marks]] = {}
    for sheet in Sheet.objects.filter(assessment__in=ids).in_force().order_by("rater_no"):
        sheets.setdefault((sheet.assessment_id, sheet.source), []).append(marks_of_sheet(sheet))
    ballots: dict[tuple[int, str], list[BallotCounts]] = {}
    polls = Poll.objects.filter(assessment__in=ids, status="counted", purpose="grade", superseded_at=None)
    for poll in polls.prefetch_related("tallies"):
        ballots.setdefault((poll.assessment_id, poll.source), []).append(counts_of_poll(poll))
    return MarksInForce(confirmed, sheets, ballots)


def marks_of_sheet(sheet: Sheet) -> Marks:
    """A stored sheet as the pure module takes it."""
    lines = {key: line["points"] for key, line in sheet.lines.items() if line.get("points") is not None}
    if sheet.basis == "pooled":
        return PooledMarks(sum=sheet.total, count=sheet.marks)
    if sheet.basis == "mean":
        return MeanMarks(mean=sheet.total, voters=sheet.voters, lines=lines)
    if sheet.basis == "total" or not lines:
        return SheetMarks(total=sheet.total)
    assigned = None if sheet.indicators is None else frozenset(sheet.indicators)
    return SheetMarks(lines=lines, assigned=assigned)


def counts_of_poll(poll: Poll) -> BallotCounts:
    """A counted poll as the pure module takes it (its tallies prefetched)."""
    return BallotCounts(
        options={tally.option: tally.n for tally in poll.tallies.all() if not tally.question},
        blank=poll.blank or 0,
        invalid=poll.invalid or 0,
        expected=poll.expected,
        issued=poll.issued,
        returned=poll.returned,
        group=poll.group,
    )


def score_file(rules: SchemeRules, file: Assessment, marks: MarksInForce) -> dict[str, SourceScore]:
    """The exact scores of the file's confirmed sources, by source key."""
    found = {}
    for source in rules.sources:
        key = (file.pk, source.key)
        if key in marks.confirmed:
            found[source.key] = score_source(
                rules, source.key, file.sector, marks.sheets.get(key, ()), marks.ballots.get(key, ())
            )
    return found


def _rows(rules: SchemeRules, file: Assessment, found: dict[str, SourceScore]) -> Iterable[Score]:
    small = small_sources(
        rules,
        {key: score.voters for key, score in found.items() if score.stored},
        members=file.member_count,
        people=file.people_count,
    )
    for key, score in found.items():
        if score.stored is not None:
            yield Score(
                assessment=file,
                source=key,
                numerator=score.stored[0],
                denominator=score.stored[1],
                voters=score.voters,
                small=key in small,
                notes=[score.origin.value, *score.notes],
            )


def _note(file: Assessment, result: Result, outcome: Outcome) -> None:
    if result.total is None:
        outcome.incomplete.append((file.code, file.full_name, list(result.missing)))
    else:
        outcome.computed += 1


def _store(fresh: Sequence[tuple[Assessment, Result]], by: Actor, now: dt.datetime) -> None:
    """Write totals and bands; those that have one become *computed*, those that lost theirs go back to collecting."""
    details: dict[int, dict[str, object]] = {}
    became, lost, changed = [], [], []
    for file, result in fresh:
        before = (file.total, file.band, file.missing, file.remarks)
        exact = result.total_exact
        file.total, file.band = result.total, result.band or ""
        file.total_numerator = exact.numerator if exact is not None else None
        file.total_denominator = exact.denominator if exact is not None else None
        file.missing = list(result.missing)
        file.remarks = [word for word in (result.spread_note, result.clamped) if word]
        details[file.pk] = {"total": file.total, "band": file.band}
        if result.total is not None and (file.status != flow.COMPUTED or before[0] != file.total):
            became.append(file)
        if result.total is None and file.status == flow.COMPUTED:
            lost.append(file)
        if before != (file.total, file.band, file.missing, file.remarks) or file in became:
            file.computed_at = now if result.total is not None else None
            changed.append(file)
    # An upsert of rows that are there: one plain statement, where bulk_update builds a CASE per column and row.
    Assessment.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[
            "total",
            "band",
            "total_numerator",
            "total_denominator",
            "missing",
            "remarks",
            "computed_at",
        ],
    )
    move_many(flow=flow.FILE, name="compute", objs=became, by=by, now=now, details=details)
    move_many(flow=flow.FILE, name="go_stale", objs=lost, by=by.as_software(), now=now)
