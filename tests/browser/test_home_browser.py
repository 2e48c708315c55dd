"""Home in a real Chromium: the buttons open forms, the counts agree, nothing runs out of the page."""

from __future__ import annotations

import pytest

from assessments.models import RoundStage
from tests.village import TODAY, Village, open_grading

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting(village) -> Village:
    """An open round with the first steps overdue."""
    open_grading(village)
    RoundStage.objects.filter(step__in=["self", "superior"]).update(due_on=TODAY.replace(year=2025))
    return village


def overhang(page) -> int:
    """How many pixels the page is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.mark.parametrize("name", ["secretary", "clerk"])
def test_first_button_opens_the_form_itself(waiting, page_as, name) -> None:
    """The one red button leads straight to something to fill in."""
    page = page_as(name)
    assert page.locator(".inbox-row .button.main").count() == 1
    page.locator(".inbox-row .button.main").click()
    page.wait_for_load_state()
    assert page.locator("main input:not([type=hidden]), main textarea, main [data-editable]").count() > 0


def test_count_in_the_navigation_is_the_length_of_the_list(waiting, page_as) -> None:
    """The number beside 「待办」 equals the rows and the number in the heading."""
    page = page_as("clerk")
    rows = page.locator(".inbox-row").count()
    assert rows > 0
    assert page.locator('.nav a[aria-current="page"] .count').inner_text() == str(rows)
    assert page.locator("h1 .count").inner_text() == str(rows)


def test_matrix_mark_and_count_lead_on(waiting, page_as) -> None:
    """A mark opens a page of its branch; the number on top opens the list with as many rows."""
    page = page_as("clerk")
    assert page.locator(".matrix tbody td a").first.get_attribute("href")
    number = page.locator(".card-head .note a").first.inner_text()
    page.locator(".card-head .note a").first.click()
    page.wait_for_load_state()
    assert number == f"{page.locator('tbody tr').count()} 个支部"


@pytest.mark.parametrize("name", ["clerk", "county", "secretary", "liaison"])
def test_nothing_runs_out_of_the_page(waiting, page_as, name) -> None:
    """No sideways scrolling on an office screen, on a phone and in large type."""
    page = page_as(name)
    assert overhang(page) <= 0
    page.set_viewport_size({"width": 390, "height": 844})
    assert overhang(page) <= 0
    page.set_viewport_size({"width": 1366, "height": 768})
    page.locator(".large-switch").click()
    page.wait_for_load_state()
    assert "large" in page.locator("html").get_attribute("class")
    assert overhang(page) <= 0


def test_scripts_off(waiting, page_as) -> None:
    """The inbox and its buttons work without scripts."""
    page = page_as("clerk", java_script_enabled=False)
    page.locator(".inbox-row .button.main").click()
    assert page.locator("h1").count() == 1
