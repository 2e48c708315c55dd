"""Rehearsal 「试算」: a draft scheme tried on the files of a round without changing them (domain.md 3)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assessments.rules.document import Quota, SchemeRules
from assessments.rules.words import QuotaScope
from assessments.scoring.grading import Grader
from assessments.scoring.inputs import AdjustmentMark, SourceScore, Stored
from assessments.scoring.quotas import QuotaState, quota_state


@dataclass(frozen=True, slots=True)
class TrialFile:
    """A file as it stands: its scores by source key, its total and band now, the sets it counts in."""

    code: str
    committee: str
    sector: str
    scores: Mapping[str, SourceScore | Stored | None]
    total: int | None
    band: str | None
    adjustments: Sequence[AdjustmentMark] = ()
    ticks: Collection[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Shift:
    """One file whose band changes. ``steps``: bands up (positive) or down (negative)."""

    code: str
    total_before: int | None
    total_after: int | None
    band_before: str
    band_after: str
    steps: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a draft would do: files rising, falling, staying, without a total; bands before and after; quotas per set.

    A file that has a band only on one side neither rises nor falls.

    ``shifts``: the files that change, those that rise most first. ``quotas``: (set, state), the set a committee or
    sector code, empty for the whole round; stars aren't tried, they follow decisions.
    """

    risen: int
    fallen: int
    same: int
    incomplete: int
    before: Mapping[str, int]
    after: Mapping[str, int]
    shifts: tuple[Shift, ...]
    quotas: tuple[tuple[str, QuotaState], ...]


def rehearse(now: SchemeRules, draft: SchemeRules, files: Iterable[TrialFile]) -> Rehearsal:
    """Grade every file under ``draft`` and set it against what stands under ``now``. Raises :class:`Refused` for open
    values. Sources the draft doesn't have are left aside; those it adds are missing until somebody scores them."""
    grader = Grader(draft)
    known = {source.key for source in draft.sources}
    veto_cases = {veto.key for veto in draft.vetoes if not veto.source}
    items = {item.key for item in draft.adjustments}
    held = list(files)
    bands: dict[str, str | None] = {}
    shifts = []
    for file in held:
        result = grader.grade(
            {key: score for key, score in file.scores.items() if key in known},
            [mark for mark in file.adjustments if mark.item in items],
            [tick for tick in file.ticks if tick in veto_cases],
        )
        bands[file.code] = result.band
        if file.band and result.band:
            steps = now.rank(file.band) - draft.rank(result.band)
            if steps:
                shifts.append(Shift(file.code, file.total, result.total, file.band, result.band, steps))
    incomplete = sum(1 for band in bands.values() if band is None)
    risen, fallen = (sum(1 for shift in shifts if shift.steps * way > 0) for way in (1, -1))
    return Rehearsal(
        risen=risen,
        fallen=fallen,
        same=sum(1 for file in held if file.band and bands[file.code]) - len(shifts),
        incomplete=incomplete,
        before=_spread(now, (file.band for file in held)),
        after=_spread(draft, bands.values()),
        shifts=tuple(sorted(shifts, key=lambda shift: (-shift.steps, shift.code))),
        quotas=tuple(_tried(draft, held, bands)),
    )


def _spread(rules: SchemeRules, bands: Iterable[str | None]) -> dict[str, int]:
    counts = Counter(bands)
    return {band.key: counts[band.key] for band in rules.bands}


def _tried(
    draft: SchemeRules, files: Sequence[TrialFile], bands: Mapping[str, str | None]
) -> Iterable[tuple[str, QuotaState]]:
    for quota in draft.quotas:
        if quota.star:
            continue
        for name, inside in sorted(_sets(quota, files).items()):
            counts = Counter(bands[file.code] for file in inside)
            n = counts[quota.of_band] if quota.of_band else len(inside)
            state = quota_state(draft, quota, n, counts[quota.band], counts[None])
            if state is not None:
                yield name, state


def _sets(quota: Quota, files: Sequence[TrialFile]) -> dict[str, list[TrialFile]]:
    sets: dict[str, list[TrialFile]] = defaultdict(list)
    for file in files:
        if quota.sectors and file.sector not in quota.sectors:
            continue
        name = {QuotaScope.COMMITTEE: file.committee, QuotaScope.SECTOR: file.sector}.get(quota.scope, "")
        sets[name].append(file)
    return sets
