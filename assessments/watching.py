"""Where many files stand at once: files of the same pattern are counted together, so that a county is a few rows.

A pattern is all that the steps of a file depend on. The state of its tracks is one number: a digit to base 4 for each
source (0 open, 1 handed in, 2 in force, 3 sent back and open), put together by the database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import BigIntegerField, Case, CharField, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, NullIf

from assessments import flow
from assessments.models import Assessment, Round, RoundStage, Track
from assessments.models.rounds import AssessmentQuerySet
from assessments.rules import SchemeRules
from assessments.services.schemes import rules_of
from assessments.steps import FileFacts, State, StepState, TrackFact, steps_of

BASE = 4
PATTERN = ("round_id", "status", "signature", "notice_to_on", "returned_due_on")
TRACK_OF_DIGIT = (
    TrackFact(flow.OPEN),
    TrackFact(flow.IN),
    TrackFact(flow.CONFIRMED),
    TrackFact(flow.OPEN, returned=True),
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """All that the steps of a file depend on."""

    round_id: int
    status: str
    signature: int
    notice_to_on: dt.date | None
    returned_due_on: dt.date | None


class Watch:
    """Some rounds with their rules and dates on one day; gives the steps of any pattern of their files. One query."""

    def __init__(self, rounds: Sequence[Round], today: dt.date) -> None:
        self.rounds = {round.pk: round for round in rounds}
        self.today = today
        self.rules: dict[int, SchemeRules] = {round.pk: rules_of(round.scheme) for round in rounds}
        self.sources = sorted({one.key for rules in self.rules.values() for one in rules.sources})
        self.due: dict[int, dict[str, dt.date | None]] = {round.pk: {} for round in rounds}
        for pk, step, due_on in RoundStage.objects.filter(round__in=list(self.rounds)).values_list(
            "round", "step", "due_on"
        ):
            self.due[pk][step] = due_on
        self._known: dict[Pattern, tuple[StepState, ...]] = {}

    def watched(self, files: AssessmentQuerySet) -> AssessmentQuerySet:
        """The files with ``signature`` and ``shown_band``, the decided band or else the computed one."""
        if not self.sources:
            return files.annotate(signature=Value(0, BigIntegerField()), shown_band=Value("", CharField()))
        return files.annotate(
            signature=Coalesce(Subquery(self._signature()), Value(0), output_field=BigIntegerField()),
            shown_band=Coalesce(NullIf("decided_band", Value("")), F("band")),
        )

    def _signature(self) -> object:
        place = Case(
            *(When(source=key, then=Value(BASE**position)) for position, key in enumerate(self.sources)),
            default=Value(0),
            output_field=BigIntegerField(),
        )
        digit = Case(
            When(status=flow.CONFIRMED, then=Value(2)),
            When(status=flow.IN, then=Value(1)),
            When(Q(status=flow.OPEN) & ~Q(returned_note=""), then=Value(3)),
            default=Value(0),
            output_field=BigIntegerField(),
        )
        tracks = Track.objects.filter(assessment=OuterRef("pk")).order_by().values("assessment")
        return tracks.annotate(number=Sum(place * digit, output_field=BigIntegerField())).values("number")

    def facts(self, pattern: Pattern) -> FileFacts:
        """What a pattern says of its files."""
        tracks = {}
        for position, key in enumerate(self.sources):
            if self.rules[pattern.round_id].source(key):
                tracks[key] = TRACK_OF_DIGIT[pattern.signature // BASE**position % BASE]
        return FileFacts(pattern.status, tracks, pattern.notice_to_on, pattern.returned_due_on)

    def steps(self, pattern: Pattern) -> tuple[StepState, ...]:
        """The steps of the files of a pattern; worked out once for each."""
        if pattern not in self._known:
            self._known[pattern] = tuple(
                steps_of(
                    self.rules[pattern.round_id],
                    self.facts(pattern),
                    self.due[pattern.round_id],
                    self.today,
                )
            )
        return self._known[pattern]

    def started(self, pattern: Pattern) -> bool:
        """Whether anything of the file has come in."""
        return pattern.status != flow.COLLECTING or pattern.signature > 0


def pattern_of(row: dict[str, object]) -> Pattern:
    """The pattern in a row of ``values(*PATTERN)``."""
    return Pattern(*(row[name] for name in PATTERN))  # type: ignore[arg-type]


def standing_in(
    watch: Watch, files: AssessmentQuerySet, wanted: Callable[[Pattern, Sequence[StepState]], bool]
) -> AssessmentQuerySet:
    """The watched files whose pattern is ``wanted``: exactly the rows behind a figure counted from patterns."""
    patterns = [pattern_of(row) for row in files.order_by().values(*PATTERN).distinct()]
    return files.filter(_any_of(one for one in patterns if wanted(one, watch.steps(one))))


def stands(steps: Iterable[StepState], *, step: str = "", state: str = "", late: bool = False) -> bool:
    """Whether ``step`` (any, when empty) has the ``state`` or is ``late``. State ``open``: somebody is to act now."""
    return any(_fits(found, step, state, late) for found in steps)


def _fits(found: StepState, step: str, state: str, late: bool) -> bool:
    if step and found.key.value != step:
        return False
    if late and found.state is not State.LATE:
        return False
    if state == "open":
        return found.current
    return not state or found.state.value == state


def is_returned(pattern: Pattern) -> bool:
    """Whether such a file was returned by the holder or above, with a date, and isn't mended yet."""
    mending = (flow.COLLECTING, flow.COMPUTED, flow.DECIDED)
    return pattern.returned_due_on is not None and pattern.status in mending


def is_sent_back(pattern: Pattern) -> bool:
    """Whether some track of such a file is open again, whoever sent it back."""
    signature = pattern.signature
    while signature:
        signature, digit = divmod(signature, BASE)
        if TRACK_OF_DIGIT[digit].returned:
            return True
    return False


def _any_of(patterns: Iterable[Pattern]) -> Q:
    """Condition: the file has one of the patterns. Signatures of otherwise equal patterns go into one list."""
    grouped: dict[tuple[object, ...], list[int]] = {}
    for one in patterns:
        rest = (one.round_id, one.status, one.notice_to_on, one.returned_due_on)
        grouped.setdefault(rest, []).append(one.signature)
    condition = Q(pk__in=())
    for (round_id, status, notice, returned), signatures in grouped.items():
        part = Q(round_id=round_id, status=status, signature__in=signatures)
        part &= Q(notice_to_on=notice) if notice else Q(notice_to_on__isnull=True)
        part &= Q(returned_due_on=returned) if returned else Q(returned_due_on__isnull=True)
        condition |= part
    return condition


def watched_pattern(file: Assessment) -> Pattern:
    """The pattern of one watched file."""
    return Pattern(
        file.round_id,
        file.status,
        file.signature,
        file.notice_to_on,
        file.returned_due_on,
    )
