"""A committee's session as pages: proposals, signing, the report, and what blocks them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assessments import flow
from assessments.models import Decision, Report
from assessments.quota_lines import lines_of
from assessments.rules import Bound, Quota, QuotaScope, SchemeRules, Strictness
from assessments.services.deciding import report
from gradingsite.lib.refusal import Refused
from tests.village import FULL, NOW, TODAY, decided, fill, reported

TOWN = "520323102"


def address(grading, part: str = "", **query: object) -> str:
    more = "".join(f"&{key}={value}" for key, value in query.items())
    return f"/rounds/{grading.round.pk}/decide/{part}?committee={TOWN}{more}"


def fields(file, band: str, reason: str = "", rank: str = "") -> dict[str, str]:
    return {f"band-{file.pk}": band, f"reason-{file.pk}": reason, f"rank-{file.pk}": rank}


@pytest.fixture
def as_person(grading, client) -> Callable[[str], Client]:
    def sign_in(name: str) -> Client:
        client.force_login(grading.person[name])
        return client

    return sign_in


@pytest.mark.parametrize(
    ("name", "status"),
    [("clerk", 200), ("committee", 200), ("county", 200), ("city", 200), ("secretary", 403), ("liaison", 403),
     ("leader", 403), ("cadre", 404), ("clerk_pu", 404), ("other_county", 404), ("nobody", 404)],
)  # fmt: skip
def test_who_may_open_the_session(grading, as_person, name, status) -> None:
    assert as_person(name).get(address(grading)).status_code == status


def test_staff_propose_and_the_secretary_signs(grading, as_person) -> None:
    file = fill(grading, "大村", FULL)
    client = as_person("clerk")
    page = client.get(address(grading)).content.decode()
    assert "92.60" in page
    assert "缺上级党组织评" in page  # 中村 is incomplete and says so
    client.post(address(grading), fields(file, file.band))
    draft = Decision.objects.get(assessment=file)
    assert (draft.band, draft.rank, draft.signed_at) == (file.band, 1, None)
    client = as_person("committee")
    asked = client.get(address(grading, "sign/", ids=file.pk)).content.decode()
    assert "评定这 1 个支部" in asked
    client.post(
        address(grading, "sign/"), {"ids": file.pk, "meeting_on": TODAY, "minutes_no": "旺党纪要〔2026〕7号"}
    )
    assert grading.file("大村").status == flow.DECIDED


def test_another_band_than_computed_needs_its_reason(grading, as_person) -> None:
    file = fill(grading, "大村", FULL)
    lower = grading.rules.bands[2].key
    answer = as_person("clerk").post(address(grading), fields(file, lower))
    assert answer.status_code == 422
    assert "要写明事由" in answer.content.decode()
    assert not Decision.objects.exists()
    as_person("clerk").post(address(grading), fields(file, lower, "越级信访 2 件"))
    assert Decision.objects.get(superseded_at=None).reason == "越级信访 2 件"


def test_saving_again_without_a_change_writes_nothing(grading, as_person) -> None:
    file = fill(grading, "大村", FULL)
    client = as_person("clerk")
    for _ in range(2):
        client.post(address(grading), fields(file, file.band, rank="1"))
    assert Decision.objects.count() == 1


def test_the_secretary_cannot_propose_and_staff_cannot_sign(grading, as_person) -> None:
    file = fill(grading, "大村", FULL)
    assert as_person("committee").post(address(grading), fields(file, file.band)).status_code == 403
    assert as_person("clerk").get(address(grading, "sign/")).status_code == 403


def test_signing_without_a_proposal_says_why(grading, as_person) -> None:
    file = fill(grading, "大村", FULL)
    page = as_person("committee").get(address(grading, "sign/", ids=file.pk)).content.decode()
    assert "大村还没有拟定等次" in page
    assert "评定这" not in page


def test_the_report_goes_up_and_comes_back(grading, as_person) -> None:
    file = decided(grading, "大村")
    client = as_person("committee")
    client.post(address(grading, "report/"), {"ids": file.pk, "note": ""})
    assert grading.file("大村").status == flow.REPORTED
    assert Report.objects.get().number == 1
    client.post(address(grading, "take-back-report/"), {"ids": file.pk})
    assert grading.file("大村").status == flow.DECIDED


def test_taking_back_keeps_the_decision(grading, as_person) -> None:
    file = decided(grading, "大村")
    as_person("committee").post(address(grading, "take-back/"), {"ids": file.pk, "note": "会议记录有误"})
    assert grading.file("大村").status == flow.COMPUTED
    assert Decision.objects.get().superseded_at is not None


def test_a_correction_begins_with_what_stands(grading, as_person) -> None:
    file = reported(grading, "大村")
    client = as_person("committee")
    page = client.get(address(grading, "correct/", ids=file.pk)).content.decode()
    assert "旺党纪要〔2026〕7号" in page
    client.post(
        address(grading, "correct/"),
        {
            "ids": file.pk,
            "meeting_on": TODAY,
            "minutes_no": "旺党纪要〔2026〕8号",
            "wording": "",
            "note": "文号写错",
        },
    )
    assert Decision.objects.get(superseded_at=None).minutes_no == "旺党纪要〔2026〕8号"


def test_the_number_of_queries_does_not_grow_with_the_branches(grading, as_person) -> None:
    client = as_person("clerk")
    client.get(address(grading))

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(address(grading))
        return len(seen)

    fill(grading, "大村", FULL)
    before = queries()
    fill(grading, "中村", FULL, voters=6)
    assert queries() == before


def floor_for(grading, **more) -> tuple[SchemeRules, Quota]:
    quota = Quota(
        key="worst",
        scope=QuotaScope.COMMITTEE,
        bound=Bound.AT_LEAST,
        share=500,
        band=grading.rules.bands[-1].key,
        **more,
    )
    return replace(grading.rules, quotas=(quota,)), quota


def test_a_quota_line_shows_its_figures_and_names_ties(grading) -> None:
    for name in ("大村", "中村"):
        fill(grading, name, FULL, voters=20)
    rules, _ = floor_for(grading)
    files = list(grading.round.assessments.filter(deciding__code=TOWN))
    (line,) = lines_of(rules, grading.round, files, {file.pk: file.band for file in files if file.band})
    assert line.words == "现有 0，线在 1（3 × 5% = 0.15，进位）"
    assert not line.met
    assert "大村、中村总分相同" in line.edge


@pytest.mark.parametrize(("strictness", "stops"), [(Strictness.BLOCK, True), (Strictness.WARN, False)])
def test_only_a_blocking_quota_stops_the_report(grading, strictness, stops) -> None:
    files = [decided(grading, name) for name in ("大村", "中村", "小村")]
    rules, _ = floor_for(grading, strictness=strictness)
    type(grading.scheme).objects.filter(pk=grading.scheme.pk).update(
        document=rules.write(), digest=rules.digest()
    )
    grading.round.scheme.refresh_from_db()

    def send() -> Report:
        return report(
            round=grading.round, committee=grading.org["旺草镇"], ids=[file.pk for file in files],
            by=grading.by("committee"), now=NOW,
        )  # fmt: skip

    if stops:
        with pytest.raises(Refused, match="配额不符"):
            send()
    else:
        assert send().number == 1
