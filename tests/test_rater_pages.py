"""Who is asked for a branch's sheets, for one branch or all, who needn't, and what a rater finds."""

import datetime as dt
from typing import Any

import pytest
from django.template import engines
from django.template.base import VariableDoesNotExist
from django.test import Client

from assessments.models import RoundStage, Sheet
from assessments.services.sheets import assign_raters
from orgs.models import Post
from tests.village import NOW, Village

RELATED = "相关单位评"


def client_of(village: Village, name: str) -> Client:
    client = Client()
    client.force_login(village.person[name])
    return client


def ask(village: Village, name: str = "clerk", **chosen: Any):  # noqa: ANN201
    data = {"source": village.track("大村", RELATED).source, "units": ""} | chosen
    return client_of(village, name).post(f"/rounds/{village.round.pk}/raters/", data)


def asked(village: Village, branch: str) -> list[tuple[str, str]]:
    """Name of the sheet and of the person, in order."""
    sheets = village.track(branch, RELATED).sheets.current().order_by("rater_no")
    return [(sheet.rater_label, sheet.rater.username if sheet.rater else "") for sheet in sheets]


def test_all_branches_are_asked_for_at_once(grading: Village) -> None:
    person = grading.person["rater"]
    assert ask(grading, everywhere="1", people=[person.pk], units="县信访局\n 县信访局 \n").status_code == 302
    for branch in ("大村", "中村", "小村"):
        assert [who for _, who in asked(grading, branch)] == ["rater", ""]
    assert asked(grading, "河村") == []
    page = client_of(grading, "clerk").get(f"/rounds/{grading.round.pk}/raters/")
    assert [row.state for row in page.context["rows"]] == ["waiting"] * 3
    assert "县信访局" in page.content.decode()


def test_nobody_is_asked_twice_even_under_another_name(grading: Village) -> None:
    track = grading.track("大村", RELATED)
    rater = grading.person["rater"]
    assign_raters(track=track, raters=[(rater, "纪委", None)], by=grading.by("clerk"), now=NOW)
    ask(grading, files=[grading.file("大村").pk], people=[rater.pk], units="县信访局")
    ask(grading, files=[grading.file("大村").pk], units="县信访局")
    assert asked(grading, "大村") == [("纪委", "rater"), ("县信访局", "")]


def test_the_branches_nobody_rates_stand_first(grading: Village) -> None:
    ask(grading, files=[grading.file("大村").pk], units="县信访局")
    page = client_of(grading, "clerk").get(f"/rounds/{grading.round.pk}/raters/")
    assert [row.file.short_name for row in page.context["rows"]] == ["中村", "小村", "大村"]


@pytest.mark.parametrize(
    ("chosen", "field", "words"),
    [
        ({"units": "县信访局"}, "files", "至少选一个支部"),
        ({"everywhere": "1"}, "people", "至少选一名评分人"),
        ({"everywhere": "1", "units": "局" * 61}, "units", "不超过 60 个字"),
        ({"everywhere": "1", "units": "县信访局", "source": "members"}, "source", ""),
        ({"everywhere": "1", "people": ["999999"]}, "people", ""),
    ],
)
def test_what_is_missing_is_named_beside_its_field(grading: Village, chosen, field, words) -> None:
    answer = ask(grading, **chosen)
    assert answer.status_code == 422
    assert words in "".join(answer.context["form"].errors[field])
    assert not Sheet.objects.filter(source="related").exists()


def test_a_branch_out_of_reach_cannot_be_chosen(grading: Village) -> None:
    assert ask(grading, files=[grading.file("河村").pk], units="县信访局").status_code == 422
    assert asked(grading, "河村") == []


def test_whoever_no_longer_holds_the_post_is_not_offered(grading: Village) -> None:
    Post.objects.filter(person=grading.person["rater2"]).update(to_on=dt.date(2025, 6, 30))
    page = client_of(grading, "clerk").get(f"/rounds/{grading.round.pk}/raters/")
    assert [one.person_id for one in page.context["form"].candidates.values()] == [grading.person["rater"].pk]
    assert ask(grading, everywhere="1", people=[grading.person["rater2"].pk]).status_code == 422


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("committee", 403),
        ("secretary", 403),
        ("rater", 403),
        ("other_clerk", 404),
        ("city", 403),
        ("county", 302),
    ],
)
def test_who_asks_raters(grading: Village, person: str, status: int) -> None:
    assert ask(grading, person, everywhere="1", units="县信访局").status_code == status


def test_one_is_released_with_a_reason_but_never_the_last(grading: Village) -> None:
    client = client_of(grading, "clerk")
    ask(grading, files=[grading.file("大村").pk], units="县信访局\n县环保局")
    first, last = grading.track("大村", RELATED).sheets.order_by("rater_no")
    assert client.post(f"/sheets/{first.pk}/release/", {"note": " "}).status_code == 422
    answer = client.post(f"/sheets/{first.pk}/release/", {"note": "无业务往来"})
    assert answer.url.endswith("?committee=520323102")
    page = client.get(answer.url).content.decode()
    assert "县信访局免评：无业务往来" in page
    assert f"/sheets/{last.pk}/release/" not in page
    assert client.post(f"/sheets/{last.pk}/release/", {"note": "无业务往来"}).status_code == 422


def test_a_rater_reads_what_is_due_and_what_is_in(grading: Village) -> None:
    ask(grading, everywhere="1", people=[grading.person["rater"].pk])
    RoundStage.objects.update_or_create(
        round=grading.round, step="related", defaults={"name": "相关评", "due_on": dt.date(2026, 4, 10)}
    )
    Sheet.objects.filter(rater=grading.person["rater"], assessment=grading.file("大村")).update(
        status="in_force", total=9000
    )
    page = client_of(grading, "rater").get(f"/rounds/{grading.round.pk}/mine/")
    rows = [(row.sheet.assessment.short_name, row.status, row.due_on) for row in page.context["page"]]
    assert rows == [
        ("中村", "draft", dt.date(2026, 4, 10)),
        ("小村", "draft", dt.date(2026, 4, 10)),
        ("大村", "in_force", None),
    ]
    assert page.context["left"] == 2
    words = page.content.decode()
    assert "4月10日" in words
    assert words.count("去评分") == 2


def test_both_lists_ask_the_database_as_often_for_one_branch_as_for_many(
    grading: Village, django_assert_max_num_queries
) -> None:
    ask(grading, everywhere="1", people=[grading.person["rater"].pk], units="县信访局")
    for name, where in (("clerk", "raters"), ("rater", "mine")):
        client = client_of(grading, name)
        client.get(f"/rounds/{grading.round.pk}/{where}/")
        with django_assert_max_num_queries(26):
            client.get(f"/rounds/{grading.round.pk}/{where}/")


def test_a_fault_in_a_page_is_not_swallowed_by_its_frame(rf) -> None:
    """Else the page comes out blank with status 200, as the list of raters once did."""
    page = '{% extends "base.html" %}{% block content %}{{ nothing|default:one.rater.name }}{% endblock %}'
    with pytest.raises(VariableDoesNotExist):
        engines["django"].from_string(page).render({"one": {"rater": None}}, rf.get("/"))
