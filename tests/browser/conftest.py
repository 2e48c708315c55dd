"""A real Chromium for every browser test: one process, a fresh context per person, the office's screen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from tests.village import Village

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
]
OFFICE = {"width": 1366, "height": 768}

PATIENCE = 15_000  # milliseconds; on a quiet machine everything is there in a tenth of this
expect.set_options(timeout=PATIENCE)

PageAs = Callable[..., Page]


@pytest.fixture(scope="session")
def browser_process() -> Iterator[Browser]:
    """Chromium itself. A missing browser is a failure here, not a reason to leave the test out."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's own loop runs in this thread, and Django takes it for an asynchronous program.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page_as(browser_process: Browser, live_server, village: Village) -> Iterator[PageAs]:
    """``page_as("clerk", "/scores/")``: a page of that person of the village, signed in, at an address.

    Each call opens a context of its own. A request to another host, or an error on the console, fails the test.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(name: str, address: str = "/", **more: object) -> Page:
        context = browser_process.new_context(viewport=OFFICE, locale="zh-CN", **more)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.route("**/*", lambda route: _only_here(route, live_server.url, errors))
        context.add_cookies([_session(village, name, live_server.url)])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(live_server.url + address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def _only_here(route: Route, here: str, errors: list[str]) -> None:
    if urlsplit(route.request.url).netloc not in (urlsplit(here).netloc, ""):
        errors.append(f"foreign host: {route.request.url}")
        route.abort()
        return
    route.continue_()


def _session(village: Village, name: str, here: str) -> dict[str, str]:
    client = Client()
    client.force_login(village.person[name])
    return {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key, "url": here}
