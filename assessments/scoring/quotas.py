"""Quotas, rank and proposals from the bottom (domain.md 3.4). Ties are named, never broken silently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assessments.rules.document import Quota, SchemeRules
from assessments.rules.words import Bound, Strictness
from gradingsite.lib.points import FULL_WEIGHT, format_weight
from gradingsite.lib.refusal import Refused


@dataclass(frozen=True, slots=True)
class QuotaState:
    """A quota against the present figures. ``n``: what the share is of; ``limit``: branches; ``short`` / ``over``."""

    quota: Quota
    n: int
    limit: int
    inside: int
    undecided: int
    short: int
    over: int
    met: bool
    blocks: bool
    words: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who falls for an unmet floor: ``chosen`` beyond doubt, ``tied`` share the last ``places`` with equal totals."""

    chosen: tuple[str, ...]
    tied: tuple[str, ...]
    places: int


def quota_line(quota: Quota, n: int) -> int | None:
    """How many branches the quota means in a set of ``n``: "at least" ceil(p·n), "at most" floor(p·n).

    ``None`` where the quota only holds in larger sets. Raises :class:`Refused` for an open share.
    """
    if quota.share is None:
        raise Refused("配额的比例还没有填，请先填好方案")
    if quota.from_n is not None and n < quota.from_n:
        return None
    if quota.bound is Bound.AT_LEAST:
        return -(-quota.share * n // FULL_WEIGHT)
    return quota.share * n // FULL_WEIGHT


def quota_state(
    rules: SchemeRules, quota: Quota, n: int, inside: int, undecided: int = 0
) -> QuotaState | None:
    """The quota against ``inside`` branches decided in the band or star and ``undecided`` ones of the set.

    ``n`` is the roster less files closed by merging, or the branches of ``of_band`` where the share is of a band.
    "At most" blocks when more stand than allowed; "at least" only when inside plus undecided fall short.
    ``None`` where the quota doesn't apply.
    """
    limit = quota_line(quota, n)
    if limit is None:
        return None
    floor = quota.bound is Bound.AT_LEAST
    short = max(0, limit - inside) if floor else 0
    over = 0 if floor else max(0, inside - limit)
    hopeless = short > undecided if floor else over > 0
    return QuotaState(
        quota=quota,
        n=n,
        limit=limit,
        inside=inside,
        undecided=undecided,
        short=short,
        over=over,
        met=not short and not over,
        blocks=hopeless and quota.strictness is Strictness.BLOCK,
        words=_words(rules, quota, n, limit, short, over),
    )


def target_label(rules: SchemeRules, quota: Quota) -> str:
    """The name of the band or star the quota is about."""
    if quota.star:
        star = rules.stars.star(quota.star) if rules.stars else None
        return star.label if star else quota.star
    band = rules.band(quota.band)
    return band.label if band else quota.band


def rank_totals(totals: Sequence[int]) -> list[int]:
    """The place of each total among them, 1 for the highest; equal totals share a place."""
    order = sorted(totals, reverse=True)
    first = {total: place for place, total in reversed(list(enumerate(order, start=1)))}
    return [first[total] for total in totals]


def propose_from_bottom(totals: Mapping[str, int], needed: int) -> Proposal:
    """Who falls into the lowest band when ``needed`` more must: from the lowest total; ties at the edge are named.

    ``totals``: code → rounded total of the branches not yet in that band.
    """
    order = sorted(totals.items(), key=lambda item: (item[1], item[0]))
    if needed <= 0 or not order:
        return Proposal((), (), 0)
    if needed >= len(order):
        return Proposal(tuple(code for code, _ in order), (), 0)
    edge = order[needed - 1][1]
    below = tuple(code for code, total in order if total < edge)
    level = tuple(code for code, total in order if total == edge)
    if len(below) + len(level) == needed:
        return Proposal(below + level, (), 0)
    return Proposal(below, level, needed - len(below))


def _words(rules: SchemeRules, quota: Quota, n: int, limit: int, short: int, over: int) -> str:
    of = rules.band(quota.of_band)
    base = f"{n}个{f'「{of.label}」' if of else ''}支部"
    label, share = target_label(rules, quota), format_weight(quota.share)
    if quota.bound is Bound.AT_LEAST:
        return f"{label}至少{share}：{base}，进位取整，至少{limit}个" + (f"，还差{short}个" if short else "")
    return f"{label}至多{share}：{base}，舍去取整，至多{limit}个" + (f"，多{over}个" if over else "")
