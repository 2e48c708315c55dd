"""Points of one indicator on one sheet, by the scheme's manner of scoring (schemes.md): added up, deducted, graded."""

from __future__ import annotations

from collections.abc import Iterable

from assessments.rules.document import Indicator, RaterRole, SectorRules, Source, SubIndicator
from assessments.rules.words import Manner
from gradingsite.lib.points import short_points
from gradingsite.lib.refusal import Refused


def deducted(indicator: Indicator | SubIndicator, deductions: Iterable[int]) -> int:
    """Full points less the deductions (positive hundredths), not below 0."""
    return max(0, full_points(indicator) - sum(deductions))


def answered(indicator: Indicator | SubIndicator, answer: str) -> int:
    """The points of a graded answer, by its key. Raises :class:`Refused` for an unknown one."""
    for one in indicator.answers:
        if one.key == answer and one.points is not None:
            return one.points
    raise Refused(f"「{indicator.label}」没有「{answer}」这一档")


def full_points(indicator: Indicator | SubIndicator) -> int:
    """The full points in hundredths. Raises :class:`Refused` while they are open."""
    if indicator.points is None:
        raise Refused(f"指标「{indicator.label}」的满分还没有填，请先填好方案")
    return indicator.points


def point_faults(
    indicator: Indicator | SubIndicator, points: int, precision: int, reason: str = ""
) -> list[str]:
    """What is wrong with points noted for an indicator, in Chinese; a deduction needs its reason 「扣分有事由」."""
    full = full_points(indicator)
    faults = []
    if not 0 <= points <= full:
        faults.append(f"「{indicator.label}」要在0到{short_points(full)}之间，填的是{short_points(points)}")
    if points % precision:
        faults.append(f"「{indicator.label}」要填{short_points(precision)}的整数倍")
    if indicator.manner is Manner.GRADED and points not in [answer.points for answer in indicator.answers]:
        worth = "、".join(
            short_points(answer.points) for answer in indicator.answers if answer.points is not None
        )
        faults.append(f"「{indicator.label}」按档给分，只能是{worth}")
    if points < full and not reason.strip():
        faults.append(f"「{indicator.label}」扣了分，请写事由")
    return faults


def assigned_to(source: Source, role: str, sector: SectorRules) -> frozenset[str]:
    """The indicators of a sector that a rater's role scores. Raises :class:`Refused` for an unknown role."""
    every = frozenset(leaf.key for leaf in sector.leaves())
    if not source.raters:
        return every
    found: RaterRole | None = next((one for one in source.raters if one.key == role), None)
    if found is None:
        raise Refused(f"「{source.label}」没有评分人「{role}」")
    return every & frozenset(found.indicators) if found.indicators else every
