"""Pages about rounds: preparing, dates, opening, taking a branch in, closing, the list of files and chasing."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from assessments import flow
from assessments.models import Assessment, Round, RoundStage
from assessments.rules import preset
from assessments.services.approving import Seen, approve
from assessments.services.evidence import digests_of
from assessments.services.schemes import load_scheme
from gradingsite.trail.models import Entry
from orgs.services.people import system_actor
from orgs.services.tree import Newcomer, insert
from tests.village import FULL, NOW, TODAY, Village, fill, reported

pytestmark = pytest.mark.django_db


def signed_in(world, name: str) -> Client:
    """A browser of one person of the village."""
    client = Client()
    client.force_login(world.person[name])
    return client


@pytest.fixture
def prepared(village) -> Village:
    """A round of the county in preparation, made on the pages."""
    village.scheme, _ = load_scheme(
        document=preset("guizhou-2012"), organisation=village.org["绥山县"], by=system_actor(), now=NOW
    )
    client = signed_in(village, "county")
    answer = client.post(
        reverse("assessments:round_add"),
        {"scheme": village.scheme.pk, "name": "2026年度分类定级", "year": "2026"},
    )
    village.round = Round.objects.get()
    assert answer.url == reverse("assessments:round_dates", args=[village.round.pk])
    return village


def test_prepare_date_and_open(prepared) -> None:
    """Scheme and name, then dates, then opening with its effect said first; a GET opens nothing."""
    client, pk = signed_in(prepared, "county"), prepared.round.pk
    data = {}
    for stage in prepared.round.stages.all():
        data[f"{stage.step}_starts_on"], data[f"{stage.step}_due_on"] = "2026年4月1日", "2026-4-30"
    assert client.post(reverse("assessments:round_dates", args=[pk]), data).status_code == 302
    assert set(prepared.round.stages.values_list("due_on", flat=True)) == {dt.date(2026, 4, 30)}
    text = client.get(reverse("assessments:round_open", args=[pk])).content.decode()
    assert "5 个支部" in text
    assert "冻结" in text
    assert Round.objects.get().status == "draft"
    assert not Assessment.objects.exists()
    client.post(reverse("assessments:round_open", args=[pk]))
    assert Round.objects.get().status == "open"
    assert Assessment.objects.count() == 5


def test_dates_in_the_wrong_order_are_named(prepared) -> None:
    """A deadline before the start is refused beside its field; nothing is written."""
    client = signed_in(prepared, "county")
    step = prepared.round.stages.first().step
    answer = client.post(
        reverse("assessments:round_dates", args=[prepared.round.pk]),
        {f"{step}_starts_on": "2026-4-10", f"{step}_due_on": "2026-4-1"},
    )
    assert answer.status_code == 422
    assert "早于开始日期" in answer.content.decode()
    assert prepared.round.stages.get(step=step).due_on is None
    answer = client.post(
        reverse("assessments:round_dates", args=[prepared.round.pk]), {f"{step}_due_on": "四月一日"}
    )
    assert answer.status_code == 422
    assert "须写成" in answer.content.decode()


@pytest.mark.parametrize("name", ["clerk", "committee", "minister", "liaison", "city"])
def test_only_the_committees_department_runs_a_round(grading, name) -> None:
    """Everybody else in reach gets 403, another county 404; nothing happens."""
    for page in ("round_dates", "round_open", "round_close", "round_admit"):
        url = reverse(f"assessments:{page}", args=[grading.round.pk])
        assert signed_in(grading, name).post(url).status_code == 403
        assert signed_in(grading, "other_county").post(url).status_code == 404
    assert Round.objects.get().status == "open"


def test_take_a_branch_in(grading) -> None:
    """A new branch joins the round with a reason; twice is refused."""
    insert(
        [
            Newcomer(
                code="520323102004",
                full_name="中共绥山县旺草镇新村支部委员会",
                short_name="新村",
                pinyin="",
                category="党支部",
                tier=5,
                form="branch",
                sector_id=grading.org["大村"].sector_id,
                secretary_name="村戊",
                member_count=9,
                people_count=200,
                parent=grading.org["旺草镇"].pk,
            )
        ]
    )
    client = signed_in(grading, "county")
    url = reverse("assessments:round_admit", args=[grading.round.pk])
    assert client.post(url, {"code": "520323102004", "reason": ""}).status_code == 422
    assert client.post(url, {"code": "520323102004", "reason": "3月新成立"}).status_code == 302
    assert grading.file("新村").admitted_reason == "3月新成立"
    answer = client.post(url, {"code": "520323102004", "reason": "再来"})
    assert answer.status_code == 422
    assert "已在本轮次中" in answer.content.decode()
    assert client.post(url, {"code": "520324101001", "reason": "外县"}).status_code == 422


def test_closing_names_what_is_left(grading) -> None:
    """The page says what is left; the act is refused until nothing is."""
    client = signed_in(grading, "county")
    url = reverse("assessments:round_close", args=[grading.round.pk])
    text = client.get(url).content.decode()
    assert "5 个支部" in text
    assert "还没有核准" in text
    assert client.post(url).status_code == 422
    Assessment.objects.update(status=flow.UNGRADED)
    assert client.post(url).status_code == 302
    assert Round.objects.get().status == "closed"


def test_list_filters_sorts_and_exports_the_same_rows(grading) -> None:
    """The address holds the filter; the exported file has the rows of the page, and the export is on record."""
    fill(grading, "大村", FULL)
    client = signed_in(grading, "county")
    url = reverse("assessments:round_files", args=[grading.round.pk])
    answer = client.get(url, {"unit": "520323102", "sort": "total"})
    names = [file.short_name for file in answer.context["page"].object_list]
    assert names[0] == "大村"
    assert set(names) == {"大村", "中村", "小村"}
    export = client.get(
        reverse("assessments:round_files_export", args=[grading.round.pk]),
        {"unit": "520323102", "sort": "total"},
    )
    sheet = openpyxl.load_workbook(BytesIO(export.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert [row[1] for row in rows[1:]] == [grading.file(name).full_name for name in names]
    assert Entry.objects.filter(action="files.export").exists()
    assert client.get(url, {"band": "无此等次"}).context["page"].paginator.count == 0


def test_bands_stay_hidden_from_those_below(grading) -> None:
    """Before the announcement a liaison neither reads totals nor finds them by filtering."""
    file = fill(grading, "大村", FULL)
    client = signed_in(grading, "liaison")
    url = reverse("assessments:round_files", args=[grading.round.pk])
    text = client.get(url).content.decode()
    assert "未公布" in text
    assert f"{file.total // 100}." not in text
    assert client.get(url, {"band": file.band}).context["page"].paginator.count == 0
    Assessment.objects.filter(pk=file.pk).update(announced_at=NOW)
    assert client.get(url, {"band": file.band}).context["page"].paginator.count == 1


def test_list_is_cut_to_reach(grading) -> None:
    """Staff of one township see its files only, whatever unit they ask for."""
    url = reverse("assessments:round_files", args=[grading.round.pk])
    client = signed_in(grading, "clerk")
    assert client.get(url).context["page"].paginator.count == 3
    assert client.get(url, {"unit": "520323103"}).context["page"].paginator.count == 0
    assert signed_in(grading, "other_clerk").get(url).status_code == 404


def test_progress_of_a_unit_further_down(grading) -> None:
    """The county looks into a township; a township not into its neighbour."""
    url = reverse("assessments:round", args=[grading.round.pk])
    assert "大村" in signed_in(grading, "county").get(url, {"unit": "520323102"}).content.decode()
    assert signed_in(grading, "clerk").get(url, {"unit": "520323103"}).status_code == 404
    assert signed_in(grading, "city").get(url).status_code == 200
    assert signed_in(grading, "secretary").get(url).status_code == 200


def test_chasing_names_unit_step_and_branches(grading) -> None:
    """The text names the unit, the step, its date and the branches that are late, and who is to act."""
    RoundStage.objects.filter(step="superior").update(due_on=TODAY - dt.timedelta(days=400))
    url = reverse("assessments:chase", args=[grading.round.pk])
    answer = signed_in(grading, "county").get(url, {"unit": "520323102", "step": "superior"})
    assert "旺草镇" in answer.context["text"]
    assert "上级评" in answer.context["text"]
    assert "大村、中村、小村" in answer.context["text"]
    assert {one.role for one in answer.context["contacts"]} == {"乡镇党务干部"}
    assert signed_in(grading, "secretary").get(url).status_code == 403


def test_the_list_shows_files_that_wait_for_nobody(grading, client) -> None:
    file = reported(grading, "大村")
    digest = digests_of([file])[file.pk]
    approve(seen={file.pk: Seen(file.version, digest)}, by=grading.by("county"), now=NOW)
    client.force_login(grading.person["county"])
    page = client.get(f"/rounds/{grading.round.pk}/files/?status=approved")
    assert page.status_code == 200
    assert "大村" in page.content.decode()
