"""The printed ledger, read back by another library: what an office sees when it opens and prints it."""

import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from gradingsite.lib.ledger import Column, Group, Ledger, Line, Meta, Total
from gradingsite.lib.reading import read_tables
from gradingsite.lib.xlsx import Fonts, to_xlsx
from gradingsite.lib.xlsx_rows import escape, sheet_name

LEDGER = Ledger(
    "plans",
    "绥阳县基层组织建设年整改方案制定情况统计表",
    (
        Column("name", "党支部规范全称", width=34),
        Column(
            "bands", "分类定级", children=(Column("good", "好", "int", empty=""), Column("poor", "差", "int"))
        ),
        Column("total", "总分", "points"),
        Column("self", "自评", "score"),
        Column("rate", "参与率", "percent"),
        Column("share", "权重", "weight"),
        Column("day", "日期", "date"),
        Column("at", "时间", "moment"),
    ),
    annex=2,
    notes=("在相应栏内标数字“1”", "备注：此表从党支部开始填写"),
)
TITLE, HEADS, HEAD, FIRST = 2, 3, 4, 6
ROW: dict[str, Any] = {
    "name": "甲支部",
    "good": 1,
    "poor": 0,
    "total": 9550,
    "self": Fraction(358_000, 42),
    "rate": (1, 3),
    "share": 1250,
    "day": date(2026, 4, 9),
    "at": datetime(2026, 4, 23, 1, 21, tzinfo=UTC),
}


def written(*lines: Line, ledger: Ledger = LEDGER, **more: Any) -> bytes:
    out = BytesIO()
    to_xlsx(ledger, lines, out, **more)
    return out.getvalue()


def opened(*lines: Line, **more: Any) -> Worksheet:
    return openpyxl.load_workbook(BytesIO(written(*lines, **more))).active


def test_the_page_from_top_to_bottom() -> None:
    meta = Meta.of(
        LEDGER, unit="中共绥阳县旺草镇委员会", day=date(2026, 4, 23), signatures={"填表人：": "陈某某"}
    )
    sheet = opened(ROW, meta=meta)
    first = [[cell.value for cell in row if cell.value is not None] for row in sheet.iter_rows()]
    assert first == [
        ["附件2"],
        ["绥阳县基层组织建设年整改方案制定情况统计表"],
        ["填报单位（盖章）：中共绥阳县旺草镇委员会", "填报时间：2026年4月23日"],
        ["党支部规范全称", "分类定级", "总分", "自评", "参与率", "权重", "日期", "时间"],
        ["好", "差"],
        [
            "甲支部",
            1,
            0,
            95.5,
            "≈85.24",
            0.333,
            "12.5%",
            datetime.combine(date(2026, 4, 9), datetime.min.time()),
            "2026年4月23日 09:21",
        ],
        ["在相应栏内标数字“1”"],
        ["备注：此表从党支部开始填写"],
        ["单位负责人（签字）：", "审核人：", "填表人：陈某某", "联系电话："],
    ]


def test_merges_of_title_heading_and_notes() -> None:
    merged = {str(area) for area in opened(ROW).merged_cells.ranges}
    assert {"A1:I1", "A2:I2", "A4:A5", "B4:C4", "D4:D5", "I4:I5", "A7:I7", "A8:I8"} <= merged
    halves = sorted(area for area in merged if area[1] == "3" or area.startswith(("A3", "B3", "C3", "D3")))
    assert len(halves) == 2


def test_merged_areas_do_not_overlap() -> None:
    sheet = opened(Total({"good": 3}), Group("一、县直"), ROW, ROW)
    cells = [cell for area in sheet.merged_cells.ranges for row in area.rows for cell in row]
    assert len(cells) == len(set(cells))


def test_the_print_is_landscape_one_page_wide_with_repeated_heading() -> None:
    sheet = opened(ROW)
    assert sheet.page_setup.orientation == "landscape"
    assert str(sheet.page_setup.paperSize) == "9"
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$4:$5"
    assert sheet.print_area.endswith("$A$1:$I$9")
    assert sheet.print_options.horizontalCentered
    assert sheet.freeze_panes == "B6"
    assert sheet.oddFooter.center.text == "第 &P 页 共 &N 页"


def test_fonts_sizes_and_heights() -> None:
    sheet = opened(ROW)
    assert (sheet["A1"].font.name, sheet["A1"].font.sz) == ("黑体", 16)
    assert (sheet["A2"].font.name, sheet["A2"].font.sz, sheet["A2"].alignment.horizontal) == (
        "方正小标宋简体",
        22,
        "center",
    )
    assert sheet.row_dimensions[TITLE].height == 42
    assert (sheet["A6"].font.name, sheet["A6"].font.sz) == ("宋体", 10.5)
    assert sheet["A3"].alignment.horizontal == "left"
    other = opened(ROW, fonts=Fonts(title="FZXBS", body="FangSong"))
    assert (other["A2"].font.name, other["A6"].font.name) == ("FZXBS", "FangSong")


def frames(content: bytes) -> dict[str, dict[str, str | None]]:
    """Per cell the lines at its four sides as the file says; openpyxl drops those inside a merge."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(BytesIO(content)) as archive:
        styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    borders = [
        {side.tag.removeprefix(space): side.get("style") for side in border}
        for border in styles.find(f"{space}borders")
    ]
    chosen = [borders[int(form.get("borderId"))] for form in styles.find(f"{space}cellXfs")]
    return {cell.get("r"): chosen[int(cell.get("s"))] for cell in sheet.iter(f"{space}c")}


def test_the_frame_is_medium_outside_and_thin_inside_on_every_cell() -> None:
    lines = frames(written(Total({"good": 1}), Group("一、县直"), ROW, ROW))
    last = FIRST + 3
    for row in range(HEAD, last + 1):
        for column in "ABCDEFGHI":
            sides = lines[f"{column}{row}"]
            assert sides["left"] == ("medium" if column == "A" else "thin"), (column, row)
            assert sides["right"] == ("medium" if column == "I" else "thin"), (column, row)
            assert sides["top"] == ("medium" if row == HEAD else "thin"), (column, row)
            assert sides["bottom"] == ("medium" if row == last else "thin"), (column, row)
    assert lines[f"A{HEAD - 1}"]["left"] is None
    assert lines[f"A{last + 1}"]["left"] is None


def test_long_text_makes_its_row_higher() -> None:
    sheet = opened({"name": "短"}, {"name": "长" * 60}, {"name": "一\n二\n三"}, {"name": "长" * 5000})
    heights = [sheet.row_dimensions[FIRST + step].height for step in range(4)]
    assert heights[0] in (None, 21.0)
    assert heights[1] == 4 * 15 + 6
    assert heights[2] == 3 * 15 + 6
    assert heights[3] == 409


def test_heading_rows_are_as_high_as_their_words() -> None:
    columns = (
        Column("a", "领导\n班子\n情况\n汇总", "int", width=6),
        Column("b", "x", children=(Column("c", "y"),)),
    )
    sheet = opened(ledger=Ledger("x", "表", columns, heads=()))
    heights = [sheet.row_dimensions[number].height for number in (2, 3)]
    assert sum(heights) >= 4 * 15


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "＋1", "－1", "＠1", '=HYPERLINK("x")']
)
def test_what_looks_like_a_formula_is_text(text: str) -> None:
    sheet = opened({"name": text}, Group(text), meta=Meta(title=text, heads={"填报单位（盖章）：": text}))
    assert sheet.cell(FIRST, 1).value == text
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} <= {
        "s",
        "n",
        "d",
    }


@pytest.mark.parametrize(
    "text",
    [
        "<r><t>x</t></r>",
        "<r></r>",
        "</t></is></c>",
        "a&b<c>\"d'",
        "&amp;",
        "_x000D_",
        "_x0041_x",
        "  两端  ",
        "𬱖",
        "一\n二",
    ],
)
def test_markup_is_text(text: str) -> None:
    content = written({"name": text}, ledger=Ledger("x", "表", (Column("name", "名称"),), heads=()))
    (sheet,) = read_tables(content).sheets
    assert sheet.rows[2][1].value == text
    # openpyxl leaves the escapes of Excel as they stand.
    assert openpyxl.load_workbook(BytesIO(content)).active["A3"].value.replace("_x005F_", "_") == text


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=10), min_size=1, max_size=6))
def test_any_text_makes_a_sound_file(texts: list[str]) -> None:
    content = written(*({"name": text} for text in texts))
    assert openpyxl.load_workbook(BytesIO(content)).active.max_row >= FIRST
    assert read_tables(content).sheets[0].rows


@given(st.text(max_size=20))
def test_escaping_leaves_nothing_that_is_markup(text: str) -> None:
    escaped = escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert all(mark in "\t\n" or mark >= " " for mark in escaped)


def test_no_formula_and_no_link_is_ever_written() -> None:
    content = written({"name": "=1+1"}, {"name": "http://example.org"}, ROW)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        body = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in body
    assert "hyperlink" not in body


def test_empty_cells_say_so_in_their_columns_way() -> None:
    sheet = opened({"name": "甲"})
    assert [cell.value for cell in sheet[FIRST]] == ["甲", None, "—", "—", "—", "—", "—", "—", "—"]
    assert sheet.cell(FIRST, 2).border.left.style == "thin"


def test_words_may_stand_in_for_a_figure_and_odd_values_stay_readable() -> None:
    sheet = opened({"self": "已并入", "rate": (1, 0), "day": date(1899, 1, 1), "poor": 10**16})
    assert [cell.value for cell in sheet[FIRST]][2:] == [
        "10000000000000000",
        "—",
        "已并入",
        "—",
        "—",
        "1899年1月1日",
        "—",
    ]


def test_numbers_are_stored_by_their_digits() -> None:
    content = written(*({"name": str(n), "total": n, "self": n} for n in (0, 1, 29, 110, 9999, 10_000)))
    with zipfile.ZipFile(BytesIO(content)) as archive:
        body = archive.read("xl/worksheets/sheet1.xml").decode()
    for digits in ("0.00", "0.01", "0.29", "1.10", "99.99", "100.00"):
        assert body.count(f"<v>{digits}</v>") == 2


def test_totals_are_bold_wherever_they_stand() -> None:
    sheet = opened(Total({"good": 2}, label="合计　2 个支部"), ROW, ROW, Total({"good": 2}))
    assert (sheet.cell(FIRST, 1).value, sheet.cell(FIRST + 3, 1).value) == ("合计　2 个支部", "合计")
    assert [sheet.cell(FIRST + step, 2).font.b for step in range(4)] == [True, False, False, True]


def test_an_empty_ledger_still_has_a_frame() -> None:
    sheet = opened()
    assert sheet.cell(FIRST, 1).border.bottom.style == "medium"
    assert sheet.cell(FIRST, 1).border.left.style == "medium"


def test_a_notices_own_form_has_only_the_notices_lines() -> None:
    bare = Ledger(
        "x",
        "领导班子整改落实工作台帐",
        (Column("a", "序号", "int"), Column("b", "突出问题")),
        heads=("单位：", "填报时间："),
        signatures=(),
        notes=("说明：1.甲",),
    )
    sheet = opened({"a": 1, "b": "乙"}, ledger=bare)
    words = [[cell.value for cell in row if cell.value is not None] for row in sheet.iter_rows()]
    assert words == [
        ["领导班子整改落实工作台帐"],
        ["单位：", "填报时间："],
        ["序号", "突出问题"],
        [1, "乙"],
        ["说明：1.甲"],
    ]


def test_more_signatures_than_columns_take_another_line() -> None:
    one = Ledger("x", "表", (Column("a", "序号", "int"),))
    words = [cell.value for (cell,) in opened({"a": 1}, ledger=one).iter_rows()]
    assert words[-4:] == ["单位负责人（签字）：", "审核人：", "填表人：", "联系电话："]


def test_rows_stream_and_progress_is_told() -> None:
    told: list[int] = []
    held = 0

    def lines() -> Iterator[Line]:
        nonlocal held
        for number in range(2_500):
            held = number
            yield {"name": f"支部{number}"}

    def progress(count: int) -> None:
        told.append(count)
        # The last line waits for its successor, no more than that is taken ahead.
        assert held <= count + 1

    out = BytesIO()
    assert to_xlsx(LEDGER, lines(), out, progress=progress) == 2_500
    assert told == [1000, 2000, 2500]


def test_the_same_ledger_gives_the_same_content() -> None:
    meta = Meta.of(LEDGER, unit="某", day=date(2026, 1, 2), made_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    contents = []
    for _ in range(2):
        with zipfile.ZipFile(BytesIO(written(ROW, meta=meta))) as archive:
            contents.append({name: archive.read(name) for name in archive.namelist()})
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("统计表", "统计表"),
        ("a[b]c:d*e?f/g\\h", "abcdefgh"),
        ("'引号'", "引号"),
        ("长" * 50, "长" * 31),
        ("[]", "台账"),
        ("History", "History（2）"),
    ],
)
def test_names_of_sheets(title: str, name: str) -> None:
    assert sheet_name(title) == name


def test_names_of_sheets_do_not_repeat() -> None:
    taken: list[str] = []
    for _ in range(3):
        taken.append(sheet_name("长" * 50, taken))
    assert len(set(taken)) == 3
    assert all(len(name) <= 31 for name in taken)
