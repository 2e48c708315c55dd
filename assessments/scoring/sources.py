"""The exact score of one source of one file (domain.md 5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from assessments.rules.document import Period, SchemeRules, SectorRules, Source
from assessments.rules.words import Combine, Denominator, Method
from assessments.scoring.inputs import (
    BallotCounts,
    Marks,
    MeanMarks,
    Origin,
    PooledMarks,
    SheetMarks,
    SourceScore,
)
from gradingsite.lib.refusal import Refused

WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class _Found:
    """A score under way."""

    value: Fraction | None
    voters: int | None = None
    origin: Origin = Origin.NOTHING
    notes: tuple[str, ...] = ()


def score_source(
    rules: SchemeRules,
    source: str,
    sector: str,
    sheets: Sequence[Marks] = (),
    ballots: Sequence[BallotCounts] = (),
    *,
    awaited: int = 0,
) -> SourceScore:
    """The score of ``source`` from the sheets in force and the ballots counted; not rounded.

    ``awaited``: sheets asked for that are not in yet. Sheets with lines and sheets with totals only are not mixed.
    Raises :class:`Refused` for such a mix, for unknown sources, sectors, indicators or options, and for open values.
    """
    asked = source_of(rules, source)
    where = sector_of(rules, sector)
    if sheets and ballots:
        raise Refused(f"「{asked.label}」既有评分又有计票，只能留一种")
    over = rules.periods
    found = (
        _over_periods(rules, asked, where, sheets, ballots)
        if over
        else _one_period(asked, where, sheets, ballots)
    )
    notes = found.notes + ((f"还差{awaited}份评分表",) if awaited else ())
    known = found.value is not None and not awaited
    return SourceScore(
        source=asked.key,
        numerator=found.value.numerator if found.value is not None else None,
        denominator=found.value.denominator if found.value is not None else 1,
        voters=found.voters,
        complete=known,
        origin=found.origin,
        notes=notes,
    )


def indicator_means(
    rules: SchemeRules, sector: str, sheets: Iterable[SheetMarks]
) -> dict[str, Fraction | None]:
    """The mean per scored indicator over the sheets it is assigned to; ``None`` where something is missing."""
    held = list(sheets)
    means: dict[str, Fraction | None] = {}
    for leaf in sector_of(rules, sector).leaves():
        total, count, why = _marks_of(leaf.key, held)
        means[leaf.key] = None if why else Fraction(total, count)
    return means


def source_of(rules: SchemeRules, key: str) -> Source:
    """The source called ``key``. Raises :class:`Refused` when the scheme has none."""
    found = rules.source(key)
    if found is None:
        raise Refused(f"方案里没有评价主体「{key}」")
    return found


def sector_of(rules: SchemeRules, key: str) -> SectorRules:
    """The sector called ``key``. Raises :class:`Refused` when the scheme has none."""
    found = rules.sector(key)
    if found is None:
        raise Refused(f"方案里没有领域「{key}」，请先在方案中补上或改正支部的领域")
    return found


def _over_periods(
    rules: SchemeRules,
    source: Source,
    sector: SectorRules,
    sheets: Sequence[Marks],
    ballots: Sequence[BallotCounts],
) -> _Found:
    strange = {one.period for one in (*sheets, *ballots)} - {one.key for one in rules.periods}
    if strange:
        raise Refused(f"「{source.label}」有评分没有写明是哪一考评期")
    parts = [
        _one_period(
            source,
            sector,
            [sheet for sheet in sheets if sheet.period == period.key],
            [ballot for ballot in ballots if ballot.period == period.key],
        )
        for period in rules.periods
    ]
    wanted = (
        [(rules.periods[-1], parts[-1])]
        if rules.combine is Combine.LAST
        else list(zip(rules.periods, parts, strict=True))
    )
    voters = [part.voters for _, part in wanted]
    missing = tuple(f"{period.label}没有数据" for period, part in wanted if part.value is None)
    return _Found(
        value=None if missing else _combined(wanted, rules.combine),
        voters=None if None in voters else min(one for one in voters if one is not None),
        origin=wanted[-1][1].origin,
        notes=tuple(note for _, part in wanted for note in part.notes) + missing,
    )


def _combined(parts: list[tuple[Period, _Found]], combine: Combine) -> Fraction:
    values = [part.value for _, part in parts if part.value is not None]
    if combine is Combine.WEIGHTED:
        weights = [period.weight or 0 for period, _ in parts]
        return (
            sum((value * weight for value, weight in zip(values, weights, strict=True)), Fraction()) / WHOLE
        )
    return sum(values, Fraction()) / len(values)


def _one_period(
    source: Source, sector: SectorRules, sheets: Sequence[Marks], ballots: Sequence[BallotCounts]
) -> _Found:
    if ballots:
        if source.method is not Method.BALLOT:
            raise Refused(f"「{source.label}」不用投票，不能录入票数")
        return _from_ballots(source, ballots)
    return _from_sheets(source, sector, sheets)


def _from_sheets(source: Source, sector: SectorRules, sheets: Sequence[Marks]) -> _Found:
    single = [one for one in sheets if isinstance(one, SheetMarks)]
    pooled = [one for one in sheets if isinstance(one, PooledMarks)]
    means = [one for one in sheets if isinstance(one, MeanMarks)]
    if sum(map(bool, (single, pooled, means))) > 1 or len(means) > 1:
        raise Refused(f"「{source.label}」的评分有单张、有合计，不能混用，请只留一种")
    if means:
        return _Found(Fraction(means[0].mean), means[0].voters, Origin.MEAN)
    if pooled:
        count = sum(one.count for one in pooled)
        value = Fraction(sum(one.sum for one in pooled), count) if count else None
        return _Found(value, count, Origin.POOLED if count else Origin.NOTHING)
    with_total = [one for one in single if one.total is not None]
    if not single:
        return _Found(None)
    if len(with_total) == len(single):
        return _Found(
            Fraction(sum(one.total or 0 for one in single), len(single)), len(single), Origin.TOTALS
        )
    if with_total:
        raise Refused(f"「{source.label}」有的评分表只有总分、有的逐项打分，不能混用，请只留一种")
    if source.method is Method.OVERALL:
        return _Found(None, None, Origin.NOTHING, ("总分没有填",))
    return _from_lines(sector, single)


def _from_lines(sector: SectorRules, sheets: Sequence[SheetMarks]) -> _Found:
    leaves = sector.leaves()
    keys = {leaf.key for leaf in leaves}
    strange = {key for sheet in sheets for key in sheet.lines if key not in keys}
    if strange:
        raise Refused(f"评分表里有方案没有的指标：{'、'.join(sorted(strange))}")
    sums: dict[int, int] = {}
    notes = []
    for leaf in leaves:
        total, count, why = _marks_of(leaf.key, sheets)
        if why:
            notes.append(f"「{leaf.label}」{why}")
        else:
            sums[count] = sums.get(count, 0) + total
    if notes:
        return _Found(None, len(sheets), Origin.NOTHING, tuple(notes))
    # Means with the same number of raters are added as whole numbers: fractions are met once per number of raters.
    score = sum((Fraction(total, count) for count, total in sums.items()), Fraction())
    return _Found(score, len(sheets), Origin.LINES)


def _marks_of(indicator: str, sheets: Sequence[SheetMarks]) -> tuple[int, int, str]:
    """Sum and number of an indicator's marks over the sheets it is assigned to, and why there is no mean."""
    total = asked = given = 0
    for sheet in sheets:
        if sheet.assigned is None or indicator in sheet.assigned:
            asked += 1
            mark = sheet.lines.get(indicator)
            if mark is not None:
                given += 1
                total += mark
    if not asked:
        return 0, 0, "没有安排人评分"
    return total, given, f"还有{asked - given}份没有填" if given < asked else ""


def _from_ballots(source: Source, ballots: Sequence[BallotCounts]) -> _Found:
    if source.pooled or len(source.voter_groups()) < 2:
        return _counted(source, ballots)
    parts = [
        (group, _counted(source, [one for one in ballots if one.group == group.key]))
        for group in source.groups
    ]
    missing = tuple(f"{group.label}没有有效票" for group, part in parts if part.value is None)
    voters = sum(part.voters or 0 for _, part in parts)
    if missing:
        return _Found(None, voters, Origin.NOTHING, missing)
    value = (
        sum(((part.value or Fraction()) * (group.weight or 0) for group, part in parts), Fraction()) / WHOLE
    )
    return _Found(value, voters, Origin.BALLOT)


def _counted(source: Source, ballots: Sequence[BallotCounts]) -> _Found:
    """Σ option points × votes ÷ the scheme's denominator; options that don't count as valid bring nothing."""
    strange = {key for one in ballots for key in one.options} - {option.key for option in source.options}
    if strange:
        raise Refused(f"「{source.label}」的票数里有方案没有的选项：{'、'.join(sorted(strange))}")
    points = valid = 0
    for option in source.options:
        votes = sum(one.options.get(option.key, 0) for one in ballots)
        if option.valid:
            if option.points is None:
                raise Refused(f"「{source.label}」的选项「{option.label}」还没有分值，请先填好方案")
            points += votes * option.points
            valid += votes
    cast = sum(one.cast() for one in ballots)
    divisor = {
        Denominator.VALID: valid,
        Denominator.CAST: cast,
        Denominator.EXPECTED: sum(one.expected or 0 for one in ballots) if cast else 0,
    }[source.denominator]
    if not divisor:
        return _Found(None, valid, Origin.NOTHING, ("没有有效票",))
    return _Found(Fraction(points, divisor), valid, Origin.BALLOT)
