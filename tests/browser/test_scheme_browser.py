"""The scheme's editor in a real Chromium: typing, arrows, faults that lead somewhere, and no scripts at all."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from assessments.models import Scheme
from assessments.rules import preset
from assessments.services.schemes import load_scheme, rules_of
from tests.browser.conftest import PageAs
from tests.village import NOW, Village

pytestmark = pytest.mark.django_db(transaction=True)

SAVE = "button.button[name=act][value=save]"


@pytest.fixture
def draft(village: Village) -> Scheme:
    """The county's own draft of guizhou-2012."""
    return load_scheme(
        document=preset("guizhou-2012"), organisation=village.org["绥山县"], by=village.by("county"), now=NOW
    )[0]


def editor(page_as: PageAs, draft: Scheme, **more: object) -> Page:
    return page_as("county", f"/schemes/{draft.pk}/edit/", **more)


def fresh(draft: Scheme) -> Scheme:
    return Scheme.objects.get(pk=draft.pk)


def save(page: Page, part: str) -> None:
    page.click(f"#part-{part} {SAVE}")
    expect(page.locator(f"#part-{part} [data-unsaved]")).to_contain_text("已保存")


def test_sums_follow_the_typing_and_the_excess_hangs_hatched(page_as, draft) -> None:
    page = editor(page_as, draft)
    page.fill("#at-sources-3-weight", "２５")
    expect(page.locator("[data-weights-sum]")).to_have_text("加总 105%")
    assert page.locator('[data-weights] rect[fill="url(#fill-over)"]').count() == 1
    page.fill("#at-sectors-0-indicators-0-points", "19.5")
    expect(page.locator("[data-points-sum]")).to_have_text("加总 99.5")
    expect(page.locator("#part-sources [data-unsaved]")).to_have_text("有改动，还没有保存")


def test_saving_one_section_keeps_what_is_typed_in_another(page_as, draft) -> None:
    page = editor(page_as, draft)
    page.fill("#at-sources-4-weight", "15")
    page.fill("#at-name", "新名称")
    save(page, "sources")
    assert page.input_value("#at-name") == "新名称"
    save(page, "basics")
    rules = rules_of(fresh(draft))
    assert (rules.name, rules.sources[4].weight) == ("新名称", 1500)
    expect(page.locator("#scheme-faults")).to_contain_text("权重加总95%，少5%")


def test_the_grey_button_leads_to_the_first_fault(page_as, draft) -> None:
    page = editor(page_as, draft)
    page.fill("#at-bands-4-lower", "5")
    save(page, "bands")
    button = page.locator("#scheme-actions [aria-disabled=true]")
    expect(button).to_contain_text("还差 1 处")
    button.click(force=True)  # Playwright waits for what is marked disabled
    assert page.evaluate("document.activeElement.id") == "at-bands-4-lower"
    expect(page.locator("#at-bands-4-lower")).to_have_attribute("aria-invalid", "true")
    page.fill("#at-bands-4-lower", "0")
    save(page, "bands")
    expect(page.locator("#scheme-actions a.main")).to_have_text("启用并冻结")


def test_a_threshold_is_moved_by_arrows_and_the_line_is_drawn_again(page_as, draft) -> None:
    page = editor(page_as, draft)
    page.focus("#at-bands-1-lower")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.input_value("#at-bands-1-lower") == "87"
    expect(page.locator("#band-line")).to_contain_text("87")
    assert rules_of(fresh(draft)).bands[1].lower == 8500
    save(page, "bands")
    assert rules_of(fresh(draft)).bands[1].lower == 8700


def test_rows_come_and_go_by_their_buttons(page_as, draft) -> None:
    page = editor(page_as, draft)
    page.click("text=加一条配额")
    page.wait_for_selector("#at-quotas-0-share")
    page.fill("#at-quotas-0-share", "5")
    page.select_option("#at-quotas-0-band", "poor")
    save(page, "quotas")
    assert rules_of(fresh(draft)).quotas[0].share == 500
    page.click("#part-quotas summary")
    page.click("text=删去这条配额")
    expect(page.locator("#part-quotas [data-unsaved]")).to_contain_text("还没有保存")
    save(page, "quotas")
    assert rules_of(fresh(draft)).quotas == ()


def test_a_new_band_can_be_chosen_elsewhere_at_once(page_as, draft) -> None:
    page = editor(page_as, draft)
    page.click("text=加一条配额")
    page.wait_for_selector("#at-quotas-0-share")
    page.fill("#at-quotas-0-share", "5")
    page.select_option("#at-quotas-0-band", "poor")
    save(page, "quotas")
    page.fill("#at-bands-0-label", "优秀")
    save(page, "bands")
    expect(page.locator("#at-quotas-0-band option", has_text="优秀")).to_have_count(1)


def test_two_editors_see_both_values(page_as, draft) -> None:
    first, second = editor(page_as, draft), editor(page_as, draft)
    first.fill("#at-sources-0-weight", "28")
    save(first, "sources")
    second.fill("#at-sources-0-weight", "32")
    second.click(f"#part-sources {SAVE}")
    expect(second.locator("#part-sources .fault-box").first).to_be_visible()
    expect(second.locator("#part-sources table")).to_contain_text("28%")
    expect(second.locator("#part-sources table")).to_contain_text("32%")
    assert second.input_value("#at-sources-0-weight") == "32"


def test_everything_works_without_scripts(page_as, draft) -> None:
    page = editor(page_as, draft, java_script_enabled=False)
    page.fill("#at-sources-3-weight", "25")
    page.click(f"#part-sources {SAVE}")
    expect(page.locator("#scheme-faults")).to_contain_text("权重加总105%，多5%")
    page.click("text=加一个评价主体")
    page.fill("#at-sources-5-label", "互评")
    page.fill("#at-sources-5-weight", "abc")
    page.click(f"#part-sources {SAVE}")
    expect(page.locator("#at-sources-5-weight")).to_have_attribute("aria-invalid", "true")
    page.fill("#at-sources-5-weight", "0")
    page.click(f"#part-sources {SAVE}")
    assert [one.label for one in rules_of(fresh(draft)).sources][5] == "互评"


def test_enter_saves_and_does_not_move_a_row(page_as, draft) -> None:
    page = editor(page_as, draft)
    page.fill("#at-sectors-0-indicators-3-points", "16")
    page.keyboard.press("Enter")
    expect(page.locator("#part-sectors [data-unsaved]")).to_contain_text("已保存")
    assert [one.points for one in rules_of(fresh(draft)).sectors[0].indicators][3] == 1600


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_nothing_hangs_over_the_edge_and_axe_is_content(page_as, draft, width, height) -> None:
    for address in ("/schemes/", f"/schemes/{draft.pk}/", f"/schemes/{draft.pk}/edit/", "/schemes/import/"):
        page = page_as("county", address)
        page.set_viewport_size({"width": width, "height": height})
        for summary in page.locator("main details:not(.menu) > summary").all():
            if summary.is_visible():
                summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        found = Axe().run(page).response["violations"]
        assert [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found] == [], address
