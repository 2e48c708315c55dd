"""Importing scores: four shapes, a verdict on every row, all or nothing (issue: import_scores)."""

import io
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments import flow
from assessments.imports import take_in, write_report
from assessments.models import Poll, Score, Sheet, Tally
from gradingsite.lib.refusal import Conflict, Refused
from gradingsite.trail.models import Entry
from orgs.models import Passage
from orgs.services.people import system_actor
from tests.score_files import (
    BALLOTS,
    BIG,
    COMMITTEE,
    ELSEWHERE,
    LINES,
    LONG,
    MIDDLE,
    RATERS,
    RIVER,
    SMALL,
    WIDE,
    bring,
    csv_bytes,
    errors,
    preview,
    xlsx_bytes,
)
from tests.village import FULL, NOW, Village, decided, fill, open_grading

GOOD_ROW = (BIG, "大村", "农村", 92, 98, 88.5, 90, 86)


def wide(*rows: tuple) -> bytes:
    return csv_bytes(WIDE, rows)


def long(*rows: tuple) -> bytes:
    return csv_bytes(LONG, rows)


# --- the four shapes


def test_a_column_per_source_brings_totals_and_means_in_force(grading) -> None:
    done = bring(grading, wide(GOOD_ROW))
    file = grading.file("大村")
    assert (done.new, done.changed, done.unchanged) == (5, 0, 0)
    assert (file.status, file.total) == (flow.COMPUTED, 9030)  # domain.md 5, first worked example
    sheets = {sheet.source: sheet for sheet in Sheet.objects.filter(assessment=file).in_force()}
    assert {key: sheet.basis for key, sheet in sheets.items()} == {
        "superior": "total",
        "self": "total",
        "members": "mean",
        "public": "mean",
        "related": "total",
    }
    assert all(sheet.imported for sheet in sheets.values())
    assert all(track.imported and track.status == flow.CONFIRMED for track in file.tracks.all())


def test_an_empty_cell_of_a_wide_file_is_no_sheet_yet(grading) -> None:
    bring(grading, wide((BIG, "", "", 92, 0, "", 90, 86)))
    file = grading.file("大村")
    assert file.tracks.get(source="members").status == flow.OPEN
    assert Sheet.objects.in_force().get(assessment=file, source="self").total == 0  # 0 is a score


def test_a_row_per_branch_and_source_keeps_its_lines(grading) -> None:
    heading = ("org_code", "source", "raters", *LINES, "score")
    rows = [
        (BIG, "上级党组织评", 1, 18, 9, 9, 14, 9, 19, 14, 92),
        (BIG, "党员评", 12, 17.5, 8.5, 9, 13, 9, 18, 13.5, 88.5),
    ]
    bring(grading, csv_bytes(heading, rows))
    superior = Sheet.objects.in_force().get(assessment=grading.file("大村"), source="superior")
    members = Sheet.objects.in_force().get(assessment=grading.file("大村"), source="members")
    assert (superior.basis, superior.total, superior.lines["leader"]["points"]) == ("lines", 9200, 1800)
    assert (members.basis, members.total, members.voters) == ("mean", 8850, 12)
    assert members.lines["response"]["points"] == 1350


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ((18, 9, 9, 14, 9, 19, 14, 91), "各指标相加是 92，与得分 91 不符"),
        ((18, 9, 9, 14, 9, 19, "", 92), "「群众反映」未填写"),
        ((21, 9, 9, 14, 9, 19, 14, 95), "「带头人」须在 0 到 20 之间"),
        (("", "", "", "", "", "", "", ""), "未填写"),
        ((18, 9, 9, 14, 9, 19, 14, ""), "「上级党组织评」未填写"),
    ],
)
def test_lines_must_be_whole_and_add_up(grading, points, why) -> None:
    heading = ("org_code", "source", *LINES, "score")
    found = preview(grading, csv_bytes(heading, [(BIG, "上级党组织评", *points)]))
    assert any(why in reason for _, _, reason in errors(found))


def test_single_marks_of_members_are_kept_only_as_sum_and_count(grading) -> None:
    rows = [(BIG, "党员评", number, mark) for number, mark in enumerate((84, 90, 88.5), 1)]
    rows += [(BIG, "相关单位评", 1, 80), (BIG, "相关单位评", 2, 91)]
    bring(grading, csv_bytes(RATERS, rows))
    file = grading.file("大村")
    [members] = Sheet.objects.in_force().filter(assessment=file, source="members")
    assert (members.basis, members.total, members.marks, members.voters) == ("pooled", 26250, 3, 3)
    related = Sheet.objects.in_force().filter(assessment=file, source="related").order_by("rater_no")
    assert [(sheet.rater_no, sheet.total, sheet.basis) for sheet in related] == [
        (1, 8000, "total"),
        (2, 9100, "total"),
    ]


def test_one_bad_single_mark_keeps_its_whole_group_out(grading) -> None:
    rows = [(BIG, "党员评", 1, 84), (BIG, "党员评", 2, "八十"), (BIG, "群众评", 1, 90)]
    found = preview(grading, csv_bytes(RATERS, rows))
    assert [row for row, _, _ in errors(found)] == [2, 3]
    bring(grading, csv_bytes(RATERS, rows), accept_valid=True)
    assert not Sheet.objects.in_force().filter(source="members").exists()
    assert Sheet.objects.in_force().get(source="public").total == 9000


def test_counts_of_a_ballot_come_with_the_scores_beside_them(village) -> None:
    kangbao = open_grading(village, "kangbao-2012")
    row = (BIG, "大村", 91, 96, 60, 50, 42, 30, 8, 3, 1, 0, 0)
    bring(kangbao, csv_bytes(BALLOTS, [row]))
    file = kangbao.file("大村")
    poll = Poll.objects.get(assessment=file, superseded_at=None)
    assert (poll.status, poll.valid, poll.expected, poll.imported) == ("counted", 42, 60, True)
    assert dict(Tally.objects.filter(poll=poll).values_list("option", "n")) == {
        "good": 30,
        "fair": 8,
        "ordinary": 3,
        "poor": 1,
    }
    assert file.total == 9027  # domain.md 5, second worked example
    assert Passage.objects.of(poll).get().name == "enter"


def test_chinese_headings_of_counts_and_heads_with_a_unit_are_understood(village) -> None:
    kangbao = open_grading(village, "kangbao-2012")
    rows = [
        ("2026年民主测评统计表",),
        (),
        ("组 织 代 码", "应到\n（人）", "发出票数", "收回", "好", "较 好", "一般", "较差", "弃权", "无效"),
        (BIG, "60人", 50, 45, 30, 8, 3, 1, 2, 1),
        ("合计", 60, 50, 45, 30, 8, 3, 1, 2, 1),
    ]
    found = preview(kangbao, xlsx_bytes(rows))
    assert errors(found) == []
    assert [one.reason for one in found.verdicts() if one.verdict == "FIX"] == ["去掉“人”"]
    assert len(found.incoming) == 1


def test_a_file_without_ballots_yet_leaves_the_source_open(village) -> None:
    kangbao = open_grading(village, "kangbao-2012")
    bring(kangbao, csv_bytes(BALLOTS, [(BIG, "大村", 91, "", "", "", "", "", "", "", "", "", "")]))
    states = dict(kangbao.file("大村").tracks.values_list("source", "status"))
    assert states == {"committee": "confirmed", "self": "open", "ballot": "open"}


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ((60, 50, 19, 10, 5, 3, 2, 0, 0), "应等于收回19"),
        ((60, 50, 9, -1, 5, 3, 2, 0, 0), "不能是负数"),
        ((60, 50, 21, 10.5, 5, 3, 2, 0, 0), "须是整数"),
        ((60, 15, 20, 10, 5, 3, 2, 0, 0), "收回20大于发出15"),
        ((12, 20, 20, 10, 5, 3, 2, 0, 0), "发出20大于应到12"),
        ((60, 50, "", 10, 5, 3, 2, 0, 0), "「收回」未填写"),
    ],
)
def test_counts_that_do_not_add_up_are_refused(village, counts, why) -> None:
    kangbao = open_grading(village, "kangbao-2012")
    found = preview(kangbao, csv_bytes(BALLOTS, [(BIG, "大村", "", "", *counts)]))
    assert any(why in reason for _, _, reason in errors(found))
    with pytest.raises(Refused):
        bring(kangbao, csv_bytes(BALLOTS, [(BIG, "大村", "", "", *counts)]))
    assert not Poll.objects.exists()


# --- numbers

REFUSED_NUMBERS = (
    "100.01", "-0.01", "九十五", "95分", "", "NaN", "Infinity", "1e2", "95,5", "95.555", "0x5F", "٩٥", "9_5",
    "=95", "1" + "0" * 400,
)  # fmt: skip


@pytest.mark.parametrize("value", REFUSED_NUMBERS)
def test_what_is_no_plain_number_of_points_is_refused_with_its_place(grading, value) -> None:
    found = preview(grading, long((BIG, "上级党组织评", value), (MIDDLE, "上级党组织评", 95)))
    assert [(row, column) for row, column, _ in errors(found)] == [(2, "C")]
    with pytest.raises(Refused, match="1 行不能导入"):
        bring(grading, long((BIG, "上级党组织评", value), (MIDDLE, "上级党组织评", 95)))
    assert not Sheet.objects.in_force().exists()


@pytest.mark.parametrize(
    ("value", "points", "note"),
    [("９５．５", 9550, "全角数字改为半角"), (" 95.50 ", 9550, "去掉空格"), ("-0", 0, "负零按 0 计")],
)
def test_what_has_one_safe_reading_is_put_right_and_said(grading, value, points, note) -> None:
    found = preview(grading, long((BIG, "上级党组织评", value)))
    assert [one.reason for one in found.verdicts() if one.verdict == "FIX"] == [note]
    assert found.incoming[0].sheets[0].total == points


# --- rows that are not to be taken


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (("999999999999", "上级党组织评", 95), "本轮次没有这个组织代码"),
        ((COMMITTEE, "上级党组织评", 95), "不是本轮次定级的支部"),
        ((ELSEWHERE, "上级党组织评", 95), "本轮次没有这个组织代码"),
        ((BIG, "上级评", 95), "没有评价主体「上级评」"),
        (("", "上级党组织评", 95), "缺组织代码"),
        ((BIG, "", 95), "没有填评价主体"),
    ],
)
def test_rows_that_name_nothing_of_the_round_are_refused(grading, row, why) -> None:
    [(number, _, reason)] = errors(preview(grading, long(row)))
    assert number == 2
    assert why in reason


def test_the_second_row_for_the_same_branch_and_source_is_refused(grading) -> None:
    rows = ((BIG, "上级党组织评", 95), (BIG, "上级", 96))
    [(row, _, reason)] = errors(preview(grading, long(*rows)))
    assert row == 3
    assert "第 2 行已经有了" in reason
    bring(grading, long(*rows), accept_valid=True)
    assert Sheet.objects.in_force().get(source="superior").total == 9500


def test_a_source_named_in_two_columns_refuses_the_file(grading) -> None:
    with pytest.raises(Refused, match="出现了两次"):
        preview(grading, csv_bytes(("org_code", "上级党组织评", "上级党组织评"), [(BIG, 90, 91)]))


def test_a_column_of_no_source_is_pointed_out_and_a_strange_name_too(grading) -> None:
    found = preview(
        grading, csv_bytes(("org_code", "org_name", "上级评", "党支部自评"), [(BIG, "中村", 1, 90)])
    )
    words = [one.reason for one in found.verdicts() if one.verdict == "WARN"]
    assert any("「上级评」这一列" in word for word in words)
    assert any("名称与代码对应的「大村」不同" in word for word in words)
    assert len(found.incoming) == 1


def test_a_second_sheet_is_read_and_a_hidden_one_named(grading) -> None:
    book = xlsx_bytes(
        [WIDE, GOOD_ROW],
        more={"两新": [LONG, (RIVER, "上级党组织评", 80)], "隐藏表": [WIDE], "说明": [("填表说明",)]},
    )
    found = preview(grading, book)
    assert sorted({one.target.code for one in found.incoming}) == [BIG, RIVER]
    said = {one.sheet: one.reason for one in found.verdicts() if one.verdict == "WARN"}
    assert said == {"隐藏表": "隐藏的工作表，没有读取。", "说明": "没有找到分数的表头，没有读取。"}


def test_a_file_without_scores_is_refused_with_what_is_wanted(grading) -> None:
    with pytest.raises(Refused, match="没有找到分数的表头"):
        preview(grading, csv_bytes(("组织代码", "备注"), [(BIG, "x")]))


def test_a_bad_row_keeps_the_whole_file_out_unless_valid_rows_are_accepted(grading) -> None:
    content = wide(GOOD_ROW, (MIDDLE, "", "", 120, 90, 90, 90, 90))
    with pytest.raises(Refused, match="1 行不能导入，整个文件没有导入"):
        bring(grading, content)
    assert not Sheet.objects.in_force().exists()
    assert bring(grading, content, accept_valid=True).new == 5
    assert not Sheet.objects.in_force().filter(assessment=grading.file("中村")).exists()


def test_accepting_valid_rows_of_a_file_without_any_is_refused(grading) -> None:
    with pytest.raises(Refused, match="没有可以导入的分数"):
        bring(grading, long((BIG, "上级党组织评", "x")), accept_valid=True)


# --- again, and beside what stands


def test_the_same_file_again_changes_nothing(grading) -> None:
    bring(grading, wide(GOOD_ROW))
    version = grading.file("大村").version
    done = bring(grading, wide(GOOD_ROW))
    assert (done.written, done.unchanged) == (0, 5)
    file = grading.file("大村")
    assert (file.version, file.status) == (version, flow.COMPUTED)
    assert Sheet.objects.filter(assessment=file, status="superseded", imported=True).count() == 0


def test_a_later_import_supersedes_and_the_total_follows(grading) -> None:
    bring(grading, wide(GOOD_ROW))
    before = grading.file("大村")
    done = bring(grading, csv_bytes(("org_code", "党员评"), [(BIG, 100)]))
    file = grading.file("大村")
    assert (done.changed, file.total) == (1, 9260)
    assert file.version == before.version + 1
    old = Sheet.objects.get(assessment=file, source="members", status="superseded")
    assert (old.total, old.superseded_at is not None) == (8850, True)


def test_counts_supersede_a_mean_and_the_other_way_round(village) -> None:
    kangbao = open_grading(village, "kangbao-2012")
    row = (BIG, "大村", 91, 96, 60, 50, 42, 30, 8, 3, 1, 0, 0)
    bring(kangbao, csv_bytes(("org_code", "党员群众测评"), [(BIG, 80)]))
    bring(kangbao, csv_bytes(BALLOTS, [row]))
    assert not Sheet.objects.in_force().filter(source="ballot").exists()
    first = Poll.objects.get(superseded_at=None)
    bring(kangbao, csv_bytes(BALLOTS, [(*row[:7], 31, 7, 3, 1, 0, 0)]))
    first.refresh_from_db()
    assert first.superseded_by == Poll.objects.get(superseded_at=None)
    bring(kangbao, csv_bytes(("org_code", "党员群众测评"), [(BIG, 80)]))
    assert not Poll.objects.filter(superseded_at=None).exists()


def test_marks_entered_by_hand_are_superseded_and_the_file_goes_stale(grading) -> None:
    fill(grading, "大村", FULL)
    bring(grading, csv_bytes(("org_code", "群众评"), [(BIG, 70)]))
    file = grading.file("大村")
    assert file.total == 9260 - 400
    assert [passage.name for passage in Passage.objects.of(file)][-2:] == ["go_stale", "compute"]
    assert Poll.objects.get(assessment=file, source="public").superseded_at is not None


def test_from_decided_on_nothing_is_imported(grading) -> None:
    decided(grading, "大村")
    [(_, _, reason)] = errors(preview(grading, wide(GOOD_ROW)))
    assert "已评定" in reason
    with pytest.raises(Refused):
        bring(grading, wide(GOOD_ROW))


def test_a_file_decided_between_preview_and_confirmation_stops_the_import(grading) -> None:
    found = preview(grading, wide((MIDDLE, "", "", 80, 80, 80, 80, 80)))
    decided(grading, "中村")
    total = grading.file("中村").total
    with pytest.raises(Conflict, match="整个文件没有导入"):
        take_in(preview=found, accept_valid=False, by=system_actor(), now=NOW)
    assert grading.file("中村").total == total


# --- who


def test_staff_import_only_into_the_files_they_decide(grading) -> None:
    rows = wide(GOOD_ROW, (RIVER, "河村", "", 80, 80, 80, 80, 80), (COMMITTEE, "", "", 1, 1, 1, 1, 1))
    found = preview(grading, rows, by=grading.by("clerk"))
    reasons = {row: reason for row, _, reason in errors(found)}
    assert reasons[3] == "本轮次没有这个组织代码，请核对。"  # as if it did not exist
    assert "不是本轮次定级的支部" in reasons[4]


@pytest.mark.parametrize(
    "name", ["secretary", "liaison", "committee", "county", "rater", "nobody", "supervisor"]
)
def test_nobody_else_imports(grading, name) -> None:
    with pytest.raises(PermissionDenied):
        preview(grading, wide(GOOD_ROW), by=grading.by(name))


def test_what_a_clerk_imports_is_his_own_entry_and_what_a_command_imports_nobodys(grading) -> None:
    bring(grading, wide(GOOD_ROW), by=grading.by("clerk"))
    bring(grading, wide((MIDDLE, "", "", 80, 80, 80, 80, 80)))
    clerk = grading.person["clerk"].pk
    assert grading.file("大村").persons("authors") == {clerk}
    assert grading.file("中村").persons("authors") == frozenset()


def test_the_trail_keeps_the_files_hash_and_no_single_mark(grading) -> None:
    bring(grading, csv_bytes(RATERS, [(BIG, "党员评", 1, 83.75), (BIG, "党员评", 2, 61.25)]))
    entry = Entry.objects.get(action="scores.import")
    assert len(entry.after["sha256"]) == 64
    assert entry.after["new"] == 1
    told = str(list(Entry.objects.values_list("before", "after"))) + str(
        list(Passage.objects.values_list("details", flat=True))
    )
    assert "8375" not in told
    assert "83.75" not in told


def test_a_closed_round_takes_nothing(grading) -> None:
    type(grading.round).objects.filter(pk=grading.round.pk).update(status="closed")
    grading.round.refresh_from_db()
    with pytest.raises(Refused, match="没有开始或已经结束"):
        preview(grading, wide(GOOD_ROW))


# --- report and cost


def test_the_report_has_a_line_for_each_row_and_guards_formulas(grading) -> None:
    found = preview(grading, long((BIG, "上级党组织评", "=1+1"), (MIDDLE, "上级党组织评", 95)))
    out = io.StringIO(newline="")
    write_report(found.verdicts(), out)
    lines = out.getvalue().lstrip("\ufeff").splitlines()
    assert lines[0] == "sheet,row,column,code,verdict,reason"
    assert lines[1].startswith(f",2,C,{BIG},ERR,")
    assert lines[2] == f",3,,{MIDDLE},OK,新录入"


def queries(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as caught:
        work()
    return len(caught)


def test_the_number_of_statements_does_not_grow_with_the_rows(grading: Village) -> None:
    one = wide(GOOD_ROW)
    four = wide(*[(code, "", "", 70, 71, 72, 73, 74) for code in (BIG, MIDDLE, SMALL, RIVER)])
    bring(grading, wide((SMALL, "", "", 60, 60, 60, 60, 60)))
    first = queries(lambda: bring(grading, one))
    again = queries(lambda: bring(grading, wide((BIG, "", "", 70, 70, 70, 70, 70))))
    many = queries(lambda: bring(grading, four))
    assert many <= max(first, again) + 4  # a move that some of the files make and the single one doesn't
    assert Score.objects.filter(assessment=grading.file("河村")).count() == 5
