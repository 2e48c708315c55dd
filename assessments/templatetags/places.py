"""Tags that lead a figure to its rows and a mark to the place where the step is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from assessments import places
from assessments.overview import Overview, UnitRow
from assessments.rules import StepName
from assessments.steps import StepState
from gradingsite.templatetags.charts import band_bar

register = template.Library()

BAR_WIDTH = 366
CELL = 12


@register.simple_tag
def files_url(round_id: int, **query: Any) -> str:
    """The list of a round's files with a filter; empty terms are left out."""
    plain = {name: getattr(value, "value", value) for name, value in query.items()}
    return places.files_page(round_id, **plain)


@register.simple_tag
def step_url(file: Any, step: StepState, code: str = "") -> str:
    """Where a step of a file is done while somebody can act on it; the file itself before and after."""
    if step.current and code:
        found = ""
        if step.key in (StepName.DECIDE, StepName.NOTICE, StepName.REPORT):
            found = places.committee_form(step.key, file.round_id, code)
        elif step.key is StepName.APPROVE:
            found = places.page("assessments:approve_committee", file.round_id, code)
        if found:
            return found
    return places.file_page(file.pk)


@register.simple_tag
def step_words(name: str, step: StepState) -> str:
    """「尹珍社区 自评 完成」, for a mark that is only drawn."""
    waits = f"，等{step.awaited}" if step.current else ""
    return f"{name} {step.label} {step.state.label}{waits}"


@register.simple_tag
def band_links(round_id: int, bands: Sequence[Any], counts: Sequence[int], code: str) -> list[dict[str, Any]]:
    """Counts of bands with the address of their rows, as the spread takes them."""
    return [
        {"number": number, "url": places.files_page(round_id, unit=code, band=band.key)}
        for band, number in zip(bands, counts, strict=True)
    ]


@register.inclusion_tag("charts/band_bar.html")
def unit_bar(row: UnitRow, bands: Sequence[Any], overview: Overview) -> dict[str, Any]:
    """A unit's bands, its length its number of branches; the longest one fits the column."""
    longest = max((one.count for one in overview.rows), default=1)
    if longest * CELL <= BAR_WIDTH:
        return band_bar(row.bands, bands, missing=row.missing, cell=CELL)
    width = max(BAR_WIDTH * row.count // longest, 1)
    return band_bar(row.bands, bands, missing=row.missing, width=width)
