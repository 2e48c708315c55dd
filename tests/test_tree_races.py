"""Two writers of the tree at once. The negative control takes the lock out: the same race must then do harm."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone

from gradingsite.lib.refusal import Conflict
from orgs.categories import CATEGORIES, SECTORS
from orgs.imports import carry_out
from orgs.models import Organisation, Person, Sector
from orgs.services import tree
from orgs.services.people import system_actor
from orgs.services.soundness import faults
from orgs.services.tree import Newcomer, insert, move
from tests.org_lists import BRANCH, COUNTY, bring_in, plan, xlsx

pytestmark = pytest.mark.django_db(transaction=True)

WAIT = 1.0
"""Seconds one writer waits for the other between reading and writing; with the lock the other never comes."""


def newcomer(code, category="党支部", parent=None) -> Newcomer:
    tier, form = CATEGORIES[category]
    return Newcomer(code, f"中共{code}", code, "", category, tier, form, parent=parent)


@pytest.fixture(autouse=True)
def sectors(transactional_db) -> None:
    """What the migration loads, which an earlier test of this kind has emptied."""
    for order, name in enumerate(SECTORS, 1):
        Sector.objects.get_or_create(name=name, defaults={"order": order})


@pytest.fixture
def towns(transactional_db) -> tuple[int, int]:
    county = newcomer("county", "县级党委")
    a, b = newcomer("a", "乡镇党委", county), newcomer("b", "乡镇党委", county)
    insert([county, a, b])
    return a.id, b.id


def at_once(*acts: Callable[[], object]) -> list[Exception]:
    """Run the acts in threads of their own, each with its own connection; gives what they raised."""
    raised: list[Exception] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


@pytest.fixture
def meeting(monkeypatch) -> None:
    """Both writers stop between reading the free numbers and writing, if both can get that far."""
    barrier = threading.Barrier(2)
    real = tree._seats

    def read_and_wait(ids) -> dict[int, tree.Seat]:
        found = real(ids)
        if found:
            try:
                barrier.wait(WAIT)
            except threading.BrokenBarrierError:
                barrier.reset()
        return found

    monkeypatch.setattr(tree, "_seats", read_and_wait)
    monkeypatch.setattr(tree, "_insert_one", lambda newcomer: False)


def two_inserts(parent) -> list[Exception]:
    return at_once(*(lambda code=code: insert([newcomer(code, parent=parent)]) for code in ("one", "two")))


def test_two_newcomers_at_once_get_numbers_of_their_own(towns, meeting) -> None:
    assert two_inserts(towns[0]) == []
    assert Organisation.objects.filter(parent=towns[0]).count() == 2
    assert faults() == []


def test_without_the_lock_the_same_race_does_harm(towns, meeting, monkeypatch) -> None:
    """On PostgreSQL the numbers collide; on SQLite, without IMMEDIATE, one writer fails on what he read."""
    if connection.vendor == "postgresql":
        monkeypatch.setattr(tree, "take_lock", lambda: None)
        assert two_inserts(towns[0]) == []
        assert any("重叠" in fault.what for fault in faults())
        tree.renumber()
        assert faults() == []
    else:
        monkeypatch.setattr(tree, "take_lock", lambda: None)
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "transaction_mode", "DEFERRED")
        connection.close()
        raised = two_inserts(towns[0])
        assert faults() or [type(error) for error in raised] == [OperationalError]


def test_the_one_exchange_way_holds_under_many_writers(towns) -> None:
    def many(name) -> Callable[[], None]:
        def act() -> None:
            for number in range(20):
                insert([newcomer(f"{name}{number:02d}", parent=towns[0])])

        return act

    assert at_once(*(many(name) for name in "wxyz")) == []
    assert Organisation.objects.filter(parent=towns[0]).count() == 80
    assert faults() == []


def test_a_move_and_newcomers_at_once_leave_a_sound_tree(towns) -> None:
    general = newcomer("gen", "党总支", towns[0])
    insert([general, *(newcomer(f"g{number}", parent=general) for number in range(3))])

    def there_and_back() -> None:
        for number in range(10):
            move(organisation_id=general.id, parent_id=towns[(number + 1) % 2])

    def grow(parent) -> Callable[[], None]:
        def act() -> None:
            for number in range(20):
                insert([newcomer(f"p{parent}n{number}", parent=parent)])

        return act

    assert at_once(there_and_back, grow(towns[0]), grow(general.id)) == []
    assert faults() == []
    assert Organisation.objects.get(code="gen").parent_id == towns[0]
    assert Organisation.objects.filter(parent=general.id).count() == 23


def test_two_imports_of_one_file_at_once_write_it_once(transactional_db) -> None:
    Person.objects.system()
    bring_in(xlsx(COUNTY))
    content, by = xlsx([BRANCH]), system_actor()
    plans = [plan(content, by), plan(content, by)]
    raised = at_once(*(lambda found=found: carry_out(found, by=by, now=timezone.now()) for found in plans))
    assert [type(error) for error in raised] == [Conflict]
    assert Organisation.objects.filter(code=BRANCH[0]).count() == 1
    assert faults() == []


def test_the_lock_is_only_taken_inside_a_transaction(transactional_db) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        tree.take_lock()
    with transaction.atomic():
        tree.take_lock()


def test_a_transaction_on_sqlite_takes_its_lock_at_once(transactional_db) -> None:
    """What take_lock() relies on there: one writer at a time from BEGIN on."""
    if connection.vendor == "sqlite":
        assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
        assert connection.transaction_mode == "IMMEDIATE"
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            tree.take_lock()
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
                " WHERE locktype = 'advisory' AND objid = %s AND datname = current_database()",
                [tree.LOCK_KEY],
            )
            assert cursor.fetchone()[0] == 1
