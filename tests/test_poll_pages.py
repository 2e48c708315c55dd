"""Ballots on paper as people handle them: typed by one, looked over by another, seen by the rest as far as they may."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from assessments.models import Poll, Scan
from assessments.services.polls import Counts, TallySheet, confirm_counts, enter_all_counts
from gradingsite.lib.refusal import Refused
from tests.village import FULL, NOW, TODAY, fill

FIGURES = {
    "expected_0": "40",
    "issued_0": "３８",
    "returned_0": "36票",
    "option_very_good_0": "20",
    "option_good_0": "10",
    "option_fair_0": "3",
    "option_ordinary_0": "0",
    "option_poor_0": "0",
    "blank_0": "2",
    "invalid_0": "1",
    "held_on": "2026-04-08",
    "counting_staff": "周某、陈某",
    "do": "enter",
}


@pytest.fixture
def track(grading):  # noqa: ANN201
    return grading.track("大村", "党员评")


def as_person(client, grading, name: str):  # noqa: ANN201
    client.force_login(grading.person[name])
    return client


def enter(client, grading, track, name: str = "clerk", **more: str):  # noqa: ANN201
    return as_person(client, grading, name).post(f"/tracks/{track.pk}/poll/", FIGURES | more)


def words(answer) -> str:
    return answer.content.decode()


def test_one_types_and_another_confirms(grading, client, track) -> None:
    assert enter(client, grading, track).status_code == 302
    poll = Poll.objects.get(track=track)
    assert (poll.expected, poll.issued, poll.returned, poll.valid) == (40, 38, 36, 33)
    track.refresh_from_db()
    assert track.status == "in"
    mine = words(client.get(f"/tracks/{track.pk}/poll/"))
    assert "撤回" in mine
    assert "等乡镇党务干部复核" in mine
    assert "复核无误" not in mine
    page = as_person(client, grading, "clerk2").get(f"/tracks/{track.pk}/poll/")
    assert "复核无误，计票" in words(page)
    seen = page.context["found"].stamp
    client.post(f"/tracks/{track.pk}/poll/", {"do": "confirm", "seen": seen})
    track.refresh_from_db()
    assert track.status == "confirmed"
    assert Poll.objects.get(track=track).status == "counted"


def test_the_typist_cannot_confirm_his_own_figures(grading, client, track) -> None:
    enter(client, grading, track)
    seen = client.get(f"/tracks/{track.pk}/poll/").context["found"].stamp
    assert client.post(f"/tracks/{track.pk}/poll/", {"do": "confirm", "seen": seen}).status_code == 422
    track.refresh_from_db()
    assert track.status == "in"


def test_what_was_typed_again_meanwhile_is_not_confirmed_unseen(grading, client, track) -> None:
    enter(client, grading, track)
    seen = as_person(client, grading, "clerk2").get(f"/tracks/{track.pk}/poll/").context["found"].stamp
    as_person(client, grading, "clerk").post(f"/tracks/{track.pk}/poll/", {"do": "take_back"})
    enter(client, grading, track, option_good_0="9", blank_0="3")
    answer = as_person(client, grading, "clerk2").post(
        f"/tracks/{track.pk}/poll/", {"do": "confirm", "seen": seen}
    )
    assert answer.status_code == 409
    track.refresh_from_db()
    assert track.status == "in"


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"issued_0": "41"}, "issued_0", "发出41大于应到40"),
        ({"returned_0": "39"}, "returned_0", "收回39大于发出38"),
        ({"blank_0": "3"}, "returned_0", "有效33 + 弃权3 + 无效1 = 37，应等于收回36"),
        ({"invalid_0": ""}, "invalid_0", "无效未填写"),
        ({"option_good_0": "十"}, "option_good_0", "阿拉伯数字"),
        ({"option_good_0": "-1"}, "option_good_0", "不能是负数"),
        ({"counting_staff": ""}, "counting_staff", "计票人没有填"),
        ({"held_on": "2099-01-01"}, "held_on", "在今天以后"),
    ],
)
def test_a_sum_that_does_not_add_up_is_named_beside_its_field(
    grading, client, track, change, field, told
) -> None:
    answer = enter(client, grading, track, **change)
    assert answer.status_code == 422
    assert told in "".join(answer.context["form"].errors[field])
    assert f'href="#id_{field}"' in words(answer)
    assert not Poll.objects.exists()


def test_sending_back_needs_a_reason_and_shows_it_to_the_typist(grading, client, track) -> None:
    enter(client, grading, track)
    as_person(client, grading, "clerk2")
    assert client.post(f"/tracks/{track.pk}/poll/", {"do": "send_back", "note": " "}).status_code == 422
    client.post(f"/tracks/{track.pk}/poll/", {"do": "send_back", "note": "收回应为 35"})
    page = as_person(client, grading, "clerk").get(f"/tracks/{track.pk}/poll/")
    assert "收回应为 35" in words(page)
    assert page.context["form"].initial["returned_0"] == 36
    other = as_person(client, grading, "clerk2").get(f"/tracks/{track.pk}/poll/")
    assert other.context["form"].initial == {}
    assert "收回应为 35" in words(client.get(f"/rounds/{grading.round.pk}/polls/?state=returned"))


def test_the_list_counts_every_state_and_keeps_to_the_committee(grading, client, track) -> None:
    enter(client, grading, track)
    page = as_person(client, grading, "clerk2").get(f"/rounds/{grading.round.pk}/polls/")
    assert {name: number for name, _, number in page.context["found"].counts} == {
        "": 6, "open": 5, "returned": 0, "in": 1, "counted": 0
    }  # fmt: skip
    assert "河村" not in words(page)
    waiting = client.get(f"/rounds/{grading.round.pk}/polls/?state=in")
    assert [row.act for row in waiting.context["rows"]] == ["confirm"]
    county = as_person(client, grading, "county").get(
        f"/rounds/{grading.round.pk}/polls/?committee={grading.org['蒲场镇'].code}"
    )
    assert "河村" in words(county)
    assert "小村" not in words(county)


def test_the_list_asks_the_database_as_often_for_one_branch_as_for_many(
    grading, client, django_assert_max_num_queries
) -> None:
    as_person(client, grading, "county").get(f"/rounds/{grading.round.pk}/polls/")
    with django_assert_max_num_queries(24):
        client.get(f"/rounds/{grading.round.pk}/polls/")


def test_small_ballots_are_seen_by_the_two_who_handled_them_only(grading, client) -> None:
    fill(grading, "小村", FULL | {"党员评": 10000}, voters=3)
    place = f"/tracks/{grading.track('小村', '党员评').pk}/poll/"
    for name in ("clerk", "clerk2"):
        assert as_person(client, grading, name).get(place).context["found"].piles
    for name in ("committee", "county", "city"):
        page = as_person(client, grading, name).get(place)
        assert not page.context["found"].piles
        assert "不单独显示" in words(page)


def test_large_ballots_are_seen_by_the_levels_above_once_computed(grading, client) -> None:
    place = f"/tracks/{grading.track('大村', '党员评').pk}/poll/"
    fill(grading, "大村", {"党员评": 10000}, voters=30)
    assert "还没有计分" in words(as_person(client, grading, "county").get(place))
    rest = {label: score for label, score in FULL.items() if label != "党员评"}
    fill(grading, "大村", rest, voters=30)
    found = as_person(client, grading, "county").get(place).context["found"]
    assert found.piles[0].votes[0][1] == 30


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("secretary", 403),
        ("liaison", 403),
        ("leader", 403),
        ("clerk_pu", 404),
        ("other_county", 404),
        ("county", 200),
    ],
)
def test_branches_do_not_read_their_ballots(grading, client, track, person, status) -> None:
    assert as_person(client, grading, person).get(f"/tracks/{track.pk}/poll/").status_code == status


def test_only_staff_type(grading, client, track) -> None:
    for name in ("county", "committee", "secretary"):
        assert enter(client, grading, track, name).status_code == 403
    assert not Poll.objects.exists()


def test_a_source_that_is_not_voted_on_has_no_such_page(grading, client) -> None:
    other = grading.track("大村", "党支部自评")
    assert as_person(client, grading, "clerk").get(f"/tracks/{other.pk}/poll/").status_code == 404


def test_the_signed_sheet_is_kept_with_the_figures(grading, client, track) -> None:
    scan = SimpleUploadedFile("计票单.jpg", b"\x89PNG\r\n\x1a\n" + b"0" * 20)
    enter(client, grading, track, scan=scan)
    assert Scan.objects.get().file.name == "计票单.png"
    bad = SimpleUploadedFile("计票单.pdf", b"<html>")
    answer = enter(client, grading, grading.track("中村", "党员评"), scan=bad)
    assert answer.status_code == 422
    assert "只收 PNG、JPG 或 PDF" in words(answer)


def test_whoever_typed_one_pile_cannot_confirm_it_because_another_typed_the_last(grading, track) -> None:
    counts = Counts(
        4, 4, 4, 0, 0, {one.key: 4 * (one.key == "good") for one in grading.rules.source("members").options}
    )
    sheet = TallySheet({"": counts}, TODAY, "周某")
    enter_all_counts(track=track, sheet=sheet, by=grading.by("clerk"), now=NOW)
    Poll.objects.filter(track=track).update(entered_by=grading.person["clerk2"])
    track.refresh_from_db()
    with pytest.raises(Refused):
        confirm_counts(track=track, by=grading.by("clerk2"), now=NOW)


def test_a_pile_nobody_votes_in_is_refused(grading, track) -> None:
    counts = Counts(1, 1, 1, 0, 0, {"good": 1})
    with pytest.raises(Refused):
        enter_all_counts(
            track=track, sheet=TallySheet({"guests": counts}, TODAY, "周某"), by=grading.by("clerk"), now=NOW
        )
