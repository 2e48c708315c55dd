"""Files side by side: every source as it may be shown, gaps, bands, drafts, and who had a hand in each.

Read for a committee's session and for the approving level in a number of queries that doesn't grow with the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from django.db.models import Q

from assessments import flow
from assessments.explanation import scores_stand, self_gap
from assessments.models import Assessment, Decision, Poll, Score, Sheet, Track
from assessments.rules import Band, SchemeRules, SourceKind
from assessments.smallgroups import View, view_of
from gradingsite.lib.points import eye_text, format_points, half_up

JOINED = "合"


@dataclass(frozen=True, slots=True)
class Cell:
    """One source of one file: ``text`` as printed; ``score`` in exact hundredths where it may be shown."""

    label: str
    text: str
    score: Fraction | None
    is_self: bool = False
    joint: bool = False


@dataclass(slots=True)
class Row:
    """One file beside its siblings. ``proposed``: the band standing now, decided, drafted or computed."""

    file: Assessment
    cells: Sequence[Cell]
    computed: Band | None
    proposed: Band | None
    decision: Decision | None
    gap: Fraction | None
    joined: bool
    missing: Sequence[str] = ()
    own: bool = False

    @property
    def drafted(self) -> bool:
        """Whether staff have proposed a band and nobody has signed it."""
        return self.decision is not None and self.decision.signed_at is None

    @property
    def overridden(self) -> bool:
        """Whether the band standing differs from the computed one."""
        return bool(self.proposed and self.computed and self.proposed.key != self.computed.key)

    @property
    def gap_words(self) -> str:
        """Self minus the mean of the others, with its sign."""
        if self.gap is None:
            return ""
        return f"{'+' if self.gap >= 0 else '−'}{format_points(half_up(abs(self.gap)))}"

    @property
    def status_words(self) -> str:
        """Where the file stands."""
        if self.file.status == flow.COMPUTED and self.drafted:
            return "已拟定"
        return flow.FILE.states[self.file.status]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one read brings, by file: scores, the decision in force, the sources still open."""

    scores: Mapping[int, Sequence[Score]]
    decisions: Mapping[int, Decision]
    open: Mapping[int, set[str]]
    own: frozenset[int] = field(default_factory=frozenset)


def rows_of(rules: SchemeRules, files: Iterable[Assessment], *, person_id: int = 0) -> list[Row]:
    """The rows of these files, in their order. ``person_id``: whose own entries are marked."""
    held = list(files)
    gathered = _gather(held, person_id)
    return [_row(rules, file, gathered) for file in held]


def _gather(files: Sequence[Assessment], person_id: int) -> Gathered:
    ids = [file.pk for file in files]
    scores: dict[int, list[Score]] = {}
    for score in Score.objects.filter(assessment__in=ids):
        scores.setdefault(score.assessment_id, []).append(score)
    decisions = Decision.objects.filter(assessment__in=ids, superseded_at=None)
    open_tracks: dict[int, set[str]] = {}
    tracks = Track.objects.filter(assessment__in=ids).exclude(status=flow.CONFIRMED)
    for pk, source in tracks.values_list("assessment_id", "source"):
        open_tracks.setdefault(pk, set()).add(source)
    return Gathered(
        scores,
        {one.assessment_id: one for one in decisions.select_related("signed_by", "drafted_by")},
        open_tracks,
        own_entries(files, person_id) if person_id else frozenset(),
    )


def own_entries(files: Sequence[Assessment], person_id: int) -> frozenset[int]:
    """The files this person entered, confirmed, typed or signed something in; four queries."""
    ids = [file.pk for file in files]
    tracks = Track.objects.filter(Q(submitted_by=person_id) | Q(confirmed_by=person_id), assessment__in=ids)
    found = set(tracks.values_list("assessment_id", flat=True))
    found |= set(
        Poll.objects.filter(assessment__in=ids, entered_by=person_id).values_list("assessment_id", flat=True)
    )
    signed = Decision.objects.filter(assessment__in=ids, superseded_at=None, signed_by=person_id)
    found |= set(signed.values_list("assessment_id", flat=True))
    sheets = Sheet.objects.filter(assessment__in=ids).in_force()
    for pk, rater, lines in sheets.values_list("assessment_id", "rater_id", "lines"):
        if rater == person_id or any(line.get("by") == person_id for line in lines.values()):
            found.add(pk)
    return frozenset(found)


def view_of_file(rules: SchemeRules, file: Assessment, scores: Iterable[Score]) -> View:
    """What may be shown of a file from its stored scores."""
    rows = {score.source: score for score in scores} if scores_stand(file) else {}
    return view_of(
        rules,
        {key: (row.numerator, row.denominator) for key, row in rows.items()},
        {key: row.voters for key, row in rows.items()},
        members=file.member_count,
        people=file.people_count,
    )


def _row(rules: SchemeRules, file: Assessment, gathered: Gathered) -> Row:
    view = view_of_file(rules, file, gathered.scores.get(file.pk, ()))
    decision = gathered.decisions.get(file.pk)
    standing = file.decided_band or (decision.band if decision else "") or file.band
    return Row(
        file=file,
        cells=_cells(rules, view),
        computed=rules.band(file.band) if file.band else None,
        proposed=rules.band(standing) if standing else None,
        decision=decision,
        gap=self_gap(rules, view),
        joined=bool(view.joined),
        missing=[one.label for one in rules.sources if one.key in gathered.open.get(file.pk, ())],
        own=file.pk in gathered.own,
    )


def _cells(rules: SchemeRules, view: View) -> list[Cell]:
    """One cell per source; the first of those joined carries their weighted points, the others only say so."""
    cells: list[Cell] = []
    for source in rules.sources:
        line = view.line(source.key)
        if not line.joint:
            is_self = source.kind is SourceKind.SELF
            cells.append(Cell(source.short, eye_text(line.score), line.score, is_self))
            continue
        first = source.key == line.sources[0]
        cells.append(
            Cell(source.short, f"{JOINED} {eye_text(line.points)}" if first else JOINED, None, joint=True)
        )
    return cells
