"""The score grid in a real Chromium: keys as in Excel, reasons, paste, lost lines, two people at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from assessments.models import Sheet
from assessments.services.sheets import Cell, save_cells
from tests.test_grid import address, sheet_of
from tests.village import NOW, PASSWORD, Village

pytestmark = pytest.mark.django_db(transaction=True)

MOVES = (
    ("ArrowRight", "大村1"),
    ("ArrowDown", "中村1"),
    ("ArrowLeft", "中村0"),
    ("End", "中村6"),
    ("Home", "中村0"),
    ("Tab", "中村1"),
    ("Shift+Tab", "中村0"),
    ("Enter", "小村0"),
    ("ArrowUp", "中村0"),
    ("ArrowUp", "大村0"),
)
LEAVE = """() => { const leaving = new Event('beforeunload', {cancelable: true});
window.dispatchEvent(leaving); return leaving.defaultPrevented; }"""
SAVED = re.compile(r"已自动保存 \d\d:\d\d")


@pytest.fixture
def grid(grading: Village, page_as: Any) -> Page:
    return page_as("clerk", address(grading))


def at(page: Page, branch: str, place: int) -> Locator:
    return page.locator("tr[data-row]", has=page.locator("th", has_text=branch)).locator("td.cell").nth(place)


def standing(page: Page) -> str:
    return page.evaluate("document.activeElement.parentNode.dataset.name + document.activeElement.gridX")


def paste(page: Page, text: str) -> None:
    """As Ctrl+V brings it: the site runs on plain http, where there is no clipboard to ask."""
    page.evaluate(
        """text => { const data = new DataTransfer(); data.setData('text/plain', text);
        const how = {clipboardData: data, bubbles: true, cancelable: true};
        document.activeElement.dispatchEvent(new ClipboardEvent('paste', how)); }""",
        text,
    )


def points(village: Village, branch: str, key: str = "leader") -> int | None:
    line = Sheet.objects.get(pk=sheet_of(village, branch).pk).lines.get(key) or {}
    return line.get("points")


def saved(page: Page) -> None:
    """Nothing waits any more and the page says so: the words alone may still be those of the save before."""
    expect(page.locator("td.cell.saving, td.cell.unsaved")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-grid-status]")).to_have_text(SAVED)


def test_keys_move_type_edit_and_restore(grading: Village, grid: Page) -> None:
    at(grid, "大村", 0).click()
    for key, place in MOVES:
        grid.keyboard.press(key)
        assert standing(grid) == place, key
    grid.keyboard.type("20")
    grid.keyboard.press("Enter")
    assert standing(grid) == "中村0"
    expect(at(grid, "大村", 0)).to_have_text("20.00")
    saved(grid)
    grid.keyboard.press("ArrowUp")
    grid.keyboard.press("F2")
    grid.keyboard.press("End")
    grid.keyboard.type("9")
    grid.keyboard.press("Escape")
    expect(at(grid, "大村", 0)).to_have_text("20.00")
    assert standing(grid) == "大村0"
    assert points(grading, "大村") == 2000
    grid.keyboard.press("Control+z")
    expect(at(grid, "大村", 0)).to_have_text("")
    saved(grid)
    expect(at(grid, "大村", 0)).not_to_have_class(re.compile("saving"))
    assert points(grading, "大村") is None


def test_a_deduction_asks_its_reason_in_the_same_movement(grading: Village, grid: Page) -> None:
    at(grid, "大村", 0).click()
    grid.keyboard.type("18.5")
    grid.keyboard.press("Enter")
    dialog = grid.locator(".reason-popover")
    expect(dialog).to_contain_text("大村　带头人　扣 1.50 分的事由")
    grid.keyboard.type("班子缺一人")
    grid.keyboard.press("Enter")
    assert standing(grid) == "中村0"
    expect(at(grid, "大村", 0)).to_have_class(re.compile("has-reason"))
    grid.keyboard.type("17")
    grid.keyboard.press("Enter")
    grid.keyboard.press("1")
    expect(dialog.locator("input")).to_have_value("班子缺一人")
    grid.keyboard.press("Enter")
    grid.keyboard.type("16")
    grid.keyboard.press("Enter")
    grid.keyboard.press("Escape")
    expect(at(grid, "小村", 0)).to_have_class(re.compile("no-reason"))
    saved(grid)
    grid.reload()
    expect(at(grid, "中村", 0)).to_have_attribute("data-reason", "班子缺一人")
    expect(at(grid, "小村", 0)).to_have_class(re.compile("no-reason"))


def test_a_block_is_shown_before_it_is_written_and_taken_back_as_one(grading: Village, grid: Page) -> None:
    at(grid, "中村", 5).click()
    paste(grid, '１２.5\t18分\t3\r\n"20\r\n"\t99\t\r\n5\t5\t5\r\n')
    bar = grid.locator("[data-paste-bar]")
    expect(bar).to_contain_text("3 行 × 3 列")
    expect(bar).to_contain_text("写入 2")
    expect(bar).to_contain_text("“18分”不是数字")
    expect(bar).to_contain_text("超过满分")
    expect(bar).to_contain_text("超出表格")
    expect(at(grid, "中村", 6)).to_have_class(re.compile("refused"))
    assert points(grading, "中村", "results") is None
    grid.keyboard.press("Enter")
    expect(at(grid, "中村", 5)).to_have_text("12.50")
    expect(at(grid, "小村", 5)).to_have_text("20.00")
    expect(grid.locator("[data-grid-status]")).to_contain_text("已写入 2 格")
    assert points(grading, "小村", "results") == 2000
    grid.keyboard.press("Control+z")
    expect(at(grid, "中村", 5)).to_have_text("")
    expect(at(grid, "小村", 5)).to_have_text("")
    for branch in ("中村", "小村"):
        expect(at(grid, branch, 5)).not_to_have_class(re.compile("saving"))
    assert points(grading, "中村", "results") is None
    assert points(grading, "小村", "results") is None


def test_a_paste_left_with_escape_changes_nothing(grading: Village, grid: Page) -> None:
    at(grid, "大村", 0).click()
    paste(grid, "1\t2\n3\t4")
    grid.keyboard.press("Escape")
    expect(grid.locator("[data-paste-bar]")).to_be_hidden()
    expect(at(grid, "大村", 0)).to_have_text("")
    assert points(grading, "大村") is None


def test_a_lost_line_keeps_the_value_in_the_page_and_sends_it_later(grading: Village, grid: Page) -> None:
    grid.context.set_offline(True)
    at(grid, "大村", 0).click()
    grid.keyboard.type("20")
    grid.keyboard.press("Tab")
    expect(at(grid, "大村", 0)).to_have_class(re.compile("unsaved"))
    expect(grid.locator("#net-notice")).to_contain_text("1 处改动还在本页")
    assert grid.evaluate(LEAVE)
    grid.context.set_offline(False)
    saved(grid)
    expect(at(grid, "大村", 0)).not_to_have_class(re.compile("unsaved"))
    expect(grid.locator("#net-notice")).to_have_count(0)
    assert points(grading, "大村") == 2000


def test_two_people_at_one_cell_see_both_values(grading: Village, grid: Page) -> None:
    sheet = sheet_of(grading, "大村")
    save_cells(cells=[Cell(sheet.pk, "leader", None, 1840, "缺记录")], by=grading.by("clerk2"), now=NOW)
    at(grid, "大村", 0).click()
    grid.keyboard.type("20")
    grid.keyboard.press("Tab")
    dialog = grid.locator(".conflict-popover")
    expect(dialog).to_contain_text("20.00")
    expect(dialog).to_contain_text("18.40")
    assert points(grading, "大村") == 1840, "nothing is lost"
    dialog.get_by_role("button", name="用我的").click()
    saved(grid)
    assert points(grading, "大村") == 2000


def test_the_others_value_can_be_taken(grading: Village, grid: Page) -> None:
    sheet = sheet_of(grading, "大村")
    save_cells(cells=[Cell(sheet.pk, "leader", None, 1840, "缺记录")], by=grading.by("clerk2"), now=NOW)
    at(grid, "大村", 0).click()
    grid.keyboard.type("20")
    grid.keyboard.press("Tab")
    grid.locator(".conflict-popover button").nth(1).click()
    expect(at(grid, "大村", 0)).to_have_text("18.40")
    assert points(grading, "大村") == 1840


def test_an_ended_session_asks_to_sign_in_and_keeps_what_was_typed(grading: Village, grid: Page) -> None:
    grid.context.clear_cookies(name="sessionid")
    at(grid, "大村", 0).click()
    grid.keyboard.type("20")
    grid.keyboard.press("Tab")
    dialog = grid.locator("dialog")
    expect(dialog).to_contain_text("登录已超时")
    dialog.locator("input[type=password]").fill(PASSWORD)
    dialog.get_by_role("button").click()
    saved(grid)
    assert points(grading, "大村") == 2000


def test_head_and_first_column_stay_in_sight(grading: Village, grid: Page) -> None:
    grid.set_viewport_size({"width": 700, "height": 420})
    grid.evaluate(
        "() => { const wrap = document.querySelector('[data-grid]'); wrap.scrollLeft = 300; wrap.scrollTop = 60; }"
    )
    wrap = grid.locator("[data-grid]").bounding_box()
    name = grid.locator("tbody th.name").nth(1).bounding_box()
    head = grid.locator("thead th.name").bounding_box()
    assert abs(name["x"] - wrap["x"]) < 2
    assert abs(head["y"] - wrap["y"]) < 3


def test_the_wheel_changes_no_number(grading: Village, grid: Page) -> None:
    at(grid, "大村", 0).click()
    grid.keyboard.type("12")
    grid.mouse.wheel(0, 200)
    expect(at(grid, "大村", 0).locator("input")).to_have_value("12")
    assert at(grid, "大村", 0).locator("input").get_attribute("inputmode") == "decimal"


def test_submit_leads_to_the_first_gap_until_there_is_none(grading: Village, grid: Page) -> None:
    at(grid, "小村", 6).click()
    grid.locator("[data-grid-submit]").click(
        force=True
    )  # Playwright waits for a button that says it is disabled
    assert standing(grid) == "大村0"
    full = "20\t10\t10\t15\t10\t20\t15"
    paste(grid, f"{full}\n{full}\n{full}")
    grid.keyboard.press("Enter")
    expect(grid.locator("[data-grid-done]")).to_have_text("3")
    expect(grid.locator("[data-grid-submit]")).not_to_have_attribute("aria-disabled", "true")
    grid.locator("[data-grid-submit]").click()
    expect(grid.locator("main")).to_contain_text("已提交 3 个支部")
    grid.wait_for_load_state()
    at(grid, "大村", 0).click()
    grid.keyboard.type("1")
    expect(grid.locator("[data-grid-status]")).to_contain_text("已锁定")
    paste(grid, "1\t2")
    expect(grid.locator("[data-paste-bar]")).to_contain_text("已锁定")
    grid.keyboard.press("Escape")
    expect(at(grid, "大村", 0)).to_have_text("20.00")


def test_without_scripts_each_row_leads_to_its_form(grading: Village, page_as: Any) -> None:
    page = page_as("clerk", address(grading), java_script_enabled=False)
    page.locator("tbody th.name a").first.click()
    expect(page.locator("h1")).to_contain_text("大村")
    page.fill("#id_points-leader", "20")
    page.get_by_role("button", name="存草稿").click()
    expect(page.locator("main")).to_contain_text("已保存，还没有提交")
    assert points(grading, "大村") == 2000
