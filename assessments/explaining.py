"""Why this grade: the formula of a total with its numbers, fit for a pocket calculator (domain.md 5).

The lines are those of the small-group view; a joint line brings only its weighted points.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from assessments.rules.document import SchemeRules
from assessments.rules.words import AdjustmentKind, Effect
from assessments.scoring.grading import AppliedAdjustment, AppliedVeto, Result, band_of
from assessments.smallgroups import Line, View
from gradingsite.lib.points import (
    FULL_WEIGHT,
    exact_text,
    eye_text,
    format_points,
    format_weight,
    short_points,
)

FOOT = "带≈的得分只为看着方便取了两位小数，总分按未取舍的得分计算"


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """One source or joint line in words: ``score`` × ``weight`` = ``points``; a joint line has no score."""

    label: str
    score: str
    weight: str
    points: str
    voters: int | None
    joint: bool
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The parts of the page, each ready to print; empty texts where there is nothing to say.

    ``formula``: the weighted points added up; ``rounding``: the one rounding; ``because``: why this band.
    """

    lines: tuple[ExplainedLine, ...]
    formula: str
    adjustments: tuple[str, ...]
    total: str
    rounding: str
    because: str
    vetoes: tuple[str, ...]
    notes: tuple[str, ...]


def explain(rules: SchemeRules, result: Result, view: View) -> Explanation:
    """The explanation of ``result`` as it may be shown under ``view``; both of the same file and scheme."""
    lines = tuple(_line(line, view.live) for line in view.lines)
    cut = any(line.score.startswith("≈") or line.points.startswith("≈") for line in lines)
    notes = [result.spread_note, view.note, FOOT if cut else ""]
    if result.total is None:
        waiting = f"还缺{'、'.join(result.missing)}，暂不计总分"
        notes.insert(0, waiting if result.missing else "各方评分已齐，等待计分")
    return Explanation(
        lines=lines,
        formula=_formula(lines, result),
        adjustments=tuple(_adjustment(one) for one in result.adjustments) + _capped(rules, result),
        total=format_points(result.total),
        rounding=_rounding(result),
        because=_because(rules, result),
        vetoes=tuple(_veto(rules, one) for one in result.vetoes),
        notes=tuple(note for note in notes if note),
    )


def _line(line: Line, live: int) -> ExplainedLine:
    weight = format_weight(line.weight) + ("" if live == FULL_WEIGHT else f"÷{format_weight(live)}")
    return ExplainedLine(
        label=line.label,
        score="" if line.joint else eye_text(line.score),
        weight=weight if line.points is not None else format_weight(line.weight),
        points=exact_text(line.points),
        voters=line.voters,
        joint=line.joint,
        sources=line.sources,
    )


def _formula(lines: tuple[ExplainedLine, ...], result: Result) -> str:
    if result.weighted is None:
        return ""
    terms = [line.points for line in lines if line.points != exact_text(None)]
    return f"{' + '.join(terms)} = {exact_text(result.weighted)}"


def _adjustment(one: AppliedAdjustment) -> str:
    sign = "+" if one.kind is AdjustmentKind.BONUS else "−"
    cut = (
        f"（报{short_points(one.asked)}，单项最多{short_points(one.given)}）"
        if one.asked != one.given
        else ""
    )
    where = "，计入评价主体得分" if one.source else ""
    return f"{one.kind.label}「{one.label}」{sign}{short_points(one.given)}{cut}{where}"


def _capped(rules: SchemeRules, result: Result) -> tuple[str, ...]:
    """What the caps in all cut off, and the sum that follows."""
    said = []
    for kind, cap, counted in (
        (AdjustmentKind.BONUS, rules.bonus_cap, result.bonus),
        (AdjustmentKind.PENALTY, rules.penalty_cap, result.penalty),
    ):
        asked = sum(one.given for one in result.adjustments if one.kind is kind and not one.source)
        if cap is not None and asked > counted:
            said.append(f"{kind.label}合计{short_points(asked)}，最多{short_points(cap)}")
    if result.weighted is not None and (result.bonus or result.penalty):
        parts = [exact_text(result.weighted)]
        parts += [f"+ {short_points(result.bonus)}"] if result.bonus else []
        parts += [f"− {short_points(result.penalty)}"] if result.penalty else []
        after = result.weighted + result.bonus - result.penalty
        said.append(
            f"{' '.join(parts)} = {exact_text(after)}" + (f"，{result.clamped}" if result.clamped else "")
        )
    return tuple(said)


def _rounding(result: Result) -> str:
    if result.total is None or result.total_exact is None:
        return ""
    if result.total_exact == Fraction(result.total):
        return "正好两位小数，不用舍入"
    return "四舍五入到分，只在最后舍入一次"


def _because(rules: SchemeRules, result: Result) -> str:
    if result.total is None:
        return ""
    band = band_of(rules, result.total)
    total = format_points(result.total)
    if band is rules.bands[-1]:
        line = rules.bands[-2]
        return f"{total} 低于“{line.label}”的线 {short_points(line.lower)}，所以是{band.label}"
    return f"{total} 不低于“{band.label}”的线 {short_points(band.lower)}，所以是{band.label}"


def _veto(rules: SchemeRules, one: AppliedVeto) -> str:
    star = rules.stars.star(one.target) if rules.stars and one.effect is Effect.CAP_STAR else None
    band = rules.band(one.target)
    target = star.label if star else band.label if band else one.target
    return f"{one.label}（{one.why}）：{one.effect.label}{target}"
