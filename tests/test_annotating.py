"""The copy a sender gets back: his values as they were, his faults marked where they stand."""

from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font

from gradingsite.lib.annotating import Fault, annotate
from gradingsite.lib.reading import read_tables
from gradingsite.lib.refusal import Refused
from tests.crafted import raw_xlsx, saved, sheet_xml, xlsx_of

MOMENT = datetime.combine(date(2023, 6, 15), time(9, 30))


def marked(source: bytes, *faults: Fault) -> tuple[bytes, int]:
    out = BytesIO()
    count = annotate(source, faults, out)
    return out.getvalue(), count


def comments(content: bytes) -> dict[str, str]:
    book = openpyxl.load_workbook(BytesIO(content))
    return {
        f"{sheet.title}!{cell.coordinate}": cell.comment.text
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment
    }


def test_a_fault_is_a_comment_on_a_red_cell() -> None:
    content, count = marked(
        xlsx_of(["代码", "党员数"], ["0012", "三十二"]), Fault("表一", 2, 2, "党员数请用阿拉伯数字。")
    )
    assert count == 1
    assert comments(content) == {"表一!B2": "党员数请用阿拉伯数字。"}
    sheet = openpyxl.load_workbook(BytesIO(content)).active
    assert sheet["B2"].fill.fgColor.rgb == "FFFDE3E3"
    assert sheet["A2"].fill.fill_type is None


def test_faults_of_one_cell_and_of_a_whole_row_come_together() -> None:
    content, count = marked(
        xlsx_of(["代码"], [None, "甲"]),
        Fault("表一", 2, 2, "一"),
        Fault("表一", 2, 2, "二"),
        Fault("表一", 2, None, "整行重复"),
        Fault("表一", 9, None, "缺行"),
        Fault("表一", 1, 5, "缺列"),
    )
    assert count == 3
    assert comments(content) == {"表一!B2": "一\n二\n整行重复", "表一!A9": "缺行", "表一!E1": "缺列"}


def test_many_faults_of_one_cell_are_cut() -> None:
    content, _ = marked(xlsx_of(["甲"]), *(Fault("表一", 1, 1, f"第{n}处") for n in range(14)))
    assert comments(content)["表一!A1"].endswith("第9处\n……另有 4 处")


def test_the_values_come_back_unchanged() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["代码", "数", "日", "时", "否", "式"])
    sheet.append(["0012", 3.25, date(2023, 6, 15), MOMENT, True, "=张某某"])
    sheet.append([520323102212.0, 10**16, date(1899, 1, 1), time(9, 30), "<r>x</r>", " 两端 "])
    sheet["F2"].data_type = "s"
    for cell in sheet[3]:
        cell.font = Font(strike=True)
    source = saved(book)
    content, _ = marked(source)
    (before,), (after,) = read_tables(source).sheets, read_tables(content).sheets
    assert [row[c].value for row in after.rows for c in (1, 2, 3)] == [
        row[c].value if row[c].value != 10**16 else "1e+16" for row in before.rows for c in (1, 2, 3)
    ]
    assert [after.rows[1][c].value for c in (4, 5, 6)] == ["2023年6月15日 09:30", "是", "=张某某"]
    assert [after.rows[2][c].value for c in (5, 6)] == ["<r>x</r>", " 两端 "]
    assert after.rows[2].struck


def test_formulas_become_their_results() -> None:
    rows = '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>1</f></c></row>'
    content, _ = marked(raw_xlsx(sheet_xml(rows)), Fault("表一", 1, 2, "公式没有结果"))
    (row,) = read_tables(content).sheets[0].rows
    assert (row[1].value, row[1].formula) == (2, False)
    assert comments(content) == {"表一!B1": "公式没有结果"}


def test_a_csv_comes_back_as_a_workbook() -> None:
    content, count = marked("代码,名称\n0012,甲\n".encode("gbk"), Fault("", 2, 1, "代码不存在"))
    assert (count, comments(content)) == (1, {"导入表!A2": "代码不存在"})
    (sheet,) = read_tables(content).sheets
    assert sheet.rows[1][1].value == "0012"


def test_several_sheets_keep_their_names_and_hidden_ones_stay_out() -> None:
    book = openpyxl.Workbook()
    book.active.title = "主表"
    book.active.append(["甲"])
    book.create_sheet("两新组织").append(["乙"])
    book.create_sheet("旧").sheet_state = "hidden"
    content, _ = marked(saved(book), Fault("两新组织", 1, 1, "错"), Fault("主表", 1, 1, "误"))
    assert openpyxl.load_workbook(BytesIO(content)).sheetnames == ["主表", "两新组织"]
    assert comments(content) == {"主表!A1": "误", "两新组织!A1": "错"}


def test_merges_across_are_kept_and_those_downwards_are_written_out() -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "标题"
    book.active.merge_cells("A1:C1")
    book.active["B2"] = "上级"
    book.active["A3"] = 1
    book.active.merge_cells("B2:B3")
    content, _ = marked(saved(book))
    sheet = openpyxl.load_workbook(BytesIO(content)).active
    assert {str(area) for area in sheet.merged_cells.ranges} == {"A1:C1"}
    assert [sheet["B2"].value, sheet["B3"].value] == ["上级", "上级"]


def test_overlapping_merges_are_not_passed_on() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row>'
    areas = "".join(f'<mergeCell ref="{area}"/>' for area in ("A1:C1", "A1:C1", "B1:D1", "D1:E1"))
    content, _ = marked(raw_xlsx(sheet_xml(rows, f"<mergeCells>{areas}</mergeCells>")))
    merged = openpyxl.load_workbook(BytesIO(content)).active.merged_cells.ranges
    assert sorted(map(str, merged)) == ["A1:C1", "D1:E1"]


def test_a_hostile_file_is_refused_here_too(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    with pytest.raises(Refused):
        annotate(b"PK\x03\x04", [], str(path))
    assert not path.exists()
