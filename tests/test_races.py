"""Two at once: one wins, the other is told, nothing is lost. Each race has a control that takes its guard out and must fail.

Real threads with connections of their own, on SQLite as on PostgreSQL (security.md).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction

from assessments import flow
from assessments.models import Approval, Assessment, Decision, Sheet
from assessments.services import approving, deciding, sheets
from assessments.services.approving import Seen, approve, return_report
from assessments.services.deciding import sign_decisions
from assessments.services.evidence import digests_of
from assessments.services.sheets import Cell, save_cells
from gradingsite.lib.refusal import Conflict, Refused
from gradingsite.trail.models import Entry
from orgs.categories import CATEGORIES
from orgs.models import Organisation, Passage
from orgs.services import tree
from orgs.services.moves import move
from orgs.services.soundness import faults
from orgs.services.tree import Newcomer
from tests.village import FULL, NOW, TODAY, decided, fill, reported

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 50
DUE = TODAY.replace(day=20)
Act = Callable[[], Any]


def race(acts: list[Act]) -> list[Any]:
    """Start all at the same instant, each in a thread with its own connection; what each gave or raised."""
    start = threading.Barrier(len(acts))
    found: list[Any] = [None] * len(acts)

    def run(number: int, act: Act) -> None:
        try:
            start.wait(timeout=30)
            found[number] = act()
        except (Refused, DatabaseError, PermissionError, threading.BrokenBarrierError) as problem:
            found[number] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return found


def winners(found: list[Any]) -> int:
    return sum(not isinstance(one, Exception) for one in found)


def fair(found: list[Any]) -> bool:
    """One winner, every other told of a conflict."""
    return winners(found) == 1 and sum(isinstance(one, Conflict) for one in found) == len(found) - 1


def without_lock(monkeypatch) -> None:
    """Take the database's own queue away: SQLite's transactions then begin without the write lock."""
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "transaction_mode", "DEFERRED")


def careless_filter(self: models.QuerySet, *args: Any, **kwargs: Any) -> models.QuerySet:
    """What a compare-and-set is without the comparing."""
    return REAL_FILTER(
        self, *args, **{key: value for key, value in kwargs.items() if key not in ("status", "version")}
    )


REAL_FILTER = models.QuerySet.filter


def test_of_fifty_approvals_and_returns_by_two_people_one_wins(grading) -> None:
    file = reported(grading, "大村")
    before = Passage.objects.of(file).count(), Entry.objects.count()
    seen = {file.pk: Seen(file.version, digests_of([file])[file.pk])}
    people = [grading.by("county"), grading.by("county2")]
    acts: list[Act] = []
    for number in range(MANY // 2):
        by = people[number % 2]
        acts.append(lambda by=by: approve(seen=seen, by=by, now=NOW))
        acts.append(lambda by=by: return_report(file=file, note="缺件", due_on=DUE, by=by, now=NOW))
    found = race(acts)
    assert fair(found), found
    file.refresh_from_db()
    approved = file.status == flow.APPROVED
    assert file.status in (flow.APPROVED, flow.DECIDED)
    assert Approval.objects.filter(assessment=file).count() == approved
    assert (Passage.objects.of(file).count(), Entry.objects.count()) == (before[0] + 1, before[1] + 1)


def test_control_of_approvals_that_read_before_they_queue(grading, monkeypatch) -> None:
    """With the row read outside the lock and the compare-and-set taken out, the same race isn't fair any more."""
    file = reported(grading, "大村")
    seen = {file.pk: Seen(file.version, digests_of([file])[file.pk])}
    by = grading.by("county")
    with transaction.atomic():
        read = deciding.locked([file.pk])[0]
    monkeypatch.setattr(approving, "locked", lambda ids: [_copy(read)])
    monkeypatch.setattr(models.QuerySet, "filter", careless_filter)
    assert not fair(race([lambda: approve(seen=seen, by=by, now=NOW) for _ in range(8)]))


def _copy(file: Assessment) -> Assessment:
    twin = Assessment.from_db("default", [f.attname for f in file._meta.concrete_fields],
                              [getattr(file, f.attname) for f in file._meta.concrete_fields])  # fmt: skip
    twin.round = file.round
    return twin


def report_by_many(grading, file: Assessment) -> list[Any]:
    """Twelve hands each read the file and then move it, as a page and its button do."""
    by = grading.by("committee")
    hands = [grading.file("大村") for _ in range(12)]
    found = race(
        [lambda hand=hand: move(flow=flow.FILE, name="report", obj=hand, by=by, now=NOW) for hand in hands]
    )
    assert Passage.objects.of(file).filter(name="report").count() == winners(found)
    return found


def test_a_move_is_made_once(grading) -> None:
    assert fair(report_by_many(grading, decided(grading, "大村")))


def test_control_of_a_move_without_comparing(grading, monkeypatch) -> None:
    file = decided(grading, "大村")
    monkeypatch.setattr(models.QuerySet, "filter", careless_filter)
    assert winners(report_by_many(grading, file)) > 1


def test_a_decision_is_signed_once_and_carries_one_hand(grading) -> None:
    file = fill(grading, "大村", FULL)
    deciding.draft_decisions(
        drafts=[deciding.Draft(file.pk, file.band, "", 1)], by=grading.by("clerk"), now=NOW
    )
    by = grading.by("committee")

    def sign(number: int) -> int:
        return sign_decisions(ids=[file.pk], meeting_on=TODAY, minutes_no=f"{number} 号", by=by, now=NOW)

    found = race([lambda number=number: sign(number) for number in range(12)])
    assert winners(found) == 1
    assert all(isinstance(one, Refused) for one in found if isinstance(one, Exception))
    signed = Decision.objects.get(assessment=file, superseded_at=None)
    number = next(n for n, one in enumerate(found) if not isinstance(one, Exception))
    assert signed.minutes_no == f"{number} 号"


def same_cell(grading) -> tuple[list[Any], int | None]:
    """Ten hands write different points into one empty cell."""
    sheet = grading.track("大村", "上级党组织评").sheets.get()
    key = grading.rules.sector("农村").leaves()[0].key
    people = [grading.by("clerk"), grading.by("clerk2")]

    def write(number: int) -> int:
        cell = Cell(sheet.pk, key, None, 1000 + number, "记录不全")
        save_cells(cells=[cell], by=people[number % 2], now=NOW)
        return 1000 + number

    found = race([lambda number=number: write(number) for number in range(10)])
    sheet.refresh_from_db()
    return found, sheet.lines[key]["points"]


def test_a_cell_written_by_two_goes_to_the_first_and_the_second_sees_both_values(grading) -> None:
    found, stands = same_cell(grading)
    assert fair(found), found
    won = next(one for one in found if not isinstance(one, Exception))
    assert stands == won
    lost = [(one.mine, one.theirs) for one in found if isinstance(one, Conflict)]
    assert all(theirs == won and mine != won for mine, theirs in lost)


def test_control_of_cells_that_believe_what_they_are_told(grading, monkeypatch) -> None:
    monkeypatch.setattr(sheets, "_points_at", lambda sheet, indicator: None)
    found, _ = same_cell(grading)
    assert winners(found) > 1


def different_cells(grading) -> tuple[list[Any], int]:
    """Two people fill the seven cells of one sheet, each a cell at a time, all at once; how many stand at the end."""
    sheet = grading.track("大村", "上级党组织评").sheets.get()
    people = [grading.by("clerk"), grading.by("clerk2")]
    leaves = grading.rules.sector("农村").leaves()

    def write(number: int) -> None:
        leaf = leaves[number]
        save_cells(cells=[Cell(sheet.pk, leaf.key, None, leaf.points)], by=people[number % 2], now=NOW)

    found = race([lambda number=number: write(number) for number in range(len(leaves))])
    sheet.refresh_from_db()
    return found, len(sheet.lines)


def test_cells_beside_one_another_are_all_kept(grading) -> None:
    found, standing = different_cells(grading)
    assert winners(found) == standing == len(grading.rules.sector("农村").leaves())
    assert Sheet.objects.get(pk=grading.track("大村", "上级党组织评").sheets.get().pk).version == standing + 1


def test_control_of_cells_without_the_files_lock(grading, monkeypatch) -> None:
    """All read before the first writes: cells are lost, or the database refuses them."""
    together = threading.Barrier(len(grading.rules.sector("农村").leaves()))

    def unlocked(pk: int) -> Assessment:
        return Assessment.objects.select_related("round__scheme").get(pk=pk)

    write = sheets._write

    def late(*args: Any) -> None:
        together.wait(timeout=20)
        write(*args)

    without_lock(monkeypatch)
    monkeypatch.setattr(sheets, "lock", unlocked)
    monkeypatch.setattr(sheets, "_write", late)
    found, standing = different_cells(grading)
    assert not (winners(found) == standing == len(found))


def newcomer(parent: Organisation, number: int, *, pair: int = 0) -> Newcomer:
    tier, form = CATEGORIES["党支部"]
    code = f"{parent.code}{500 + number:03}{pair}"
    return Newcomer(
        code=code, full_name=f"中共{code}支部", short_name=code, pinyin="", category="党支部", tier=tier, form=form,
        parent=parent.pk,
    )  # fmt: skip


def write_tree(village) -> list[Any]:
    """Branches set up one by one and in pairs under two committees while a third is moved to and fro."""
    here, there, moved = village.org["旺草镇"], village.org["蒲场镇"], village.org["小村"]

    def act(number: int) -> None:
        if number % 4 == 3:
            tree.move(organisation_id=moved.pk, parent_id=(here, there)[number // 4 % 2].pk)
        elif number % 4 == 2:
            tree.insert([newcomer(here, number)])
        else:
            tree.insert([newcomer((here, there)[number % 2], number, pair=pair) for pair in (1, 2)])

    return race([lambda number=number: act(number) for number in range(16)])


def test_the_tree_stays_sound_under_many_writers(village) -> None:
    before = Organisation.objects.count()
    found = write_tree(village)
    assert winners(found) == len(found), found
    assert faults() == []
    assert Organisation.objects.count() == before + 4 + 2 * 8


def test_control_of_a_tree_written_without_its_lock(village, monkeypatch) -> None:
    before = Organisation.objects.count()
    together = threading.Barrier(2)
    write = tree._write

    def late(newcomers: Any) -> None:
        together.wait(timeout=20)
        write(newcomers)

    without_lock(monkeypatch)
    monkeypatch.setattr(tree, "take_lock", lambda: None)
    monkeypatch.setattr(tree, "_write", late)
    parent = village.org["旺草镇"]
    found = race([lambda n=n: tree.insert([newcomer(parent, n, pair=p) for p in (1, 2)]) for n in (1, 2)])
    assert faults() or winners(found) < 2 or Organisation.objects.count() != before + 4


def test_a_transaction_that_fails_leaves_neither_passage_nor_entry(grading) -> None:
    """The passage and the entry stand or fall with the act."""
    file = decided(grading, "大村")
    before = Passage.objects.count(), Entry.objects.count()
    with transaction.atomic():
        move(flow=flow.FILE, name="report", obj=file, by=grading.by("committee"), now=NOW)
        transaction.set_rollback(True)
    assert (Passage.objects.count(), Entry.objects.count()) == before
    assert grading.file("大村").status == flow.DECIDED
