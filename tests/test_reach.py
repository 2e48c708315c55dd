"""Reach: what each kind of post covers, in Python and in SQL alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgs.models import Organisation, Person
from orgs.reach import Reach, Span, at_or_below, path_range
from orgs.roles import EXTENTS, Extent, Role
from orgs.services.people import acting, reach_of, system_actor
from orgs.services.tree import move
from tests.village import TODAY

paths = st.lists(st.integers(1, 10**9), min_size=1, max_size=6).map(
    lambda ids: f"/{'/'.join(map(str, ids))}/"
)


@given(paths, paths)
def test_a_path_range_holds_what_begins_with_the_path_and_nothing_else(path, other) -> None:
    low, high = path_range(path)
    assert (low <= other < high) == other.startswith(path)


def test_every_role_has_an_extent_and_a_name() -> None:
    assert set(EXTENTS) == set(Role)
    assert all(role.label for role in Role)
    assert len({role.label for role in Role}) == len(Role)


COVERED = {
    "secretary": {"大村"},
    "liaison": {"大村", "中村"},
    "clerk": {"旺草镇", "大村", "中村", "小村"},
    "rater": set(),
    "committee": {"旺草镇", "大村", "中村", "小村"},
    "supervisor": {"蒲场镇", "小村"},
    "leader": {"大村"},
    "cadre": {"旺草镇"},
    "office": {"旺草镇"},
    "other_clerk": {"玉溪镇", "东村"},
    "nobody": set(),
    "system": set(),
    "security": set(),
    "audit": set(),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", COVERED)
def test_each_person_covers_exactly_this(village, name) -> None:
    reach = village.by(name).reach
    in_sql = {unit.short_name for unit in Organisation.objects.within(reach)}
    in_python = {name for name, unit in village.org.items() if reach.covers(unit.path, unit.pk)}
    assert in_sql == in_python == COVERED[name]


@pytest.mark.django_db
def test_departments_cover_their_subtree(village) -> None:
    sizes = {name: Organisation.objects.within(village.by(name).reach).count() for name in ("county", "city")}
    assert sizes == {"county": 10, "city": 14}
    assert not village.by("county").reach.covers(village.org["道山县"].path, village.org["道山县"].pk)
    everything = Organisation.objects.within(system_actor().reach)
    assert everything.count() == Organisation.objects.count()


@pytest.mark.django_db
def test_reach_takes_two_queries_at_most_whatever_the_number_of_posts(
    village, django_assert_max_num_queries
) -> None:
    person = Person.objects.get(username="supervisor")
    with django_assert_max_num_queries(2):
        reach = reach_of(person, on=TODAY)
        reach.organisations()


@pytest.mark.django_db
def test_roles_narrow_the_reach(village) -> None:
    reach = village.by("county").reach
    unit = village.org["大村"]
    assert reach.covers(unit.path, unit.pk, [Role.ORG_DEPARTMENT])
    assert not reach.covers(unit.path, unit.pk, [Role.TOWNSHIP_CLERK])
    assert not Organisation.objects.filter(reach.organisations(roles=[Role.TOWNSHIP_CLERK])).exists()


@pytest.mark.django_db
def test_a_moved_branch_leaves_one_reach_and_enters_the_other_at_the_next_reading(village) -> None:
    unit, goal = village.org["小村"], village.org["蒲场镇"]
    move(organisation_id=unit.pk, parent_id=goal.pk)
    unit = Organisation.objects.get(pk=unit.pk)
    old, new = (acting(village.person[name], on=TODAY).reach for name in ("clerk", "clerk_pu"))
    assert not old.covers(unit.path, unit.pk)
    assert new.covers(unit.path, unit.pk)


def test_neighbours_whose_ids_begin_alike_are_not_covered() -> None:
    reach = Reach(1, (Span(1, Role.TOWNSHIP_CLERK, 12, "/1/12/"),))
    assert reach.covers("/1/12/7/", 7)
    assert not reach.covers("/1/123/", 123)
    assert not reach.covers("/1/", 1)


@pytest.mark.django_db
def test_the_sql_range_does_not_take_neighbours_either(village) -> None:
    rows = [("/7/", 1), ("/7/12/", 2), ("/7/12/3/", 3), ("/7/123/", 4), ("/7/13/", 5)]
    units = Organisation.objects.order_by("pk")[:5]
    for unit, (path, _) in zip(units, rows, strict=True):
        Organisation.objects.filter(pk=unit.pk).update(path=path)
    found = Organisation.objects.filter(at_or_below("/7/12/")).order_by().values_list("path", flat=True)
    assert set(found) == {"/7/12/", "/7/12/3/"}


def test_listed_posts_cover_no_subtree() -> None:
    for role in Role:
        span = Span(1, role, 5, "/5/", frozenset({9}))
        reach = Reach(1, (span,))
        assert reach.covers("/5/6/", 6) == (role.extent is Extent.SUBTREE)
        assert reach.covers("/8/9/", 9) == (role.extent is Extent.LISTED)
