"""The four ledgers: figures from stored results, the small-group rule, reach, cost (domain.md 11, ballots.md)."""

import csv
import io
from fractions import Fraction
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments import ledgers
from assessments.models import Assessment
from assessments.services.computing import compute_round
from gradingsite.lib.ledger import Group, Total, header_cells, table_view
from gradingsite.lib.refusal import Refused
from gradingsite.trail.models import Entry
from orgs.services.people import system_actor
from tests.score_files import BALLOTS, BIG, MIDDLE, OFFICE, RIVER, SMALL, WIDE, bring, csv_bytes
from tests.village import FULL, NOW, TODAY, Village, decided, fill, open_grading, reported

NAMES = tuple(ledgers.LABELS)


def copy(village: Village, name: str, unit: str = "绥山县", who: str = "", **more: Any) -> ledgers.Copy:
    by = village.by(who) if who else system_actor()
    return ledgers.build(
        name, round=village.round, organisation=village.org[unit], reach=by.reach, today=TODAY, **more
    )


def lines(
    village: Village, name: str, unit: str = "绥山县", who: str = "", **more: Any
) -> list[dict[str, Any]]:
    return [
        line for line in copy(village, name, unit, who, **more).rows if not isinstance(line, Group | Total)
    ]


def row_of(village: Village, name: str, code: str, **more: Any) -> dict[str, Any]:
    return next(line for line in lines(village, name, **more) if line["org_code"] == code)


def total_of(village: Village, name: str, unit: str = "绥山县") -> Total:
    return next(line for line in copy(village, name, unit).rows if isinstance(line, Total))


# --- the grading ledger


def test_a_row_tells_scores_total_bands_and_step(grading: Village) -> None:
    decided(grading, "大村", band="fair")
    row = row_of(grading, "grading", BIG)
    assert (row["score_superior"], row["score_members"]) == (Fraction(9200), Fraction(10000))
    assert (row["total"], row["grade"], row["decided_grade"]) == (9260, "好", "较好")
    assert (row["reason"], row["rank"]) == ("结合平时工作", 1)
    assert (row["status"], row["step"], row["imported"]) == ("齐全", "已评定", "")
    assert row["turnout_members"] == (20, 20)


def test_an_unsigned_draft_is_no_decision_yet(grading: Village) -> None:
    fill(grading, "大村", FULL)
    row = row_of(grading, "grading", BIG)
    assert (row["grade"], row["decided_grade"], row["reason"]) == ("好", "", "")


def test_a_file_without_all_sources_has_neither_total_nor_grade(grading: Village) -> None:
    bring(grading, csv_bytes(WIDE, [(BIG, "", "", 92, "", 88.5, 90, 86)]))
    compute_round(round=grading.round, by=system_actor(), now=NOW)
    row = row_of(grading, "grading", BIG, machine=True)
    assert row["status"] == "incomplete:党支部自评"
    assert (row["total"], row["grade"], row["score_superior"]) == (None, "", Fraction(9200))


def test_marks_changed_since_the_computing_show_no_old_score(grading: Village) -> None:
    bring(grading, csv_bytes(WIDE, [(BIG, "", "", 92, "", 88.5, 90, 86)]))
    compute_round(round=grading.round, by=system_actor(), now=NOW)
    bring(grading, csv_bytes(("org_code", "上级党组织评"), [(BIG, 50)]))
    row = row_of(grading, "grading", BIG, machine=True)
    assert (row["score_superior"], row["status"]) == (None, "uncomputed")


def test_imported_marks_are_named_as_what_they_are(grading: Village) -> None:
    bring(grading, csv_bytes(WIDE, [(BIG, "", "", 92, 98, 88.5, 90, 86)]))
    assert row_of(grading, "grading", BIG)["imported"] == "总分：上级、自评、相关；平均分：党员、群众"


def test_the_tree_of_columns_is_the_heading_of_page_csv_and_excel(grading: Village) -> None:
    bring(grading, csv_bytes(WIDE, [(BIG, "", "", 92, 98, 88.5, 90, 86)]))
    tree = ledgers.ledger("grading", grading.rules)
    page = table_view(tree, list(copy(grading, "grading").rows))
    assert page.head == header_cells(tree)
    out = io.BytesIO()
    by = system_actor()
    made = {"round": grading.round, "organisation": grading.org["绥山县"], "by": by, "today": TODAY}
    ledgers.export("grading", ending="csv", out=out, **made)
    heading = next(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"))))
    assert heading == [leaf.name for leaf in tree.leaves]
    book = io.BytesIO()
    ledgers.export("grading", ending="xlsx", out=book, **made)
    sheet = openpyxl.load_workbook(book).active
    labels = {cell.value for row in sheet.iter_rows(max_row=6) for cell in row}
    assert {leaf.label for leaf in tree.leaves} <= labels
    assert sheet.page_setup.orientation == "landscape"


# --- small groups


def small(village: Village) -> None:
    """小村 has three members; of the public twenty voted."""
    for label, score in FULL.items():
        fill(village, "小村", {label: score}, voters=3 if label == "党员评" else 20)


def test_a_source_of_few_is_only_in_the_joint_line(grading: Village) -> None:
    small(grading)
    row = row_of(grading, "grading", SMALL)
    assert (row["score_members"], row["score_public"]) == (None, None)
    assert row["joint_points"] == Fraction(10000 * 2000 + 9000 * 2000, 10000)
    assert row["joint_voters"] == 23
    assert row.get("turnout_members") is None
    assert row["total"] == 9260


def test_no_ledger_tells_a_hidden_count(grading: Village) -> None:
    small(grading)
    for code in (BIG, MIDDLE):
        fill(grading, "大村" if code == BIG else "中村", FULL)
    [line] = [one for one in lines(grading, "poll-tallies") if one["org_code"] == SMALL]
    assert line["source"] == "民主评议合计"
    assert not {"expected", "returned", "valid", "score"} & set(line)
    total = total_of(grading, "poll-tallies")
    assert (
        total.values["valid"] == 80
    )  # two files of two sources with twenty votes each, the small one left out
    assert "不含人数少的1个支部" in total.label
    marks = [one for one in lines(grading, "score-sheets") if one["org_code"] == SMALL]
    assert marks[-1]["score_members"] is None
    assert marks[-1]["joint_points"] == Fraction(3800)


def test_points_per_indicator_of_a_hidden_source_stay_hidden(grading: Village) -> None:
    heading = (
        "org_code",
        "source",
        "raters",
        "带头人",
        "工作思路",
        "工作制度",
        "活动阵地",
        "保障机制",
        "工作业绩",
        "群众反映",
    )
    rows = [
        (SMALL, "党员评", 3, 18, 9, 9, 14, 9, 19, 14),
        (SMALL, "群众评", 30, 17, 9, 9, 14, 9, 19, 14),
        (BIG, "党员评", 30, 18, 9, 9, 14, 9, 19, 14),
    ]
    bring(grading, csv_bytes(heading, rows))
    compute_round(round=grading.round, by=system_actor(), now=NOW)
    found = lines(grading, "score-sheets")
    hidden = [one for one in found if one["org_code"] == SMALL]
    assert all(one.get("score_members") is None and one.get("score_public") is None for one in hidden)
    assert next(one for one in found if one["org_code"] == BIG)["score_members"] == Fraction(1800)


def test_few_valid_votes_in_a_single_ballot_show_no_distribution(village: Village) -> None:
    kangbao = open_grading(village, "kangbao-2012")
    rows = [
        (SMALL, "", 90, 90, 9, 4, 4, 4, 0, 0, 0, 0, 0),
        (BIG, "", 90, 90, 60, 50, 42, 30, 8, 3, 1, 0, 0),
    ]
    bring(kangbao, csv_bytes(BALLOTS, rows))
    few, many = row_of(kangbao, "poll-tallies", SMALL), row_of(kangbao, "poll-tallies", BIG)
    assert "votes_good" not in few
    assert few["score"] == Fraction(10000)
    assert (many["votes_good"], many["rate_good"], many["turnout"]) == (30, (30, 42), (42, 60))


# --- summary


def test_the_summary_is_the_sum_of_its_parts(grading: Village) -> None:
    fill(grading, "大村", FULL)
    bring(grading, csv_bytes(WIDE, [(RIVER, "", "", 99, 99, 99, 99, 99)]))
    found = lines(grading, "summary")
    units = [line for line in found if line["org_code"]]
    sectors = [line for line in found if line["sector"]]
    total = total_of(grading, "summary").values
    assert [line["org_name"] for line in units] == [
        "中共绥山县旺草镇委员会",
        "中共绥山县蒲场镇委员会",
        "中共绥山县直属机关工作委员会",
    ]
    for key in ("branches", "n_very_good", "n_good", "ungraded", "decided"):
        assert sum(line[key] for line in units) == sum(line[key] for line in sectors) == total[key]
    assert (total["branches"], total["n_very_good"], total["n_good"], total["ungraded"]) == (5, 1, 1, 3)
    assert units[0]["share_good"] == (1, 3)


def test_the_summary_of_a_township_is_its_own_line(grading: Village) -> None:
    [unit] = [line for line in lines(grading, "summary", "旺草镇") if line["org_code"]]
    assert (unit["org_name"], unit["branches"]) == ("中共绥山县旺草镇委员会", 3)


def test_the_summary_counts_what_was_decided_and_leaves_out_the_merged(grading: Village) -> None:
    decided(grading, "大村", band="fair")
    Assessment.objects.filter(code=MIDDLE).update(status="terminated")
    total = total_of(grading, "summary").values
    assert (total["branches"], total["n_fair"], total["n_good"], total["decided"]) == (4, 1, 0, 1)


# --- score sheets


def test_a_score_sheet_has_points_reasons_and_the_sum(grading: Village) -> None:
    fill(grading, "大村", FULL)
    mine = [line for line in lines(grading, "score-sheets") if line["org_code"] == BIG]
    assert [line["indicator"] for line in mine][-1] == "合计"
    assert mine[0]["full"] == 2000
    assert mine[0]["score_superior"] == Fraction(1200)
    assert mine[0]["reasons"] == "上级：记录不全（−8）；自评：记录不全（−2）；相关：记录不全（−14）"
    assert mine[-1]["score_superior"] == Fraction(9200)
    assert not any("纪检" in str(line) for line in mine)  # no rater's name


# --- who reads what


def test_a_branch_reads_its_scores_only_when_they_are_announced(grading: Village) -> None:
    reported(grading, "大村")
    assert lines(grading, "grading", "大村", "secretary") == []
    assert lines(grading, "grading", "旺草镇", "liaison") == []
    Assessment.objects.filter(code=BIG).update(announced_at=NOW)
    assert [line["org_code"] for line in lines(grading, "grading", "大村", "secretary")] == [BIG]
    assert [line["org_code"] for line in lines(grading, "grading", "绥山县", "secretary")] == [BIG]


@pytest.mark.parametrize(
    ("who", "codes"),
    [
        ("clerk", [BIG, MIDDLE, SMALL]),
        ("committee", [BIG, MIDDLE, SMALL]),
        ("clerk_pu", [RIVER]),
        ("county", [BIG, MIDDLE, SMALL, RIVER, OFFICE]),
        ("city", [BIG, MIDDLE, SMALL, RIVER, OFFICE]),
        ("supervisor", [SMALL]),
        ("rater", []),
        ("other_county", []),
        ("nobody", []),
        ("audit", []),
    ],
)
@pytest.mark.parametrize("name", ["grading", "score-sheets", "poll-tallies"])
def test_a_ledger_holds_only_what_the_reach_covers(
    grading: Village, name: str, who: str, codes: list[str]
) -> None:
    found = dict.fromkeys(line["org_code"] for line in lines(grading, name, "绥山县", who))
    assert sorted(found) == sorted(codes)


def test_the_summary_counts_only_what_the_reach_covers(grading: Village) -> None:
    units = [line for line in lines(grading, "summary", "绥山县", "clerk") if line["org_code"]]
    assert [line["branches"] for line in units] == [3]


def test_an_unknown_ledger_or_ending_is_refused(grading: Village) -> None:
    with pytest.raises(Refused, match="没有「no」这种台账"):
        copy(grading, "no")
    with pytest.raises(Refused, match="不能导出为"):
        ledgers.export(
            "grading",
            round=grading.round,
            organisation=grading.org["绥山县"],
            ending="doc",
            out=io.BytesIO(),
            by=system_actor(),
            today=TODAY,
        )


def test_an_export_stands_in_the_trail(grading: Village) -> None:
    ledgers.export(
        "summary",
        round=grading.round,
        organisation=grading.org["旺草镇"],
        ending="csv",
        out=io.BytesIO(),
        by=grading.by("clerk"),
        today=TODAY,
    )
    entry = Entry.objects.get(action="ledger.export")
    assert (entry.actor_name, entry.after["ledger"]) == (grading.person["clerk"].name, "summary")


# --- pages and cost


def test_a_page_is_cut_out_of_the_files_and_keeps_their_numbers(grading: Village) -> None:
    page = lines(grading, "grading", start=2, stop=4)
    assert [line["no"] for line in page] == [3, 4]
    assert copy(grading, "grading").files.count() == 5


@pytest.mark.parametrize("name", NAMES)
def test_the_number_of_statements_is_the_same_for_one_branch_and_for_all(grading: Village, name: str) -> None:
    rows = [(code, "", "", 92, 98, 88.5, 90, 86) for code in (BIG, MIDDLE, SMALL, RIVER, OFFICE)]
    bring(grading, csv_bytes(WIDE, rows))

    def cost(unit: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            list(copy(grading, name, unit).rows)
        return len(caught)

    assert cost("河村") == cost("绥山县") <= 14
