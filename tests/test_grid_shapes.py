"""The grid under other schemes: two levels of indicators, one number instead of many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assessments.entry_grid import columns_of, grid_of
from assessments.models import Sheet
from assessments.rules import Indicator, Method, SubIndicator, preset_codes, preset_rules
from assessments.services.sheets import Cell, save_cells
from tests.village import NOW, Village


def superior(rules: Any) -> Any:
    return next(source for source in rules.sources if source.label == "上级党组织评")


def two_levels() -> Any:
    """guizhou-2012 with the first indicator of the first sector split in two."""
    rules = preset_rules("guizhou-2012")
    first = rules.sectors[0].indicators[0]
    parts = (
        SubIndicator(key="secretary", label="书记", points=1200),
        SubIndicator(key="team", label="班子", points=(first.points or 0) - 1200),
    )
    split = Indicator(key=first.key, label=first.label, points=first.points, children=parts)
    sector = replace(rules.sectors[0], indicators=(split, *rules.sectors[0].indicators[1:]))
    return replace(rules, sectors=(sector, *rules.sectors[1:]))


def test_indicators_of_the_second_level_stand_under_their_own() -> None:
    rules = two_levels()
    columns = columns_of(rules, superior(rules), ["农村"])
    assert [(one.key, one.above) for one in columns[:3]] == [
        ("secretary", "带头人"),
        ("team", "带头人"),
        ("thinking", ""),
    ]
    assert len(columns) == 8


def test_sectors_with_other_indicators_share_columns_without_losing_any() -> None:
    rules = two_levels()
    columns = columns_of(rules, superior(rules), ["农村", "机关事业单位"])
    assert {"secretary", "team", "leader"} <= {one.key for one in columns}


@pytest.mark.parametrize("code", preset_codes())
def test_every_shipped_scheme_has_columns_for_every_sector(code: str) -> None:
    rules = preset_rules(code)
    for source in rules.sources:
        if source.method is Method.ITEMISED:
            for sector in rules.sectors:
                assert [one.key for one in columns_of(rules, source, [sector.key])] == [
                    leaf.key for leaf in sector.leaves()
                ]


def test_a_source_of_one_number_has_one_column(grading: Village) -> None:
    source = replace(superior(grading.rules), method=Method.OVERALL)
    columns = columns_of(grading.rules, source, ["农村"])
    assert [(one.key, one.label) for one in columns] == [("", "得分")]


def test_grid_of_one_committee_counts_places_to_fill(grading: Village) -> None:
    source = superior(grading.rules)
    town, by = grading.org["旺草镇"], grading.by("clerk")
    grid = grid_of(round=grading.round, source=source, by=by, committee=town)
    assert (grid.gaps, grid.done, len(grid.rows), grid.unit) == (21, 0, 3, "个支部")
    sheet = Sheet.objects.get(pk=grid.rows[0].sheet.pk)
    save_cells(cells=[Cell(sheet.pk, "leader", None, 1900, None)], by=by, now=NOW)
    grid = grid_of(round=grading.round, source=source, by=by, committee=town)
    assert grid.gaps == 21, "one filled, its reason missing"
    assert grid.rows[0].cells[0].state == "no-reason"
