"""Marks and ways of writing: bands, statuses, points, dates."""

from datetime import UTC, date, datetime

import pytest
from django.core.paginator import Paginator
from django.forms import CharField, Form
from django.template import Context, Template

from assessments.rules.document import Band
from assessments.rules.words import Glyph
from gradingsite.templatetags import marks


def drawn(source: str, **context) -> str:
    return Template("{% load marks %}" + source).render(Context(context))


def test_a_band_is_shape_and_word() -> None:
    html = drawn("{% band_mark band %}", band=Band(key="b2", label="较好", lower=7500, glyph=Glyph.HALF))
    assert "#g-half" in html
    assert ">较好<" in html
    assert "band-fair" in html


def test_a_band_from_a_snapshot_looks_the_same() -> None:
    band = Band(key="b2", label="较好", lower=7500, glyph=Glyph.HALF)
    assert marks.band_mark({"label": "较好", "glyph": "half"}) == marks.band_mark(band)


def test_no_band_is_not_yet_complete() -> None:
    assert ">未齐<" in marks.band_mark(None)


def test_labels_are_escaped() -> None:
    assert "<b>" not in marks.band_mark({"label": "<b>", "glyph": "disc"})
    assert "<i>" not in marks.tag("<i>", "warn")
    assert "<i>" not in marks.status_mark("<i>")


def test_a_bare_band_keeps_its_word_for_screen_readers() -> None:
    assert 'class="unseen">好' in marks.band_mark({"label": "好", "glyph": "disc"}, bare=True)


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_the_worst_band_is_a_cross_and_no_two_shapes_agree(number) -> None:
    shapes = [marks.shape_for(index, number) for index in range(number)]
    assert shapes[-1] == "cross"
    assert len(set(shapes)) == number


def test_only_five_bands_have_the_ring_with_a_dot() -> None:
    assert marks.shape_for(0, 5) == "ring_dot"
    assert marks.shape_for(0, 4) == "disc"


@pytest.mark.parametrize(("code", "word"), marks.STATUS_WORDS.items())
def test_a_status_has_glyph_and_word(code, word) -> None:
    html = marks.status_mark(code)
    assert f"{word}</span>" in html
    assert "<use href" in html
    assert marks.status_mark(word) == html


def test_other_words_wear_a_known_look() -> None:
    html = marks.status_mark("doing", words="公示中", tag=True)
    assert "公示中" in html
    assert 'class="tag status-doing"' in html


@pytest.mark.parametrize("state", marks.STEP_WORDS)
def test_a_step_says_its_state(state) -> None:
    assert marks.STEP_WORDS[state] in marks.step_mark(state)


@pytest.mark.parametrize(
    ("expression", "value", "said"),
    [
        ("v|points", 9500, "95.00"),
        ("v|points", None, "—"),
        ("v|points", 0, "0.00"),
        ("v|full_points", 2000, "20"),
        ("v|minus_points", 386, "−3.86"),
        ("v|weight", 3000, "30%"),
        ("v|percent:220", 47, "21.4%"),
        ("v|percent:0", 0, "—"),
        ("v|or_dash", None, "—"),
        ("v|or_dash", 0, "0"),
        ("v|cndate", date(2012, 6, 20), "2012年6月20日"),
        ("v|cndate", None, "—"),
        ("v|cnday", date(2026, 4, 10), "4月10日"),
        ("v|cnweekday", date(2026, 4, 9), "4月9日 星期四"),
        ("v|cnmoment", datetime(2026, 4, 9, 1, 21, tzinfo=UTC), "4月9日 09:21"),
        ("v|cnmoment", None, "—"),
        ("v|cntime", None, "—"),
        ("v|cntime", datetime(2026, 4, 9, 1, 21, tzinfo=UTC), "09:21"),
        ("v|cnday", datetime(2026, 4, 9, 17, 0, tzinfo=UTC), "4月10日"),
    ],
)
def test_ways_of_writing(expression, value, said) -> None:
    assert drawn("{{ " + expression + " }}", v=value) == said


def test_a_long_pager_leaves_pages_out() -> None:
    numbers = list(marks.page_numbers(Paginator(range(900), 50).page(7)))
    assert numbers == [1, None, 5, 6, 7, 8, 9, None, 18]


class Named(Form):
    name = CharField(label="姓名", help_text="写全名")


def test_a_wrong_field_names_its_fault_and_its_hint() -> None:
    form = Named({"name": ""})
    html = marks.marked(form["name"])
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_fault id_name_helptext"' in html
    assert 'class="input"' in html
    drawn_field = Template('{% include "components/field.html" %}').render(Context({"field": form["name"]}))
    assert 'id="id_name_fault"' in drawn_field
    assert 'id="id_name_helptext"' in drawn_field


def test_the_summary_links_to_the_field() -> None:
    form = Named({"name": ""})
    html = Template('{% include "components/error_summary.html" %}').render(Context({"form": form}))
    assert 'href="#id_name"' in html
    assert "1 处要改" in html
    whole = Template('{% include "components/error_summary.html" %}').render(
        Context({"form": Named({"name": "陈"})})
    )
    assert "处要改" not in whole
