"""The number of queries of a page doesn't grow with the number of branches: 3 of them or 33 (house.md 6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orgs.categories import CATEGORIES
from orgs.models import Organisation, Post, PostListing, Sector
from orgs.services.tree import Newcomer, insert
from tests.matrix_world import planted
from tests.village import FULL, Village, fill, open_grading

pytestmark = pytest.mark.django_db

MORE = 30
FILLED = ("大村", "中村", "小村")


def grow(village: Village) -> None:
    """Thirty more branches of 旺草镇."""
    tier, form = CATEGORIES["党支部"]
    sector, parent = Sector.objects.get(name="农村"), village.org["旺草镇"]
    made = [
        Newcomer(
            code=f"5203231029{number:02}", full_name=f"中共绥山县旺草镇新{number}村支部", short_name=f"新{number}村",
            pinyin="", category="党支部", tier=tier, form=form, sector_id=sector.pk, secretary_name=f"甲{number}",
            member_count=20, people_count=300, parent=parent.pk,
        )
        for number in range(MORE)
    ]  # fmt: skip
    insert(made)


def list_all(village: Village) -> None:
    """The liaison looks after every branch of 旺草镇 (after they are filled: staff confirm where nobody looks after)."""
    post = Post.objects.get(person=village.person["liaison"])
    below = Organisation.objects.below(village.org["旺草镇"]).exclude(pk=village.org["旺草镇"].pk)
    missing = below.exclude(pk__in=post.listings.values("organisation"))
    PostListing.objects.bulk_create(PostListing(post=post, organisation=one) for one in missing)


def counted(blocker, *, more: bool) -> dict[str, int]:
    """Queries of every page in a village of one size. Each page is opened twice: what is kept after the first is kept."""
    found: dict[str, int] = {}
    with planted(blocker) as village:
        if more:
            grow(village)
        open_grading(village)
        branches = [*FILLED, *([f"新{number}村" for number in range(0, MORE, 3)] if more else [])]
        for name in branches:
            fill(village, name, FULL)
        list_all(village)
        for person, page, where in pages(village):
            client = Client()
            client.force_login(village.person[person])
            for _ in range(2):
                with transaction.atomic(), CaptureQueriesContext(connection) as queries:
                    answer = client.get(where, follow=True)
            assert answer.status_code == 200, (person, where)
            found[f"{person} {page}"] = len(queries)
    return found


def pages(village: Village) -> Iterator[tuple[str, str, str]]:
    """Who opens what."""
    assert village.round is not None
    pk, committee = village.round.pk, village.org["旺草镇"].code

    def at(address: str, **kwargs: object) -> str:
        return reverse(f"assessments:{address}", kwargs={"pk": pk} | kwargs)

    asked = f"?committee={committee}"
    for person in ("secretary", "liaison", "clerk", "rater", "committee", "minister", "county", "city"):
        yield person, "home", "/"
    for person in ("clerk", "county", "city"):
        yield person, "round", at("round")
        yield person, "files", at("round_files")
        yield person, "chase", at("chase")
        yield person, "export", at("round_files_export")
    for person in ("clerk", "county"):
        yield person, "grid", at("grid", source="superior") + asked
        yield person, "decide", at("decide") + asked
        yield person, "minutes", at("decide_minutes") + asked
        yield person, "polls", at("polls")
        yield person, "raters", at("raters") + asked
        for ledger in ("grading", "score-sheets", "poll-tallies", "summary"):
            yield person, ledger, at("ledger", name=ledger, code=committee)
        yield person, "orgs", reverse("orgs:list")
        yield person, "tree", reverse("orgs:card", args=[committee])
    yield "liaison", "confirmations", at("confirmations")
    yield "rater", "mine", at("mine")
    yield "rater", "grid", at("grid", source="related")


def test_no_page_asks_more_of_the_database_for_more_branches(django_db_setup, django_db_blocker) -> None:
    few, many = (counted(django_db_blocker, more=more) for more in (False, True))
    assert {name: (few[name], many[name]) for name in few if many[name] > few[name]} == {}
    assert max(few.values()) < 60
