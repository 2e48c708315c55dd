"""Which stars a decided band may have (domain.md 3.5)."""

from __future__ import annotations

from dataclasses import dataclass

from assessments.rules.document import SchemeRules


@dataclass(frozen=True, slots=True)
class StarOptions:
    """Keys of stars: ``proposed``, the committee's ``choices`` (with the proposed), ``selected`` by selection or empty."""

    proposed: str
    choices: tuple[str, ...]
    selected: str


def star_options(rules: SchemeRules, band: str, cap: str | None = None) -> StarOptions | None:
    """The stars open to a file decided in ``band``; none better than ``cap``. ``None`` where the scheme has no stars."""
    rule = rules.stars.rule(band) if rules.stars else None
    if rules.stars is None or rule is None:
        return None
    order = [star.key for star in rules.stars.levels]
    best = order.index(cap) if cap is not None else 0

    def held(star: str) -> str:
        return order[max(order.index(star), best)]

    choices = tuple(dict.fromkeys(held(star) for star in (rule.star, *rule.others)))
    selected = rule.selected if rule.selected and order.index(rule.selected) >= best else ""
    return StarOptions(held(rule.star), choices, selected)
