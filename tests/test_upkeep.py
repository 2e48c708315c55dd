"""Grading follows what happens to posts and branches."""

import pytest

from assessments import flow
from assessments.services.sheets import assign_raters
from assessments.services.upkeep import pass_on_sheets, terminate_files
from orgs.models import Post
from orgs.services.people import system_actor
from tests.village import FULL, NOW, TODAY, decided, fill, reported


def test_unfinished_sheets_go_to_who_takes_the_post_over(grading) -> None:
    fill(grading, "大村", {"相关单位评": 8600})
    track = grading.track("中村", "相关单位评")
    assign_raters(
        track=track, raters=[(grading.person["rater"], "纪检", None)], by=grading.by("clerk"), now=NOW
    )
    old = Post.objects.get(person=grading.person["rater"])
    new = Post.objects.create(
        person=grading.person["rater2"],
        role="related_rater",
        organisation=grading.org["旺草镇"],
        from_on=TODAY,
    )
    pass_on_sheets(old, new, system_actor())
    assert track.sheets.get().rater == grading.person["rater2"]
    assert grading.track("大村", "相关单位评").sheets.get().rater == grading.person["rater"]


@pytest.mark.parametrize(
    "bring", [lambda g: g.file("大村"), lambda g: decided(g, "大村"), lambda g: reported(g, "大村")]
)
def test_a_dissolved_branch_has_its_file_closed(grading, bring) -> None:
    bring(grading)
    terminate_files(grading.org["大村"], grading.org["中村"], by=grading.by("county"), now=NOW)
    file = grading.file("大村")
    assert file.status == flow.TERMINATED
    assert not file.decisions.filter(superseded_at=None).exists()


def test_the_card_of_a_branch_shows_its_grades_to_those_who_may_see_them(grading, client) -> None:
    fill(grading, "大村", FULL)
    client.force_login(grading.person["clerk"])
    assert "92.60" in client.get("/orgs/520323102001/").content.decode()
    client.force_login(grading.person["secretary"])
    page = client.get("/orgs/520323102001/").content.decode()
    assert "92.60" not in page
    assert "还没有公布" in page
