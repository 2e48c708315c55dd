"""Import of organisations: what each row does, what is refused and why, and that it is done whole or not at all."""

import datetime as dt

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string
from openpyxl.styles import Font

from gradingsite.lib.reading import read_tables
from gradingsite.lib.refusal import Conflict, Refused
from gradingsite.trail.models import Entry
from orgs.imports import Verdict, carry_out, plan_import
from orgs.models import Organisation, OrganisationChange
from orgs.services import tree
from orgs.services.people import system_actor
from orgs.services.soundness import faults as tree_faults
from tests.org_lists import (
    BRANCH,
    COUNTY,
    HEAD,
    as_bytes,
    as_csv,
    bring_in,
    faults_of,
    plan,
    row_of,
    with_,
    workbook,
    xlsx,
)

pytestmark = pytest.mark.django_db


def verdicts(found) -> dict[str, int]:
    return {verdict.value: number for verdict, number in found.counts.items() if number}


@pytest.fixture
def county(db) -> None:
    bring_in(xlsx(COUNTY))


def test_a_clean_list_comes_in_whole_and_a_second_time_changes_nothing() -> None:
    outcome = bring_in(xlsx(COUNTY))
    assert (outcome.new, outcome.changed, outcome.refused) == (13, 0, 0)
    assert tree_faults() == []
    before = list(Organisation.objects.order_by("pk").values())
    entries = Entry.objects.count()
    again = bring_in(xlsx(COUNTY))
    assert (again.new, again.changed, again.unchanged) == (0, 0, 13)
    assert list(Organisation.objects.order_by("pk").values()) == before
    assert OrganisationChange.objects.count() == 0
    assert Entry.objects.count() == entries


def test_names_pinyin_tier_and_form_follow(county) -> None:
    unit = Organisation.objects.get(code="520323102201")
    assert (unit.short_name, unit.pinyin.split()[0], unit.tier, unit.form) == ("大村", "dc", 5, "branch")
    assert unit.sector.name == "农村"
    assert Organisation.objects.get(code="520323901000").short_name == "县直机关工委"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_csv_in_every_usual_encoding(encoding) -> None:
    assert bring_in(as_csv(COUNTY, encoding)).new == len(COUNTY)


def test_children_may_stand_before_their_parents() -> None:
    assert bring_in(xlsx(reversed(COUNTY))).new == len(COUNTY)
    assert tree_faults() == []


def test_a_list_on_top_updates_what_is_there_and_adds_the_rest(county) -> None:
    upper = [
        with_(COUNTY[2], full_name="中共遵山市绥山县委员会", secretary_name="县新"),
        ("520324000000", "中共遵山市道山县委员会", "520300000000", "县级党委", "", "县乙", None, None),
    ]
    outcome = bring_in(xlsx(upper))
    assert (outcome.new, outcome.changed) == (1, 1)
    unit = Organisation.objects.get(code="520323000000")
    assert (unit.full_name, unit.short_name, unit.secretary_name) == (
        "中共遵山市绥山县委员会",
        "绥山县",
        "县新",
    )
    change = OrganisationChange.objects.get(organisation=unit)
    assert change.kind == "renamed"
    assert change.before == {"full_name": "中共绥山县委员会", "secretary_name": "县甲"}
    assert change.after == {"full_name": "中共遵山市绥山县委员会", "secretary_name": "县新"}
    assert Entry.objects.filter(action="organisation.renamed", organisation_id=unit.pk).count() == 1


def test_a_new_parent_moves_the_subtree(county) -> None:
    moved = with_(COUNTY[4], parent_code="520323102000")
    assert bring_in(xlsx([moved])).changed == 1
    assert tree_faults() == []
    assert Organisation.objects.get(code="520323901002").path.startswith(
        Organisation.objects.get(code="520323102000").path
    )
    assert OrganisationChange.objects.get().kind == "moved"


def test_the_preview_says_from_what_to_what(county) -> None:
    row = row_of(plan(xlsx([with_(COUNTY[7], member_count=41, sector="城市社区")])), "520323102201")
    assert [(change.label, change.before, change.after) for change in row.changes] == [
        ("领域", "农村", "城市社区"),
        ("党员数", "40", "41"),
    ]


def test_columns_a_file_leaves_out_stay_as_they_are(county) -> None:
    rows = [row[:4] for row in COUNTY]
    assert verdicts(plan(xlsx(rows, HEAD[:4]))) == {"unchanged": 13}
    new = row_of(plan(xlsx([BRANCH[:4]], HEAD[:4])), BRANCH[0])
    assert {fault.column for fault in new.line.faults} == {"sector", "member_count"}


# --- the shape of the file


def test_the_heading_row_is_found_below_a_title_whatever_its_spelling() -> None:
    head = ["序号", "组 织 代 码", "组织\n全称", "上级组织代码 ", "组织类别\n（层级）", "领\u3000域", "书记姓名",
            "党员数\n（人）", " 群众数 (人)", "备  注"]  # fmt: skip
    rows = [["绥山县基层党组织统计表"], ["填报单位（盖章）："], [], head]
    rows += [[number, *row, None] for number, row in enumerate(COUNTY, 1)]
    found = plan(as_bytes(workbook({"表": rows})))
    assert verdicts(found) == {"new": 13, "skipped": 2}
    assert any("备注" in words for words in found.remarks)


def test_titles_totals_footers_repeated_headings_and_blank_rows_are_skipped() -> None:
    rows = [HEAD, *COUNTY[:3], ["一、县直党（工）委"], *COUNTY[3:6], [], HEAD, *COUNTY[6:], [" ", "\u3000"],
            ["合  计", None, None, None, None, None, 120, 2585], ["填表人：某某      审核人：某某某"]]  # fmt: skip
    found = plan(as_bytes(workbook({"表": rows})))
    assert verdicts(found) == {"new": 13, "skipped": 5}
    reasons = {skipped.number: skipped.reason for skipped in found.skipped}
    assert reasons[5] == "只有一格有字，当作标题"
    assert reasons[10] == "重复的表头"
    assert {"合计行", "表尾"} <= set(reasons.values())


def test_hidden_sheets_are_named_and_a_second_sheet_is_read() -> None:
    other_order = [2, 5, 6, 7, 4, 0, 3, 1]
    second = [[row[index] for index in other_order] for row in (HEAD, *COUNTY[11:])]
    stale = [HEAD[:3], ("520323102201", "旧名", "")]
    book = workbook(
        {"旧": stale, "一": [HEAD, *COUNTY[:11]], "二": second, "说明": [["怎样填"]]}, hidden=["旧"]
    )
    book["二"]["A1"].value, book["二"]["F1"].value = "上级组织代码", "组织代码"
    found = plan(as_bytes(book))
    assert verdicts(found) == {"new": 13, "skipped": 2}
    words = "".join(found.remarks)
    assert "隐藏的工作表「旧」没有读" in words
    assert "「二」里另有 2 行" in words
    assert "「说明」里没有找到表头" in words


def test_a_file_without_the_columns_is_refused_plainly() -> None:
    with pytest.raises(Refused, match="没有找到表头"):
        plan(xlsx([["甲", 1]], ["姓名", "分数"]))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "旧版 Excel"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "网页"),
        (b"", "空的"),
    ],
)
def test_other_files_are_refused_plainly(content, words) -> None:
    with pytest.raises(Refused, match=words):
        plan(content)


# --- what is put right


PUT_RIGHT = [
    ("trailing blanks", {"code": "520323102209  "}),
    ("ideographic blank", {"code": "\u3000520323102209"}),
    ("no-break blanks", {"parent_code": "\xa0520323102000\xa0"}),
    ("zero width", {"code": "520323\u200b102209"}),
    ("full width", {"code": "５２０３２３１０２２０９"}),
    ("full-width parent", {"parent_code": "５２０３２３１０２０００"}),
    ("text ….0", {"code": "520323102209.0"}),
    ("a float", {"code": 520323102209.0}),
    ("a number", {"parent_code": 520323102000}),
    ("an apostrophe", {"code": "'520323102209"}),
    ("blanks in the name", {"full_name": "中共绥山 县旺草\u3000镇新村支部"}),
    ("blanks around the name", {"full_name": " 中共绥山县旺草镇新村支部\n"}),
    ("blank in the secretary", {"secretary_name": "新 甲"}),
    ("blank in the sector", {"sector": "农 村"}),
    ("blank after the category", {"category": "党支部 "}),
    ("a unit", {"member_count": "9人"}),
    ("full-width number", {"member_count": "９"}),
    ("a text number", {"people_count": " 100 "}),
    ("an integral float", {"people_count": 100.0}),
]


@pytest.mark.parametrize(("what", "changes"), PUT_RIGHT)
def test_what_has_one_safe_reading_is_put_right(county, what, changes) -> None:
    found = plan(xlsx([with_(BRANCH, **changes)]))
    row = row_of(found, BRANCH[0])
    assert (row.verdict, row.line.content()) == (Verdict.NEW, BRANCH), what


@pytest.mark.parametrize(
    ("written", "number"), [("3,543", 3543), ("1,234,567人", 1234567), ("46.0", 46), ("0", 0)]
)
def test_head_counts_in_words(county, written, number) -> None:
    row = row_of(plan(xlsx([with_(BRANCH, people_count=written)])), BRANCH[0])
    assert row.line.people_count == number


def test_codes_keep_leading_zeros(county) -> None:
    town = with_(COUNTY[6], code="002323102000", full_name="中共绥山县零镇委员会")
    branch = with_(BRANCH, code="002323102001", parent_code=town[0], full_name="中共绥山县零镇零村支部")
    bring_in(as_csv([town, branch]))
    assert Organisation.objects.get(code="002323102001").parent.code == "002323102000"


def test_what_excel_does_to_codes_in_csv_is_undone(county) -> None:
    other = with_(BRANCH, code="\t520323102210", full_name="中共绥山县旺草镇下村支部")
    content = as_csv([with_(BRANCH, code='="520323102209"'), other]) + b"\r\n,,,,,,,\r\n\x1a"
    assert {row.line.code for row in plan(content).rows} == {"520323102209", "520323102210"}


def test_a_merged_parent_code_counts_for_all_its_rows(county) -> None:
    book = workbook(
        {"表": [HEAD, BRANCH, with_(BRANCH, code="520323102210", full_name="中共绥山县旺草镇下村支部")]}
    )
    book["表"]["C3"].value = None
    book["表"].merge_cells("C2:C3")
    found = plan(as_bytes(book))
    assert row_of(found, "520323102210").line.parent_code == "520323102000"
    assert verdicts(found) == {"new": 2}


# --- what is refused, with its column


REFUSED = [
    ("A", {"code": None}, "没有填组织代码"),
    ("A", {"code": "5.20323E+11"}, "科学计数法"),
    ("A", {"code": "52O323102209"}, "混有字母"),
    ("A", {"code": "52032-102209"}, "字母和数字以外"),
    ("A", {"code": "52032310220"}, "11 位"),
    ("B", {"full_name": None}, "没有填组织全称"),
    ("B", {"full_name": "中共" + "长" * 100 + "支部"}, "最多 100 个"),
    ("C", {"parent_code": None}, "没有填上级组织代码"),
    ("C", {"parent_code": "520323777000"}, "都没有"),
    ("C", {"parent_code": "520323102209"}, "填成了自己"),
    ("C", {"parent_code": "520323102201"}, "党支部下面不能再设党支部"),
    ("C", {"parent_code": "520300000000"}, "不能直接挂在市级党委下面"),
    ("C", {"parent_code": "520323000000"}, "不能直接挂在县级党委下面"),
    ("D", {"category": "党小组"}, "没有「党小组」"),
    ("D", {"category": None}, "没有填组织类别"),
    ("D", {"category": "乡镇党委"}, "名称是党支部"),
    ("E", {"sector": None}, "没有填领域"),
    ("E", {"sector": "两新"}, "没有「两新」"),
    ("F", {"secretary_name": "甲" * 41}, "最多 40 个字"),
    ("G", {"member_count": None}, "没有填党员数"),
    ("G", {"member_count": 24.5}, "不是整数"),
    ("G", {"member_count": -40}, "负数"),
    ("G", {"member_count": "三十二"}, "中文数字"),
    ("H", {"people_count": "约2000"}, "约数"),
    ("H", {"people_count": "—"}, "不是数字"),
    ("H", {"people_count": 100_000_000}, "太大"),
]


@pytest.mark.parametrize(("column", "changes", "words"), REFUSED)
def test_a_faulty_row_is_refused_by_its_column(county, column, changes, words) -> None:
    found = plan(xlsx([with_(BRANCH, **changes)]))
    (row,) = found.rows
    assert row.verdict is Verdict.REFUSED
    assert any(letter == column and words in said for letter, said in faults_of(row)), faults_of(row)
    assert all(fault.remedy for fault in row.line.faults)


def test_an_error_value_and_a_formula_without_its_result_are_refused(county) -> None:
    book = workbook({"表": [HEAD, BRANCH, with_(BRANCH, code="520323102210", member_count="=ROUND(25/1,0)")]})
    book["表"]["G2"].value, book["表"]["G2"].data_type = "#REF!", "e"
    found = plan(as_bytes(book))
    assert [faults_of(row)[0][0] for row in found.rows] == ["G", "G"]
    assert "#REF!" in faults_of(found.rows[0])[0][1]
    assert "公式" in faults_of(found.rows[1])[0][1]


def test_a_circle_is_refused_and_named_and_so_is_what_hangs_on_it(county) -> None:
    ring = ["520323102301", "520323102302", "520323102303"]
    rows = [
        with_(COUNTY[4], code=code, full_name=f"中共绥山县旺草镇{code}总支部", parent_code=ring[(at + 1) % 3])
        for at, code in enumerate(ring)
    ]
    rows.append(with_(BRANCH, parent_code=ring[0]))
    found = plan(xlsx(rows))
    assert verdicts(found) == {"refused": 4}
    assert faults_of(row_of(found, ring[0]))[0][1] == f"上级关系绕成了圈：{' → '.join([*ring, ring[0]])}"
    assert f"上级组织 {ring[0]}（「组织」第 2 行）没有通过" in faults_of(row_of(found, BRANCH[0]))[0][1]


def test_the_same_code_twice(county) -> None:
    same = plan(xlsx([BRANCH, BRANCH]))
    assert verdicts(same) == {"new": 1, "skipped": 1}
    assert "完全相同" in same.skipped[0].reason
    other = plan(xlsx([BRANCH, with_(BRANCH, full_name="中共绥山县旺草镇别村支部")]))
    assert verdicts(other) == {"refused": 2}
    assert "第 3 行" in faults_of(other.rows[0])[0][1]
    assert "第 2 行" in faults_of(other.rows[1])[0][1]


def test_what_stands_under_a_refused_newcomer_is_refused_naming_it() -> None:
    rows = [*COUNTY[:6], with_(COUNTY[6], full_name=None), *COUNTY[7:]]
    found = plan(xlsx(rows))
    assert verdicts(found) == {"new": 8, "refused": 5}
    assert faults_of(row_of(found, "520323102201")) == [
        ("C", "上级组织 520323102000（「组织」第 8 行）没有通过")
    ]


def test_what_stands_already_doesnt_fall_with_its_parents_row(county) -> None:
    rows = [*COUNTY[:6], with_(COUNTY[6], full_name=None), *COUNTY[7:]]
    assert verdicts(plan(xlsx(rows))) == {"unchanged": 12, "refused": 1}


def test_a_code_of_another_length_is_only_reported_where_lengths_vary_anyway(county) -> None:
    rows = [with_(BRANCH, code="5203231022091", full_name="中共绥山县旺草镇甲村支部"),
            with_(BRANCH, code="52032310220912", full_name="中共绥山县旺草镇乙村支部")]  # fmt: skip
    found = plan(xlsx(rows))
    assert verdicts(found) == {"new": 2}
    assert all(any("多数是 12 位" in warning.words for warning in row.line.warnings) for row in found.rows)


def test_a_move_below_oneself_is_refused_even_by_a_detour(county) -> None:
    below = [with_(COUNTY[6], category="系统党委", parent_code="520323901000"),
             with_(COUNTY[3], parent_code="520323102000")]  # fmt: skip
    found = plan(xlsx(below))
    assert found.counts[Verdict.REFUSED] >= 1
    bring_in(xlsx(below), accept_valid=True)
    assert tree_faults() == []


def test_a_change_of_category_that_strands_children_is_refused(county) -> None:
    row = plan(
        xlsx([with_(COUNTY[4], category="党支部", member_count=8, full_name="中共绥山县财政局支部委员会")])
    ).rows[0]
    assert "财政局第一支部" in faults_of(row)[0][1]


def test_a_closed_organisations_code_is_not_used_again(county) -> None:
    Organisation.objects.filter(code="520323102204").update(is_active=False)
    found = plan(xlsx([with_(COUNTY[10], member_count=6), with_(BRANCH, parent_code="520323102204")]))
    assert "已经撤并" in faults_of(found.rows[0])[0][1]
    assert found.rows[1].refused


# --- what is warned of


WARNED = [
    ({"member_count": 2}, "不足 3 人"),
    ({"member_count": 0}, "没有党员"),
    ({"people_count": 99_999_999}, "不寻常"),
    ({"secretary_name": None}, "书记空缺"),
    ({"secretary_name": "新某（兼）"}, "括注"),
    ({"secretary_name": "新某?"}, "丢了字"),
    ({"category": "村党支部"}, "按「党支部」读"),
    ({"sector": "社区"}, "按「城市社区」读"),
    ({"full_name": "中共绥山县旺草镇大村支部委员会"}, "同名组织"),
    ({"full_name": "中共绥山县蒲场镇新村支部"}, "上级却是"),
]


@pytest.mark.parametrize(("changes", "words"), WARNED)
def test_what_is_odd_comes_in_and_is_reported(county, changes, words) -> None:
    found = plan(xlsx([COUNTY[11], with_(BRANCH, **changes)]))
    row = row_of(found, BRANCH[0])
    assert row.verdict is Verdict.NEW
    assert any(words in warning.words for warning in row.line.warnings), row.line.warnings
    assert found.warned == 1


def test_text_that_looks_like_a_formula_is_text(county) -> None:
    book = workbook({"表": [HEAD, BRANCH]})
    book["表"]["F2"].value = "=张某某"
    book["表"]["F2"].data_type = "s"
    content = as_bytes(book)
    assert any("按文字导入" in warning.words for warning in plan(content).rows[0].line.warnings)
    bring_in(content)
    assert Organisation.objects.get(code=BRANCH[0]).secretary_name == "=张某某"


def test_a_committees_sum_by_formula_is_not_its_own_members(county) -> None:
    cached = ("=SUM(G3:G9)", None)
    book = workbook({"表": [HEAD, with_(COUNTY[6], member_count=cached[0])]})
    row = plan(as_bytes(book)).rows[0]
    assert row.line.member_count is None


def test_struck_and_hidden_rows_remarks_and_odd_dates_are_reported(county) -> None:
    from_head = [*HEAD, "换届时间", "备注"]
    book = workbook({"表": [from_head, [*BRANCH, "2023/6/31", "<script>alert(1)</script>"]]})
    sheet = book["表"]
    for cell in sheet[2]:
        cell.font = Font(strike=True)
    sheet.row_dimensions[2].hidden = True
    (row,) = plan(as_bytes(book)).rows
    said = " ".join(warning.words for warning in row.line.warnings)
    assert row.verdict is Verdict.NEW
    assert all(words in said for words in ("隐藏", "删除线", "<script>", "2023/6/31"))


@pytest.mark.parametrize("written", ["2023年6月", None, dt.date(2023, 6, 15)])
def test_the_usual_date_is_not_reported(county, written) -> None:
    content = as_bytes(workbook({"表": [[*HEAD, "换届时间"], [*BRANCH, written]]}))
    assert len(plan(content).rows[0].line.warnings) == (1 if isinstance(written, dt.date) else 0)


# --- whole or not at all


def test_one_refused_row_keeps_the_whole_file_out_unless_the_rest_is_asked_for(county) -> None:
    content = xlsx([BRANCH, with_(BRANCH, code="520323102210", sector="两新")])
    with pytest.raises(Refused, match="有 1 行没有通过，整个文件没有写入"):
        bring_in(content)
    assert not Organisation.objects.filter(code=BRANCH[0]).exists()
    outcome = bring_in(content, accept_valid=True)
    assert (outcome.new, outcome.refused) == (1, 1)
    assert Organisation.objects.filter(code__startswith="52032310221").count() == 0


def test_what_changed_since_the_preview_stops_the_writing(county) -> None:
    by = system_actor()
    found = plan_import(read_tables(xlsx([with_(COUNTY[7], member_count=44)])), by=by)
    Organisation.objects.filter(code="520323102201").update(member_count=41)
    with pytest.raises(Conflict):
        carry_out(found, by=by, now=timezone.now())
    assert Organisation.objects.get(code="520323102201").member_count == 41


def test_somebody_else_taking_the_code_stops_the_writing(county) -> None:
    by = system_actor()
    found = plan_import(read_tables(xlsx([BRANCH])), by=by)
    bring_in(xlsx([BRANCH]))
    with pytest.raises(Conflict):
        carry_out(found, by=by, now=timezone.now())
    assert Organisation.objects.filter(code=BRANCH[0]).count() == 1


STEPS = [
    "orgs.imports.write.tree.take_lock",
    "orgs.imports.write.tree.insert",
    "orgs.imports.write.update_organisations",
    "orgs.imports.write.tree.move_many",
    "orgs.imports.write.record_many",
    "orgs.imports.write.record",
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_failure_at_any_step_leaves_nothing(county, monkeypatch, step, when) -> None:
    before = list(Organisation.objects.order_by("pk").values())
    entries = Entry.objects.count()
    real = import_string(step) if ".tree." not in step else getattr(tree, step.rsplit(".", 1)[1])

    def fail(*args, **kwargs) -> None:
        if when == "after":
            real(*args, **kwargs)
        raise ZeroDivisionError

    monkeypatch.setattr(step, fail)
    moved = with_(COUNTY[4], parent_code="520323102000")
    with pytest.raises(ZeroDivisionError):
        bring_in(xlsx([BRANCH, with_(COUNTY[7], member_count=44), moved]))
    assert list(Organisation.objects.order_by("pk").values()) == before
    assert (Entry.objects.count(), OrganisationChange.objects.count()) == (entries, 0)
    assert tree_faults() == []


def test_the_import_is_in_the_trail_with_its_counts_and_codes(county) -> None:
    bring_in(xlsx([BRANCH]))
    entry = Entry.objects.filter(action="organisation.import").latest("pk")
    assert entry.after["new"] == 1
    assert entry.after["new_codes"] == [BRANCH[0]]


def test_the_number_of_queries_does_not_grow_with_the_rows(county, django_assert_max_num_queries) -> None:
    rows = [
        with_(BRANCH, code=f"5203231023{number:02d}", full_name=f"中共绥山县旺草镇{number}村支部")
        for number in range(60)
    ]
    with django_assert_max_num_queries(40):
        assert bring_in(xlsx(rows)).new == 60
