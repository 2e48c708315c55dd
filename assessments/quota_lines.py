"""Quota lines of one committee's session or report: what stands, where the line is, who stands at its edge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from assessments.models import Assessment, Round
from assessments.rules import Bound, Quota, QuotaScope, SchemeRules, Strictness
from assessments.scoring import propose_from_bottom, quota_state, target_label
from gradingsite.lib.points import FULL_POINTS, exact_text, format_weight


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One quota in words; ``own``: this committee's branches in the band, of those the quota counts."""

    label: str
    words: str
    edge: str
    met: bool
    blocks: bool
    inside: int
    limit: int
    n: int
    over: bool
    shared: bool = False
    own: int = 0


def lines_of(
    rules: SchemeRules, round: Round, files: Sequence[Assessment], bands: Mapping[int, str]
) -> list[QuotaLine]:
    """The quotas that touch these files of one committee. ``bands``: file id to the band standing or proposed.

    Two queries at most, for quotas over the whole round: other committees' branches count as they stand.
    """
    wider = any(quota.scope is not QuotaScope.COMMITTEE for quota in rules.quotas)
    others: Counter[tuple[str, str]] = Counter()
    if wider:
        mine = {file.pk for file in files}
        rows = round.assessments.counted().exclude(pk__in=mine)
        for sector, decided, computed in rows.values_list("sector", "decided_band", "band"):
            others[sector, decided or computed] += 1
    found: list[QuotaLine] = []
    for quota in rules.quotas:
        if quota.star or quota.share is None:
            continue
        for sector in _sectors(quota, files):
            line = _line(rules, quota, sector, files, bands, others)
            if line:
                found.append(line)
    return found


def _sectors(quota: Quota, files: Sequence[Assessment]) -> Sequence[str]:
    """The sectors a quota is counted in one by one; one empty name where it isn't by sector."""
    if quota.scope is not QuotaScope.SECTOR:
        return ("",)
    present = dict.fromkeys(file.sector for file in files)
    return [sector for sector in present if not quota.sectors or sector in quota.sectors]


def _line(
    rules: SchemeRules,
    quota: Quota,
    sector: str,
    files: Sequence[Assessment],
    bands: Mapping[int, str],
    others: Counter[tuple[str, str]],
) -> QuotaLine | None:
    def counts(name: str) -> bool:
        return name == sector if sector else not quota.sectors or name in quota.sectors

    mine = [file for file in files if counts(file.sector)]
    standing = [bands.get(file.pk, "") for file in mine]
    own = standing.count(quota.band)
    if quota.scope is not QuotaScope.COMMITTEE:
        for (name, band), number in others.items():
            standing += [band] * number if counts(name) else []
    inside = standing.count(quota.band)
    n = standing.count(quota.of_band) if quota.of_band else len(standing)
    state = quota_state(rules, quota, n, inside, standing.count(""))
    if state is None or quota.share is None:
        return None
    shared = quota.scope is not QuotaScope.COMMITTEE
    share = format_weight(quota.share)
    return QuotaLine(
        label=f"{f'{sector}：' if sector else ''}{target_label(rules, quota)}，{quota.bound.label} {share}",
        words=_words(quota, state.limit, inside, n, own if shared else None),
        edge="" if shared else _edge(quota, mine, bands, state.short, state.over),
        met=state.met,
        blocks=state.blocks,
        inside=inside,
        limit=state.limit,
        n=n,
        over=bool(state.over),
        shared=shared,
        own=own,
    )


def _words(quota: Quota, limit: int, inside: int, n: int, own: int | None) -> str:
    share = quota.share or 0
    cut = share * n % FULL_POINTS
    rounded = "" if not cut else "，进位" if quota.bound is Bound.AT_LEAST else "，舍去"
    product = exact_text(Fraction(share * n, 100), places=2)
    mine = "" if own is None else f"本党委 {own}，全轮次"
    kind = "" if quota.strictness is Strictness.BLOCK else "；只提醒，不拦截"
    return f"{mine}现有 {inside}，线在 {limit}（{n} × {format_weight(share)} = {product}{rounded}）{kind}"


def _edge(quota: Quota, files: Sequence[Assessment], bands: Mapping[int, str], short: int, over: int) -> str:
    """Who stands at the edge, from the lowest total; equal totals are named, never chosen between."""
    inside = quota.bound is Bound.AT_MOST
    asked = {str(file.pk): file for file in files if (bands.get(file.pk) == quota.band) is inside}
    totals = {pk: file.total for pk, file in asked.items() if file.total is not None}
    proposal = propose_from_bottom(totals, over if inside else short)

    def names(keys: Sequence[str]) -> str:
        return "、".join(asked[key].short_name for key in keys)

    words = []
    if proposal.chosen:
        words.append(f"总分最低的是{names(proposal.chosen)}")
    if proposal.tied:
        words.append(f"{names(proposal.tied)}总分相同，只差 {proposal.places} 个，请会议定")
    return "；".join(words)
