"""What an organisation department may bring in: its own subtree; all else answers like what doesn't exist."""

import pytest

from orgs.actor import Actor
from orgs.imports import Verdict
from orgs.models import Organisation, Person, Post
from orgs.roles import Role
from orgs.services.people import acting
from tests.org_lists import BRANCH, COUNTY, bring_in, faults_of, plan, row_of, with_, xlsx
from tests.village import TODAY

pytestmark = pytest.mark.django_db

OTHER = [
    ("520324000000", "中共道山县委员会", "520300000000", "县级党委", "", "县乙", None, None),
    ("520324101000", "中共道山县玉溪镇委员会", "520324000000", "乡镇党委", "", "镇丙", None, None),
    ("520324101201", "中共道山县玉溪镇东村支部", "520324101000", "党支部", "农村", "东甲", 25, 700),
]


@pytest.fixture
def department(db) -> Actor:
    bring_in(xlsx([*COUNTY, *OTHER]))
    person = Person.objects.create(username="dep", name="县组织部")
    Post.objects.create(
        person=person,
        role=Role.ORG_DEPARTMENT,
        organisation=Organisation.objects.get(code="520323000000"),
        from_on=TODAY.replace(year=2020),
    )
    return acting(person, on=TODAY)


def test_the_own_county_comes_in_and_what_stands_above_doesnt(department) -> None:
    rows = [*COUNTY[:7], with_(COUNTY[7], member_count=41), *COUNTY[8:], BRANCH]
    found = plan(xlsx(rows), department)
    assert found.counts[Verdict.REFUSED] == 2  # province and city
    assert row_of(found, "520323000000").verdict is Verdict.UNCHANGED
    outcome = bring_in(xlsx(rows), department, accept_valid=True)
    assert (outcome.new, outcome.changed) == (1, 1)
    assert Organisation.objects.get(code="520000000000").secretary_name == "省甲"


UNKNOWN = ["520399000000", "520399101000", "520399101201"]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_another_countys_row_answers_exactly_like_an_unknown_code(department, at) -> None:
    """The same row under a code nobody has, beneath a parent nobody has, gets the same words."""
    seen = faults_of(plan(xlsx([OTHER[at]]), department).rows[0])
    unknown = with_(OTHER[at], code=UNKNOWN[at])
    assert seen == faults_of(plan(xlsx([unknown]), department).rows[0])
    assert [letter for letter, _ in seen] == ["C"]


def test_another_countys_parent_answers_exactly_like_an_unknown_one(department) -> None:
    seen = faults_of(plan(xlsx([with_(BRANCH, parent_code="520324101000")]), department).rows[0])
    unknown = faults_of(plan(xlsx([with_(BRANCH, parent_code="520399101000")]), department).rows[0])
    assert seen[0][1].replace("520324101000", "X") == unknown[0][1].replace("520399101000", "X")


def test_the_whole_file_of_another_county_writes_nothing(department) -> None:
    before = list(Organisation.objects.order_by("pk").values())
    changed = [with_(row, secretary_name="改了") for row in OTHER]
    outcome = bring_in(xlsx(changed), department, accept_valid=True)
    assert (outcome.new, outcome.changed, outcome.refused) == (0, 0, 3)
    assert list(Organisation.objects.order_by("pk").values()) == before


def test_a_foreign_code_under_an_own_parent_is_refused_without_saying_whose_it_is(department) -> None:
    row = plan(xlsx([with_(OTHER[2], parent_code="520323102000")]), department).rows[0]
    assert faults_of(row) == [("A", "组织代码 520324101201 不能使用")]


def test_the_own_unit_cant_be_hung_elsewhere(department) -> None:
    row = plan(xlsx([with_(COUNTY[2], parent_code="520000000000")]), department).rows[0]
    assert [letter for letter, _ in faults_of(row)] == ["C"]


def test_no_department_plants_a_new_tree(department) -> None:
    row = plan(xlsx([with_(COUNTY[0], code="530000000000", full_name="中共云山省委员会")]), department).rows[
        0
    ]
    assert faults_of(row) == [("C", "没有填上级组织代码")]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ORG_DEPARTMENT])
def test_other_posts_bring_in_nothing(department, role) -> None:
    person = Person.objects.create(username="other", name="别人")
    county = Organisation.objects.get(code="520323000000")
    Post.objects.create(person=person, role=role, organisation=county, from_on=TODAY.replace(year=2020))
    found = plan(xlsx([BRANCH, with_(COUNTY[7], member_count=41)]), acting(person, on=TODAY))
    assert found.to_write == 0
