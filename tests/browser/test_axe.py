"""axe finds nothing on any page, as whoever may open it, empty forms and refused ones included (ui.md).

The pages come out of the matrix and its village; Chromium is handed each answer as if a server had sent it.
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles import finders
from django.http import HttpResponseBase
from playwright.sync_api import Page, Route

from tests.matrix import RULES
from tests.matrix_site import Site, open_site
from tests.test_matrix import ALLOWED, expected, places

pytestmark = pytest.mark.django_db

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
HOST = "http://testserver"
# Who looks: the first of these whom the address lets in; on the pages with a face for each, all of them.
READERS = (
    "clerk",
    "county",
    "secretary",
    "committee",
    "liaison",
    "rater",
    "city",
    "system",
    "security",
    "audit",
)
OF_MANY_FACES = {"home", "assessments:why"}
PAGES = [name for name, rule in RULES.items() if "GET" in rule.methods and not rule.by_token]
FORMS = [name for name, rule in RULES.items() if "GET" in rule.methods and "POST" in rule.methods]


@dataclass
class Screen:
    """One tab that shows an answer of the site. What the page's own scripts ask for later is left unanswered."""

    site: Site
    page: Page
    answer: HttpResponseBase | None = None

    def serve(self, route: Route) -> None:
        """Static files from the tree; for the document the answer in hand."""
        parts = urlsplit(route.request.url)
        if parts.path.startswith("/static/"):
            found = finders.find(parts.path.removeprefix("/static/"))
            kind = mimetypes.guess_type(parts.path)[0] or "application/octet-stream"
            route.fulfill(body=Path(found).read_bytes(), content_type=kind)
        elif self.answer is not None and route.request.resource_type == "document":
            route.fulfill(
                status=self.answer.status_code, headers=dict(self.answer.headers), body=self.answer.content
            )
        else:
            route.abort()

    def faults(self, name: str, method: str, where: str) -> list[str]:
        """What axe finds, each with the first element at fault; nothing where the answer is no whole page."""
        self.answer = self.site.ask(name, method, where)
        if self.answer.streaming or b"<html" not in self.answer.content[:2000]:
            return []
        self.page.goto(HOST + where, wait_until="load", timeout=10_000)
        found = Axe().run(self.page).response["violations"]
        return [f"{name} {where} {fault['id']}: {fault['nodes'][0]['html'][:160]}" for fault in found]


@pytest.fixture(scope="module")
def screen(browser_process, django_db_setup, django_db_blocker) -> Iterator[Screen]:
    context = browser_process.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    for site in open_site(django_db_blocker):
        screen = Screen(site, page)
        page.route("**/*", screen.serve)
        yield screen
    context.close()


def looked_at(site: Site, address: str, method: str) -> Iterator[tuple[str, str]]:
    """Who opens the address and where: as few as show its faces."""
    rule = RULES[address]
    most = len(READERS) if address in OF_MANY_FACES else 1
    if rule.signed_out:
        yield "", next(places(site, address))[1]
        return
    seen = 0
    for name in READERS:
        for thing, where in places(site, address):
            if seen < most and expected(rule, thing, name, method) == ALLOWED:
                seen += 1
                yield name, where
                break


@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing(screen, address) -> None:
    found = []
    for name, where in looked_at(screen.site, address, "GET"):
        found += screen.faults(name, "GET", where)
    assert found == []


@pytest.mark.parametrize("address", FORMS)
def test_axe_finds_nothing_on_a_refused_form(screen, address) -> None:
    name, where = next(looked_at(screen.site, address, "POST"))
    assert screen.faults(name, "POST", where) == []


@pytest.mark.parametrize(("name", "where"), [("clerk", "/orgs/529999/"), ("clerk", "/trail/")])
def test_axe_finds_nothing_on_the_refusals(screen, name, where) -> None:
    assert screen.faults(name, "GET", where) == []
