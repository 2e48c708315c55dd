"""The tree, its search and the sign-in page in a real Chromium, as people use them: keys, mouse, no scripts."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from orgs.models import Organisation
from orgs.naming import pinyin_of
from tests.village import PASSWORD, Village

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chromium(browser_process) -> Browser:
    """The one Chromium of the run."""
    return browser_process


@pytest.fixture
def county(chromium, live_server, village) -> Village:
    for unit in Organisation.objects.all():
        Organisation.objects.filter(pk=unit.pk).update(pinyin=pinyin_of(unit.short_name, unit.full_name))
    return village


def office(chromium: Browser, **more) -> BrowserContext:
    return chromium.new_context(viewport={"width": 1366, "height": 768}, **more)


def enter(context: BrowserContext, address: str, username: str) -> Page:
    page = context.new_page()
    page.goto(f"{address}/sign-in/?next=/orgs/")
    page.fill("#id_username", username)
    page.fill("#id_password", PASSWORD)
    page.click("button:has-text('登录')")
    page.wait_for_url("**/orgs/")
    return page


@pytest.fixture
def page(chromium, live_server, county) -> Iterator[Page]:
    with office(chromium) as context:
        yield enter(context, live_server.url, "county")


def standing_on(page: Page) -> str:
    return page.evaluate("document.activeElement.querySelector('.node a').textContent.trim()")


def opened(page: Page) -> str | None:
    return page.evaluate("document.activeElement.getAttribute('aria-expanded')")


def press(page: Page, *keys: str) -> list[str]:
    names = []
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_selector("[aria-busy=true]", state="detached")
        names.append(standing_on(page))
    return names


def faults(page: Page) -> list[str]:
    return [fault["id"] for fault in Axe().run(page).response["violations"]]


def test_keys_walk_open_close_and_jump(page) -> None:
    page.focus("[role=treeitem][tabindex='0']")
    assert standing_on(page) == "绥山县"
    assert press(page, "ArrowDown", "ArrowDown", "ArrowUp") == ["旺草镇", "蒲场镇", "旺草镇"]
    assert opened(page) == "false"
    assert press(page, "ArrowRight") == ["旺草镇"]
    page.wait_for_selector("a:text-is('大村')")
    assert opened(page) == "true"
    assert press(page, "ArrowRight", "ArrowDown", "ArrowLeft") == ["大村", "中村", "旺草镇"]
    assert press(page, "ArrowLeft") == ["旺草镇"]
    assert opened(page) == "false"
    assert not page.is_visible("a:text-is('大村')")
    assert press(page, "End", "Home") == ["县直机关工委", "绥山县"]
    page.keyboard.type("pc")
    assert standing_on(page) == "蒲场镇"
    page.wait_for_timeout(800)
    page.keyboard.type("wc")
    assert standing_on(page) == "旺草镇"


def test_enter_opens_the_card_and_back_returns(page) -> None:
    page.focus("[role=treeitem][tabindex='0']")
    press(page, "ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orgs/520323102/")
    page.wait_for_selector("#card-title:has-text('旺草镇')")
    assert "旺草镇" in page.inner_text("#org-path")
    assert page.title().startswith("旺草镇")
    page.go_back()
    page.wait_for_selector("#card-title:has-text('中共绥山县委员会')")
    assert page.query_selector(".topbar") is not None


def test_search_by_initials_with_arrows_and_enter(page) -> None:
    page.fill("#tree-search", "dc")
    page.wait_for_selector("#tree-found mark:text-is('大村')")
    assert "绥山县 / 旺草镇" in page.inner_text("#tree-found")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orgs/520323102001/")
    page.keyboard.press("/")
    page.keyboard.type("河村")
    page.wait_for_selector("#search-results a")
    page.keyboard.press("Escape")
    assert page.inner_text("#search-results") == ""


def test_pages_have_no_axe_fault_and_no_sideways_scroll(page, live_server) -> None:
    for path in ("/orgs/", "/orgs/list/", "/orgs/520323102001/rename/", "/orgs/search/?q=村", "/password/"):
        page.goto(live_server.url + path)
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 1366


def test_without_scripts_every_name_is_a_link(chromium, live_server, county) -> None:
    with office(chromium, java_script_enabled=False) as context:
        page = enter(context, live_server.url, "county")
        page.click("a:text-is('旺草镇')")
        page.click("a:text-is('大村')")
        assert page.url.endswith("/orgs/520323102001/")
        page.fill("#tree-search", "河村")
        page.press("#tree-search", "Enter")
        page.click("th a:text-is('河村')")
        assert page.url.endswith("/orgs/520323103001/")


def test_a_wrong_password_says_how_many_tries_are_left(chromium, live_server, county) -> None:
    with office(chromium) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/sign-in/")
        assert faults(page) == []
        page.fill("#id_username", "county")
        page.fill("#id_password", "wrong")
        page.click("button:has-text('登录')")
        page.wait_for_selector("text=还可试 4 次")
        assert faults(page) == []


def test_after_signing_out_nothing_is_left_behind_the_back_button(page) -> None:
    page.click("summary:has-text('组织部')")
    page.click("button:has-text('退出登录')")
    page.wait_for_url("**/sign-in/")
    page.go_back()
    page.wait_for_selector("#id_username")
    assert "绥山县" not in page.content()


def test_what_ends_a_branch_is_asked_twice_in_words(page, live_server) -> None:
    page.goto(f"{live_server.url}/orgs/520323102003/dissolve/")
    page.fill("#id_document_no", "绥组〔2026〕12号")
    page.fill("#id_reason", "并村")
    page.click("button:has-text('撤销')")
    page.wait_for_selector("input[name=confirmed]", state="attached")
    assert "小村" in page.inner_text("h1")
    assert Organisation.objects.get(code="520323102003").is_active
    page.click("button:has-text('撤销')")
    page.wait_for_selector("text=已撤并")
    assert not Organisation.objects.get(code="520323102003").is_active
