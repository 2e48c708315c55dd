"""The commands of grading: what they print, when they fail, and that a failure changes nothing."""

import csv
from io import StringIO
from pathlib import Path

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from assessments import flow
from assessments.models import Approval, Assessment, Decision, Report, Round, Scheme, Sheet
from assessments.rules import preset_rules
from gradingsite.lib.days import ZONE
from gradingsite.trail.models import Entry
from orgs.models import Person
from tests.score_files import BALLOTS, BIG, LONG, MIDDLE, RIVER, SMALL, WIDE, csv_bytes
from tests.village import Village

COUNTY, TOWN = "520323", "520323102"
ROWS = [(code, "", "", 92, 98, 88.5, 90, 86) for code in (BIG, MIDDLE, SMALL, RIVER)]


def run(*words: object) -> str:
    out = StringIO()
    call_command(*[str(word) for word in words], stdout=out)
    return out.getvalue()


def opened(scheme: str = "guizhou-2012", **more: str) -> int:
    text = run("open_round", "--scheme", scheme, "--org", COUNTY, "--year", 2026, *more.values())
    return int(text.strip().splitlines()[-1].split()[-1])


def saved(folder: Path, content: bytes, name: str = "scores.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.fixture
def round_id(village: Village) -> int:
    run("load_scheme", "guizhou-2012")
    return opened()


@pytest.fixture
def computed(round_id: int, tmp_path: Path) -> int:
    """Four of the five branches of the county have all their scores."""
    run("import_scores", saved(tmp_path, csv_bytes(WIDE, ROWS)), "--round", round_id)
    run("compute_round", round_id)
    return round_id


# --- schemes and rounds


def test_a_preset_loads_once_and_says_so_the_second_time(village: Village) -> None:
    assert "已载入方案" in run("load_scheme", "guizhou-2012")
    assert "没有变化" in run("load_scheme", "guizhou-2012")
    scheme = Scheme.objects.get()
    assert (scheme.version, scheme.status, scheme.organisation) == (1, "ready", None)


def test_a_draft_preset_names_what_is_open_and_can_not_be_used(village: Village) -> None:
    assert "文件未定" in run("load_scheme", "zunyi-5-2-x", "--org", COUNTY)
    assert Scheme.objects.get().status == "draft"
    with pytest.raises(CommandError, match="处要改"):
        opened("zunyi-5-2-x")
    assert not Round.objects.exists()


def test_a_scheme_can_be_loaded_from_its_file(village: Village, tmp_path: Path) -> None:
    path = saved(tmp_path, preset_rules("kangbao-2012").write_text().encode(), "方案.json")
    run("load_scheme", path, "--org", COUNTY)
    assert Scheme.objects.get().document == preset_rules("kangbao-2012").write()


@pytest.mark.parametrize("content", [b"{}", b"[1]", b"not json", b"\xff\xfe\x00"])
def test_a_file_that_is_no_scheme_is_refused(village: Village, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(CommandError):
        run("load_scheme", saved(tmp_path, content, "x.json"))
    assert not Scheme.objects.exists()


def test_the_organisations_own_scheme_comes_before_a_shared_one(village: Village) -> None:
    run("load_scheme", "guizhou-2012")
    run("load_scheme", "guizhou-2012", "--org", COUNTY)
    found = Round.objects.get(pk=opened())
    assert found.scheme.organisation == village.org["绥山县"]


def test_rounds_of_one_county_and_year_stand_side_by_side(village: Village) -> None:
    run("load_scheme", "guizhou-2012")
    text = run("open_round", "--scheme", "guizhou-2012", "--org", COUNTY, "--year", 2026, "--name", "第一轮")
    assert "5 个支部建档" in text
    assert opened() != int(text.split()[-1])
    assert sorted(Round.objects.values_list("status", flat=True)) == ["open", "open"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--scheme", "no-such", "--org", COUNTY, "--year", "2026"), "没有方案"),
        (("--scheme", "guizhou-2012", "--org", "999", "--year", "2026"), "没有代码为 999"),
        (("--scheme", "guizhou-2012", "--org", COUNTY, "--year", "26"), "年度 26 不对"),
        (("--scheme", "guizhou-2012", "--org", BIG, "--year", "2026"), "由党委组织"),
    ],
)
def test_a_round_that_can_not_be_opened_leaves_nothing(village: Village, words: tuple, why: str) -> None:
    run("load_scheme", "guizhou-2012")
    with pytest.raises(CommandError, match=why):
        run("open_round", *words)
    assert not Round.objects.exists()


# --- importing and computing


def test_scores_are_imported_and_computed(round_id: int, tmp_path: Path) -> None:
    path = saved(tmp_path, csv_bytes(WIDE, ROWS))
    assert "新录入 20 项，改动 0 项，不变 0 项" in run("import_scores", path, "--round", round_id)
    text = run("compute_round", round_id)
    assert "4 个支部有总分，1 个支部缺数据" in text
    assert "缺 上级党组织评、党支部自评、党员评、群众评、相关单位评" in text
    assert set(Assessment.objects.exclude(total=None).values_list("total", flat=True)) == {9030}


def test_a_dry_run_writes_nothing(round_id: int, tmp_path: Path) -> None:
    path = saved(tmp_path, csv_bytes(WIDE, ROWS))
    assert "没有写入：将新录入 20 项" in run("import_scores", path, "--round", round_id, "--dry-run")
    assert not Sheet.objects.in_force().exists()


def test_a_refused_row_fails_the_command_and_the_report_names_it(round_id: int, tmp_path: Path) -> None:
    path = saved(tmp_path, csv_bytes(LONG, [(BIG, "上级党组织评", 101), (MIDDLE, "上级党组织评", 90)]))
    report = tmp_path / "report.csv"
    with pytest.raises(CommandError, match="1 行不能导入"):
        run("import_scores", path, "--round", round_id, "--report", report)
    assert not Sheet.objects.in_force().exists()
    rows = list(csv.DictReader(report.open(encoding="utf-8-sig", newline="")))
    assert [(row["row"], row["column"], row["code"], row["verdict"]) for row in rows] == [
        ("2", "C", BIG, "ERR"),
        ("3", "", MIDDLE, "OK"),
    ]
    with pytest.raises(CommandError):
        run("import_scores", path, "--round", round_id, "--dry-run")
    assert "新录入 1 项" in run("import_scores", path, "--round", round_id, "--accept-valid")


def test_a_missing_file_or_round_is_told(round_id: int, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="没有文件"):
        run("import_scores", tmp_path / "none.csv", "--round", round_id)
    with pytest.raises(CommandError, match="没有编号为 0"):
        run("import_scores", saved(tmp_path, b"x"), "--round", 0)


def test_a_person_acts_within_his_reach(village: Village, round_id: int, tmp_path: Path) -> None:
    path = saved(tmp_path, csv_bytes(WIDE, ROWS))
    with pytest.raises(CommandError, match="1 行不能导入"):
        run("import_scores", path, "--round", round_id, "--as", "clerk")  # 河村 is another township's
    with pytest.raises(CommandError, match="没有办这件事的职务"):
        run("import_scores", path, "--round", round_id, "--as", "county")
    with pytest.raises(CommandError, match="没有用户"):
        run("import_scores", path, "--round", round_id, "--as", "ghost")
    with pytest.raises(CommandError, match="没有编号为"):
        run("import_scores", path, "--round", round_id, "--as", "other_county")
    run("import_scores", path, "--round", round_id, "--as", "clerk", "--accept-valid")
    entry = Entry.objects.get(action="scores.import")
    assert (entry.actor_name, entry.via) == (village.person["clerk"].name, "command")
    assert Assessment.objects.get(code=BIG).persons("authors") == frozenset()


def test_the_clerk_computes_his_own_files_and_the_county_all(round_id: int, tmp_path: Path) -> None:
    run("import_scores", saved(tmp_path, csv_bytes(WIDE, ROWS[:2])), "--round", round_id)
    assert "2 个支部有总分，1 个支部缺数据" in run("compute_round", round_id, "--as", "clerk")
    assert "2 个支部有总分，3 个支部缺数据" in run("compute_round", round_id, "--as", "county")
    with pytest.raises(CommandError, match="没有办这件事的职务"):
        run("compute_round", round_id, "--as", "secretary")


# --- deciding, reporting, approving


def decide(round_id: int, *more: str, org: str = TOWN, day: str = "2026-04-09") -> str:
    words = ("--org", org, "--as-computed", "--minutes", "旺党纪要〔2026〕7号", "--date", day)
    return run("decide_round", round_id, *words, *more)


def test_a_committee_decides_reports_and_is_approved(computed: int) -> None:
    assert "已评定 3 个支部，未评定 0 个" in decide(computed)
    decision = Decision.objects.get(assessment__code=BIG, superseded_at=None)
    assert (decision.band, decision.minutes_no, decision.rank) == ("good", "旺党纪要〔2026〕7号", 1)
    assert "上报 3 个支部（第 1 次上报）" in run("report_round", computed, "--org", TOWN)
    assert "已核准 3 个支部" in run("approve_round", computed)
    assert Approval.objects.count() == 3
    states = dict(Assessment.objects.values_list("code", "status"))
    assert (states[BIG], states[RIVER]) == (flow.APPROVED, flow.COMPUTED)


def test_one_act_for_a_county_makes_a_report_of_each_committee(computed: int) -> None:
    text = decide(computed, org=COUNTY)
    assert "还没有总分，未评定：中共绥山县委办公室第一支部委员会" in text
    run("report_round", computed, "--org", COUNTY)
    assert sorted(Report.objects.values_list("committee__short_name", flat=True)) == ["旺草镇", "蒲场镇"]
    assert "已核准 1 个支部" in run("approve_round", computed, "--org", "520323103")


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda pk: decide(pk, day="2999-01-01"), "还没有到"),
        (lambda pk: decide(pk, day="4月9日"), "请写成 2026-04-09"),
        (lambda pk: decide(pk, org="520324"), "没有已计分、待评定的支部"),
        (lambda pk: run("report_round", pk, "--org", TOWN), "没有已评定、待上报的支部"),
        (lambda pk: run("approve_round", pk), "没有已上报、待核准的支部"),
    ],
)
def test_what_is_not_due_is_refused_and_changes_nothing(computed: int, act, why: str) -> None:
    before = list(Assessment.objects.order_by("pk").values_list("status", "version"))
    with pytest.raises(CommandError, match=why):
        act(computed)
    assert list(Assessment.objects.order_by("pk").values_list("status", "version")) == before
    assert not Decision.objects.exists()


def test_the_rules_of_the_screens_hold_for_a_person(computed: int) -> None:
    with pytest.raises(CommandError, match="没有办这件事的职务"):
        decide(computed, "--as", "clerk")
    decide(computed, "--as", "committee")
    assert Decision.objects.filter(signed_by__username="committee").count() == 3
    with pytest.raises(CommandError, match="没有办这件事的职务"):
        run("report_round", computed, "--org", TOWN, "--as", "clerk")
    run("report_round", computed, "--org", TOWN, "--as", "committee")
    with pytest.raises(CommandError, match="没有办这件事的职务"):
        run("approve_round", computed, "--as", "committee")
    run("approve_round", computed, "--as", "county")
    assert Person.objects.get(username="county").pk == Approval.objects.first().by_id


def test_a_scheme_with_a_notice_before_the_report_holds_the_report_back(
    village: Village, tmp_path: Path
) -> None:
    run("load_scheme", "kangbao-2012")
    pk = opened("kangbao-2012")
    row = (BIG, "大村", 91, 96, 60, 50, 42, 30, 8, 3, 1, 0, 0)
    run("import_scores", saved(tmp_path, csv_bytes(BALLOTS, [row])), "--round", pk)
    decide(pk)
    with pytest.raises(CommandError, match="还没有公示"):
        run("report_round", pk, "--org", TOWN)


# --- ledgers


def test_the_grading_ledger_as_csv_has_machine_names(computed: int, tmp_path: Path) -> None:
    out = tmp_path / "台账.csv"
    assert "5 行" in run("export_ledger", "grading", "--round", computed, "--org", COUNTY, "--out", out)
    rows = {row["org_code"]: row for row in csv.DictReader(out.open(encoding="utf-8-sig", newline=""))}
    big = rows[BIG]
    assert (big["org_name"], big["status"], big["total"], big["grade"], big["step"]) == (
        "中共绥山县旺草镇大村支部委员会",
        "ok",
        "90.30",
        "好",
        "computed",
    )
    office = rows["520323901002"]
    assert office["status"] == "incomplete:上级党组织评+党支部自评+党员评+群众评+相关单位评"
    assert (office["total"], office["grade"], office["step"]) == ("", "", "collecting")


def test_an_approved_file_shows_step_decision_and_day(computed: int, tmp_path: Path) -> None:
    decide(computed)
    run("report_round", computed, "--org", TOWN)
    run("approve_round", computed)
    out = tmp_path / "x.csv"
    run("export_ledger", "grading", "--round", computed, "--org", TOWN, "--out", out)
    row = next(csv.DictReader(out.open(encoding="utf-8-sig", newline="")))
    assert (row["step"], row["decided_grade"], row["rank"]) == ("approved", "好", "1")
    assert row["approved_on"] == Approval.objects.first().at.astimezone(ZONE).date().isoformat()


@pytest.mark.parametrize("name", ["grading", "summary", "score-sheets", "poll-tallies"])
def test_every_ledger_is_written_as_excel_with_values_only(computed: int, tmp_path: Path, name: str) -> None:
    out = tmp_path / "x.xlsx"
    run("export_ledger", name, "--round", computed, "--org", TOWN, "--out", out)
    sheet = openpyxl.load_workbook(out).active
    cells = [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any("旺草镇2026年度" in str(value) for value in cells)
    assert not any(str(value).startswith("=") for value in cells)
    assert sheet.merged_cells.ranges


def test_a_ledger_that_can_not_be_written_leaves_no_file(computed: int, tmp_path: Path) -> None:
    for words, why in (
        (("grading", "--out", str(tmp_path / "x.pdf")), "不能导出为「pdf」"),
        (("grading", "--out", str(tmp_path / "none" / "x.csv")), "没有文件夹"),
    ):
        with pytest.raises(CommandError, match=why):
            run("export_ledger", words[0], "--round", computed, "--org", COUNTY, *words[1:])
    assert list(tmp_path.glob("*.pdf")) == []
    assert list(tmp_path.glob(".ledger-*")) == []
    with pytest.raises(CommandError):
        run("export_ledger", "no-such", "--round", computed, "--org", COUNTY, "--out", tmp_path / "x.csv")
