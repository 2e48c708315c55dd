"""Changes made past the triggers, as a superuser could make them: each is found, and the first bad entry named."""

import pytest
from django.db import connection

from gradingsite.trail import anchors, sealing
from gradingsite.trail.models import Entry, Seal
from orgs.models import Person
from tests.trail_world import NOW, found, sql, write

pytestmark = pytest.mark.usefixtures("own_data_dir")

ENTRY_COLUMNS = [field.column for field in Entry._meta.concrete_fields]
SEAL_COLUMNS = [field.column for field in Seal._meta.concrete_fields]


def neighbours(column, value) -> list[object]:
    """Values that differ from the stored one as little as the column's type lets them."""
    if isinstance(value, bool) or value is None:
        return ["x"]
    if isinstance(value, int):
        return [value + 100, -value - 100]
    text = str(value)
    return [
        text[:spot] + ("0" if text[spot] != "0" else "1") + text[spot + 1 :] for spot in range(len(text))
    ] + [
        text + " ",
        text[:-1],
    ]


@pytest.mark.parametrize(
    "column", [name for name in ENTRY_COLUMNS if name not in {"id", "at", "before", "after"}]
)
def test_any_changed_byte_of_any_column_is_found(sealed, column) -> None:
    target = sealed[2]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM trail_entry WHERE id = %s", [target])
        value = cursor.fetchone()[0]
    other = Person.objects.create(username="other", name="另一人", password="!")
    values = [other.pk, None] if column == "actor_id" else neighbours(column, value)
    for changed in values:
        sql(f"UPDATE trail_entry SET {column} = %s WHERE id = %s", changed, target)
        assert found() == sealing.Fault(3, target, "内容与封存时不同。"), (column, changed)
    sql(f"UPDATE trail_entry SET {column} = %s WHERE id = %s", value, target)
    assert found() is None


@pytest.mark.parametrize("column", ["before", "after"])
def test_any_changed_value_in_json_is_found(sealed, column) -> None:
    for changed in ('{"status": "draft", "points": 1801}', '{"status": "draft"}', "[]", None):
        sql(f"UPDATE trail_entry SET {column} = %s WHERE id = %s", changed, sealed[2])
        assert found() == sealing.Fault(3, sealed[2], "内容与封存时不同。")


def test_a_changed_time_is_found(sealed) -> None:
    changes = (
        ["at + interval '1 microsecond'", "at - interval '8 hours'", "'infinity'"]
        if connection.vendor == "postgresql"
        else ["at || '0'", "substr(at, 1, 10) || 'T' || substr(at, 12)", "'nonsense'", "x'ff00'", "12"]
    )
    for change in changes:
        sql(f"UPDATE trail_entry SET at = {change} WHERE id = %s", sealed[2])
        assert found() == sealing.Fault(3, sealed[2], "内容与封存时不同。"), change


def test_bytes_that_are_no_text_are_found_not_tripped_over(sealed) -> None:
    if connection.vendor == "postgresql":
        sql("UPDATE trail_entry SET why = chr(65533) WHERE id = %s", sealed[2])
    else:
        sql("UPDATE trail_entry SET why = CAST(x'fffe' AS TEXT) WHERE id = %s", sealed[2])
    assert found() == sealing.Fault(3, sealed[2], "内容与封存时不同。")


@pytest.mark.parametrize("column", SEAL_COLUMNS)
def test_any_changed_column_of_a_seal_is_found(sealed, column) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM trail_seal WHERE position = 3")
        value = cursor.fetchone()[0]
    for changed in neighbours(column, value):
        if len(str(changed)) > 64:
            continue  # the column holds no more on PostgreSQL
        place = changed if column == "position" else 3
        first = 1 if column == "position" and changed < 0 else 3  # what comes first by position is read first
        sql(f"UPDATE trail_seal SET {column} = %s WHERE position = 3", changed)
        assert found().position == first, changed
        sql(f"UPDATE trail_seal SET {column} = %s WHERE position = %s", value, place)
    assert found() is None


def test_a_changed_id_is_a_missing_entry(sealed) -> None:
    sql("UPDATE trail_entry SET id = 999999 WHERE id = %s", sealed[1])
    assert found() == sealing.Fault(2, sealed[1], "封存还在，记录缺失。")


@pytest.mark.parametrize("place", range(5))
def test_a_deleted_entry_is_named(sealed, place) -> None:
    sql("DELETE FROM trail_entry WHERE id = %s", sealed[place])
    assert found() == sealing.Fault(place + 1, sealed[place], "封存还在，记录缺失。")


@pytest.mark.parametrize("place", range(4))
def test_an_entry_deleted_with_its_seal_leaves_a_gap(sealed, place) -> None:
    sql("DELETE FROM trail_entry WHERE id = %s", sealed[place])
    sql("DELETE FROM trail_seal WHERE position = %s", place + 1)
    assert found() == sealing.Fault(place + 1, None, "这一位的封存缺失。")


def test_a_gap_closed_by_renumbering_is_found(sealed) -> None:
    sql("DELETE FROM trail_entry WHERE id = %s", sealed[1])
    sql("DELETE FROM trail_seal WHERE position = 2")
    for position in (3, 4, 5):
        sql("UPDATE trail_seal SET position = %s WHERE position = %s", position - 1, position)
    assert sealing.verify().fault == sealing.Fault(2, sealed[2], "与前一位接不上，次序或封存被改动。")


@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 3), (3, 4)])
def test_two_entries_swapped_are_found(sealed, one, other) -> None:
    sql("UPDATE trail_entry SET id = -1 WHERE id = %s", sealed[one])
    sql("UPDATE trail_entry SET id = %s WHERE id = %s", sealed[one], sealed[other])
    sql("UPDATE trail_entry SET id = %s WHERE id = -1", sealed[other])
    assert found() == sealing.Fault(one + 1, sealed[one], "内容与封存时不同。")


def test_seals_put_in_another_order_are_found(sealed) -> None:
    sql("UPDATE trail_seal SET position = -1 WHERE position = 2")
    sql("UPDATE trail_seal SET position = 2 WHERE position = 4")
    sql("UPDATE trail_seal SET position = 4 WHERE position = -1")
    assert found() == sealing.Fault(2, sealed[3], "与前一位接不上，次序或封存被改动。")


@pytest.mark.parametrize("left", range(5))
def test_a_tail_cut_off_is_found_by_the_anchors(sealed, left) -> None:
    sql("DELETE FROM trail_seal WHERE position > %s", left)
    sql("DELETE FROM trail_entry WHERE id > %s", ([0, *sealed])[left])
    assert sealing.cut_off().position == left + 1
    assert sealing.verify().fault.position == left + 1


def test_a_tail_cut_off_and_overgrown_by_new_entries_is_found(sealed, writer) -> None:
    sql("DELETE FROM trail_seal WHERE position > 3")
    sql("DELETE FROM trail_entry WHERE id > %s", sealed[2])
    write(writer, 4)
    sealing.seal(now=NOW)
    assert found().position == 5


def test_a_chain_written_anew_is_found_by_the_anchors(sealed) -> None:
    sql("UPDATE trail_entry SET why = '改写' WHERE id = %s", sealed[1])
    sql("DELETE FROM trail_seal")
    anchors_before = anchors.path().read_text()
    sealing.seal(now=NOW)
    assert anchors.path().read_text().startswith(anchors_before)
    assert found() == sealing.Fault(3, sealed[2], "与锚文件所记不同，此前的记录被整体改写。")


def test_an_anchor_file_taken_away_is_found_and_not_made_anew(sealed, writer) -> None:
    anchors.path().unlink()
    write(writer)
    sealing.seal(now=NOW)
    assert not anchors.path().exists()
    assert "没有锚文件" in str(found())
    assert sealing.anchor(now=NOW)
    assert found() is None


def test_an_anchor_file_spoilt_is_found(sealed) -> None:
    with anchors.path().open("a") as file:
        file.write("not an anchor\n")
    assert str(found()) == "锚文件：锚文件第 3 行读不懂。"
