"""Tags that lead a figure to its rows and a mark to the place where the step is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from assessments import places
from assessments.overview import Overview, UnitRow
from assessments.rules import SchemeRules, StepName
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
def step_url(file: Any, step: StepState, code: str, rules: SchemeRules) -> str:
    """Where a step of a file is done while somebody can act on it; the file itself before and after.

    ``code``: the committee whose page this is, empty for who sees single branches only.
    """
    found = _form_of(file, step, code, rules) if step.current and code else ""
    return found or places.file_page(file.pk)


def _form_of(file: Any, step: StepState, code: str, rules: SchemeRules) -> str:
    if step.key in (StepName.DECIDE, StepName.NOTICE, StepName.REPORT):
        return places.committee_form(StepName.DECIDE, file.round_id, code)
    if step.key is StepName.BALLOT:
        return places.page("assessments:polls", file.round_id, committee=code, q=file.short_name)
    wanted = StepName.SELF if step.key is StepName.CONFIRM else step.key
    source = next((one for one in rules.sources if one.step() is wanted), None)
    found = places.page("assessments:grid", file.round_id, source.key, committee=code) if source else ""
    return f"{found}#file-{file.pk}" if found else ""


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
