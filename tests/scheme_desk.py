"""A county official at the editor of a scheme, with a browser without scripts.."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from assessments.models import Scheme
from assessments.rules import SchemeRules, preset
from assessments.services.schemes import load_scheme, rules_of
from tests.village import NOW


class Fields(HTMLParser):
    """The fields of the form with an id, as a browser without scripts would send them."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form, self.inside, self.found = form, False, []
        self.area: str | None = None
        self.select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got: dict[str, Any] = dict(attrs)
        if tag == "form":
            self.inside = got.get("id") == self.form
        if not self.inside or "disabled" in got:
            return
        if tag == "input" and got.get("name") and (got.get("type") != "checkbox" or "checked" in got):
            self.found.append((got["name"], got.get("value", "")))
        elif tag == "select" and got.get("name"):
            self.select = got["name"]
        elif tag == "option" and self.select and "selected" in got:
            self.found.append((self.select, got["value"]))
        elif tag == "textarea" and got.get("name"):
            self.area = got["name"]
            self.found.append((self.area, ""))

    def handle_data(self, data: str) -> None:
        if self.area:
            self.found[-1] = (self.area, data)

    def handle_endtag(self, tag: str) -> None:
        self.area = None if tag == "textarea" else self.area
        self.select = None if tag == "select" else self.select


def fields(page: Any, part: str) -> dict[str, list[str]]:
    """What the section's form would send."""
    parser = Fields(f"part-{part}")
    parser.feed(page.content.decode())
    found: dict[str, list[str]] = {}
    for name, value in parser.found:
        found.setdefault(name, []).append(value)
    assert "seen_digest" in found, part
    return found


class Desk:
    """The county official at the editor of a scheme."""

    def __init__(self, client: Any, scheme: Scheme) -> None:
        self.client, self.scheme, self.sector = client, scheme, 0

    def open(self) -> Any:
        page = self.client.get(f"/schemes/{self.scheme.pk}/edit/?sector={self.sector}")
        assert page.status_code == 200
        return page

    def send(self, part: str, act: str = "save", page: Any = None, **changes: Any) -> Any:
        """Post a section with ``changes`` (dots written as double underscores) after pressing ``act``."""
        data = fields(page or self.open(), part)
        data |= {name.replace("__", "."): value for name, value in changes.items()} | {"act": [act]}
        return self.client.post(f"/schemes/{self.scheme.pk}/parts/{part}/", data)

    def save(self, part: str, **changes: Any) -> SchemeRules:
        """Save a section; gives the rules as they then are."""
        answer = self.send(part, **changes)
        assert answer.status_code == 302, answer.content.decode()
        return self.rules

    @property
    def rules(self) -> SchemeRules:
        self.scheme.refresh_from_db()
        return rules_of(self.scheme)


@pytest.fixture
def county(village, client) -> Any:
    client.force_login(village.person["county"])
    return client


@pytest.fixture
def desk(village, county) -> Desk:
    """The county's own draft of guizhou-2012."""
    scheme, _ = load_scheme(
        document=preset("guizhou-2012"), organisation=village.org["绥山县"], by=village.by("county"), now=NOW
    )
    return Desk(county, scheme)


def words(page: Any) -> str:
    return re.sub(r"<[^>]+>|\s+", "", page.content.decode())
