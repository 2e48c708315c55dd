"""Every address × every kind of person × own, sibling, parent, other county × methods (house.md 4, security.md).

Out of reach 404, in reach without the role 403, signed out to the sign-in page; nothing is written by GET and nothing
posted without the form's token. An address without a line in ``tests/matrix.py`` fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse

from gradingsite import urls
from tests.matrix import RULES, Rule, addresses
from tests.matrix_people import PEOPLE, hidden_from
from tests.matrix_site import Site, open_site, text_of
from tests.matrix_world import Thing

pytestmark = pytest.mark.django_db

ALLOWED = {200, 302, 409, 422}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NOTE = {"note": "复核"}
TOKEN = {"token": "1-" + "0" * 48}
READ = [name for name, rule in RULES.items() if "GET" in rule.methods]
POSTED = [name for name, rule in RULES.items() if "POST" in rule.methods]
GUARDED = [name for name, rule in RULES.items() if not rule.signed_out]
WITHIN = [name for name, rule in RULES.items() if rule.about not in ("", "person", "post")]
PRIVATE = [name for name in GUARDED if not RULES[name].leaks]


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker) -> Iterator[Site]:
    yield from open_site(django_db_blocker)


@pytest.fixture
def plain_refusals(monkeypatch) -> None:
    """Refusals without their pages, which are looked at once and not two thousand times."""
    monkeypatch.setattr(
        urls, "handler404", lambda request, exception: HttpResponse(status=404), raising=False
    )
    monkeypatch.setattr(
        urls, "handler403", lambda request, exception: HttpResponse(status=403), raising=False
    )


def places(site: Site, address: str) -> Iterator[tuple[Thing, str]]:
    rule = RULES[address]
    for thing in site.world.things(rule.about):
        where = reverse(address, kwargs=thing.kwargs | rule.fixed | (TOKEN if rule.by_token else {}))
        yield thing, where + thing.query


def expected(rule: Rule, thing: Thing, name: str, method: str) -> set[int]:
    if method not in rule.methods.split():
        return {405}
    if rule.by_token:
        return {403, 404}
    if name not in thing.reach:
        return {404}
    return ALLOWED if thing.lets(rule.only if method == "GET" else rule.acts, name) else {403}


def asking(rule: Rule, thing: Thing, method: str) -> list[str]:
    """Everybody; a form that everybody has asked for by GET is posted by two of those who meet the same refusal."""
    if method == "GET" or "GET" not in rule.methods:
        return list(PEOPLE)
    met: dict[frozenset[int], list[str]] = {}
    for name in PEOPLE:
        met.setdefault(frozenset(expected(rule, thing, name, method)), []).append(name)
    return [name for wanted, names in met.items() for name in (names if wanted == ALLOWED else names[:2])]


def test_every_address_has_its_line() -> None:
    known = set(addresses())
    assert known - set(RULES) == set(), "addresses without a rule"
    assert set(RULES) - known == set(), "rules without an address"


@pytest.mark.usefixtures("plain_refusals")
@pytest.mark.parametrize("address", GUARDED)
def test_each_person_meets_exactly_this(site, address) -> None:
    """The right answer; a page that is read writes nothing; no page or file names what its reader doesn't cover."""
    rule, wrong = RULES[address], []
    for thing, where in places(site, address):
        for method in rule.methods.split():
            for name in asking(rule, thing, method):
                answer, writes = site.watched(name, method, where, data=NOTE)
                wanted = expected(rule, thing, name, method)
                refused = {403, 409, 422} if rule.state_first and wanted == {403} else wanted
                here = f"{name} {method} {thing.scope}"
                if answer.status_code not in refused:
                    wrong.append(f"{here}: {answer.status_code} not {wanted}")
                if writes and (method == "GET" or wanted != ALLOWED):
                    wrong.append(f"{here}: {writes[0]}")
                if wanted == ALLOWED and not rule.leaks:
                    words = text_of(answer)
                    wrong += [f"{here}: names {unit}" for unit in hidden_from(name) if unit in words]
    assert wrong == []


@pytest.mark.parametrize("address", RULES)
def test_signed_out_leads_to_the_sign_in_page(site, address) -> None:
    rule = RULES[address]
    _, where = next(places(site, address))
    for method in rule.methods.split():
        answer = site.ask("", method, where)
        if rule.signed_out:
            assert answer.status_code in {200, 302, 404, 422}
            continue
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("sign_in"))


def someone(site: Site, address: str, method: str) -> tuple[str, str]:
    """A person who may, and where; for addresses nobody may open without an upload, the first person."""
    rule = RULES[address]
    for thing, where in places(site, address):
        for name in PEOPLE:
            if expected(rule, thing, name, method) == ALLOWED:
                return name, where
    return PEOPLE[0], where


@pytest.mark.parametrize("address", RULES)
def test_other_methods_are_not_known(site, address) -> None:
    rule = RULES[address]
    name, where = someone(site, address, rule.methods.split()[0])
    for method in set(METHODS) - set(rule.methods.split()):
        assert site.ask(name, method, where).status_code == 405, method


@pytest.mark.parametrize("address", POSTED)
def test_nothing_is_posted_without_the_forms_token(site, address) -> None:
    name, where = someone(site, address, "POST")
    for who in (name, ""):
        answer, writes = site.watched(who, "POST", where, csrf=True)
        assert (answer.status_code, writes) == (403, [])


@pytest.mark.parametrize("address", WITHIN)
def test_out_of_reach_reads_like_what_does_not_exist(site, address) -> None:
    rule = RULES[address]
    method = rule.methods.split()[0]
    for name in ("clerk_pu", "nobody"):
        for thing, where in places(site, address):
            if name in thing.reach:
                continue
            missing = {
                key: 99999999 if isinstance(value, int) else "529999" for key, value in thing.kwargs.items()
            }
            nowhere = reverse(address, kwargs=missing | rule.fixed | (TOKEN if rule.by_token else {}))
            pair = (where, nowhere + (thing.query and "?committee=529999"))
            theirs, none = (bare(site.ask(name, method, one), one) for one in pair)
            assert theirs == none
            break


def bare(answer: HttpResponseBase, where: str) -> tuple[int, str]:
    """An answer without what differs by request: the token of the form and the address asked for."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text_of(answer)).replace(where, "")
    return answer.status_code, text


SEARCHES = {"orgs:search": "q", "orgs:options": "organisation", "orgs:list": "q", "orgs:list_export": "q"}


@pytest.mark.parametrize("address", SEARCHES)
def test_no_search_finds_what_is_out_of_reach(site, address) -> None:
    """Asked for by code and with the unit as the filter; the township's own clerk finds it."""
    unit = site.world.village.org["河村"]
    for query in (f"?{SEARCHES[address]}={unit.code}", f"?unit={unit.code}"):
        for name in ("clerk_pu", "clerk", "secretary", "rater", "nobody", "audit", "other_county"):
            words = text_of(site.ask(name, "GET", reverse(address) + query))
            if "unit" not in query or address.startswith("orgs:list"):
                assert (unit.short_name in words) == (name == "clerk_pu"), (name, query)
