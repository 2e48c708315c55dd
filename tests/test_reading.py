"""Tables as offices send them: workbooks, text files, headings wherever they stand."""

from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font

from gradingsite.lib.reading import find_header, read_tables, repeats_header
from gradingsite.lib.refusal import Refused
from gradingsite.lib.tables import Cell, Row, Sheet, Workbook, column_letter
from tests.crafted import raw_xlsx, saved, sheet_xml, text_cell, xlsx_of

HALF_PAST_NINE = datetime.combine(date(2023, 6, 15), time(9, 30))
WANTED = {
    "code": ("组织代码",),
    "name": ("组织全称", "全称"),
    "category": ("组织类别(层级)", "组织类别"),
    "members": ("党员数",),
}


def only(tables: Workbook) -> Sheet:
    """The one sheet."""
    (sheet,) = tables.sheets
    return sheet


def grid(sheet: Sheet) -> list[list[object]]:
    """The rows as lists of values."""
    return [[row[column].value for column in range(1, sheet.width + 1)] for row in sheet.rows]


def test_an_ordinary_workbook() -> None:
    tables = read_tables(xlsx_of(["代码", "数"], ["0012", 3], [None, 2.5], ["甲", True]))
    assert (tables.form, only(tables).name, only(tables).visible) == ("xlsx", "表一", "visible")
    assert grid(only(tables)) == [["代码", "数"], ["0012", 3], [None, 2.5], ["甲", True]]


def test_a_path_and_a_stream_read_alike(tmp_path: Path) -> None:
    content = xlsx_of(["a", 1])
    path = tmp_path / "表.xlsx"
    path.write_bytes(content)
    assert read_tables(path) == read_tables(BytesIO(content)) == read_tables(content)


def test_sheets_keep_their_order_and_hidden_ones_only_their_names() -> None:
    book = openpyxl.Workbook()
    book.active.title = "Sheet2"
    book.active.append(["旧数据"])
    book.active.sheet_state = "hidden"
    book.create_sheet("正式").append(["新数据"])
    book.create_sheet("_tmp").sheet_state = "veryHidden"
    tables = read_tables(saved(book))
    assert [(sheet.name, sheet.visible, len(sheet.rows)) for sheet in tables.sheets] == [
        ("Sheet2", "hidden", 0),
        ("正式", "visible", 1),
        ("_tmp", "veryHidden", 0),
    ]
    assert [sheet.name for sheet in tables.visible_sheets] == ["正式"]
    assert tables.hidden_names == ("Sheet2", "_tmp")


def test_blank_rows_are_left_out_and_numbers_stay_those_of_excel() -> None:
    book = openpyxl.Workbook()
    book.active["B2"] = "甲"
    book.active["B5"] = "乙"
    sheet = only(read_tables(saved(book)))
    assert [row.number for row in sheet.rows] == [2, 5]
    cell = sheet.rows[1][2]
    assert (cell.place, cell.letter, cell.value) == ("B5", "B", "乙")
    assert sheet.rows[1][1].is_blank
    assert sheet.rows[1][1].place == "A5"


def test_strikes_and_hidden_rows_are_seen() -> None:
    book = openpyxl.Workbook()
    book.active.append(["甲", 1])
    book.active.append(["乙", 2])
    for cell in book.active[1]:
        cell.font = Font(strike=True)
    book.active.row_dimensions[2].hidden = True
    first, second = only(read_tables(saved(book))).rows
    assert first.struck
    assert first[1].struck
    assert not first.hidden
    assert not second.struck
    assert second.hidden
    assert second[1].hidden_row


def test_a_row_is_struck_only_as_a_whole() -> None:
    book = openpyxl.Workbook()
    book.active.append(["甲", 1])
    book.active["A1"].font = Font(strike=True)
    (row,) = only(read_tables(saved(book))).rows
    assert row[1].struck
    assert not row.struck


def test_rich_text_struck_through() -> None:
    strings = (
        "<sst><si><r><rPr><strike/></rPr><t>撤</t></r><r><rPr><strike/></rPr><t>销</t></r></si>"
        '<si><r><rPr><strike val="0"/></rPr><t>在</t></r></si></sst>'
    )
    rows = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    (row,) = only(read_tables(raw_xlsx(sheet_xml(rows), strings=strings))).rows
    assert (row[1].value, row[1].struck) == ("撤销", True)
    assert (row[2].value, row[2].struck) == ("在", False)


def test_phonetic_guides_are_not_text() -> None:
    strings = '<sst><si><t>重庆</t><rPh sb="0" eb="2"><t>ジュウケイ</t></rPh></si></sst>'
    rows = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    assert grid(only(read_tables(raw_xlsx(sheet_xml(rows), strings=strings)))) == [["重庆"]]


def test_formulas_give_their_stored_result() -> None:
    rows = (
        '<row r="1"><c r="A1"><f>1844+300</f><v>2144</v></c>'
        '<c r="B1" t="str"><f>LEFT(D1,2)</f><v>5203</v></c>'
        '<c r="C1"><f>ROUND(25/1,0)</f></c><c r="D1"><f>1</f><v></v></c>'
        '<c r="E1" t="e"><f>#REF!</f><v>#REF!</v></c><c r="F1" t="str"><f>""</f><v></v></c></row>'
    )
    (row,) = only(read_tables(raw_xlsx(sheet_xml(rows)))).rows
    assert [(row[c].value, row[c].formula, row[c].formula_without_value) for c in (1, 2, 3, 4)] == [
        (2144, True, False),
        ("5203", True, False),
        (None, True, True),
        (None, True, True),
    ]
    assert (row[5].value, row[5].is_error) == ("#REF!", True)
    assert row[6].is_blank
    assert not row[6].formula_without_value
    assert not row[3].is_blank


def test_text_that_begins_with_an_equals_sign_stays_text() -> None:
    (row,) = only(read_tables(raw_xlsx(sheet_xml(f'<row r="1">{text_cell("A1", "=张某某")}</row>')))).rows
    assert row[1] == Cell("=张某某", 1, 1)


def test_numbers_keep_what_the_file_says() -> None:
    values = ["520323102212", "520323102212.0", "5.20323E+11", "-40", "24.5", "1234567890123456789"]
    cells = "".join(f"<c><v>{value}</v></c>" for value in values)
    (row,) = only(read_tables(raw_xlsx(sheet_xml(f"<row>{cells}</row>")))).rows
    read = [row[column].value for column in range(1, 7)]
    assert read == [520323102212, 520323102212.0, 5.20323e11, -40, 24.5, 1234567890123456789]
    assert [type(value) for value in read] == [int, float, float, int, float, int]


@pytest.mark.parametrize(
    ("number_format", "value", "expected"),
    [
        ("yyyy-mm-dd", date(2023, 6, 15), date(2023, 6, 15)),
        ('yyyy"年"m"月"d"日"', date(2023, 6, 15), date(2023, 6, 15)),
        ("[$-804]yyyy/m/d;@", date(2023, 6, 15), date(2023, 6, 15)),
        ("yyyy-mm-dd h:mm", HALF_PAST_NINE, HALF_PAST_NINE),
        ("h:mm", time(9, 30), time(9, 30)),
        ("General", 45092, 45092),
        ('0"月"', 6, 6),
        ("[Red]0.00", 6, 6),
        ("#,##0_);[Red]\\(#,##0\\)", 6, 6),
        ("@", 45092, 45092),
        ("0.00E+00", 45092, 45092),
    ],
)
def test_dates_are_told_by_the_format(number_format: str, value: object, expected: object) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = value
    book.active["A1"].number_format = number_format
    (row,) = only(read_tables(saved(book))).rows
    assert (row[1].value, type(row[1].value)) == (expected, type(expected))


def test_both_epochs() -> None:
    styles = '<styleSheet><fonts><font/></fonts><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>'
    rows = '<row r="1"><c r="A1" s="0"><v>59</v></c><c r="B1" s="0"><v>61</v></c><c r="C1" s="0"><v>-1</v></c></row>'
    (row,) = only(read_tables(raw_xlsx(sheet_xml(rows), styles=styles))).rows
    assert [row[c].value for c in (1, 2, 3)] == [date(1900, 2, 28), date(1900, 3, 1), -1]
    old = raw_xlsx(sheet_xml(rows), styles=styles, props='<workbookPr date1904="1"/>')
    assert only(read_tables(old)).rows[0][1].value == date(1904, 2, 29)


def test_values_of_cells_merged_downwards_are_carried_down() -> None:
    book = openpyxl.Workbook()
    for number in range(1, 6):
        book.active.append([f"行{number}", "甲" if number == 2 else None])
    book.active.merge_cells("B2:B4")
    book.active["C1"] = "标题"
    book.active.merge_cells("C1:E3")
    sheet = only(read_tables(saved(book)))
    assert [row[2].value for row in sheet.rows] == [None, "甲", "甲", "甲", None]
    assert [row[2].filled for row in sheet.rows] == [False, False, True, True, False]
    assert [row[3].value for row in sheet.rows] == ["标题", None, None, None, None]
    assert (2, 2, 4, 2) in sheet.merged


def test_escapes_prefixes_and_missing_references() -> None:
    rows = "<x:row><x:c t='inlineStr'><x:is><x:t>一_x000D_二_x0000_</x:t></x:is></x:c><x:c><x:v>7</x:v></x:c></x:row>"
    sheet = f"<x:worksheet xmlns:x='x'><x:sheetData>{rows}</x:sheetData></x:worksheet>"
    assert grid(only(read_tables(raw_xlsx(sheet)))) == [["一\r二", 7]]


def test_targets_may_be_absolute() -> None:
    content = raw_xlsx(
        sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>'), target="/xl/worksheets/sheet1.xml"
    )
    assert grid(only(read_tables(content))) == [[1]]


# Text files

TABLE = "组织代码,组织全称\r\n0012,甲支部\r\n"
ROWS = [["组织代码", "组织全称"], ["0012", "甲支部"]]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TABLE.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TABLE.encode(), "utf-8"),
        (TABLE.encode("gbk"), "gb18030"),
        (b"\xff\xfe" + TABLE.replace(",", "\t").encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + TABLE.replace(",", "\t").encode("utf-16-be"), "utf-16-be"),
        (TABLE.replace(",", ";").encode(), "utf-8"),
        (TABLE.encode() + b"\x1a", "utf-8"),
        (TABLE.replace("\r\n", "\n").encode(), "utf-8"),
        (TABLE.replace("\r\n", "\r").encode(), "utf-8"),
        (TABLE.replace("\r\n", "\n", 1).encode(), "utf-8"),
    ],
)
def test_text_files_in_the_encodings_of_offices(content: bytes, encoding: str) -> None:
    tables = read_tables(content)
    assert (tables.form, tables.encoding) == ("csv", encoding)
    assert grid(only(tables)) == ROWS


def test_quotes_line_breaks_and_blank_lines_in_csv() -> None:
    text = '标题,,\n代码,名称,\n1,"甲\n支部",\n,,\n2,"乙,""丙""",x\n="0012",\t0013,\n'
    sheet = only(read_tables(text.encode()))
    assert [(row.number, row.texts) for row in sheet.rows] == [
        (1, ["标题"]),
        (2, ["代码", "名称"]),
        (3, ["1", "甲\n支部"]),
        (5, ["2", '乙,"丙"', "x"]),
        (6, ['="0012"', "\t0013"]),
    ]


def test_a_guarded_csv_reads_back() -> None:
    assert grid(only(read_tables("名称,数\n'=1+1,'-5\n'甲,1\n".encode()))) == [
        ["名称", "数"],
        ["=1+1", "-5"],
        ["'甲", "1"],
    ]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(min_codepoint=0x20, max_codepoint=0x9FFF), min_size=1, max_size=8),
            min_size=2,
            max_size=4,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_text_survives_a_workbook(rows: list[list[str]]) -> None:
    clean = [["".join(mark for mark in text if mark.isprintable()) or "甲" for text in row] for row in rows]
    cells = [[f"甲{text}" for text in row] for row in clean]
    sheet = only(read_tables(xlsx_of(*cells)))
    assert [row.texts for row in sheet.rows] == cells


# Headings


def sheet_of(*rows: list[str]) -> Sheet:
    return only(read_tables("\n".join(",".join(row) for row in rows).encode()))


def test_a_heading_is_found_wherever_it_stands() -> None:
    book = openpyxl.Workbook()
    book.active.append(["绥阳县基层党组织基本信息统计表"])
    book.active.append(["填报单位（盖章）：中共绥阳县委组织部"])
    book.active.append([])
    book.active.append(
        ["序号", "组 织 代 码", "组织\n全称", "组织类别\n（层级）", "党员数\n（人）", "备  注"]
    )
    book.active.append([1, "520", "甲", "党支部", 3, None])
    header = find_header(only(read_tables(saved(book))), WANTED, required=["code", "name"])
    assert header == (4, {"code": 2, "name": 3, "category": 4, "members": 5}, ("序号", "备 注"))


def test_the_row_that_names_most_wins() -> None:
    sheet = sheet_of(["组织代码", "全称"], ["组织代码", "组织全称", "党员数"], ["1", "甲", "3"])
    header = find_header(sheet, WANTED)
    assert header is not None
    assert header.row == 2


def test_no_heading() -> None:
    assert find_header(sheet_of(["a", "b"], ["1", "2"]), WANTED) is None
    assert find_header(sheet_of(["组织代码", "党员数"]), WANTED, required=["name"]) is None
    assert find_header(Sheet("空"), WANTED) is None


def test_a_repeated_heading_is_known_and_data_is_not() -> None:
    sheet = sheet_of(
        ["组织代码", "组织全称", "党员数"], ["1", "甲", "3"], ["组织代码 ", "组 织 全 称", "党员数(人)"]
    )
    header = find_header(sheet, WANTED)
    assert header is not None
    assert header.row == 1
    assert [repeats_header(row, header, WANTED) for row in sheet.rows] == [True, False, True]


def test_a_name_given_twice_goes_to_the_first_column() -> None:
    header = find_header(sheet_of(["组织代码", "组织全称", "组织代码"]), WANTED)
    assert header is not None
    assert (header.columns["code"], header.unknown) == (1, ("组织代码",))


def test_rows_of_blanks_and_letters_of_columns() -> None:
    assert Row(3, {1: Cell("  ", 3, 1)}).is_blank
    assert not Row(3, {1: Cell(0, 3, 1)}).is_blank
    assert not Row(3).struck
    assert [column_letter(number) for number in (1, 26, 27, 702, 703, 16384)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
        "XFD",
    ]


def test_a_refusal_names_the_file() -> None:
    with pytest.raises(Refused, match="“表.csv”：文件是空的"):
        read_tables(b"", "C:\\桌面\\表.csv")
