"""Why a branch has its grade: the figures, and who may see which of them."""

import pytest

from assessments.explanation import explain
from assessments.services.approving import approve
from tests.test_file_life import seen
from tests.village import FULL, NOW, decided, fill, reported


def test_the_formula_can_be_redone_on_a_pocket_calculator(grading):
    found = explain(fill(grading, "大村", FULL), reach=grading.by("clerk").reach)
    assert found.told.formula == "27.6 + 9.8 + 20 + 18 + 17.2 = 92.6"


def test_a_small_ballot_stands_in_one_line_with_the_others(grading):
    fill(grading, "大村", FULL | {"党员评": 10000}, voters=20)
    file = fill(grading, "小村", FULL, voters=3)
    found = explain(file, reach=grading.by("clerk").reach)
    joint = [line.words for line in found.lines if line.words.joint]
    assert [line.label for line in joint] == ["民主评议合计"]
    assert joint[0].score == ""
    assert not {"党员评", "群众评"} & {line.words.label for line in found.lines}
    assert found.years == ()


@pytest.mark.parametrize("name", ["secretary", "liaison", "leader"])
def test_a_branch_sees_no_figures_before_the_announcement(grading, name, client):
    file = reported(grading, "大村")
    client.force_login(grading.person[name])
    page = client.get(f"/assessments/{file.pk}/")
    assert page.status_code == 200
    assert "92.60" not in page.content.decode()
    assert "还没有公布" in page.content.decode()


def test_after_the_announcement_a_branch_reads_reasons_without_names(grading, client):
    file = reported(grading, "大村")
    approve(seen=seen(file), by=grading.by("county"), now=NOW)
    client.force_login(grading.person["secretary"])
    page = client.get(f"/assessments/{file.pk}/").content.decode()
    assert "92.60" in page
    assert "记录不全" in page
    assert "纪检" not in page
    client.force_login(grading.person["clerk"])
    assert "纪检" in client.get(f"/assessments/{file.pk}/").content.decode()


def test_an_override_stands_between_deductions_and_history(grading, client):
    worse = grading.rules.bands[2].key
    file = decided(grading, "大村", worse)
    client.force_login(grading.person["county"])
    page = client.get(f"/assessments/{file.pk}/").content.decode()
    assert "评定与计算不同：好 → 较好" in page


@pytest.mark.parametrize("name", ["other_county", "other_clerk", "clerk_pu", "secretary2", "nobody", "audit"])
def test_out_of_reach_it_is_not_there(grading, client, name):
    client.force_login(grading.person[name])
    assert client.get(f"/assessments/{grading.file('大村').pk}/").status_code == 404


def test_the_history_tells_of_the_sources_too(grading, client) -> None:
    file = reported(grading, "大村")
    client.force_login(grading.person["county"])
    page = client.get(f"/assessments/{file.pk}/").content.decode()
    for words in ("党支部自评 提交", "党支部自评 确认", "群众评 确认", "上级党组织评 齐备", "评定", "上报"):
        assert words in page
