"""Charts: whole pixels, honest lengths, figures said in words."""

import re

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from gradingsite.templatetags import charts

BANDS = [
    {"label": label, "lower": lower, "glyph": glyph}
    for label, lower, glyph in [
        ("很好", 9500, "ring_dot"),
        ("好", 8500, "disc"),
        ("较好", 7500, "half"),
        ("一般", 6000, "ring"),
        ("差", 0, "cross"),
    ]
]
COUNTS = st.lists(st.integers(0, 60), min_size=5, max_size=5)


def drawn(source: str, **context) -> str:
    return Template("{% load charts %}" + source).render(Context({"bands": BANDS, **context}))


@given(COUNTS, st.integers(0, 20))
def test_one_branch_is_one_cell(counts, missing) -> None:
    bar = charts.band_bar(counts, BANDS, missing)
    total = sum(counts) + missing
    assert sum(piece["width"] for piece in bar["segments"]) == 12 * total
    assert [p["width"] // 12 for p in bar["segments"]] == [n for n in [*counts, missing] if n]


@given(COUNTS)
def test_a_bar_of_fixed_width_is_filled_without_gaps(counts) -> None:
    bar = charts.band_bar(counts, BANDS, width=320)
    reached = 0
    for piece in bar["segments"]:
        assert piece["x"] == reached
        reached += piece["width"]
    assert reached == (320 if sum(counts) else 0)


def test_a_bar_says_its_figures() -> None:
    html = drawn("{% band_bar counts bands 1 %}", counts=[2, 7, 3, 3, 1])
    assert 'aria-label="很好 2，好 7，较好 3，一般 3，差 1，未齐 1"' in html
    assert "url(#fill-poor)" in html


def test_an_axis_of_bands_starts_ten_points_under_the_lowest_bound() -> None:
    assert charts.bounds_floor(BANDS) == 5000
    assert charts.bounds_floor([]) == 0


def test_the_marker_stands_at_the_total() -> None:
    line = charts.band_line(BANDS, 7500, width=330)
    assert line["x"] == 165
    assert line["total"] == "75.00"
    assert [span["label"] for span in line["spans"]] == ["差", "一般", "较好", "好", "很好"]
    assert sum(span["width"] for span in line["spans"]) == 330
    assert "M165 -4V14" in drawn("{% band_line bands 7500 %}")


def test_a_total_of_nothing_is_still_marked() -> None:
    assert ">0.00<" in drawn("{% band_line bands 0 %}")


def test_the_editor_shows_every_bound() -> None:
    html = drawn("{% band_line bands boxes=True width=752 %}")
    for bound in ("60", "75", "85", "95"):
        assert f">{bound}</text>" in html


SOURCES = [
    {"label": "自评", "score": 8225, "is_self": True},
    {"label": "上级", "score": 7278},
    {"label": "党员", "score": None},
]


def test_the_gap_plot_draws_self_open_and_the_absent_not_at_all() -> None:
    html = drawn("{% gap_plot sources 7500 6500 8500 %}", sources=SOURCES)
    assert html.count("gap-diamond") == 1
    assert html.count("gap-dot") == 1
    assert "党员 —" in html
    for tick in ("65", "75", "85"):
        assert f">{tick}</text>" in html


def test_bars_of_the_gap_plot_start_at_the_total() -> None:
    plot = charts.gap_plot(SOURCES, 7500, 6500, 8500)
    assert plot["x"] == 32 + 76
    assert plot["rows"][1]["x"] < plot["x"] < plot["rows"][0]["x"]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=20))
def test_an_axis_of_gaps_holds_every_value(values) -> None:
    low, high = charts.gap_axis(values)
    assert 0 <= low <= min(values)
    assert max(values) <= high
    assert high - low >= 2000
    assert (low % 1000, high % 1000) == (0, 0)


def test_steps_are_named() -> None:
    html = drawn("{% step_cells states %}", states=["done", "done", "late", "todo", "todo", "todo", "todo"])
    assert 'aria-label="第 3 步，共 7 步"' in html
    assert "url(#fill-late)" in html
    assert html.count("cell-done") == 2


def test_the_funnel_shows_the_late_on_top() -> None:
    cell = charts.funnel_cell(13, 15, 1)
    assert cell["filled"] == 34 * 13 // 15
    assert cell["red"] >= 2
    assert "逾期 1" in cell["words"]
    assert charts.funnel_cell(0, 0)["filled"] == 0


def test_a_trend_leaves_out_years_without_a_score() -> None:
    rows = [
        {"label": "2024", "value": 7815, "band": BANDS[2]},
        {"label": "2025", "value": None, "band": None},
        {"label": "2026", "value": 7500, "band": BANDS[3]},
    ]
    trend = charts.trend(rows, BANDS)
    assert len(trend["path"].split()) == 2
    assert "2025 —" in trend["words"]
    assert [line["text"] for line in trend["lines"]] == ["75"]
    assert drawn("{% trend rows bands %}", rows=rows).count("<use ") == 2


def test_a_trend_of_nothing_is_empty() -> None:
    assert charts.trend([])["words"] == "还没有往年得分"


@given(st.lists(st.integers(0, 10_000), max_size=200))
def test_dots_stay_inside_the_picture(scores) -> None:
    spread = charts.dot_spread(scores, BANDS, [0] * 5)
    for dot in spread["dots"]:
        assert dot["y"] >= 0
        assert -7 <= dot["x"] <= spread["width"]
    assert len(spread["dots"]) <= len(scores)


def test_names_are_not_written_across_dots() -> None:
    scores = [8488] + [8700] * 9
    spread = charts.dot_spread(
        scores, BANDS, [0, 9, 1, 0, 0], [{"score": 8488, "text": "机关 84.88，差 0.12 分"}]
    )
    top = min(dot["y"] for dot in spread["dots"])
    named = spread["callouts"][0]
    assert named["anchor"] == "end"
    assert top >= 0
    assert named["bottom"] > named["y"]


def test_counts_under_the_spread_may_be_links() -> None:
    counts = [{"number": 3, "url": "/list/?band=b1"}, 5, 2, 0, 0]
    html = drawn("{% dot_spread scores bands counts %}", scores=[7500, 9600], counts=counts)
    assert 'href="/list/?band=b1"' in html
    assert 'role="group"' in html


def test_many_scores_share_a_dot_and_say_so() -> None:
    html = drawn("{% dot_spread scores bands counts %}", scores=[8800] * 40, counts=[0, 40, 0, 0, 0])
    assert "一点代表 5 个支部" in html


@pytest.mark.parametrize(("have", "limit"), [(15, 11), (47, 43), (0, 1), (0, 0)])
def test_a_quota_is_on_the_right_side_of_its_line(have, limit) -> None:
    bar = charts.quota_bar(have, limit, 220)
    assert (bar["have"] > bar["x"]) == (have > limit)


def test_source_bars_start_at_zero() -> None:
    bar = charts.source_bar(5000, [6000, 9500], width=380)
    assert bar["reached"] == 190
    assert [mark["x"] for mark in bar["marks"]] == [228, 361]
    assert charts.source_bar(None)["words"] == "—"


def test_weights_over_the_whole_hang_beyond_the_mark() -> None:
    bar = charts.weight_bar([3000, 1000, 2000, 2500, 2000], width=420)
    assert bar["mark"] == 400
    assert bar["over"] == 20
    assert "加总 105%" in bar["words"]
    assert charts.weight_bar([3000, 7000], width=420)["over"] == 0
    assert charts.weight_bar([])["pieces"] == []


def test_no_coordinate_is_a_fraction_of_a_float() -> None:
    html = drawn("{% band_bar counts bands width=317 %}{% band_line bands 7777 %}", counts=[1, 1, 1, 0, 0])
    assert not re.search(r"\d\.\d{3,}", html)
