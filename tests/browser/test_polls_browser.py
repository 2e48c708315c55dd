"""The tally sheet and the raters in a real Chromium: the sums while typing, keys, without scripts, axe."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from assessments.models import Poll
from tests.village import PASSWORD, Village

pytestmark = pytest.mark.django_db(transaction=True)

RIGHT = ("40", "３８", "36", "20", "10", "3", "0", "0", "2", "1")


@pytest.fixture
def chromium(browser_process) -> Browser:
    """The one Chromium of the run."""
    return browser_process


def office(chromium: Browser, **more) -> BrowserContext:
    return chromium.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", **more)


def enter(context: BrowserContext, address: str, username: str, where: str) -> Page:
    page = context.new_page()
    page.goto(f"{address}/sign-in/?next={where}")
    page.fill("#id_username", username)
    page.fill("#id_password", PASSWORD)
    page.click("button:has-text('登录')")
    page.wait_for_url(f"**{where}")
    return page


def poll_place(village: Village) -> str:
    return f"/tracks/{village.track('大村', '党员评').pk}/poll/"


def faults(page: Page) -> list[str]:
    return [fault["id"] for fault in Axe().run(page).response["violations"]]


def test_the_sums_follow_the_typing_and_enter_goes_on(chromium, live_server, grading) -> None:
    with office(chromium) as context:
        page = enter(context, live_server.url, "clerk", poll_place(grading))
        page.focus("#id_expected_0")
        for number in RIGHT[:-1]:
            page.keyboard.type(number)
            page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "id_invalid_0"
        assert "还有 1 格没有填" in page.inner_text("[data-check]")
        page.keyboard.type("2")
        assert "= 37，比收回 36 多 1 票" in page.inner_text("[data-check]")
        page.fill("#id_invalid_0", "1")
        assert "对得上：有效 33 + 弃权 2 + 无效 1 = 36 = 收回 36" in page.inner_text("[data-check]")
        page.fill("#id_issued_0", "41")
        assert "发出 41 大于应到 40" in page.inner_text("[data-check]")
        assert faults(page) == []


def test_a_fault_is_reached_from_the_summary_on_top(chromium, live_server, grading) -> None:
    with office(chromium) as context:
        page = enter(context, live_server.url, "clerk", poll_place(grading))
        for place, number in enumerate(RIGHT):
            page.locator("input[data-part]").nth(place).fill(number)
        page.fill("#id_returned_0", "35")
        page.click("button:has-text('交给第二人复核')")
        page.wait_for_selector(".error-summary")
        assert "3 处要改" in page.inner_text(".error-summary")
        assert page.evaluate("document.activeElement.className") == "error-summary"
        page.click(".error-summary a:has-text('应等于收回35')")
        assert page.evaluate("document.activeElement.id") == "id_returned_0"
        assert page.input_value("#id_issued_0") == "３８"
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 1366


def test_two_people_count_one_ballot_without_scripts(chromium, live_server, grading) -> None:
    with office(chromium, java_script_enabled=False) as context:
        page = enter(context, live_server.url, "clerk", poll_place(grading))
        for place, number in enumerate(RIGHT):
            page.locator("input[data-part]").nth(place).fill(number)
        page.fill("#id_held_on", "2026-04-08")
        page.fill("#id_counting_staff", "周某、陈某")
        page.click("button:has-text('交给第二人复核')")
        page.wait_for_selector("button:has-text('撤回')")
    with office(chromium, java_script_enabled=False) as context:
        page = enter(context, live_server.url, "clerk2", poll_place(grading))
        assert "36" in page.inner_text(".fact-cells")
        page.click("button:has-text('复核无误，计票')")
        page.wait_for_selector("text=已计票。")
    assert Poll.objects.get().status == "counted"


def test_pressing_twice_makes_one_entry(chromium, live_server, grading) -> None:
    with office(chromium) as context:
        page = enter(context, live_server.url, "clerk", poll_place(grading))
        for place, number in enumerate(RIGHT):
            page.locator("input[data-part]").nth(place).fill(number)
        page.fill("#id_held_on", "2026-04-08")
        page.fill("#id_counting_staff", "周某")
        page.dblclick("button:has-text('交给第二人复核')")
        page.wait_for_selector("button:has-text('撤回')")
    assert Poll.objects.count() == 1


def test_lists_scans_and_raters_have_no_axe_fault_at_either_width(chromium, live_server, grading) -> None:
    number, file = grading.round.pk, grading.file("大村").pk
    places = (f"/rounds/{number}/polls/", f"/assessments/{file}/scans/", f"/rounds/{number}/raters/")
    with office(chromium) as context:
        page = enter(context, live_server.url, "clerk", places[0])
        for width in (1366, 390):
            page.set_viewport_size({"width": width, "height": 768})
            for place in (*places, poll_place(grading)):
                page.goto(live_server.url + place)
                assert faults(page) == [], place
                assert page.evaluate("document.documentElement.scrollWidth") <= width, place


def test_all_branches_stand_for_each(chromium, live_server, grading) -> None:
    where = f"/rounds/{grading.round.pk}/raters/"
    with office(chromium) as context:
        page = enter(context, live_server.url, "clerk", where)
        page.check("#id_everywhere")
        assert page.locator("input[name=files]:disabled").count() == 3
        page.fill("#id_units", "县信访局")
        page.click("button:has-text('请他们评分')")
        page.wait_for_selector("text=已给 3 个支部指定评分人 1 名")
        assert faults(page) == []
