"""The background jobs of grading, run as a worker would (jobs: kinds, Result)."""

import csv
import datetime as dt
import io

import openpyxl
import pytest

from assessments import tasks  # noqa: F401 — registers the kinds
from assessments.imports import uploads
from assessments.models import Assessment, Sheet
from gradingsite.jobs.models import Job, JobState
from gradingsite.jobs.services import open_result, run_now, start
from orgs.models import Post
from tests.score_files import BIG, MIDDLE, RIVER, WIDE, bring, csv_bytes
from tests.village import NOW, TODAY, Village

ROWS = [(code, "", "", 92, 98, 88.5, 90, 86) for code in (BIG, MIDDLE)]


def clock() -> dt.datetime:
    return NOW


@pytest.fixture(autouse=True)
def on_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The jobs ask for the day and the time themselves."""
    monkeypatch.setattr("django.utils.timezone.now", clock)


def done(village: Village, who: str, kind: str, **params: object) -> Job:
    job = start(kind=kind, label="任务", params={"round": village.round.pk, **params}, by=village.by(who))
    return run_now(job, clock=clock)


def test_a_clerks_file_of_scores_is_taken_in_and_removed(grading: Village) -> None:
    token = uploads.keep(csv_bytes(WIDE, ROWS), owner_id=grading.person["clerk"].pk, now=NOW)
    job = done(grading, "clerk", "import_scores", upload=token, filename="打分.csv")
    assert (job.state, job.note) == (JobState.DONE, "新录入 10 项，改动 0 项，不变 0 项。")
    assert uploads.kept(token) is None
    assert Assessment.objects.get(code=BIG).total == 9030


def test_a_refused_file_stays_for_mending_and_writes_nothing(grading: Village) -> None:
    rows = [*ROWS, (RIVER, "", "", 92, 98, 88.5, 90, 86)]
    token = uploads.keep(csv_bytes(WIDE, rows), owner_id=grading.person["clerk"].pk, now=NOW)
    job = done(grading, "clerk", "import_scores", upload=token, filename="打分.csv")
    assert job.state == JobState.FAILED
    assert "1 行不能导入" in job.error
    assert uploads.kept(token) is not None
    assert not Sheet.objects.in_force().exists()
    again = done(grading, "clerk", "import_scores", upload=token, filename="打分.csv", accept_valid=True)
    assert again.state == JobState.DONE


def test_another_persons_upload_is_not_taken_in(grading: Village) -> None:
    token = uploads.keep(csv_bytes(WIDE, ROWS), owner_id=grading.person["clerk2"].pk, now=NOW)
    job = done(grading, "clerk", "import_scores", upload=token, filename="打分.csv")
    assert (job.state, Sheet.objects.in_force().exists()) == (JobState.FAILED, False)


def test_authority_is_that_of_the_moment_the_job_runs(grading: Village) -> None:
    token = uploads.keep(csv_bytes(WIDE, ROWS), owner_id=grading.person["clerk"].pk, now=NOW)
    params = {"round": grading.round.pk, "upload": token, "filename": "打分.csv"}
    job = start(kind="import_scores", label="导入", params=params, by=grading.by("clerk"))
    Post.objects.filter(person=grading.person["clerk"]).update(to_on=TODAY - dt.timedelta(days=1))
    assert run_now(job, clock=clock).state == JobState.FAILED
    assert not Sheet.objects.in_force().exists()


def test_a_round_is_computed_with_progress(grading: Village) -> None:
    bring(grading, csv_bytes(WIDE, ROWS))
    job = done(grading, "county", "compute_round")
    assert (job.state, job.total, job.done) == (JobState.DONE, 5, 5)
    assert job.note == "2 个支部有总分，3 个支部缺数据。"


@pytest.mark.parametrize("who", ["secretary", "committee", "rater"])
def test_who_may_not_compute_fails(grading: Village, who: str) -> None:
    assert done(grading, who, "compute_round").state == JobState.FAILED


def test_a_ledger_comes_as_a_file_named_for_people(grading: Village) -> None:
    bring(grading, csv_bytes(WIDE, ROWS))
    organisation = grading.org["旺草镇"].pk
    job = done(grading, "clerk", "export_ledger", name="grading", organisation=organisation, ending="xlsx")
    assert (job.state, job.result_name) == (JobState.DONE, "旺草镇2026年度分类定级台账.xlsx")
    with open_result(job=job, by=grading.by("clerk"), now=NOW) as file:
        sheet = openpyxl.load_workbook(io.BytesIO(file.read())).active
    assert BIG in {cell.value for row in sheet.iter_rows() for cell in row}


def test_a_ledger_of_an_organisation_out_of_reach_is_not_there(grading: Village) -> None:
    job = done(
        grading,
        "clerk",
        "export_ledger",
        name="grading",
        organisation=grading.org["蒲场镇"].pk,
        ending="csv",
    )
    assert (job.state, job.result_path) == (JobState.FAILED, "")


def test_a_csv_holds_only_the_owners_files(grading: Village) -> None:
    bring(grading, csv_bytes(WIDE, [*ROWS, (RIVER, "", "", 92, 98, 88.5, 90, 86)]))
    organisation = grading.org["旺草镇"].pk
    job = done(grading, "clerk", "export_ledger", name="grading", organisation=organisation, ending="csv")
    with open_result(job=job, by=grading.by("clerk"), now=NOW) as file:
        rows = list(csv.DictReader(io.StringIO(file.read().decode("utf-8-sig"))))
    assert {row["org_code"][:9] for row in rows} == {"520323102"}
    assert [row["total"] for row in rows if row["org_code"] == BIG] == ["90.30"]


def test_an_upload_nobody_confirmed_goes_after_a_day(grading: Village) -> None:
    now = dt.datetime.now(tz=dt.UTC)
    old = uploads.keep(b"old", owner_id=1, now=now)
    uploads.keep(b"new", owner_id=1, now=now + dt.timedelta(hours=23))
    assert uploads.kept(old) == b"old"
    uploads.keep(b"new", owner_id=1, now=now + dt.timedelta(hours=25))
    assert uploads.kept(old) is None


@pytest.mark.parametrize("token", ["", "../secret_key", "1-abc", "/etc/hostname", "1-" + "0" * 48])
def test_a_made_up_token_names_no_file(token: str) -> None:
    assert uploads.kept(token) is None
    uploads.discard(token)
