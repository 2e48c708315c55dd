"""Which organisation may stand under which, and what the words of offices are read as."""

import pytest

from orgs.categories import ALIASES, CATEGORIES, SECTOR_ALIASES, SECTORS, Form, Tier, parent_fault
from orgs.models import Sector

ALLOWED = [
    ("市级党委", "省级党委"),
    ("省直党（工）委", "省级党委"),
    ("高校工委", "省级党委"),
    ("县级党委", "市级党委"),
    ("县级党委", "省级党委"),  # tiers may be skipped
    ("县直党（工）委", "县级党委"),
    ("乡镇党委", "县级党委"),
    ("乡镇党委", "市级党委"),
    ("街道党工委", "县级党委"),
    ("系统党委", "县直党（工）委"),  # a 党委 under a 工委 of its own tier
    ("党组", "县直党（工）委"),
    ("党总支", "乡镇党委"),
    ("党支部", "乡镇党委"),
    ("党支部", "街道党工委"),
    ("党支部", "系统党委"),
    ("党支部", "党组"),
    ("党支部", "党总支"),  # both of branch tier
    ("党支部", "县直党（工）委"),
]
FORBIDDEN = [
    ("党支部", "党支部", "党支部下面不能再设党支部"),
    ("党支部", "县级党委", "不能直接挂在县级党委下面"),
    ("党支部", "市级党委", "不能直接挂在市级党委下面"),
    ("党总支", "省级党委", "不能直接挂在省级党委下面"),
    ("党总支", "县级党委", "不能直接挂在县级党委下面"),
    ("党总支", "党总支", "不能挂在"),
    ("党总支", "党支部", "不能挂在"),
    ("乡镇党委", "乡镇党委", "不能挂在乡镇级组织下面"),
    ("街道党工委", "县直党（工）委", "不能挂在乡镇级组织下面"),
    ("县级党委", "乡镇党委", "不能挂在"),
    ("乡镇党委", "党支部", "不能挂在"),
    ("省级党委", "省级党委", "不能挂在"),
]


@pytest.mark.parametrize(("child", "parent"), ALLOWED)
def test_these_may_stand_under_one_another(child, parent) -> None:
    assert parent_fault(CATEGORIES[child], CATEGORIES[parent]) == ""


@pytest.mark.parametrize(("child", "parent", "words"), FORBIDDEN)
def test_these_may_not(child, parent, words) -> None:
    assert words in parent_fault(CATEGORIES[child], CATEGORIES[parent])


@pytest.mark.parametrize("category", CATEGORIES)
def test_only_a_committee_may_stand_at_the_top(category) -> None:
    tier, form = CATEGORIES[category]
    assert bool(parent_fault((tier, form), None)) == (form in (Form.BRANCH, Form.GENERAL_BRANCH))


def test_a_work_committee_takes_the_tier_under_the_committee_that_set_it_up() -> None:
    assert CATEGORIES["省直党（工）委"] == (Tier.CITY, Form.WORK_COMMITTEE)
    assert CATEGORIES["高校工委"] == (Tier.CITY, Form.WORK_COMMITTEE)
    assert CATEGORIES["县直党（工）委"] == (Tier.TOWNSHIP, Form.WORK_COMMITTEE)


def test_other_spellings_lead_to_what_exists_and_are_none_themselves() -> None:
    assert set(ALIASES.values()) <= set(CATEGORIES)
    assert not set(ALIASES) & set(CATEGORIES)
    assert set(SECTOR_ALIASES.values()) <= set(SECTORS)
    assert not set(SECTOR_ALIASES) & set(SECTORS)


def test_what_could_mean_two_things_is_no_alias() -> None:
    assert "两新" not in SECTOR_ALIASES
    assert "党小组" not in ALIASES


@pytest.mark.django_db
def test_the_migration_loads_the_seven_sectors_in_order() -> None:
    assert tuple(Sector.objects.values_list("name", flat=True)) == SECTORS
