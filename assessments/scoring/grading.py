"""From source scores to the total and the proposed band (domain.md 5): exact, rounded once, half-up, at the end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from assessments.rules.document import Adjustment, Band, SchemeRules, Source, Veto
from assessments.rules.words import AdjustmentKind, Effect, Missing
from assessments.scoring.inputs import AdjustmentMark, SourceScore, Stored
from assessments.scoring.sources import sector_of
from gradingsite.lib.points import FULL_POINTS, FULL_WEIGHT, format_weight, half_up, half_up_ratio
from gradingsite.lib.refusal import Refused


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one source brings: its score × its weight (``live`` = the weights present, 10000 unless spreading)."""

    source: str
    label: str
    weight: int
    live: int
    stored: Stored

    @property
    def score(self) -> Fraction:
        """The exact score in hundredths."""
        return Fraction(*self.stored)

    @property
    def share(self) -> Fraction:
        """The weight really used, in basis points."""
        return Fraction(self.weight * FULL_WEIGHT, self.live)

    @property
    def points(self) -> Fraction:
        """The weighted points in hundredths, exact."""
        return self.score * self.weight / self.live


@dataclass(frozen=True, slots=True)
class AppliedAdjustment:
    """A bonus or penalty item as it counted: ``asked`` noted, ``given`` after the item's cap; both positive."""

    item: str
    label: str
    kind: AdjustmentKind
    asked: int
    given: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class AppliedVeto:
    """A veto or direct rule that struck, with the words of why."""

    veto: str
    label: str
    effect: Effect
    target: str
    why: str


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome for one file. ``total`` is rounded hundredths, ``None`` while ``missing`` names what is not there.

    ``weighted``: Σ weight × score; ``total_exact``: after adjustments and clamping, before the one rounding.
    ``band_by_total``: found from the rounded total; ``band``: after vetoes. ``star_cap``: the best star allowed.
    """

    contributions: tuple[Contribution, ...]
    missing: tuple[str, ...]
    weighted: Fraction | None
    total_exact: Fraction | None
    total: int | None
    band_by_total: str | None
    band: str | None
    bonus: int = 0
    penalty: int = 0
    adjustments: tuple[AppliedAdjustment, ...] = ()
    vetoes: tuple[AppliedVeto, ...] = ()
    star_cap: str | None = None
    clamped: str = ""
    spread_note: str = ""

    def scores(self) -> dict[str, Stored]:
        """The scores as they were weighted, items that count inside a source included; for the view of a page."""
        return {one.source: one.stored for one in self.contributions}


def grade(
    rules: SchemeRules,
    sector: str,
    scores: Mapping[str, SourceScore | Stored | None],
    adjustments: Iterable[AdjustmentMark] = (),
    ticks: Collection[str] = (),
) -> Result:
    """The total and band of one file from its sources' scores, computed now or stored.

    ``adjustments``: points under the scheme's bonus and penalty items; ``ticks``: keys of the veto cases that apply.
    A source that is absent or not complete counts as missing. Raises :class:`Refused` for unknown keys and open values.
    """
    sector_of(rules, sector)
    return Grader(rules).grade(scores, adjustments, ticks)


def band_of(rules: SchemeRules, total: int) -> Band:
    """The band of a rounded total in hundredths: the best one whose inclusive lower bound is reached."""
    for band in rules.bands:
        if band.lower is None:
            raise Refused(f"等次「{band.label}」的下限还没有填，请先填好方案")
        if total >= band.lower:
            return band
    raise Refused("方案最低等次的下限不是0，有总分找不到等次，请改方案")


def allowed_bands(rules: SchemeRules, result: Result) -> tuple[str, ...]:
    """The bands a committee may decide, best to worst: a veto can't be overridden (domain.md 3.7)."""
    sets = [one.target for one in result.vetoes if one.effect is Effect.SET_BAND]
    best = max((rules.rank(one.target) for one in result.vetoes if one.effect is Effect.CAP_BAND), default=0)
    if sets:
        return (rules.bands[max(best, *map(rules.rank, sets))].key,)
    return tuple(band.key for band in rules.bands[best:])


def weigh(weights: Sequence[int], scores: Sequence[Stored | None]) -> tuple[int, int, int]:
    """Σ weight × score over the scores present, as numerator and denominator, and the weights present.

    The weighted points are numerator ÷ (denominator × the weights present).
    """
    top, bottom, live = 0, 1, 0
    for weight, score in zip(weights, scores, strict=True):
        if score is not None and weight:
            top = top * score[1] + weight * score[0] * bottom
            bottom *= score[1]
            live += weight
    return top, bottom, live


@dataclass(frozen=True)
class Grader:
    """The same computation for many files: what depends only on the scheme is looked up once."""

    rules: SchemeRules
    weights: tuple[int, ...] = field(init=False)
    spreads: bool = field(init=False)
    plain: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", tuple(_weight(source) for source in self.rules.sources))
        object.__setattr__(self, "spreads", self.rules.missing is Missing.SPREAD)
        object.__setattr__(self, "plain", not any(veto.source for veto in self.rules.vetoes))

    def grade(
        self,
        scores: Mapping[str, SourceScore | Stored | None],
        adjustments: Iterable[AdjustmentMark] = (),
        ticks: Collection[str] = (),
    ) -> Result:
        """As :func:`grade`."""
        rules = self.rules
        strange = set(scores) - {source.key for source in rules.sources}
        if strange:
            raise Refused(f"方案里没有评价主体「{'、'.join(sorted(strange))}」")
        applied = _applied(rules, adjustments)
        pairs = [
            _adjusted(rules, source, _stored(scores.get(source.key)), applied) for source in rules.sources
        ]
        missing = tuple(
            source.label for source, pair in zip(rules.sources, pairs, strict=True) if pair is None
        )
        vetoes = _struck(rules, {s.key: pair for s, pair in zip(rules.sources, pairs, strict=True)}, ticks)
        top, bottom, live = weigh(self.weights, pairs)
        contributions = tuple(
            Contribution(source.key, source.label, weight, live, pair)
            for source, weight, pair in zip(rules.sources, self.weights, pairs, strict=True)
            if pair is not None
        )
        star_cap = _star_cap(rules, vetoes)
        if not live or (missing and not self.spreads):
            return Result(
                contributions, missing, None, None, None, None, None, 0, 0, applied, vetoes, star_cap
            )
        weighted = Fraction(top, bottom * live)
        bonus, penalty = _sums(rules, applied)
        exact, clamped = _clamp(rules, weighted + bonus - penalty)
        total = half_up(exact)
        by_total = band_of(rules, total).key
        return Result(
            contributions=contributions,
            missing=missing,
            weighted=weighted,
            total_exact=exact,
            total=total,
            band_by_total=by_total,
            band=_band_after(rules, by_total, vetoes),
            bonus=bonus,
            penalty=penalty,
            adjustments=applied,
            vetoes=vetoes,
            star_cap=star_cap,
            clamped=clamped,
            spread_note=_spread_note(missing, contributions) if missing else "",
        )

    def quick(self, scores: Sequence[Stored | None]) -> tuple[int | None, str | None]:
        """Rounded total and band of a file without adjustments or ticked cases; scores in the scheme's order.

        For bulk runs: no words, no parts. Equal to :meth:`grade`, which it calls where a threshold may strike.
        """
        if not self.plain:
            keyed = {source.key: pair for source, pair in zip(self.rules.sources, scores, strict=True)}
            result = self.grade(keyed)
            return result.total, result.band
        top, bottom, live = weigh(self.weights, scores)
        if not live or (None in scores and not self.spreads):
            return None, None
        total = half_up_ratio(top, bottom * live)
        if total > FULL_POINTS and not self.rules.total_may_pass_100:
            total = FULL_POINTS
        return total, band_of(self.rules, total).key


def _weight(source: Source) -> int:
    if source.weight is None:
        raise Refused(f"「{source.label}」的权重还没有填，请先填好方案")
    return source.weight


def _stored(score: SourceScore | Stored | None) -> Stored | None:
    if isinstance(score, SourceScore):
        return score.stored if score.complete else None
    return score


def _applied(rules: SchemeRules, marks: Iterable[AdjustmentMark]) -> tuple[AppliedAdjustment, ...]:
    """The items' sums, each cut at its own cap."""
    asked: dict[str, int] = {}
    for mark in marks:
        if mark.points < 0:
            raise Refused("加分、扣分都填正数")
        asked[mark.item] = asked.get(mark.item, 0) + mark.points
    strange = set(asked) - {item.key for item in rules.adjustments}
    if strange:
        raise Refused(f"方案里没有加分扣分项「{'、'.join(sorted(strange))}」")
    return tuple(
        AppliedAdjustment(
            item.key, item.label, item.kind, asked[item.key], _cut(item, asked[item.key]), item.source
        )
        for item in rules.adjustments
        if item.key in asked
    )


def _cut(item: Adjustment, points: int) -> int:
    return points if item.cap is None else min(points, item.cap)


def _adjusted(
    rules: SchemeRules, source: Source, pair: Stored | None, applied: tuple[AppliedAdjustment, ...]
) -> Stored | None:
    """A source's score with the items that count inside it, not below 0 nor above 100 (unless totals may pass)."""
    if pair is None or not applied:
        return pair
    inside = [one for one in applied if one.source == source.key]
    if not inside:
        return pair
    change = sum(one.given if one.kind is AdjustmentKind.BONUS else -one.given for one in inside)
    value = _clamp(rules, Fraction(*pair) + change)[0]
    return value.numerator, value.denominator


def _sums(rules: SchemeRules, applied: tuple[AppliedAdjustment, ...]) -> tuple[int, int]:
    """Bonus and penalty on the total, each cut at its cap in all."""
    sums = []
    for kind, cap in ((AdjustmentKind.BONUS, rules.bonus_cap), (AdjustmentKind.PENALTY, rules.penalty_cap)):
        found = sum(one.given for one in applied if one.kind is kind and not one.source)
        sums.append(found if cap is None else min(found, cap))
    return sums[0], sums[1]


def _clamp(rules: SchemeRules, value: Fraction) -> tuple[Fraction, str]:
    if value < 0:
        return Fraction(), "低于0，按0计"
    if value > FULL_POINTS and not rules.total_may_pass_100:
        return Fraction(FULL_POINTS), "超过100，按100计"
    return value, ""


def _struck(
    rules: SchemeRules, pairs: Mapping[str, Stored | None], ticks: Collection[str]
) -> tuple[AppliedVeto, ...]:
    strange = set(ticks) - {veto.key for veto in rules.vetoes if not veto.source}
    if strange:
        raise Refused(f"方案里没有一票否决情形「{'、'.join(sorted(strange))}」")
    struck = []
    for veto in rules.vetoes:
        why = _why(rules, veto, pairs.get(veto.source), ticks)
        if why:
            struck.append(AppliedVeto(veto.key, veto.label, veto.effect, veto.band or veto.star, why))
    return tuple(struck)


def _why(rules: SchemeRules, veto: Veto, pair: Stored | None, ticks: Collection[str]) -> str:
    if not veto.source:
        return "已认定有此情形" if veto.key in ticks else ""
    if pair is None or veto.below is None or pair[0] >= veto.below * pair[1]:
        return ""
    source = rules.source(veto.source)
    return f"{source.label if source else veto.source}低于{veto.below // 100}.{veto.below % 100:02d}分"


def _band_after(rules: SchemeRules, band: str, vetoes: tuple[AppliedVeto, ...]) -> str:
    """Direct rules first (of several the worst), then caps."""
    sets = [rules.rank(one.target) for one in vetoes if one.effect is Effect.SET_BAND]
    caps = [rules.rank(one.target) for one in vetoes if one.effect is Effect.CAP_BAND]
    rank = max(sets) if sets else rules.rank(band)
    return rules.bands[max(rank, *caps)].key if caps else rules.bands[rank].key


def _star_cap(rules: SchemeRules, vetoes: tuple[AppliedVeto, ...]) -> str | None:
    capped = [one.target for one in vetoes if one.effect is Effect.CAP_STAR]
    if not capped or rules.stars is None:
        return None
    order = [star.key for star in rules.stars.levels]
    return max(capped, key=order.index)


def _spread_note(missing: tuple[str, ...], contributions: tuple[Contribution, ...]) -> str:
    shares = "、".join(
        f"{one.label}{format_weight(one.weight)}"
        + ("" if one.live == FULL_WEIGHT else f"÷{format_weight(one.live)}")
        for one in contributions
        if one.weight
    )
    return f"缺{'、'.join(missing)}，按方案把权重按比例分给其他主体：{shares}"
