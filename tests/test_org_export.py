"""Export of organisations and the three commands."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from gradingsite.trail.models import Entry
from orgs.models import Organisation, Person, Post
from orgs.resources import safe
from orgs.roles import Role
from tests.org_lists import BRANCH, COUNTY, HEAD, bring_in, with_, xlsx
from tests.village import TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def county(db) -> None:
    bring_in(xlsx(COUNTY))


@pytest.fixture
def list_file(tmp_path) -> Path:
    path = tmp_path / "名单.xlsx"
    path.write_bytes(xlsx(COUNTY))
    return path


def run(*args) -> str:
    out = StringIO()
    call_command(*map(str, args), stdout=out)
    return out.getvalue()


def report_of(path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- export


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_an_export_imports_as_unchanged(county, tmp_path, ending) -> None:
    Organisation.objects.filter(code="520323102201").update(secretary_name="=张某某")
    Organisation.objects.filter(code="520323102202").update(secretary_name="-1", member_count=None)
    Organisation.objects.filter(code="520323102202").update(member_count=18)
    out = tmp_path / f"出.{ending}"
    assert "已导出 13 个组织" in run("export_orgs", "--out", out)
    before = list(Organisation.objects.order_by("pk").values())
    assert "新增 0 个，修改 0 个，不变 13 个，不通过 0 行" in run("import_orgs", out)
    assert list(Organisation.objects.order_by("pk").values()) == before


def test_the_workbook_has_the_eight_columns_text_as_text_and_counts_as_numbers(county, tmp_path) -> None:
    Organisation.objects.filter(code="520323102201").update(secretary_name="=1+1")
    out = tmp_path / "出.xlsx"
    run("export_orgs", "--org", "520323102000", "--out", out)
    sheet = load_workbook(out).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert tuple(rows[0]) == HEAD
    assert [row[0] for row in rows[1:]] == [row[0] for row in COUNTY[6:11]]
    assert rows[2] == [
        "520323102201",
        "中共绥山县旺草镇大村支部委员会",
        "520323102000",
        "党支部",
        "农村",
        "=1+1",
        40,
        1200,
    ]
    assert sheet["F3"].data_type == "s"


def test_text_that_looks_like_a_formula_is_made_safe_in_csv(county, tmp_path) -> None:
    Organisation.objects.filter(code="520323102201").update(secretary_name="=cmd()")
    out = tmp_path / "出.csv"
    run("export_orgs", "--out", out)
    content = out.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert "'=cmd()" in content.decode("utf-8-sig")
    assert ",=cmd()" not in content.decode("utf-8-sig")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\ta", "\ra", "＝1", "＋1", "－1", "＠a"])
def test_every_beginning_of_a_formula_is_made_safe(text) -> None:
    assert safe(text) == f"'{text}"
    assert safe("村" + text) == "村" + text
    assert safe(-1) == -1


def test_closed_organisations_stay_out_of_the_list(county, tmp_path) -> None:
    Organisation.objects.filter(code="520323102204").update(is_active=False)
    assert "已导出 12 个组织" in run("export_orgs", "--out", tmp_path / "出.csv")


def test_another_ending_or_an_unknown_code_is_refused(county, tmp_path) -> None:
    with pytest.raises(CommandError, match=r"\.xlsx 或 \.csv"):
        run("export_orgs", "--out", tmp_path / "出.doc")
    with pytest.raises(CommandError, match="没有代码为 520323777000 的组织"):
        run("export_orgs", "--org", "520323777000", "--out", tmp_path / "出.csv")


def test_a_person_exports_no_more_than_he_reaches(county, tmp_path) -> None:
    person = Person.objects.create(username="clerk", name="干部")
    town = Organisation.objects.get(code="520323103000")
    Post.objects.create(person=person, role=Role.TOWNSHIP_CLERK, organisation=town, from_on=TODAY)
    out = tmp_path / "出.csv"
    assert "已导出 2 个组织" in run("export_orgs", "--out", out, "--as", "CLERK")
    with pytest.raises(CommandError, match="没有代码为 520323102000 的组织"):
        run("export_orgs", "--org", "520323102000", "--out", out, "--as", "clerk")
    assert Entry.objects.filter(action="organisation.export", actor_id=person.pk).count() == 1


# --- import by command


def test_the_command_imports_and_counts_in_words(list_file) -> None:
    assert "导入完成：新增 13 个，修改 0 个，不变 0 个，不通过 0 行，跳过 0 行。" in run(
        "import_orgs", list_file
    )
    assert Organisation.objects.count() == 13


def test_a_dry_run_writes_nothing(list_file) -> None:
    assert "只检查，没有写入：新增 13 个" in run("import_orgs", list_file, "--dry-run")
    assert not Organisation.objects.exists()


def test_a_refused_row_refuses_the_file_and_the_report_names_it(county, tmp_path) -> None:
    path, report = tmp_path / "坏.xlsx", tmp_path / "报告.csv"
    rows = [
        BRANCH,
        with_(BRANCH, code="520323102210", full_name="中共绥山县旺草镇下村支部", member_count="约9"),
    ]
    path.write_bytes(xlsx([*rows, with_(COUNTY[7], member_count=41)]))
    with pytest.raises(CommandError, match="有 1 行不通过，整个文件没有写入"):
        run("import_orgs", path, "--report", report)
    assert Organisation.objects.count() == 13
    lines = report_of(report)
    assert list(lines[0]) == ["sheet", "row", "column", "code", "verdict", "reason"]
    (bad,) = [line for line in lines if line["verdict"] == "refused"]
    assert (bad["sheet"], bad["row"], bad["column"], bad["code"]) == ("组织", "3", "G", "520323102210")
    assert "约数" in bad["reason"]
    (changed,) = [line for line in lines if line["verdict"] == "changed"]
    assert changed["reason"] == "修改：党员数由「40」改为「41」"
    assert {line["verdict"] for line in lines} == {"new", "refused", "changed"}


def test_a_code_that_cant_be_read_is_named_as_it_was_written(county, tmp_path) -> None:
    path, report = tmp_path / "坏.xlsx", tmp_path / "报告.csv"
    path.write_bytes(xlsx([with_(BRANCH, code="52O323102209")]))
    with pytest.raises(CommandError):
        run("import_orgs", path, "--report", report)
    assert [(line["code"], line["column"]) for line in report_of(report)] == [("52O323102209", "A")]


def test_accept_valid_writes_the_rest(county, tmp_path) -> None:
    path = tmp_path / "坏.xlsx"
    path.write_bytes(xlsx([BRANCH, with_(BRANCH, code="520323102210", sector="两新")]))
    out = run("import_orgs", path, "--accept-valid")
    assert "不通过：「组织」第 3 行 E 列：没有「两新」这个领域" in out
    assert "新增 1 个" in out
    assert Organisation.objects.count() == 14


def test_accept_valid_fails_when_no_row_is_good(county, tmp_path) -> None:
    path = tmp_path / "坏.xlsx"
    path.write_bytes(xlsx([with_(BRANCH, sector="两新")]))
    with pytest.raises(CommandError, match="没有可用的行"):
        run("import_orgs", path, "--accept-valid")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "旧版 Excel"),
        (b"<table></table>", "网页"),
        (b"PK\x03\x04nonsense", "损坏|不能读取|打不开"),
    ],
)
def test_what_is_no_table_fails_with_one_sentence(tmp_path, content, words) -> None:
    path = tmp_path / "名单.xlsx"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=words):
        run("import_orgs", path)


def test_no_file_and_no_user_fail_plainly(tmp_path, list_file) -> None:
    with pytest.raises(CommandError, match="没有文件"):
        run("import_orgs", tmp_path / "无.xlsx")
    with pytest.raises(CommandError, match="没有用户「nobody」"):
        run("import_orgs", list_file, "--as", "nobody")


def test_as_a_person_the_file_is_held_to_his_reach(county, tmp_path) -> None:
    person = Person.objects.create(username="dep", name="县组织部")
    Post.objects.create(
        person=person,
        role=Role.ORG_DEPARTMENT,
        organisation=Organisation.objects.get(code="520323000000"),
        from_on=TODAY,
    )
    path = tmp_path / "上级.xlsx"
    path.write_bytes(xlsx([with_(COUNTY[1], secretary_name="改了")]))
    with pytest.raises(CommandError, match="有 1 行不通过"):
        run("import_orgs", path, "--as", "dep")
    assert "修改 1 个" in run("import_orgs", path)


def test_large_lists_go_by_copy_and_small_ones_without_alike(tmp_path) -> None:
    town = with_(BRANCH, parent_code="520323103000")
    rows = [*COUNTY]
    for number in range(99):
        name = f"中共绥山县蒲场镇{number}村\\支部"
        rows.append(with_(town, code=f"5203231035{number:02d}", full_name=name))
    for number in range(60):
        name = f"中共绥山县蒲场镇又{number}村支部"
        rows.append(with_(town, code=f"5203231036{number:02d}", full_name=name, people_count=None))
    path = tmp_path / "大.xlsx"
    path.write_bytes(xlsx(rows))
    run("import_orgs", path)
    assert "不变 172 个" in run("import_orgs", path)
    call_command("verify_tree", stdout=StringIO())
    unit = Organisation.objects.get(code="520323103507")
    assert unit.full_name == "中共绥山县蒲场镇7村\\支部"
    assert Organisation.objects.get(code="520323103607").people_count is None
