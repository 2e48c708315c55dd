"""Why a branch has its grade: the figures, and who may see which of them."""

import datetime as dt

import pytest

from assessments.explanation import explain
from assessments.services.approving import approve, return_decision, return_tracks, take_up
from assessments.services.deciding import Draft, draft_decisions, sign_decisions
from tests.test_file_life import DUE, seen
from tests.village import FULL, NOW, TODAY, decided, fill, reported


def test_the_formula_can_be_redone_on_a_pocket_calculator(grading) -> None:
    found = explain(fill(grading, "大村", FULL), reach=grading.by("clerk").reach)
    assert found.told.formula == "27.6 + 9.8 + 20 + 18 + 17.2 = 92.6"


def test_a_small_ballot_stands_in_one_line_with_the_others(grading) -> None:
    fill(grading, "大村", FULL | {"党员评": 10000}, voters=20)
    file = fill(grading, "小村", FULL, voters=3)
    found = explain(file, reach=grading.by("clerk").reach)
    joint = [line.words for line in found.lines if line.words.joint]
    assert [line.label for line in joint] == ["民主评议合计"]
    assert joint[0].score == ""
    assert not {"党员评", "群众评"} & {line.words.label for line in found.lines}
    assert found.years == ()


@pytest.mark.parametrize("name", ["secretary", "liaison", "leader"])
def test_a_branch_sees_no_figures_before_the_announcement(grading, name, client) -> None:
    file = reported(grading, "大村")
    client.force_login(grading.person[name])
    page = client.get(f"/assessments/{file.pk}/")
    assert page.status_code == 200
    assert "92.60" not in page.content.decode()
    assert "还没有公布" in page.content.decode()


def test_after_the_announcement_a_branch_reads_reasons_without_names(grading, client) -> None:
    file = reported(grading, "大村")
    approve(seen=seen(file), by=grading.by("county"), now=NOW)
    client.force_login(grading.person["secretary"])
    page = client.get(f"/assessments/{file.pk}/").content.decode()
    assert "92.60" in page
    assert "记录不全" in page
    assert "纪检" not in page
    client.force_login(grading.person["clerk"])
    assert "纪检" in client.get(f"/assessments/{file.pk}/").content.decode()


def test_an_override_stands_between_deductions_and_history(grading, client) -> None:
    worse = grading.rules.bands[2].key
    file = decided(grading, "大村", worse)
    client.force_login(grading.person["county"])
    page = client.get(f"/assessments/{file.pk}/").content.decode()
    assert "评定与计算不同：好 → 较好" in page


@pytest.mark.parametrize("name", ["other_county", "other_clerk", "clerk_pu", "secretary2", "nobody", "audit"])
def test_out_of_reach_it_is_not_there(grading, client, name) -> None:
    client.force_login(grading.person[name])
    assert client.get(f"/assessments/{grading.file('大村').pk}/").status_code == 404


def test_the_history_tells_of_the_sources_too(grading, client) -> None:
    file = reported(grading, "大村")
    client.force_login(grading.person["county"])
    page = client.get(f"/assessments/{file.pk}/").content.decode()
    for words in ("党支部自评 提交", "党支部自评 确认", "群众评 确认", "上级党组织评 齐备", "评定", "上报"):
        assert words in page


def test_after_a_return_the_branch_keeps_to_what_was_announced(grading, client) -> None:
    file = reported(grading, "大村")
    approve(seen=seen(file), by=grading.by("county"), now=NOW)
    later = NOW + dt.timedelta(days=1)
    return_decision(
        file=grading.file("大村"), note="重新研究", due_on=DUE, by=grading.by("county"), now=later
    )
    lower = grading.rules.bands[3].key
    draft_decisions(drafts=[Draft(file.pk, lower, "越级信访")], by=grading.by("clerk"), now=later)
    sign_decisions(ids=[file.pk], meeting_on=TODAY, minutes_no="8号", by=grading.by("committee"), now=later)
    told = explain(grading.file("大村"), reach=grading.by("secretary").reach)
    assert (told.total, told.decided.label, told.lines) == (9260, "好", ())
    assert told.returned
    client.force_login(grading.person["secretary"])
    page = client.get(f"/assessments/{file.pk}/").content.decode()
    assert "已退回，重新评定中" in page
    assert "越级信访" not in page
    assert explain(grading.file("大村"), reach=grading.by("county").reach).decided.key == lower


def test_the_place_among_siblings_is_for_the_deciding_level(grading) -> None:
    fill(grading, "中村", FULL | {"上级党组织评": 8000})
    file = fill(grading, "大村", FULL)
    standing = explain(file, reach=grading.by("clerk").reach).standing
    assert (standing.place, standing.count, standing.from_mean) == (1, 2, 180)
    assert explain(file, reach=grading.by("secretary").reach).standing is None


def test_what_went_back_is_what_is_lacking(grading) -> None:
    file = reported(grading, "大村")
    take_up(ids=[file.pk], by=grading.by("county"), now=NOW)
    file.refresh_from_db()
    return_tracks(
        file=file,
        sources=["superior"],
        note="请对照工作业绩重新评。",
        due_on=DUE,
        by=grading.by("county"),
        now=NOW,
    )
    found = explain(grading.file("大村"), reach=grading.by("county").reach)
    assert found.told.notes[0] == "还缺上级党组织评，暂不计总分"
