"""No form sets a field it doesn't list: every model field's name is posted along, and nothing else comes out (security.md)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.utils.timezone import localdate

from tests.matrix import RULES
from tests.matrix_site import Site, open_site, text_of
from tests.test_matrix import someone

pytestmark = pytest.mark.django_db

FORMS = [name for name, rule in RULES.items() if "GET" in rule.methods and "POST" in rule.methods]
FORMS = [name for name in FORMS if not RULES[name].signed_out and not RULES[name].by_token]
MODELS = [model for model in apps.get_models() if model._meta.label != "sessions.Session"]
NAMES = {
    name for model in MODELS for field in model._meta.concrete_fields for name in (field.name, field.attname)
}
BY_CHANCE = {"id", "password"}  # what each run makes anew
MOMENT = re.compile(r"20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d[^']*|token=\w+")


class Fields(HTMLParser):
    """The fields of the longest form of a page that posts, with the values they show; empty ones filled in."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = [{}]
        self.select = self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {key: value or "" for key, value in attrs}
        name = held.get("name", "")
        if tag == "form":
            self.forms.append({})
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and held.get("value"):
            if "selected" in held or self.select not in self.forms[-1]:
                self.forms[-1][self.select] = held["value"]
        elif tag == "textarea" and name:
            self.forms[-1][name] = "复核"
        elif tag in ("input", "button") and name and held.get("type") != "file":
            empty = str(localdate()) if held.get("type") == "date" else "复核8"
            if held.get("type") in ("radio", "checkbox"):
                self.forms[-1].setdefault(name, held.get("value", "on"))
            else:
                self.forms[-1][name] = held.get("value", "") or empty

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""


def shown(site: Site, name: str, where: str) -> dict[str, str]:
    parser = Fields()
    parser.feed(text_of(site.ask(name, "GET", where)).split("<main", 1)[-1])
    return max(parser.forms, key=len) | {"confirmed": "1"}


def dump() -> Counter[str]:
    """Every row of every table, without what chance or the clock put there."""
    rows: Counter[str] = Counter()
    for model in MODELS:
        names = [field.attname for field in model._meta.concrete_fields if field.attname not in BY_CHANCE]
        for row in model._base_manager.order_by().values_list(*names):
            rows[f"{model.__name__} {MOMENT.sub('', str([str(value) for value in row]))}"] += 1
    return rows


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker) -> Iterator[Site]:
    yield from open_site(django_db_blocker)


def outcome(site: Site, name: str, where: str, data: dict[str, Any]) -> tuple[int, Counter[str]]:
    """The answer's status and the rows afterwards."""
    with transaction.atomic():
        answer = site.do(name, where, data)
        rows = dump()
        transaction.set_rollback(True)
    return answer.status_code, rows


def without_numbers(rows: Counter[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row, number in rows.items():
        found[re.sub(r"\d+", "#", row)] += number
    return found


def test_a_form_sets_what_it_lists_and_nothing_else(site) -> None:
    """One test for all, so that it can say that enough of them did write."""
    before, wrote, wrong = dump(), [], []
    for address in FORMS:
        name, where = someone(site, address, "POST")
        listed = shown(site, name, where)
        plain = outcome(site, name, where, listed)
        stuffed = outcome(site, name, where, dict.fromkeys(NAMES - listed.keys(), "1") | listed)
        if stuffed != plain and outcome(site, name, where, listed) != plain:
            # PostgreSQL's sequences aren't rolled back: new rows have other numbers each time.
            plain, stuffed = ((status, without_numbers(rows)) for status, rows in (plain, stuffed))
        if stuffed != plain:
            wrong.append((address, stuffed[0], plain[0], stuffed[1] - plain[1], plain[1] - stuffed[1]))
        if plain[1] not in (before, without_numbers(before)):
            wrote.append(address)
    assert wrong == []
    assert len(wrote) >= 9, wrote  # else nothing would have been compared with nothing
