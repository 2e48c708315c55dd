"""How strictly committees mark: their superior's marks side by side, against self and public (before approval).

Means leave out what is shown only jointly; the number of queries doesn't grow with the branches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from assessments.models import Assessment, Round, Score, Sheet
from assessments.rules import SchemeRules, SourceKind
from assessments.services.schemes import rules_of
from assessments.side_by_side import view_of_file
from assessments.smallgroups import MeanShown, mean_shown
from gradingsite.lib.points import FULL_POINTS, format_points, half_up
from orgs.models import Organisation
from orgs.reach import Reach

ENOUGH = 3
WIDTH, LEFT, ROW = 1080, 120, 24


@dataclass(frozen=True, slots=True)
class Line:
    """One committee: the mean of its superior's marks, their range, and how far from self and public."""

    committee: Organisation
    count: int
    mean: MeanShown
    low: Fraction | None
    high: Fraction | None
    over_self: Fraction | None
    over_public: Fraction | None
    public_left_out: int
    alike: str

    @property
    def spread(self) -> Fraction | None:
        """Highest minus lowest mark."""
        return None if self.low is None or self.high is None else self.high - self.low


@dataclass(frozen=True, slots=True)
class Mark:
    """One committee in the picture: whole pixels."""

    label: str
    y: int
    text_y: int
    low: int
    high: int
    mean: int
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture: an axis in tens from ``start`` to 100, one row for each committee."""

    marks: Sequence[Mark]
    ticks: Sequence[tuple[int, str]]
    width: int
    height: int
    bottom: int
    average: int | None


def lines_of(round: Round, reach: Reach) -> list[Line]:
    """The committees of the round within reach, in official order."""
    rules = rules_of(round.scheme)
    files = list(round.assessments.within(reach).counted().order_by("deciding", "position"))
    scores: dict[int, list[Score]] = {}
    for score in Score.objects.filter(assessment__in=[file.pk for file in files]):
        scores.setdefault(score.assessment_id, []).append(score)
    alike = _alike(rules, round, reach)
    names = Organisation.objects.in_bulk({file.deciding_id for file in files})
    found = []
    for pk, group in groupby(files, key=lambda file: file.deciding_id):
        found.append(_line(rules, names[pk], list(group), scores, alike.get(pk, "")))
    order = {one.pk: place for place, one in enumerate(Organisation.objects.filter(pk__in=names).in_order())}
    return sorted(found, key=lambda line: order[line.committee.pk])


def _line(
    rules: SchemeRules,
    committee: Organisation,
    files: Sequence[Assessment],
    scores: Mapping[int, Sequence[Score]],
    alike: str,
) -> Line:
    marks: list[tuple[tuple[int, int], bool]] = []
    seen: list[Fraction] = []
    gaps: dict[SourceKind, list[Fraction]] = {SourceKind.SELF: [], SourceKind.PUBLIC: []}
    left_out = 0
    for file in files:
        view = view_of_file(rules, file, scores.get(file.pk, ()))
        by_kind = {one.kind: view.score(one.key) for one in rules.sources}
        superior = by_kind.get(SourceKind.SUPERIOR)
        if superior is None:
            continue
        marks.append(((superior.numerator, superior.denominator), False))
        seen.append(superior)
        for kind, found in gaps.items():
            other = by_kind.get(kind)
            if other is not None:
                found.append(superior - other)
        left_out += bool(view.joined)
    return Line(
        committee=committee,
        count=len(files),
        mean=mean_shown(marks),
        low=min(seen, default=None),
        high=max(seen, default=None),
        over_self=_mean(gaps[SourceKind.SELF]),
        over_public=_mean(gaps[SourceKind.PUBLIC]),
        public_left_out=left_out,
        alike=alike,
    )


def _mean(values: Sequence[Fraction]) -> Fraction | None:
    return sum(values, Fraction()) / len(values) if values else None


def _alike(rules: SchemeRules, round: Round, reach: Reach) -> dict[int, str]:
    """Raters of the superior source who gave all of at least three branches the same, by committee; one query."""
    keys = [one.key for one in rules.sources if one.kind is SourceKind.SUPERIOR]
    files = round.assessments.within(reach).counted()
    rows = (
        Sheet.objects.in_force()
        .filter(assessment__in=files.values("pk"), source__in=keys)
        .values_list("assessment__deciding", "rater", "rater__name", "rater_label", "total", "marks")
    )
    given: dict[tuple[int, str], list[Fraction]] = {}
    for committee, rater, name, label, total, marks in rows:
        if total is not None:
            given.setdefault(
                (committee, name or label or (str(rater) if rater else "同一份评分")), []
            ).append(Fraction(total, marks))
    found: dict[int, list[str]] = {}
    for (committee, name), totals in given.items():
        if len(totals) >= ENOUGH and len(set(totals)) == 1:
            words = f"{name}给 {len(totals)} 个支部都打 {format_points(half_up(totals[0]))}"
            found.setdefault(committee, []).append(words)
    return {pk: "；".join(words) for pk, words in found.items()}


def picture_of(lines: Sequence[Line]) -> Picture:
    """Where each committee's marks lie."""
    known = [line for line in lines if line.mean.value is not None]
    lowest = min((int(line.low) for line in known if line.low is not None), default=6000)
    start = lowest // 1000 * 1000
    span = max(FULL_POINTS - start, 1000)

    def at(value: Fraction) -> int:
        return LEFT + (int(value) - start) * WIDTH // span

    marks = []
    for number, line in enumerate(known):
        if line.mean.value is None or line.low is None or line.high is None:
            continue
        y = 14 + number * ROW
        words = (
            f"均分 {format_points(half_up(line.mean.value))}，"
            f"{format_points(half_up(line.low))} 到 {format_points(half_up(line.high))}"
        )
        marks.append(
            Mark(line.committee.short_name, y, y + 5, at(line.low), at(line.high), at(line.mean.value), words)
        )
    bottom = 14 + len(marks) * ROW
    means = [line.mean.value for line in known if line.mean.value is not None]
    average = sum(means, Fraction()) / len(means) if means else None
    return Picture(
        marks=marks,
        ticks=[(at(Fraction(tick)), str(tick // 100)) for tick in range(start, FULL_POINTS + 1, 1000)],
        width=LEFT + WIDTH + 24,
        height=bottom + 20,
        bottom=bottom,
        average=None if average is None else at(average),
    )
