"""The main job as its users do it, from the first sheet to the ledger, in a real Chromium."""

from __future__ import annotations

from io import BytesIO

import pytest
from openpyxl import load_workbook

from assessments import flow
from tests.village import FULL, fill

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_secretary_fills_in_and_the_liaison_confirms(page_as, grading) -> None:
    page = page_as("secretary", f"/rounds/{grading.round.pk}/self/")
    assert "大村" in page.inner_text("h1, .page-title")
    fields = page.locator("input[inputmode=decimal]")
    leaves = grading.rules.sector("农村").leaves()
    assert fields.count() == len(leaves)
    for place, leaf in enumerate(leaves):
        fields.nth(place).fill(str(leaf.points // 100))
    fields.first.fill("18.5")
    page.click("text=提交")
    assert "扣了 1.50 分，写明事由" in page.inner_text("main")
    page.locator("tr[data-line] .sheet-reason input, tr[data-line] .sheet-reason textarea").first.fill(
        "2 次缺席例会"
    )
    page.click("button:has-text('提交')")
    page.wait_for_selector("text=待确认")
    other = page_as("liaison", f"/rounds/{grading.round.pk}/confirm/")
    other.click("text=去确认")
    other.click("button:has-text('确认大村的自评')")
    other.wait_for_selector("text=已确认")
    assert grading.track("大村", "党支部自评").status == flow.CONFIRMED


def test_the_ledger_that_is_downloaded_holds_the_grade(page_as, grading) -> None:
    fill(grading, "大村", FULL)
    page = page_as("county", f"/ledgers/{grading.round.pk}/grading/520323/")
    assert "92.60" in page.inner_text("table.ledger")
    with page.expect_download() as waiting:
        page.click("text=下载 Excel")
    with open(waiting.value.path(), "rb") as file:
        sheet = load_workbook(BytesIO(file.read())).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    row = next(row for row in rows if "520323102001" in row)
    assert 92.6 in row or "92.60" in row
    assert "好" in row
