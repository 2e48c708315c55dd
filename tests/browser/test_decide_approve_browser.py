"""From proposal to approval and back in a real Chromium, and the explanation on exactly one sheet of paper."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from assessments import flow
from assessments.models import Decision
from tests.village import FULL, decided, fill, reported

pytestmark = pytest.mark.django_db(transaction=True)

TOWN = "520323102"


def pages_in(pdf: bytes) -> int:
    return pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ")


def test_from_proposal_to_report_without_a_mouse_on_anything_hidden(grading, page_as) -> None:
    file = fill(grading, "大村", FULL)
    address = f"/rounds/{grading.round.pk}/decide/?committee={TOWN}"
    clerk = page_as("clerk", address)
    assert Axe().run(clerk).response["violations"] == []
    clerk.select_option(f"[name=band-{file.pk}]", label="较好")
    clerk.click("text=拟定这些等次")
    clerk.wait_for_selector("text=要写明事由")
    clerk.fill(f"[name=reason-{file.pk}]", "越级信访 2 件")
    clerk.click("text=拟定这些等次")
    clerk.wait_for_selector("text=已拟定 1 个支部的等次")
    secretary = page_as("committee", address)
    secretary.click("text=评定所选…")
    secretary.fill("[name=minutes_no]", "旺党纪要〔2026〕7号")
    secretary.click("text=评定这 1 个支部")
    secretary.wait_for_selector("text=已评定 1 个支部")
    secretary.click("text=上报所选…")
    secretary.click("text=上报这 1 个支部")
    secretary.wait_for_selector("text=已上报 1 个支部")
    assert grading.file("大村").status == flow.REPORTED
    assert Decision.objects.get(superseded_at=None).reason == "越级信访 2 件"


def test_exceptions_are_never_part_of_select_all_and_approval_asks_once_more(grading, page_as) -> None:
    decided(grading, "大村")
    file = reported(grading, "中村")
    county = page_as("county", f"/rounds/{grading.round.pk}/approve/{TOWN}/")
    assert Axe().run(county).response["violations"] == []
    exception = county.locator("article.exception", has_text="中村")
    assert exception.locator("input[type=checkbox]").count() == 0
    exception.locator("button", has_text="核准").click()
    county.wait_for_selector("text=核准这 1 个支部")
    assert grading.file("中村").status == flow.REPORTED
    county.click("text=核准这 1 个支部")
    county.wait_for_selector("text=已核准旺草镇 1 个支部")
    assert grading.file("中村").status == flow.APPROVED
    assert file.pk


def test_the_drawer_names_what_goes_back(grading, page_as) -> None:
    reported(grading, "大村")
    county = page_as("county", f"/rounds/{grading.round.pk}/approve/{TOWN}/")
    county.click('[aria-label="退回大村"]')
    county.wait_for_selector("[data-drawer]")
    county.check("[data-drawer] label:has-text('群众评') input")
    county.wait_for_selector("text=退回群众评这一步")
    assert "其余 4 项分数不动" in county.inner_text("#return-effects")
    county.click("text=参评率不足")
    assert county.input_value("#id_note") == "参评率不足"
    assert Axe().run(county).response["violations"] == []
    county.fill("#id_due_on", "2099-01-05")
    county.click("text=退回群众评这一步")
    county.wait_for_selector("text=已退回大村，只退所选的步骤")
    assert grading.file("大村").status == flow.COLLECTING


def test_returning_works_as_a_page_without_scripts(grading, page_as) -> None:
    file = reported(grading, "大村")
    county = page_as("county", f"/assessments/{file.pk}/return/", java_script_enabled=False)
    county.check("label:has-text('评定') input >> nth=-1")
    county.fill("#id_note", "纪要不符")
    county.fill("#id_due_on", "2099-01-05")
    county.click("text=退回所选的步骤")
    county.wait_for_selector("text=已退回大村")
    assert grading.file("大村").status == flow.COMPUTED


@pytest.mark.parametrize("band", ["", "override"])
def test_the_explanation_prints_on_exactly_one_sheet_with_its_bars(grading, page_as, band) -> None:
    file = decided(grading, "大村", grading.rules.bands[2].key if band else "")
    page = page_as("county", f"/assessments/{file.pk}/")
    assert pages_in(page.pdf(prefer_css_page_size=True, print_background=True)) == 1
    page.emulate_media(media="print")
    assert page.locator(".topbar").is_hidden()
    bars = page.locator(".sources .chart").first.bounding_box()
    assert bars["width"] > 100
