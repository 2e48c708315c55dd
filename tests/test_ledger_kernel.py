"""A ledger declared once: its heading, its values on a page and in csv, and its way back through an import."""

import csv
from datetime import UTC, date, datetime
from fractions import Fraction
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradingsite.lib.ledger import (
    Column,
    Group,
    Ledger,
    Meta,
    Total,
    display,
    display_width,
    header_cells,
    machine_text,
    table_view,
    to_csv,
    wanted_headings,
)
from gradingsite.lib.reading import find_header, read_tables

BANDS = Column(
    "bands",
    "分类定级",
    children=tuple(Column(key, label, "int", empty="") for key, label in (("good", "好"), ("poor", "较差"))),
)
OPINIONS = Column(
    "opinions",
    "征求意见情况",
    children=(
        Column(
            "ways", "形式", children=(Column("meetings", "座谈会", "int"), Column("letters", "信\n函", "int"))
        ),
        Column("people", "对象", children=(Column("persons", "人次", "int"),)),
    ),
)
LEDGER = Ledger(
    "plans", "整改方案制定情况统计表", (Column("name", "党支部规范全称", width=34), BANDS, OPINIONS)
)
FLAT = Ledger(
    "flat",
    "台账",
    (
        Column("code", "组织代码", machine="org_code"),
        Column("name", "组织全称", width=30),
        Column("total", "总分", "points"),
        Column("self", "自评", "score"),
        Column("rate", "参与率", "percent"),
        Column("share", "权重", "weight"),
        Column("day", "核准日期", "date"),
        Column("at", "报送时间", "moment"),
        Column("count", "党员数", "int"),
    ),
)
FULL: dict[str, Any] = {
    "code": "0012",
    "name": "=甲",
    "total": 9500,
    "self": Fraction(358_000, 42),
    "rate": (1, 3),
    "share": 1250,
    "day": date(2026, 4, 9),
    "at": datetime(2026, 4, 23, 1, 21, tzinfo=UTC),
    "count": 0,
}


def test_leaves_and_depth_come_from_the_tree() -> None:
    assert [leaf.key for leaf in LEDGER.leaves] == ["name", "good", "poor", "meetings", "letters", "persons"]
    assert LEDGER.depth == 3
    assert FLAT.depth == 1


def test_the_heading_has_the_spans_of_the_tree() -> None:
    cells = [[tuple(cell)[:5] for cell in row] for row in header_cells(LEDGER)]
    assert cells == [
        [("党支部规范全称", 0, 0, 3, 1), ("分类定级", 0, 1, 1, 2), ("征求意见情况", 0, 3, 1, 3)],
        [("好", 1, 1, 2, 1), ("较差", 1, 2, 2, 1), ("形式", 1, 3, 1, 2), ("对象", 1, 5, 1, 1)],
        [("座谈会", 2, 3, 1, 1), ("信\n函", 2, 4, 1, 1), ("人次", 2, 5, 1, 1)],
    ]
    assert [cell.key for row in header_cells(LEDGER) for cell in row if not cell.is_leaf] == [
        "bands",
        "opinions",
        "ways",
        "people",
    ]


@st.composite
def trees(draw: st.DrawFn) -> tuple[Column, ...]:
    counter = iter(range(1000))

    def column(level: int) -> Column:
        key = f"k{next(counter)}"
        size = draw(st.integers(0, 3)) if level < 3 else 0
        return Column(key, key, children=tuple(column(level + 1) for _ in range(size)))

    return tuple(column(0) for _ in range(draw(st.integers(1, 4))))


@given(trees())
def test_any_heading_covers_its_rectangle_exactly_once(columns: tuple[Column, ...]) -> None:
    ledger = Ledger("x", "x", columns)
    covered = [
        (row, column)
        for cells in header_cells(ledger)
        for cell in cells
        for row in range(cell.row, cell.row + cell.rowspan)
        for column in range(cell.column, cell.column + cell.colspan)
    ]
    assert sorted(covered) == [(r, c) for r in range(ledger.depth) for c in range(len(ledger.leaves))]


def test_a_column_named_twice_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="twice"):
        Ledger("x", "x", (Column("a", "甲"), Column("a", "乙")))
    with pytest.raises(ValueError, match="twice"):
        Ledger("x", "x", (Column("a", "甲"), Column("b", "乙", machine="a")))


@pytest.mark.parametrize(
    ("key", "page", "plain"),
    [
        ("code", "0012", "0012"),
        ("name", "=甲", "'=甲"),
        ("total", "95.00", "95.00"),
        ("self", "≈85.24", "85.24"),
        ("rate", "33.3%", "33.3%"),
        ("share", "12.5%", "12.5%"),
        ("day", "2026年4月9日", "2026-04-09"),
        ("at", "2026年4月23日 09:21", "2026-04-23T01:21:00+00:00"),
        ("count", "0", "0"),
    ],
)
def test_values_for_people_and_for_programs(key: str, page: str, plain: str) -> None:
    column = next(leaf for leaf in FLAT.leaves if leaf.key == key)
    assert display(column, FULL[key]) == page
    assert machine_text(column, FULL[key]) == plain
    assert machine_text(column, None) == ""


def test_nothing_is_not_zero() -> None:
    assert display(FLAT.leaves[2], None) == "—"
    assert display(FLAT.leaves[2], 0) == "0.00"
    assert display(FLAT.leaves[8], None) == "—"
    assert display(FLAT.leaves[0], None) == ""
    assert display(BANDS.children[0], None) == ""
    assert display(Column("x", "x", empty="未填"), "") == "未填"


def test_a_page_gets_rows_totals_and_groups_as_text() -> None:
    lines = [
        Total({"good": 2, "meetings": 5}, label="合计　2 个支部"),
        Group("一、乡镇"),
        {"name": "甲", "good": 1},
    ]
    view = table_view(LEDGER, lines)
    assert view.head == header_cells(LEDGER)
    assert view.width == 6
    assert [line.sort for line in view.lines] == ["total", "group", "row"]
    total, group, row = view.lines
    assert [cell.text for cell in total.cells] == ["合计　2 个支部", "2", "", "5", "—", "—"]
    assert (group.span, [cell.text for cell in group.cells]) == (6, ["一、乡镇"])
    assert [cell.text for cell in row.cells] == ["甲", "1", "", "—", "—", "—"]
    assert [cell.is_empty for cell in row.cells] == [False, False, True, True, True, True]
    assert [cell.side for cell in row.cells] == ["left", *["center"] * 5]
    assert row.source == {"name": "甲", "good": 1}


def test_text_may_stand_in_for_a_figure() -> None:
    """A figure that must not be shown is replaced by words."""
    (line,) = table_view(FLAT, [{"self": "已并入"}]).lines
    assert line.cells[3].text == "已并入"


def test_csv_has_one_line_of_machine_names_and_no_totals() -> None:
    out = StringIO(newline="")
    assert to_csv(FLAT, [Total({"count": 3}), FULL, Group("组"), {"name": "乙"}], out) == 2
    text = out.getvalue()
    assert text.startswith("\ufefforg_code,name,total,")
    rows = list(csv.reader(StringIO(text.removeprefix("\ufeff"), newline="")))
    assert rows[1][:3] == ["0012", "'=甲", "95.00"]
    assert rows[2] == ["", "乙", *[""] * 7]
    assert len(rows) == 3


def test_csv_comes_back_as_it_went() -> None:
    out = StringIO(newline="")
    to_csv(FLAT, [FULL], out)
    (sheet,) = read_tables(out.getvalue().encode()).sheets
    header = find_header(sheet, wanted_headings(FLAT))
    assert header is not None
    assert header.columns == {leaf.key: number for number, leaf in enumerate(FLAT.leaves, 1)}
    assert sheet.rows[1][2].value == "=甲"


def test_headings_that_repeat_come_back_only_under_their_machine_names() -> None:
    ledger = Ledger(
        "x",
        "x",
        (
            Column("p", "问题", children=(Column("p_all", "合计", "int"), Column("p_team", "队伍", "int"))),
            Column("f", "整改", children=(Column("f_all", "合计", "int"),)),
        ),
    )
    assert wanted_headings(ledger) == {
        "p_all": ("p_all", "p_all"),
        "p_team": ("队伍", "p_team", "p_team"),
        "f_all": ("f_all", "f_all"),
    }


def test_the_usual_line_above_the_frame() -> None:
    meta = Meta.of(FLAT, unit="中共绥阳县旺草镇委员会", day=date(2012, 6, 20))
    assert meta.heads == {"填报单位（盖章）：": "中共绥阳县旺草镇委员会", "填报时间：": "2012年6月20日"}
    named = Ledger("x", "x", FLAT.columns, heads=("姓名：", "职务：", "填报时间："))
    assert Meta.of(named, unit="张某", day=date(2014, 1, 2)).heads == {
        "姓名：": "张某",
        "职务：": "",
        "填报时间：": "2014年1月2日",
    }
    assert Meta.of(Ledger("x", "x", FLAT.columns, heads=()), unit="某").heads == {}


def test_widths_count_chinese_twice() -> None:
    assert display_width("abc") == 3
    assert display_width("中文a") == 5
    assert Column("x", "两代表\n一委员", "int").characters == 7.5
    assert Column("x", "x", "int").characters == 7.0
    assert Column("x", "x", width=5).characters == 5
    assert Column("x", "x", align="right").side == "right"
