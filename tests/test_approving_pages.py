"""Approving and returning as pages: what stands out, what exactly is approved, what goes back."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assessments import flow
from assessments.approval_desk import candidates_of
from assessments.comparison import lines_of
from assessments.models import Approval, Poll
from assessments.services.approving import approve, return_decision
from assessments.services.deciding import correct_decision
from tests.test_file_life import DUE, seen
from tests.village import FULL, NOW, TODAY, decided, fill, reported

TOWN = "520323102"
MODEST = FULL | {"党支部自评": 9300, "党员评": 9000}


@pytest.fixture
def as_person(grading, client) -> Callable[[str], Client]:
    def sign_in(name: str) -> Client:
        client.force_login(grading.person[name])
        return client

    return sign_in


def desk(grading, part: str = "") -> str:
    return f"/rounds/{grading.round.pk}/approve/{TOWN}/{part}"


def form_of(grading, short_name: str, **more: str) -> dict[str, object]:
    file = grading.file(short_name)
    held = seen(file)[file.pk]
    return {"ids": file.pk, f"seen-{file.pk}": f"{held.version}:{held.digest}", "report": 1} | more


def tags(grading, *names: str) -> dict[str, set[str]]:
    files = [grading.file(name) for name in names]
    found = candidates_of(grading.rules, files, grading.person["county"].pk)
    return {one.file.short_name: {tag.word for tag in one.tags} for one in found}


@pytest.mark.parametrize(
    ("name", "status"),
    [("county", 200), ("city", 200), ("province", 200), ("clerk", 403), ("committee", 403), ("secretary", 403),
     ("leader", 403), ("clerk_pu", 404), ("other_county", 404), ("nobody", 404), ("audit", 404)],
)  # fmt: skip
def test_who_may_look_at_the_report(grading, as_person, name, status) -> None:
    reported(grading, "大村")
    assert as_person(name).get(desk(grading)).status_code == status


def test_looking_writes_nothing(grading, as_person) -> None:
    file = reported(grading, "大村")
    client = as_person("county")
    client.get(desk(grading))
    with CaptureQueriesContext(connection) as queries:
        client.get(desk(grading))
        client.get(f"/assessments/{file.pk}/return/")
    written = [one["sql"] for one in queries if one["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert not [sql for sql in written if "assessments_" in sql]
    assert grading.file("大村").taken_up_at is None


def test_approving_asks_once_more_and_names_the_branch(grading, as_person) -> None:
    file = reported(grading, "大村")
    client = as_person("county")
    asked = client.post(desk(grading, "confirm/"), form_of(grading, "大村")).content.decode()
    assert "核准这 1 个支部" in asked
    assert file.full_name in asked
    assert grading.file("大村").status == flow.REPORTED
    client.post(desk(grading, "confirm/"), form_of(grading, "大村", confirmed="1"))
    assert grading.file("大村").status == flow.APPROVED
    assert Approval.objects.get().version == file.version


def test_a_newer_report_stops_the_page(grading, as_person) -> None:
    reported(grading, "大村")
    answer = as_person("county").post(desk(grading, "confirm/"), form_of(grading, "大村", report="0"))
    assert answer.status_code == 409
    assert "第 1 版已报，请重看" in answer.content.decode()


@pytest.mark.parametrize("confirmed", ["", "1"])
def test_what_changed_since_it_was_seen_is_not_approved(grading, as_person, confirmed) -> None:
    file = reported(grading, "大村")
    form = form_of(grading, "大村", confirmed=confirmed)
    correct_decision(
        file=file, meeting_on=TODAY, minutes_no="8号", wording="", note="文号写错", by=grading.by("committee"), now=NOW
    )  # fmt: skip
    answer = as_person("county").post(desk(grading, "confirm/"), form)
    assert answer.status_code == 409
    assert not Approval.objects.exists()


def test_only_the_department_approves(grading, as_person) -> None:
    reported(grading, "大村")
    form = form_of(grading, "大村", confirmed="1")
    assert as_person("city").post(desk(grading, "confirm/"), form).status_code == 403
    assert as_person("committee").post(desk(grading, "confirm/"), form).status_code == 403
    assert not Approval.objects.exists()


def test_what_stands_out(grading) -> None:
    fill(grading, "大村", MODEST)
    decided(grading, "中村", grading.rules.bands[2].key)
    found = tags(grading, "大村", "中村")
    assert "改定等次" not in found["大村"]
    assert "自评偏高" not in found["大村"]
    assert {"改定等次", "党员偏高"} <= found["中村"]


def test_returned_before_and_void_stand_out(grading) -> None:
    file = reported(grading, "大村")
    return_decision(file=file, note="会议记录不符", due_on=DUE, by=grading.by("county"), now=NOW)
    assert "退回过" in tags(grading, "大村")["大村"]
    other = reported(grading, "中村")
    approve(seen=seen(other), by=grading.by("county"), now=NOW)
    correct_decision(
        file=grading.file("中村"), meeting_on=TODAY, minutes_no="9号", wording="", note="错", by=grading.by("committee"), now=NOW
    )  # fmt: skip
    assert "核准已失效" in tags(grading, "中村")["中村"]


def test_own_entries_have_no_button(grading, as_person) -> None:
    file = reported(grading, "大村")
    Poll.objects.filter(assessment=file).update(entered_by=grading.person["county"])
    page = as_person("county").get(desk(grading)).content.decode()
    assert "本人经手" in page
    assert 'aria-label="核准大村"' not in page
    assert 'aria-label="核准大村"' in as_person("county2").get(desk(grading)).content.decode()


def test_only_the_ticked_step_goes_back(grading, as_person) -> None:
    file = reported(grading, "大村")
    key = next(one.key for one in grading.rules.sources if one.label == "群众评")
    client = as_person("county")
    page = client.get(f"/assessments/{file.pk}/return/?steps={key}").content.decode()
    assert "退回群众评这一步" in page
    assert "其余 4 项分数不动" in page
    form = {"steps": key, "note": "集中填写，请重新组织", "due_on": DUE.replace(year=2099)}
    client.post(f"/assessments/{file.pk}/return/", form)
    states = dict(grading.file("大村").tracks.values_list("source", "status"))
    assert [source for source, status in states.items() if status == flow.OPEN] == [key]
    assert grading.file("大村").status == flow.COLLECTING


def test_only_the_decision_or_the_papers_go_back(grading, as_person) -> None:
    file = reported(grading, "大村")
    client = as_person("county")
    due = DUE.replace(year=2099)
    client.post(f"/assessments/{file.pk}/return/", {"steps": "report", "note": "缺盖章件", "due_on": due})
    assert grading.file("大村").status == flow.DECIDED
    client.post(f"/assessments/{file.pk}/return/", {"steps": "decision", "note": "纪要不符", "due_on": due})
    assert grading.file("大村").status == flow.COMPUTED


def test_a_return_needs_step_reason_and_date(grading, as_person) -> None:
    file = reported(grading, "大村")
    answer = as_person("county").post(f"/assessments/{file.pk}/return/", {})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "请选要退回的步骤" in page
    assert "请写明事由" in page


@pytest.mark.parametrize(
    ("name", "status"), [("clerk", 403), ("secretary", 403), ("liaison", 403), ("clerk_pu", 404)]
)
def test_who_may_not_send_back(grading, as_person, name, status) -> None:
    file = reported(grading, "大村")
    assert as_person(name).get(f"/assessments/{file.pk}/return/").status_code == status


def test_without_a_grade_and_back(grading, as_person) -> None:
    file = grading.file("大村")
    client = as_person("county")
    client.post(f"/assessments/{file.pk}/ungraded/", {"note": "新成立不满半年"})
    assert grading.file("大村").status == flow.UNGRADED
    client.post(f"/assessments/{file.pk}/ungraded/", {"note": "已满半年"})
    assert grading.file("大村").status == flow.COLLECTING
    assert as_person("clerk").post(f"/assessments/{file.pk}/ungraded/", {"note": "无"}).status_code == 403


@pytest.mark.parametrize("page", ["approve/", f"approve/{TOWN}/", "leniency/"])
def test_the_number_of_queries_does_not_grow(grading, as_person, page) -> None:
    client = as_person("county")

    def queries() -> int:
        with CaptureQueriesContext(connection) as held:
            client.get(f"/rounds/{grading.round.pk}/{page}")
        return len(held)

    reported(grading, "大村")
    queries()
    before = queries()
    reported(grading, "中村")
    assert queries() == before


def test_how_strictly_committees_mark(grading, as_person) -> None:
    for name in ("大村", "中村"):
        fill(grading, name, FULL)
    fill(grading, "小村", FULL, voters=3)
    town = next(
        line
        for line in lines_of(grading.round, grading.by("county").reach)
        if line.committee.short_name == "旺草镇"
    )
    assert (town.mean.value, town.spread) == (9200, 0)
    assert (town.over_self, town.over_public) == (-600, 200)
    assert town.public_left_out == 1
    assert "给 3 个支部都打 92.00" in town.alike
    page = as_person("county").get(f"/rounds/{grading.round.pk}/leniency/")
    assert "−6.00" in page.content.decode()
    assert as_person("clerk").get(f"/rounds/{grading.round.pk}/leniency/").status_code == 403
