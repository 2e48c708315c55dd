"""Home: what each role sees, figures that equal their rows, and a constant number of queries."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments import flow
from assessments.facts import due_of, steps_of_files
from assessments.models import Assessment, RoundStage
from assessments.overview import matrix_of, overview_of
from assessments.register import files_behind
from assessments.rules import Bound, Quota, QuotaScope
from assessments.services.rounds import create_round, open_round
from assessments.steps import State, is_late
from assessments.watching import Watch, standing_in, stands, watched_pattern
from orgs.services.people import system_actor
from tests.village import FULL, NOW, TODAY, decided, fill, reported

pytestmark = pytest.mark.django_db
ROLES = (
    "secretary", "liaison", "clerk", "rater", "committee", "minister", "county", "city", "province", "supervisor",
    "leader", "cadre", "office", "other_county", "nobody", "system", "security", "audit",
)  # fmt: skip


def page_of(world, name: str, url: str = "/") -> str:
    """A page as one person of the village sees it."""
    client = Client()
    client.force_login(world.person[name])
    answer = client.get(url)
    assert answer.status_code == 200, (name, url)
    return answer.content.decode()


@pytest.mark.parametrize("name", ROLES)
def test_everybody_has_a_home(grading, name) -> None:
    """Home opens for every role, with one heading, the inbox or what comes next."""
    text = page_of(grading, name)
    assert text.count("<h1") == 1
    assert "inbox-row" in text or "都办完了" in text or "现在没有要办的事" in text


def test_home_without_a_round(village) -> None:
    """Before the first round home says so and doesn't break."""
    assert "还没有正在进行的定级轮次" in page_of(village, "clerk")


def test_secretary_sees_only_the_own_branch(grading) -> None:
    """A secretary sees the steps of the own branch, no totals and no siblings."""
    fill(grading, "大村", FULL)
    text = page_of(grading, "secretary")
    assert "大村走到哪一步" in text
    assert "中村" not in text
    assert "等次分布" not in text
    assert str(grading.file("大村").total)[:2] + "." not in text


def test_liaison_sees_steps_without_figures(grading) -> None:
    """Listed branches as a matrix, without totals or bands."""
    text = page_of(grading, "liaison")
    assert "大村" in text
    assert "中村" in text
    assert "小村" not in text
    assert "等次分布" not in text
    assert "已计分" not in text


def test_township_sees_its_own(grading) -> None:
    """The township's matrix has its branches and no others."""
    text = page_of(grading, "clerk")
    assert all(name in text for name in ("大村", "中村", "小村"))
    assert "河村" not in text


def test_county_sees_units_in_official_order(grading) -> None:
    """Units are grouped and stand in the roster's order, whatever their figures."""
    text = page_of(grading, "county")
    assert text.index("旺草镇") < text.index("蒲场镇") < text.index("县直机关工委")
    assert "乡镇、街道" in text
    assert "县直党（工）委" in text


def test_plain_http_is_pointed_out_to_administrators_only(grading, settings) -> None:
    """The warning stands on administrators' pages and only over plain http."""
    settings.SITE_PLAIN_HTTP = True
    assert "没有用 https" in page_of(grading, "system")
    assert "没有用 https" not in page_of(grading, "clerk")
    settings.SITE_PLAIN_HTTP = False
    settings.SECURE_SSL_REDIRECT = False
    assert "没有用 https" not in page_of(grading, "system")


def mixed(world) -> Watch:
    """Files in different states, some late."""
    reported(world, "大村")
    fill(world, "中村", FULL)
    RoundStage.objects.filter(round=world.round, step__in=["self", "superior", "decide"]).update(
        due_on=TODAY.replace(day=1)
    )
    return Watch([world.round], TODAY)


def test_patterns_say_what_single_files_say(grading) -> None:
    """Counting by pattern gives the very steps that reading each file gives."""
    watch = mixed(grading)
    files = watch.watched(Assessment.objects.filter(round=grading.round))
    single = steps_of_files(grading.rules, files, due_of(grading.round), TODAY)
    assert len(single) == 5
    for file in files:
        assert list(watch.steps(watched_pattern(file))) == single[file.pk]
    assert any(is_late(steps) for steps in single.values())


@pytest.mark.parametrize("state", [state.value for state in State] + ["open"])
def test_filter_finds_the_counted_rows(grading, state) -> None:
    """The rows behind a figure are exactly those counted."""
    watch = mixed(grading)
    files = watch.watched(Assessment.objects.filter(round=grading.round))
    for step in ("self", "superior", "compute", "decide", "report", "approve"):
        found = standing_in(watch, files, lambda _, steps, s=step: stands(steps, step=s, state=state))
        wanted = {
            file.pk
            for file in files
            for one in watch.steps(watched_pattern(file))
            if one.key.value == step and (one.current if state == "open" else one.state.value == state)
        }
        assert {file.pk for file in found} == wanted


def test_county_figures_equal_their_lists(grading) -> None:
    """Every count of the county's table equals the list its link leads to."""
    watch = mixed(grading)
    reach = grading.by("county").reach
    found = overview_of(grading.round, reach, watch, anchor=grading.org["绥山县"])
    assert found.count == 5
    assert found.computed == 2

    def number(**terms: object) -> int:
        return files_behind(grading.round, reach, watch, terms).count()

    assert found.late == number(late=True) > 0
    assert found.missing == number(band="none")
    assert found.computed == number(band="graded")
    for row in found.rows:
        assert row.count == number(unit=row.code)
        assert row.late == number(unit=row.code, late=True)
    for band, count in found.band_counts:
        assert count == number(band=band.key)
    for stage in found.stages:
        assert stage.done == number(step=stage.key.value, state="done")
        assert stage.late == number(step=stage.key.value, late=True)


def test_matrix_equals_the_overview(grading) -> None:
    """The township's own matrix and the county's row for it agree."""
    watch = mixed(grading)
    reach = grading.by("clerk").reach
    files = grading.round.assessments.within(reach).counted()
    matrix = matrix_of(grading.round, files, watch)
    found = overview_of(grading.round, reach, watch, anchor=grading.org["旺草镇"])
    assert [row.code for row in found.rows] == ["520323102"]
    assert [(s.key, s.done, s.late) for s in matrix.stages] == [(s.key, s.done, s.late) for s in found.stages]
    assert matrix.bands == found.bands
    assert matrix.late == found.late


def test_quota_lines_tell_how_they_were_rounded(grading) -> None:
    """At least is rounded up, at most down, and the words say it."""
    decided(grading, "大村")
    watch = Watch([grading.round], TODAY)
    best, worst = grading.rules.bands[0].key, grading.rules.bands[-1].key
    quotas = tuple(
        Quota(key=key, scope=QuotaScope.ROUND, bound=bound, share=share, band=band)
        for key, bound, share, band in (
            ("floor", Bound.AT_LEAST, 500, worst),
            ("ceiling", Bound.AT_MOST, 2500, best),
            ("even", Bound.AT_MOST, 4000, best),
        )
    )
    watch.rules[grading.round.pk] = replace(grading.rules, quotas=quotas)
    reach = grading.by("county").reach
    lines = overview_of(grading.round, reach, watch, anchor=grading.org["绥山县"]).quotas
    assert [line.limit for line in lines] == [1, 1, 2]
    assert "5 × 5% = 0.25，进位" in lines[0].words
    assert lines[0].short == 1
    assert "5 × 25% = 1.25，舍去" in lines[1].words
    assert "5 × 40% = 2）" in lines[2].words


def test_links_of_home_lead_somewhere(grading) -> None:
    """Every link of the township's and the county's home answers with a page."""
    mixed(grading)
    for name in ("clerk", "county", "committee"):
        client = Client()
        client.force_login(grading.person[name])
        text = client.get("/").content.decode()
        links = {link.split("#")[0].replace("&amp;", "&") for link in re.findall(r'href="(/[^"]*)"', text)}
        for link in links - {"/static/img/favicon.svg"}:
            if not link.startswith("/static/"):
                assert client.get(link, follow=True).status_code == 200, (name, link)


def test_queries_of_home_do_not_grow(grading) -> None:
    """Home asks as many questions for three branches as for one."""
    for name in ("clerk", "county", "liaison"):
        client = Client()
        client.force_login(grading.person[name])
        client.get(reverse("home"))
        with CaptureQueriesContext(connection) as many:
            client.get(reverse("home"))
        assert len(many) <= 45
        left = Assessment.objects.filter(short_name="小村")
        left.update(status=flow.TERMINATED)
        with CaptureQueriesContext(connection) as few:
            client.get(reverse("home"))
        left.update(status=flow.COLLECTING)
        assert abs(len(many) - len(few)) == 0, name


def test_city_sees_its_counties_side_by_side(grading) -> None:
    """Two counties' rounds of a year are two rows of the city's home, each with its own branches."""
    by = system_actor()
    other = create_round(
        scheme=grading.scheme,
        organisation=grading.org["道山县"],
        name="道山县2026年度",
        year=2026,
        by=by,
        now=NOW,
    )
    open_round(round=other, by=by, now=NOW)
    fill(grading, "大村", FULL)
    client = Client()
    client.force_login(grading.person["city"])
    answer = client.get("/")
    rows = {row.name: row.count for row in answer.context["overview"].rows}
    assert rows == {"绥山县": 5, "道山县": 1}
    assert answer.context["overview"].computed == 1
    assert "道山县" not in page_of(grading, "county")
