"""Builders of small schemes for the tests of rules and computing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assessments.rules import (
    BallotOption,
    Band,
    Glyph,
    Indicator,
    Method,
    People,
    SchemeRules,
    SectorRules,
    Source,
    SourceKind,
    Step,
    StepName,
    VoterGroup,
)

GLYPHS = tuple(Glyph)


def band_list(*bands: tuple[str, int]) -> tuple[Band, ...]:
    """Bands from (label, lower bound in points), best to worst; the key is the label."""
    return tuple(
        Band(key=label, label=label, lower=lower * 100, glyph=glyph)
        for (label, lower), glyph in zip(bands, GLYPHS, strict=False)
    )


FOUR = band_list(("好", 90), ("较好", 80), ("一般", 60), ("较差", 0))


def indicator(label: str, points: int, **more: Any) -> Indicator:
    """An indicator with full points in whole points; the key is the label."""
    return Indicator(key=label, label=label, points=points * 100, **more)


def sector(name: str = "农村", *indicators: Indicator, **more: Any) -> SectorRules:
    """A sector, by default with one indicator of 100."""
    return SectorRules(key=name, label=name, indicators=indicators or (indicator("工作", 100),), **more)


def source(label: str, kind: SourceKind, weight: int, **more: Any) -> Source:
    """A source with its weight in per cent, scored as one number unless told; the key is the label."""
    settings: dict[str, Any] = {"method": Method.OVERALL, "short": label} | more
    return Source(key=label, label=label, kind=kind, weight=weight * 100, **settings)


def option_list(*options: tuple[str, int], **invalid: int) -> tuple[BallotOption, ...]:
    """Ballot options from (label, points); further ones by keyword don't count as valid."""
    return tuple(
        BallotOption(key=label, label=label, points=points * 100) for label, points in options
    ) + tuple(
        BallotOption(key=label, label=label, points=points * 100, valid=False)
        for label, points in invalid.items()
    )


def ballot(label: str, weight: int, options: tuple[BallotOption, ...], **more: Any) -> Source:
    """A pooled ballot of members and public."""
    groups = more.pop("groups", (VoterGroup(key="all", label="党员群众", people=People.ALL),))
    kind = more.pop("kind", SourceKind.OTHER)
    return source(label, kind, weight, method=Method.BALLOT, options=options, groups=groups, **more)


def scheme(*sources: Source, **more: Any) -> SchemeRules:
    """A scheme fit for use with the steps its sources need; four bands and one sector unless told."""
    if not sources:
        sources = (source("上级评", SourceKind.SUPERIOR, 100),)
    has = {one.step() for one in sources}
    own = {StepName.COMPUTE, StepName.DECIDE, StepName.REPORT, StepName.APPROVE}
    if more.get("notice"):
        own.add(StepName.NOTICE)
    rules = SchemeRules(
        code="test",
        name="测试方案",
        sectors=(sector(),),
        sources=sources,
        bands=FOUR,
        steps=tuple(Step(key=step) for step in StepName if step in has | own),
    )
    return replace(rules, **more)
