"""Single sheets and files in a real Chromium: faults on top and beside, the running sum, the phone, axe."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.test_grid import address, sheet_of
from tests.village import Village

pytestmark = pytest.mark.django_db(transaction=True)

SELF = "党支部自评"


def own_sheet(village: Village, page_as: Any, **more: Any) -> Page:
    return page_as("secretary", f"/rounds/{village.round.pk}/self/", **more)


def test_faults_stand_on_top_and_take_the_focus(grading: Village, page_as: Any) -> None:
    page = own_sheet(grading, page_as)
    page.fill("#id_points-leader", "18.5")
    expect(page.locator("[data-sum]")).to_have_text("18.50")
    expect(page.locator("#id_reason-leader")).to_have_attribute("placeholder", "扣 1.50 分，写明事由")
    page.fill("#id_points-thinking", "11")
    page.get_by_role("button", name="提交").click()
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    expect(page.locator("#id_reason-leader_fault")).to_contain_text("写明事由")
    expect(page.locator("#id_points-thinking_fault")).to_contain_text("0 到 10 之间")
    summary.get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.id") in ("id_points-thinking", "id_reason-leader")


def test_a_secretary_fills_in_with_the_keyboard_alone(grading: Village, page_as: Any) -> None:
    page = own_sheet(grading, page_as)
    page.focus("#id_points-leader")
    for full in ("20", "10", "10", "15", "10", "20", "15"):
        page.keyboard.type(full)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
    expect(page.locator("[data-sum]")).to_have_text("100.00")
    expect(page.locator("[data-left]")).to_have_text("填齐了")
    page.get_by_role("button", name="提交").click()
    expect(page.locator("main")).to_contain_text("已提交")
    assert grading.track("大村", SELF).status == "in"


def test_a_double_press_hands_in_once(grading: Village, page_as: Any) -> None:
    page = own_sheet(grading, page_as)
    for place, full in enumerate(("20", "10", "10", "15", "10", "20", "15")):
        page.locator('input[name^="points-"]').nth(place).fill(full)
    page.get_by_role("button", name="提交").dblclick()
    expect(page.locator("main")).to_contain_text("已提交")
    assert grading.track("大村", SELF).sheets.filter(status="in_force").count() == 1


def test_a_phone_shows_the_sheet_without_sideways_scroll(grading: Village, page_as: Any) -> None:
    page = own_sheet(grading, page_as)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("#id_reason-leader").bounding_box()
    assert box
    assert box["width"] > 250


@pytest.mark.parametrize("where", ["grid", "sheet", "files", "guide", "confirm"])
def test_no_page_has_a_fault_axe_finds(grading: Village, page_as: Any, where: str) -> None:
    round = grading.round.pk
    places = {
        "grid": address(grading),
        "sheet": f"/sheets/{sheet_of(grading, '大村').pk}/",
        "files": address(grading, "files/"),
        "guide": f"/rounds/{round}/guide/superior/",
        "confirm": f"/rounds/{round}/confirm/",
    }
    page = page_as("clerk", places[where])
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
