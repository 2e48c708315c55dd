"""Can a scheme's quotas be met, each alone and together, also after rounding (domain.md 3.4)?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from assessments.rules.compare import Fault
from assessments.rules.document import Quota, SchemeRules
from assessments.rules.words import Bound, QuotaScope
from gradingsite.lib.points import FULL_WEIGHT, format_weight

Numbered = tuple[int, Quota]


def quota_faults(rules: SchemeRules, sizes: Mapping[QuotaScope, Collection[int]]) -> Iterator[Fault]:
    """Quotas that name nothing known, and quotas that can't be met together; ``sizes``: set sizes per scope."""
    seen: set[str] = set()
    for index, quota in enumerate(rules.quotas):
        if not quota.key or quota.key in seen:
            yield Fault(f"quotas.{index}.key", f"配额第{index + 1}条的代号「{quota.key}」空着或重复", "请改")
        seen.add(quota.key)
        yield from _alone(rules, index, quota)
    groups: dict[tuple[QuotaScope, tuple[str, ...], str], list[Numbered]] = defaultdict(list)
    for numbered in enumerate(rules.quotas):
        quota = numbered[1]
        if quota.share is not None and quota.band and not quota.of_band:
            groups[quota.scope, quota.sectors, ""].append(numbered)
    for (scope, _, _), quotas in groups.items():
        yield from _together(rules, quotas, sorted(set(sizes.get(scope, ()))))


def said(rules: SchemeRules, quota: Quota) -> str:
    """A quota in words: 「差至少5%」."""
    band, star = rules.band(quota.band), rules.stars.star(quota.star) if rules.stars else None
    name = band.label if band else star.label if star else quota.band or quota.star
    return f"{name}{quota.bound.label}{format_weight(quota.share)}"


def _alone(rules: SchemeRules, index: int, quota: Quota) -> Iterator[Fault]:
    path, label = f"quotas.{index}", f"配额第{index + 1}条"
    if bool(quota.band) == bool(quota.star):
        yield Fault(path, f"{label}要写一个等次或一个星级，只写一样", "请改")
    if quota.band and rules.band(quota.band) is None:
        yield Fault(f"{path}.band", f"{label}的等次「{quota.band}」不存在", "请改成已有等次的代号")
    if quota.star and (rules.stars is None or rules.stars.star(quota.star) is None):
        yield Fault(f"{path}.star", f"{label}的星级「{quota.star}」不存在", "请改成已有星级的代号")
    if quota.of_band and rules.band(quota.of_band) is None:
        yield Fault(f"{path}.of_band", f"{label}所占等次「{quota.of_band}」不存在", "请改成已有等次的代号")
    if quota.band and quota.band == quota.of_band:
        yield Fault(f"{path}.of_band", f"{label}的等次和所占等次相同", "请改")
    for sector in quota.sectors:
        if rules.sector(sector) is None:
            yield Fault(f"{path}.sectors", f"{label}的领域「{sector}」不存在", "请改成已有领域")
    if quota.share is not None and not 0 < quota.share <= FULL_WEIGHT:
        yield Fault(f"{path}.share", f"{label}的比例要大于0、不超过100%", "请改比例")


def _together(rules: SchemeRules, quotas: list[Numbered], sizes: list[int]) -> Iterator[Fault]:
    """Pairs on one band first, then floors of several bands that ask for more than there is."""
    pairs = [
        (low, high)
        for low in quotas
        for high in quotas
        if low[1].band == high[1].band and low[1].bound is Bound.AT_LEAST and high[1].bound is Bound.AT_MOST
    ]
    for low, high in pairs:
        yield from _pair(rules, low, high, sizes)
    floors: dict[str, int] = {}
    for _, quota in quotas:
        if quota.bound is Bound.AT_LEAST:
            floors[quota.band] = max(floors.get(quota.band, 0), quota.share or 0)
    if sum(floors.values()) > FULL_WEIGHT:
        yield Fault(
            "quotas", f"配额：各等次的下限加总{format_weight(sum(floors.values()))}，超过100%", "请改小"
        )
        return
    for n in sizes:
        asked = sum(-(-share * n // FULL_WEIGHT) for share in floors.values())
        if asked > n:
            message = f"配额：{n}个支部时，各等次下限进位后要{asked}个，超过{n}个"
            yield Fault("quotas", message, "请改小比例，或写明多少个支部以上才适用")
            return
    ceilings: dict[str, int] = {}
    for _, quota in quotas:
        if quota.bound is Bound.AT_MOST:
            ceilings[quota.band] = min(ceilings.get(quota.band, FULL_WEIGHT), quota.share or 0)
    if len(ceilings) == len(rules.bands) and sum(ceilings.values()) < FULL_WEIGHT:
        total = format_weight(sum(ceilings.values()))
        yield Fault("quotas", f"配额：每个等次都有上限，加总只有{total}，有支部无等次可定", "请放宽一个上限")


def _pair(rules: SchemeRules, low: Numbered, high: Numbered, sizes: list[int]) -> Iterator[Fault]:
    floor, ceiling = low[1].share or 0, high[1].share or 0
    path = f"quotas.{high[0]}.share"
    message = f"配额：{said(rules, low[1])}与{said(rules, high[1])}不能同时满足"
    sample = next((n for n in sizes if _clash(low[1], high[1], n)), None)
    if sample is None and floor <= ceiling:
        return
    if sample is None:
        yield Fault(path, message, f"删去一条，或把上限改到{format_weight(floor)}以上")
        return
    need = -(-floor * sample // FULL_WEIGHT)
    per_cent = max(-(-need * 100 // sample), -(-floor // 100))
    yield Fault(
        path,
        message,
        f"{sample}个支部：至少{need}个，至多{ceiling * sample // FULL_WEIGHT}个。"
        f"删去一条，或把上限改到{per_cent}%以上",
    )


def _clash(low: Quota, high: Quota, n: int) -> bool:
    if any(one.from_n is not None and n < one.from_n for one in (low, high)):
        return False
    return -(-(low.share or 0) * n // FULL_WEIGHT) > (high.share or 0) * n // FULL_WEIGHT
