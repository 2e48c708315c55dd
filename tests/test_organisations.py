"""Setting up, renaming, moving, merging and dissolving: the rules, who may, and what stays behind."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from gradingsite.lib.refusal import Refused
from gradingsite.trail.models import Entry
from orgs.models import Organisation, OrganisationChange
from orgs.services import organisations
from orgs.services.organisations import Paper, add, dissolve, edit, merge, move, rename
from orgs.services.people import system_actor
from orgs.services.soundness import faults
from tests.village import NOW, TODAY, Village

pytestmark = pytest.mark.django_db

PAPER = Paper(dt.date(2026, 4, 1), "绥组〔2026〕12号", "村级建制调整")
BAD_PAPERS = [
    (Paper(TODAY + dt.timedelta(1), "绥组〔2026〕12号", "调整"), "on", "没有到"),
    (Paper(TODAY, " ", "调整"), "document_no", "文号"),
    (Paper(TODAY, "绥组〔2026〕12号", " "), "reason", "事由"),
]


@pytest.fixture
def new_branch(village) -> Callable[..., Organisation]:
    def make(**changes: Any) -> Organisation:
        terms = {
            "parent": village.org["旺草镇"],
            "code": "520323102009",
            "full_name": "中共绥山县旺草镇新村支部委员会",
            "category": "党支部",
            "by": village.by("county"),
            "now": NOW,
            "paper": PAPER,
            "sector": village.org["大村"].sector,
            "secretary_name": "新甲",
            "member_count": 9,
            "people_count": 100,
        }
        return add(**(terms | changes))

    return make


ACTS: dict[str, Callable[[Village, str, Paper], object]] = {
    "rename": lambda village, who, paper: rename(
        organisation=village.org["大村"],
        full_name="中共绥山县旺草镇大大村支部",
        by=village.by(who),
        now=NOW,
        paper=paper,
    ),
    "move": lambda village, who, paper: move(
        organisation=village.org["大村"],
        parent=village.org["蒲场镇"],
        by=village.by(who),
        now=NOW,
        paper=paper,
    ),
    "merge": lambda village, who, paper: merge(
        organisation=village.org["大村"], into=village.org["中村"], by=village.by(who), now=NOW, paper=paper
    ),
    "dissolve": lambda village, who, paper: dissolve(
        organisation=village.org["大村"], by=village.by(who), now=NOW, paper=paper
    ),
}


def state() -> list[dict[str, Any]]:
    return list(Organisation.objects.order_by("pk").values())


# --- who may, and on what paper


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    "who", ["clerk", "committee", "secretary", "minister", "other_county", "system", "nobody"]
)
def test_only_the_department_that_reaches_it_may(village, act, who) -> None:
    before = state()
    with pytest.raises(PermissionDenied):
        ACTS[act](village, who, PAPER)
    assert state() == before


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["county", "city", "province"])
def test_county_city_and_province_may(village, act, who) -> None:
    ACTS[act](village, who, PAPER)
    assert OrganisationChange.objects.count() == 1
    assert faults() == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(("paper", "field", "words"), BAD_PAPERS)
def test_each_act_needs_a_day_a_document_and_a_reason(village, act, paper, field, words) -> None:
    before = state()
    with pytest.raises(Refused, match=words) as refused:
        ACTS[act](village, "county", paper)
    assert refused.value.field == field
    assert state() == before


@pytest.mark.parametrize("act", ACTS)
def test_each_act_is_dated_and_in_the_trail(village, act) -> None:
    ACTS[act](village, "county", PAPER)
    change = OrganisationChange.objects.get()
    assert (change.on, change.document_no, change.reason) == (PAPER.on, PAPER.document_no, PAPER.reason)
    assert change.by == village.person["county"]
    entry = Entry.objects.get(action=f"organisation.{change.kind}")
    assert (entry.why, entry.organisation_id) == (PAPER.reason, village.org["大村"].pk)
    assert entry.before != entry.after


@pytest.mark.parametrize("act", ACTS)
def test_what_is_closed_can_not_be_changed_any_more(village, act) -> None:
    dissolve(organisation=village.org["大村"], by=village.by("county"), now=NOW, paper=PAPER)
    with pytest.raises(Refused, match="已经撤并"):
        ACTS[act](village, "county", PAPER)


def test_nothing_is_hung_or_merged_beyond_the_own_county(village) -> None:
    by = village.by("county")
    with pytest.raises(PermissionDenied):
        move(organisation=village.org["大村"], parent=village.org["玉溪镇"], by=by, now=NOW, paper=PAPER)
    with pytest.raises(PermissionDenied):
        merge(organisation=village.org["大村"], into=village.org["东村"], by=by, now=NOW, paper=PAPER)
    city = village.by("city")
    move(organisation=village.org["大村"], parent=village.org["玉溪镇"], by=city, now=NOW, paper=PAPER)
    assert faults() == []


# --- setting up


def test_a_new_branch_stands_where_it_should(village, new_branch) -> None:
    unit = new_branch()
    stored = Organisation.objects.get(code="520323102009")
    assert unit == stored
    assert (unit.path, unit.lft, unit.short_name, unit.pinyin.split()[0]) == (
        stored.path,
        stored.lft,
        "新村",
        "xc",
    )
    assert stored.founded_on == PAPER.on
    assert stored.path.startswith(village.org["旺草镇"].path)
    assert faults() == []
    change = OrganisationChange.objects.get(organisation=unit)
    assert (change.kind, change.after["full_name"]) == ("founded", "中共绥山县旺草镇新村支部委员会")


def test_a_second_branch_of_the_same_short_name_gets_a_longer_one(village, new_branch) -> None:
    assert new_branch(full_name="中共绥山县旺草镇大村支部").short_name == "绥山县旺草镇大村支部"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"code": "5203"}, "code", "应为 6 到 32 位"),
        ({"code": "520323102001"}, "code", "已经有了"),
        ({"full_name": " "}, "full_name", "规范全称"),
        ({"full_name": "长" * 101}, "full_name", "最多 100 个字"),
        ({"category": "党小组"}, "category", "没有「党小组」"),
        ({"category": "县级党委"}, "parent", "不能挂在"),
        ({"sector": None}, "sector", "领域"),
        ({"member_count": -1}, "member_count", "0 以上"),
        ({"people_count": 100_000_000}, "people_count", "0 以上"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_field(village, new_branch, changes, field, words) -> None:
    with pytest.raises(Refused, match=words) as refused:
        new_branch(**changes)
    assert refused.value.field == field
    assert Organisation.objects.count() == 15


def test_nothing_is_set_up_under_a_closed_organisation_or_by_others(village, new_branch) -> None:
    Organisation.objects.filter(pk=village.org["旺草镇"].pk).update(is_active=False)
    with pytest.raises(Refused, match="已经撤并"):
        new_branch()
    with pytest.raises(PermissionDenied):
        new_branch(by=village.by("clerk"))


def test_a_branch_never_stands_under_a_branch(village, new_branch) -> None:
    with pytest.raises(Refused, match="党支部下面不能再设党支部"):
        new_branch(parent=village.org["大村"])


# --- renaming and moving


def test_a_new_name_brings_its_short_name_and_keeps_the_old_in_history(village) -> None:
    ACTS["rename"](village, "county", PAPER)
    unit = Organisation.objects.get(code="520323102001")
    assert (unit.full_name, unit.short_name, unit.pinyin.split()[0]) == (
        "中共绥山县旺草镇大大村支部",
        "大大村",
        "ddc",
    )
    change = OrganisationChange.objects.get()
    assert change.before == {"full_name": "中共绥山县旺草镇大村支部委员会", "short_name": "大村"}


def test_the_same_name_is_no_renaming(village) -> None:
    with pytest.raises(Refused, match="一样"):
        rename(
            organisation=village.org["大村"],
            full_name=village.org["大村"].full_name,
            by=village.by("county"),
            now=NOW,
            paper=PAPER,
        )


def test_a_move_takes_the_subtree_and_says_from_where_to_where(village) -> None:
    unit = move(
        organisation=village.org["县委办总支"],
        parent=village.org["旺草镇"],
        by=village.by("county"),
        now=NOW,
        paper=PAPER,
    )
    assert unit.parent_id == village.org["旺草镇"].pk
    branch = Organisation.objects.get(short_name="县委办一支部")
    assert branch.ancestor_ids()[-2:] == [village.org["旺草镇"].pk, unit.pk]
    change = OrganisationChange.objects.get()
    assert (change.before["parent"], change.after["parent"]) == ("520323901", "520323102")
    assert faults() == []


@pytest.mark.parametrize(
    ("what", "where", "words"),
    [
        ("大村", "旺草镇", "已经在"),
        ("大村", "中村", "党支部下面不能再设党支部"),
        ("大村", "绥山县", "不能直接挂在"),
        ("旺草镇", "蒲场镇", "不能挂在"),
        ("县直机关工委", "县委办总支", "不能挂在"),
    ],
)
def test_moves_that_break_a_rule(village, what, where, words) -> None:
    before = state()
    with pytest.raises(Refused, match=words):
        move(
            organisation=village.org[what],
            parent=village.org[where],
            by=village.by("county"),
            now=NOW,
            paper=PAPER,
        )
    assert state() == before


# --- correcting


def test_corrections_say_what_they_change_and_nothing_else(village) -> None:
    unit = edit(
        organisation=village.org["大村"],
        by=village.by("county"),
        now=NOW,
        reason="换届",
        changes={"secretary_name": "村新", "member_count": 40},
    )
    assert unit.secretary_name == "村新"
    change = OrganisationChange.objects.get()
    assert (change.kind, change.before, change.after) == (
        "edited",
        {"secretary_name": "村甲"},
        {"secretary_name": "村新"},
    )


def test_a_correction_of_nothing_leaves_nothing(village) -> None:
    edit(
        organisation=village.org["大村"],
        by=village.by("county"),
        now=NOW,
        reason="",
        changes={"member_count": 40},
    )
    assert not OrganisationChange.objects.exists()


def test_corrections_need_a_reason_the_role_and_known_fields(village) -> None:
    terms = {"organisation": village.org["大村"], "now": NOW, "changes": {"member_count": 41}}
    with pytest.raises(Refused, match="事由"):
        edit(by=village.by("county"), reason="", **terms)
    with pytest.raises(PermissionDenied):
        edit(by=village.by("clerk"), reason="换届", **terms)
    with pytest.raises(ValueError, match="not editable"):
        edit(by=village.by("county"), reason="换届", **(terms | {"changes": {"path": "/1/"}}))
    with pytest.raises(Refused, match="领域"):
        edit(by=village.by("county"), reason="换届", **(terms | {"changes": {"sector": None}}))


def test_the_reporting_unit_lies_within_reach(village) -> None:
    terms = {
        "organisation": village.org["大村"],
        "by": village.by("county"),
        "now": NOW,
        "reason": "统计口径",
    }
    with pytest.raises(PermissionDenied):
        edit(**terms, changes={"reporting_unit": village.org["玉溪镇"]})
    unit = edit(**terms, changes={"reporting_unit": village.org["县直机关工委"]})
    assert unit.reporting_unit == village.org["县直机关工委"]
    assert OrganisationChange.objects.get().after == {"reporting_unit": "520323901"}


# --- merging and dissolving


def test_a_merged_branch_points_to_its_successor_and_others_are_told(village) -> None:
    told = []
    merge(
        organisation=village.org["小村"],
        into=village.org["中村"],
        by=village.by("county"),
        now=NOW,
        paper=PAPER,
        then=lambda closed, successor: told.append(
            (closed.short_name, closed.is_active, successor.short_name)
        ),
    )
    assert told == [("小村", False, "中村")]
    assert not Organisation.objects.get(short_name="小村").is_active
    assert village.org["中村"].predecessors.get().organisation == village.org["小村"]
    assert faults() == []


def test_a_dissolved_branch_has_none(village) -> None:
    told = []
    dissolve(
        organisation=village.org["小村"],
        by=village.by("county"),
        now=NOW,
        paper=PAPER,
        then=lambda closed, successor: told.append(successor),
    )
    assert told == [None]
    assert OrganisationChange.objects.get().successor is None


def test_when_another_room_says_no_nothing_is_closed(village) -> None:
    def refuse(closed: Organisation, successor: Organisation | None) -> None:
        raise Refused("还有没办完的事。")

    with pytest.raises(Refused, match="没办完"):
        dissolve(organisation=village.org["小村"], by=village.by("county"), now=NOW, paper=PAPER, then=refuse)
    assert Organisation.objects.get(short_name="小村").is_active
    assert not OrganisationChange.objects.exists()


@pytest.mark.parametrize(
    ("what", "into", "words"),
    [
        ("大村", "大村", "不能并入自己"),
        ("大村", "旺草镇", "只能并入支部级"),
        ("旺草镇", "大村", "只能撤并支部级"),
    ],
)
def test_mergers_that_break_a_rule(village, what, into, words) -> None:
    with pytest.raises(Refused, match=words):
        merge(
            organisation=village.org[what],
            into=village.org[into],
            by=village.by("county"),
            now=NOW,
            paper=PAPER,
        )


def test_a_general_branch_with_branches_below_is_not_dissolved(village) -> None:
    terms = {
        "organisation": village.org["县委办总支"],
        "by": village.by("county"),
        "now": NOW,
        "paper": PAPER,
    }
    with pytest.raises(Refused, match="下面还有 1 个"):
        dissolve(**terms)
    dissolve(**(terms | {"organisation": village.org["县委办一支部"]}))
    dissolve(**terms)


def test_nothing_merges_into_what_is_closed(village) -> None:
    dissolve(organisation=village.org["中村"], by=village.by("county"), now=NOW, paper=PAPER)
    with pytest.raises(Refused, match="已经撤并"):
        ACTS["merge"](village, "county", PAPER)
    village.org["中村"].refresh_from_db()
    with pytest.raises(Refused, match="不能再并入"):
        ACTS["merge"](village, "county", PAPER)


def test_the_software_itself_may_do_all_of_it(village) -> None:
    by = system_actor()
    move(organisation=village.org["大村"], parent=village.org["玉溪镇"], by=by, now=NOW, paper=PAPER)
    assert organisations.may_keep(village.org["大村"], by)
