"""The tree's one writer: places, room, moves, renumbering, checking and mending."""

import random

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from gradingsite.lib.refusal import Refused
from gradingsite.trail.models import Entry
from orgs.categories import CATEGORIES
from orgs.models import Organisation
from orgs.services import tree
from orgs.services.soundness import faults
from orgs.services.tree import Newcomer, insert, move, move_many, renumber

pytestmark = pytest.mark.django_db


def newcomer(code, category="党支部", parent=None) -> Newcomer:
    tier, form = CATEGORIES[category]
    return Newcomer(code, f"中共{code}", code, "", category, tier, form, parent=parent)


def get(code) -> Organisation:
    return Organisation.objects.get(code=code)


def codes(found) -> list[str]:
    return [unit.code for unit in found]


@pytest.fixture
def county(db) -> dict[str, Newcomer]:
    """A province down to two townships with three branches each and a general branch with two."""
    made = {"prov": newcomer("prov", "省级党委")}
    made["city"] = newcomer("city", "市级党委", made["prov"])
    made["county"] = newcomer("county", "县级党委", made["city"])
    for town in "ab":
        made[town] = newcomer(town, "乡镇党委", made["county"])
        for number in range(3):
            made[f"{town}{number}"] = newcomer(f"{town}{number}", parent=made[town])
    made["gen"] = newcomer("gen", "党总支", made["a"])
    for number in range(2):
        made[f"gen{number}"] = newcomer(f"gen{number}", parent=made["gen"])
    insert(list(made.values()))
    return made


def test_a_load_gives_sound_numbers_paths_and_levels(county) -> None:
    assert faults() == []
    gen0 = get("gen0")
    assert gen0.level == 5
    assert (
        gen0.path
        == "/"
        + "/".join(str(county[code].id) for code in ("prov", "city", "county", "a", "gen", "gen0"))
        + "/"
    )
    assert gen0.ancestor_ids() == [county[code].id for code in ("prov", "city", "county", "a", "gen")]


def test_rows_may_come_in_any_order(county) -> None:
    before = codes(Organisation.objects.in_order())
    Organisation._base_manager.update(parent=None)
    Organisation._base_manager.all().delete()
    shuffled = list(county.values())
    random.Random(7).shuffle(shuffled)
    insert(shuffled)
    assert faults() == []
    assert sorted(codes(Organisation.objects.in_order())) == sorted(before)


def test_newcomers_in_a_circle_or_under_a_stranger_are_refused_whole(county) -> None:
    one, other = newcomer("x1"), newcomer("x2")
    one.parent, other.parent = other, one
    with pytest.raises(ValueError, match="circle"):
        insert([one, other])
    with pytest.raises(ValueError, match="circle"):
        insert([newcomer("x3", parent=newcomer("x4"))])
    assert not Organisation.objects.filter(code__startswith="x").exists()


def test_room_is_kept_under_each_committee(county) -> None:
    for code in ("prov", "city", "county", "a", "b"):
        unit = get(code)
        last = max(child.rght for child in unit.get_children())
        assert unit.rght - 1 - last == tree.ROOM[unit.tier]
    assert get("a0").rght == get("a0").lft + 1


def test_mptt_reads_the_gapped_tree_rightly(county) -> None:
    assert codes(get("gen1").get_ancestors()) == ["prov", "city", "county", "a", "gen"]
    assert codes(get("a").get_descendants()) == ["a0", "a1", "a2", "gen", "gen0", "gen1"]
    assert codes(get("county").get_children()) == ["a", "b"]
    assert codes(get("a1").get_siblings()) == ["a0", "a2", "gen"]


def test_what_mptt_reads_off_the_numbers_is_counted_instead(county) -> None:
    insert([newcomer("empty", "乡镇党委", county["county"].id)])
    assert [get(code).get_descendant_count() for code in ("empty", "a0", "gen", "a", "prov")] == [
        0,
        0,
        2,
        6,
        14,
    ]
    assert [get(code).is_leaf_node() for code in ("empty", "a0", "gen")] == [True, True, False]
    assert codes(get("county").get_leafnodes()) == [
        "a0",
        "a1",
        "a2",
        "gen0",
        "gen1",
        "b0",
        "b1",
        "b2",
        "empty",
    ]
    assert codes(get("empty").get_leafnodes(include_self=True)) == ["empty"]
    assert codes(get("empty").get_leafnodes()) == []


def test_a_newcomer_takes_free_numbers_and_moves_nobody(county) -> None:
    before = {unit.code: (unit.lft, unit.rght) for unit in Organisation.objects.all()}
    one = newcomer("new", parent=county["a"].id)
    insert([one])
    assert faults() == []
    stored = get("new")
    assert (stored.lft, stored.rght, stored.path, stored.level, stored.tree_id) == (
        one.lft,
        one.rght,
        one.path,
        one.level,
        one.tree_id,
    )
    after = {unit.code: (unit.lft, unit.rght) for unit in Organisation.objects.exclude(code="new")}
    assert after == before
    assert codes(Organisation.objects.below(get("a")).in_order())[-1] == "new"


def test_one_and_many_are_placed_alike(county) -> None:
    insert([newcomer("one", parent=county["a"].id)])
    insert([newcomer("two", parent=county["b"].id), newcomer("three", parent=county["b"].id)])
    one, two, three = get("one"), get("two"), get("three")
    assert one.lft - get("gen").rght == two.lft - get("b2").rght == 1
    assert three.lft == two.rght + 1


def test_a_full_township_gets_room_from_above_and_its_neighbours_keep_their_order(county) -> None:
    order = codes(Organisation.objects.in_order())
    for number in range(270):
        insert([newcomer(f"n{number:03d}", parent=county["a"].id)])
    assert faults() == []
    left = [code for code in codes(Organisation.objects.in_order()) if not code.startswith("n")]
    assert left == order
    assert get("a").get_children().count() == 4 + 270


def test_when_nobody_above_has_room_the_tree_is_numbered_afresh(county, monkeypatch) -> None:
    called = []
    real = tree.renumber
    monkeypatch.setattr(tree, "renumber", lambda *a, **k: called.append(1) or real(*a, **k))
    insert([newcomer(f"m{number:05d}", parent=county["b"].id) for number in range(50_000)])
    assert called
    assert faults() == []
    assert get("b").get_children().count() == 50_003


def test_a_second_root_begins_a_second_tree(county) -> None:
    insert([newcomer("other", "省级党委")])
    assert get("other").tree_id != get("prov").tree_id
    assert faults() == []


def test_a_subtree_moves_whole(county) -> None:
    move(organisation_id=county["gen"].id, parent_id=county["b"].id)
    assert faults() == []
    assert codes(get("b").get_descendants())[-3:] == ["gen", "gen0", "gen1"]
    assert get("gen0").path == f"{get('b').path}{county['gen'].id}/{county['gen0'].id}/"


def test_a_township_moves_to_another_tree_and_back(county) -> None:
    other = newcomer("other", "省级党委")
    far = newcomer("far", "县级党委", other)
    insert([other, far])
    move(organisation_id=county["a"].id, parent_id=far.id)
    assert faults() == []
    assert get("gen1").tree_id == get("other").tree_id
    move(organisation_id=county["a"].id, parent_id=county["county"].id)
    assert faults() == []
    assert get("gen1").level == 5


def test_a_move_finds_room_where_there_is_none(county) -> None:
    for turn in range(3):
        big = newcomer(f"big{turn}", "县级党委", county["city"].id)
        insert([big, *(newcomer(f"big{turn}t{number}", "乡镇党委", big) for number in range(12))])
        move(organisation_id=big.id, parent_id=county["county"].id)
        assert faults() == []
    assert codes(get("county").get_children()) == ["a", "b", "big0", "big1", "big2"]


@pytest.mark.parametrize("target", ["gen", "gen0"])
def test_nobody_moves_below_himself(county, target) -> None:
    with pytest.raises(Refused, match="自己"):
        move(organisation_id=county["gen"].id, parent_id=county[target].id)
    assert faults() == []
    assert get("gen").parent_id == county["a"].id


@pytest.mark.parametrize("few", [20, 0])
def test_many_moves_are_right_one_by_one_and_all_at_once(county, few, monkeypatch) -> None:
    monkeypatch.setattr(tree, "FEW_MOVES", few)
    move_many([(county[code].id, county["b"].id) for code in ("a0", "a1", "gen")])
    assert faults() == []
    assert codes(get("a").get_children()) == ["a2"]
    assert set(codes(get("b").get_children())) == {"b0", "b1", "b2", "a0", "a1", "gen"}


def test_any_sequence_of_acts_leaves_a_sound_tree(county) -> None:
    dice = random.Random(20260409)
    towns = [county["a"].id, county["b"].id]
    for number in range(60):
        if dice.random() < 0.6:
            insert([newcomer(f"r{number}", parent=dice.choice(towns))])
        else:
            branch = Organisation.objects.filter(code__startswith="r").order_by("?").first()
            if branch is not None:
                move(organisation_id=branch.pk, parent_id=dice.choice([*towns, county["gen"].id]))
    assert faults() == []


def test_the_index_of_tree_and_left_number_exists() -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "orgs_organisation")
    assert any(each["columns"] == ["tree_id", "lft"] and each["index"] for each in found.values())


def test_paths_are_compared_byte_by_byte() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT collation_name FROM information_schema.columns"
                " WHERE table_name = 'orgs_organisation' AND column_name = 'path'"
            )
            assert cursor.fetchone()[0] == "C"
    assert "/1/12/" < "/1/120"


DAMAGE = [
    ("lft and rght swapped", {"lft": 9, "rght": 5}, "不小于"),
    ("level", {"level": 9}, "层数记为 9"),
    ("path", {"path": "/99/"}, "路径记为 /99/"),
    ("another tree", {"tree_id": 77}, "不在同一棵树"),
    ("numbers outside the parent", {"lft": 900_000_000, "rght": 900_000_001}, "不在上级的号段里"),
]


@pytest.mark.parametrize(("what", "values", "words"), DAMAGE)
def test_each_kind_of_damage_is_named_and_mended(county, what, values, words, capsys) -> None:
    Organisation._base_manager.filter(code="a1").update(**values)
    assert any(words in fault.what and fault.code == "a1" for fault in faults()), what
    with pytest.raises(CommandError, match="处不对"):
        call_command("verify_tree")
    assert "a1" in capsys.readouterr().out
    call_command("verify_tree", "--repair")
    assert faults() == []
    assert codes(get("a1").get_ancestors()) == ["prov", "city", "county", "a"]
    assert Entry.objects.filter(action="organisation.repair").count() == 1


def test_two_neighbours_with_the_same_numbers_are_found(county) -> None:
    a1 = get("a1")
    Organisation._base_manager.filter(code="a2").update(lft=a1.lft, rght=a1.rght)
    assert any("重叠" in fault.what for fault in faults())
    renumber()
    assert faults() == []


def test_a_circle_of_parents_is_named_and_not_hidden_by_repair(county) -> None:
    Organisation._base_manager.filter(code="a").update(parent_id=county["gen"].id)
    assert {fault.code for fault in faults() if "圈" in fault.what} == {
        "a",
        "a0",
        "a1",
        "a2",
        "gen",
        "gen0",
        "gen1",
    }
    with pytest.raises(CommandError, match="处不对"):
        call_command("verify_tree", "--repair")
    assert not [fault for fault in faults() if fault.code.startswith("b")]


def test_two_roots_of_one_number_are_told_apart_by_repair(county) -> None:
    insert([newcomer("other", "省级党委")])
    Organisation._base_manager.filter(code="other").update(tree_id=get("prov").tree_id)
    assert faults()
    renumber()
    assert faults() == []
    assert get("other").tree_id != get("prov").tree_id


def test_a_sound_tree_says_so(county, capsys) -> None:
    call_command("verify_tree")
    assert f"组织树完好，共 {len(county)} 个组织" in capsys.readouterr().out


def insert_and_fail(parent) -> None:
    with transaction.atomic():
        insert([newcomer("gone", parent=parent)])
        raise ZeroDivisionError


def test_a_failed_act_leaves_nothing(county) -> None:
    with pytest.raises(ZeroDivisionError):
        insert_and_fail(county["a"].id)
    assert not Organisation.objects.filter(code="gone").exists()
    assert faults() == []
