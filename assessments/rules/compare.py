"""Two versions of a scheme line by line, and whether a refinement kept to what its parent left open (domain.md 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assessments.rules.document import SchemeRules
from assessments.rules.fields import OPEN, Part, Parts, Place, declared, words_of
from assessments.rules.words import RulePart

ABSENT = "无"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a comparison. ``path`` names items by their key; ``filled``: an open value was filled in."""

    path: str
    label: str
    before: str
    after: str
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a scheme to be mended: where it stands, what is wrong, what to do."""

    path: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.message}。{self.remedy}" if self.remedy else self.message


def compare(old: SchemeRules, new: SchemeRules) -> list[Change]:
    """What changed from ``old`` to ``new``, in the order of the document; empty when they are equal."""
    return list(_parts_differ(old, new, Place()))


def refinement_faults(parent: SchemeRules, child: SchemeRules) -> list[Fault]:
    """Where ``child`` changed what the level above fixed. Filling in an open value is always allowed."""
    faults = []
    for change in compare(parent, child):
        part = part_of(change.path, child)
        if change.filled or part is None or _allowed(part, change, parent, child):
            continue
        faults.append(
            Fault(
                change.path,
                f"{change.label}由上级方案规定，不能由{change.before}改为{change.after}",
                f"请改回，或请上级把「{part.label}」列为允许下级调整的部分",
            )
        )
    return faults


_FREE = ("code", "name", "issuer", "year", "basis", "refines", "notes")
_BY_PATH: tuple[tuple[str, RulePart], ...] = (
    (r"sectors\.[^.]+\.(questions|consult)", RulePart.STEPS),
    (r"sectors(\..*)?", RulePart.INDICATORS),
    (r"sources\.[^.]+\.weight", RulePart.WEIGHTS),
    (r"sources\.[^.]+\.options(\..*)?", RulePart.OPTIONS),
    (r"(sources|missing|precision|periods|combine|graded_forms)(\..*)?", RulePart.SOURCES),
    (r"bands(\..*)?", RulePart.BANDS),
    (r"quotas(\..*)?", RulePart.QUOTAS),
    (r"stars(\..*)?", RulePart.STARS),
    (r"participation(\..*)?", RulePart.PARTICIPATION),
    (r"(adjustments|bonus_cap|penalty_cap|total_may_pass_100)(\..*)?", RulePart.ADJUSTMENTS),
    (r"vetoes(\..*)?", RulePart.VETOES),
    (r"(steps|survey_gates)(\..*)?", RulePart.STEPS),
    (r"notice(\..*)?", RulePart.NOTICE),
    (r"open_parts", RulePart.SOURCES),
)


def part_of(path: str, child: SchemeRules) -> RulePart | None:
    """The part a place belongs to, ``path`` naming items by their key; None: every level writes it itself."""
    if path in _FREE:
        return None
    match = re.fullmatch(r"sectors\.([^.]+)\.indicators\.([^.]+)(\..*)?", path)
    sector = child.sector(match[1]) if match else None
    if match and sector and any(one.own and one.key == match[2] for one in sector.indicators):
        return RulePart.OWN_INDICATORS
    return next((part for pattern, part in _BY_PATH if re.fullmatch(pattern, path)), None)


def _allowed(part: RulePart, change: Change, parent: SchemeRules, child: SchemeRules) -> bool:
    if change.path == "open_parts":
        return set(child.open_parts) <= set(parent.open_parts)
    if part is RulePart.OWN_INDICATORS and parent.is_open_to(RulePart.INDICATORS):
        return True
    return parent.is_open_to(part)


def _parts_differ(old: Any, new: Any, place: Place) -> Iterator[Change]:
    for one in declared(type(old)):
        before, after = getattr(old, one.name), getattr(new, one.name)
        if before == after:
            continue
        here = place.field(one.name, one.spec.title)
        if isinstance(one.spec, Parts):
            yield from _lists_differ(one.spec, before, after, here)
        elif isinstance(one.spec, Part) and before is not None and after is not None:
            yield from _parts_differ(before, after, here)
        else:
            filled = before is None and one.spec.open
            yield Change(here.path, here.words, words_of(one.spec, before), words_of(one.spec, after), filled)


def _lists_differ(spec: Parts, old: tuple[Any, ...], new: tuple[Any, ...], place: Place) -> Iterator[Change]:
    before, after = {_ident(one): one for one in old}, {_ident(one): one for one in new}
    told = Part(spec.title, of=spec.of)
    for key, one in before.items():
        here = _at(place, key, one)
        if key not in after:
            yield Change(here.path, here.words, told.words(one) or "有", ABSENT)
        else:
            yield from _parts_differ(one, after[key], _at(place, key, after[key]))
    for key, one in after.items():
        if key not in before:
            here = _at(place, key, one)
            yield Change(here.path, here.words, ABSENT, told.words(one) or "有")
    kept_before, kept_after = [key for key in before if key in after], [key for key in after if key in before]
    if kept_before != kept_after:
        was, now = ("、".join(_name(before[key]) for key in keys) for keys in (kept_before, kept_after))
        yield Change(place.path, f"{place.words}的次序", was, now)


def _ident(part: Any) -> str:
    return str(getattr(part, "key", None) or getattr(part, "band", ""))


def _name(part: Any) -> str:
    label = getattr(part, "label", "")
    key = getattr(part, "key", "")
    return str(label or getattr(key, "label", "") or key or getattr(part, "band", ""))


def _at(place: Place, key: str, part: Any) -> Place:
    return Place(f"{place.path}.{key}", f"{place.words}「{_name(part)}」")


__all__ = ["ABSENT", "OPEN", "Change", "Fault", "compare", "part_of", "refinement_faults"]
