"""The trail: what an entry holds, that nobody can change one, and that every change made past the triggers is found."""

import datetime as dt
import threading
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gradingsite.trail import anchors, listing, sealing, triggers
from gradingsite.trail.models import Entry, Seal
from gradingsite.trail.services import Act, record, record_many
from gradingsite.trail.tasks import seal as seal_task
from gradingsite.trail.wording import kind_label, name_actions
from orgs.models import Person

NOW = dt.datetime(2026, 4, 10, 9, 21, tzinfo=dt.UTC)
ENTRY_COLUMNS = [field.column for field in Entry._meta.concrete_fields]
SEAL_COLUMNS = [field.column for field in Seal._meta.concrete_fields]


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path) -> Path:
    """Anchors of one test are none of another's business."""
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def clerk(db) -> Person:
    return Person.objects.create(username="clerk", name="陈办", password="!", must_change_password=False)


@pytest.fixture
def auditor(db) -> Person:
    return Person.objects.create(
        username="auditor", name="审计", admin_role="audit", password="!", must_change_password=False
    )


def write(by, number=1, **changes) -> list[Entry]:
    """A few entries in which every column holds something."""
    values = {
        "action": "sheet.submit",
        "kind": "assessments.sheet",
        "object_id": 77,
        "label": "萝柏村支部自评",
        "before": {"status": "draft", "points": 1800},
        "after": {"status": "submitted", "points": 1850},
        "why": "补报",
        "organisation_id": 5,
    } | changes
    return [record(by=by, **values) for _ in range(number)]


def sql(statement, *values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def bypass() -> None:
    """Become a superuser who has lifted the triggers; the test's own transaction puts them back."""
    triggers.remove(connection)


def found() -> sealing.Fault | None:
    """The check's fault, as the command would find it after sealing."""
    return sealing.cut_off() or sealing.verify().fault


# --- what an entry holds ------------------------------------------------------------------------------------------
def test_an_entry_says_who_what_when_from_what_to_what_and_why(clerk) -> None:
    write(clerk)
    entry = Entry.objects.get()
    assert (entry.actor, entry.actor_name, entry.action) == (clerk, "陈办", "sheet.submit")
    assert (entry.object_kind, entry.object_id, entry.object_label) == (
        "assessments.sheet",
        "77",
        "萝柏村支部自评",
    )
    assert entry.changes == [("points", 1800, 1850), ("status", "draft", "submitted")]
    assert (entry.why, entry.via, entry.organisation_id) == ("补报", "web", 5)
    assert abs(entry.at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_an_entry_takes_kind_id_and_label_from_the_record(clerk) -> None:
    record(by=None, action="person.add", obj=clerk, via="command")
    entry = Entry.objects.get()
    assert (entry.object_kind, entry.object_id, entry.object_label) == ("orgs.person", str(clerk.pk), "陈办")
    assert (entry.actor, entry.actor_name, entry.via) == (None, "", "command")
    assert entry.kind_label == "人员"


def test_an_actor_brings_its_person_and_its_way(clerk) -> None:
    record(by=SimpleNamespace(person=clerk, via="job"), action="org.import")
    assert Entry.objects.values_list("actor_id", "via").get() == (clerk.pk, "job")


def test_a_person_without_an_account_is_nobody(db) -> None:
    record(by=SimpleNamespace(pk=None), action="sign_in.fail", label="unknown")
    assert Entry.objects.values_list("actor_id", "actor_name").get() == (None, "")


def test_one_entry_costs_one_statement(clerk) -> None:
    with CaptureQueriesContext(connection) as queries:
        write(clerk)
    assert len(queries) == 1


def test_many_entries_cost_few_statements(clerk) -> None:
    acts = [Act("org.add", kind="orgs.organisation", object_id=n, label=f"支部{n}") for n in range(600)]
    with CaptureQueriesContext(connection) as queries:
        assert record_many(by=clerk, acts=acts, via="command") == 600
    assert Entry.objects.filter(via="command").count() == 600
    assert len(queries) <= 8  # SQLite limits the parameters of one statement


def test_dates_and_decimals_can_be_recorded(clerk) -> None:
    write(clerk, before={"due": dt.date(2026, 4, 10)}, after={"points": Decimal("18.50")})
    entry = Entry.objects.get()
    assert (entry.before, entry.after) == ({"due": "2026-04-10"}, {"points": "18.50"})


def test_a_label_too_long_is_cut_and_undoes_nothing(clerk) -> None:
    write(clerk, label="长" * 1000)
    assert Entry.objects.get().object_label == "长" * 300


def test_an_entry_falls_with_the_transaction_of_its_act(clerk) -> None:
    with transaction.atomic():
        write(clerk)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


def test_history_of_one_thing_newest_first(clerk) -> None:
    first, second = write(clerk, 2)
    write(clerk, object_id=78)
    assert list(Entry.objects.about("assessments.sheet", 77)) == [second, first]


def test_words_are_named_by_the_apps(clerk) -> None:
    name_actions({"test_trail.act": "试一试"})
    (entry,) = write(clerk, action="test_trail.act")
    assert entry.action_label == "试一试"
    assert str(entry) == "陈办 试一试 萝柏村支部自评"
    assert kind_label("no such kind") == "no such kind"


# --- nobody changes an entry --------------------------------------------------------------------------------------
def test_a_migrated_database_has_the_triggers(db) -> None:
    assert triggers.installed(connection) == set(triggers.names(connection.vendor))


@pytest.mark.parametrize("table", triggers.TABLES)
@pytest.mark.parametrize("act", ["update", "delete", "truncate"])
def test_the_database_refuses_changes(clerk, table, act) -> None:
    if act == "truncate" and connection.vendor != "postgresql":
        act = "delete"
    write(clerk, 2)
    sealing.seal(now=NOW)
    key = "id" if table == "trail_entry" else "position"
    statement = {
        "update": f"UPDATE {table} SET {key} = {key}",
        "delete": f"DELETE FROM {table}",
        "truncate": f"TRUNCATE {table}",
    }[act]
    connection.check_constraints()  # PostgreSQL truncates no table whose foreign keys are still to be checked
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement)
    assert Entry.objects.count() == Seal.objects.count() == 2


def test_the_orm_is_refused_as_well(clerk) -> None:
    (entry,) = write(clerk)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(why="别的")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entry.delete()


def test_triggers_can_be_lifted_and_put_back(db) -> None:
    triggers.remove(connection)
    assert not triggers.installed(connection)
    triggers.install(connection)
    triggers.install(connection)
    assert triggers.installed(connection) == set(triggers.names(connection.vendor))


@pytest.mark.django_db(transaction=True)
def test_the_fixture_lets_a_flush_through_and_puts_the_triggers_back() -> None:
    record(by=None, action="sheet.submit")
    call_command("flush", interactive=False, verbosity=0)
    assert not Entry.objects.exists()
    assert triggers.installed(connection) == set(triggers.names(connection.vendor))


# --- sealing ------------------------------------------------------------------------------------------------------
def test_sealing_chains_in_order_and_anchors_outside_the_database(clerk) -> None:
    entries = write(clerk, 3)
    assert sealing.seal(now=NOW) == 3
    seals = list(Seal.objects.order_by("position"))
    assert [(seal.position, seal.entry_id) for seal in seals] == [(n, e.pk) for n, e in enumerate(entries, 1)]
    assert [seal.previous for seal in seals] == ["0" * 64, seals[0].digest, seals[1].digest]
    assert anchors.path().read_text() == f"3 {entries[-1].pk} {seals[2].digest} {NOW.isoformat()}\n"
    assert sealing.verify() == sealing.Verdict(3, 0, None)


def test_sealing_again_does_nothing(clerk) -> None:
    write(clerk, 3)
    sealing.seal(now=NOW)
    assert sealing.seal(now=NOW + dt.timedelta(minutes=1)) == 0
    assert len(anchors.path().read_text().splitlines()) == 1


def test_an_entry_committed_late_is_sealed_later_at_its_own_position(clerk, monkeypatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    late, *early = write(clerk, 4)
    triggers.remove(connection)
    sql("DELETE FROM trail_entry WHERE id = %s", late.pk)  # not committed yet, as others see it
    triggers.install(connection)
    assert sealing.seal(now=NOW) == 3
    late.save(force_insert=True)
    assert sealing.seal(now=NOW) == 1
    order = list(Seal.objects.order_by("position").values_list("entry_id", flat=True))
    assert order == [*(entry.pk for entry in early), late.pk]
    assert found() is None


def test_batches_make_one_chain(clerk, monkeypatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 3)
    write(clerk, 8)
    assert sealing.seal(now=NOW) == 8
    assert sealing.verify() == sealing.Verdict(8, 0, None)


def test_the_task_seals(clerk) -> None:
    write(clerk)
    seal_task()
    assert Seal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_sealers_at_the_same_time_make_one_chain() -> None:
    for _ in range(40):
        record(by=None, action="sheet.submit")

    def work(number) -> None:
        try:
            for _ in range(3):
                record(by=None, action=f"sheet.{number}")
                sealing.seal(now=NOW, wait=bool(number % 2))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close_old_connections()
    sealing.seal(now=NOW, wait=True)
    assert sealing.verify() == sealing.Verdict(52, 0, None)


# --- tampering ----------------------------------------------------------------------------------------------------
@pytest.fixture
def chain(clerk) -> list[int]:
    """Five sealed entries, anchored after the third and the fifth; the triggers lifted."""
    entries = [entry for number in range(3) for entry in write(clerk, object_id=number)]
    sealing.seal(now=NOW)
    entries += [entry for number in range(3, 5) for entry in write(clerk, object_id=number)]
    sealing.seal(now=NOW)
    assert found() is None
    bypass()
    return [entry.pk for entry in entries]


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
def test_any_changed_byte_of_any_column_is_found(chain, column) -> None:
    target = chain[2]
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
def test_any_changed_value_in_json_is_found(chain, column) -> None:
    for changed in ('{"status": "draft", "points": 1801}', '{"status": "draft"}', "[]", None):
        sql(f"UPDATE trail_entry SET {column} = %s WHERE id = %s", changed, chain[2])
        assert found() == sealing.Fault(3, chain[2], "内容与封存时不同。")


def test_a_changed_time_is_found(chain) -> None:
    changes = (
        ["at + interval '1 microsecond'", "at - interval '8 hours'", "'infinity'"]
        if connection.vendor == "postgresql"
        else ["at || '0'", "substr(at, 1, 10) || 'T' || substr(at, 12)", "'nonsense'", "x'ff00'", "12"]
    )
    for change in changes:
        sql(f"UPDATE trail_entry SET at = {change} WHERE id = %s", chain[2])
        assert found() == sealing.Fault(3, chain[2], "内容与封存时不同。"), change


def test_bytes_that_are_no_text_are_found_not_tripped_over(chain) -> None:
    if connection.vendor == "postgresql":
        sql("UPDATE trail_entry SET why = chr(65533) WHERE id = %s", chain[2])
    else:
        sql("UPDATE trail_entry SET why = CAST(x'fffe' AS TEXT) WHERE id = %s", chain[2])
    assert found() == sealing.Fault(3, chain[2], "内容与封存时不同。")


@pytest.mark.parametrize("column", SEAL_COLUMNS)
def test_any_changed_column_of_a_seal_is_found(chain, column) -> None:
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


def test_a_changed_id_is_a_missing_entry(chain) -> None:
    sql("UPDATE trail_entry SET id = 999999 WHERE id = %s", chain[1])
    assert found() == sealing.Fault(2, chain[1], "封存还在，记录缺失。")


@pytest.mark.parametrize("place", range(5))
def test_a_deleted_entry_is_named(chain, place) -> None:
    sql("DELETE FROM trail_entry WHERE id = %s", chain[place])
    assert found() == sealing.Fault(place + 1, chain[place], "封存还在，记录缺失。")


@pytest.mark.parametrize("place", range(4))
def test_an_entry_deleted_with_its_seal_leaves_a_gap(chain, place) -> None:
    sql("DELETE FROM trail_entry WHERE id = %s", chain[place])
    sql("DELETE FROM trail_seal WHERE position = %s", place + 1)
    assert found() == sealing.Fault(place + 1, None, "这一位的封存缺失。")


def test_a_gap_closed_by_renumbering_is_found(chain) -> None:
    sql("DELETE FROM trail_entry WHERE id = %s", chain[1])
    sql("DELETE FROM trail_seal WHERE position = 2")
    for position in (3, 4, 5):
        sql("UPDATE trail_seal SET position = %s WHERE position = %s", position - 1, position)
    assert sealing.verify().fault == sealing.Fault(2, chain[2], "与前一位接不上，次序或封存被改动。")


@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 3), (3, 4)])
def test_two_entries_swapped_are_found(chain, one, other) -> None:
    sql("UPDATE trail_entry SET id = -1 WHERE id = %s", chain[one])
    sql("UPDATE trail_entry SET id = %s WHERE id = %s", chain[one], chain[other])
    sql("UPDATE trail_entry SET id = %s WHERE id = -1", chain[other])
    assert found() == sealing.Fault(one + 1, chain[one], "内容与封存时不同。")


def test_seals_put_in_another_order_are_found(chain) -> None:
    sql("UPDATE trail_seal SET position = -1 WHERE position = 2")
    sql("UPDATE trail_seal SET position = 2 WHERE position = 4")
    sql("UPDATE trail_seal SET position = 4 WHERE position = -1")
    assert found() == sealing.Fault(2, chain[3], "与前一位接不上，次序或封存被改动。")


@pytest.mark.parametrize("left", range(5))
def test_a_tail_cut_off_is_found_by_the_anchors(chain, left) -> None:
    sql("DELETE FROM trail_seal WHERE position > %s", left)
    sql("DELETE FROM trail_entry WHERE id > %s", ([0, *chain])[left])
    assert sealing.cut_off().position == left + 1
    assert sealing.verify().fault.position == left + 1


def test_a_tail_cut_off_and_overgrown_by_new_entries_is_found(chain, clerk) -> None:
    sql("DELETE FROM trail_seal WHERE position > 3")
    sql("DELETE FROM trail_entry WHERE id > %s", chain[2])
    write(clerk, 4)
    sealing.seal(now=NOW)
    assert found().position == 5


def test_a_chain_written_anew_is_found_by_the_anchors(chain) -> None:
    sql("UPDATE trail_entry SET why = '改写' WHERE id = %s", chain[1])
    sql("DELETE FROM trail_seal")
    anchors_before = anchors.path().read_text()
    sealing.seal(now=NOW)
    assert anchors.path().read_text().startswith(anchors_before)
    assert found() == sealing.Fault(3, chain[2], "与锚文件所记不同，此前的记录被整体改写。")


def test_an_anchor_file_taken_away_is_found_and_not_made_anew(chain, clerk) -> None:
    anchors.path().unlink()
    write(clerk)
    sealing.seal(now=NOW)
    assert not anchors.path().exists()
    assert "没有锚文件" in str(found())
    assert sealing.anchor(now=NOW)
    assert found() is None


def test_an_anchor_file_spoilt_is_found(chain) -> None:
    with anchors.path().open("a") as file:
        file.write("not an anchor\n")
    assert str(found()) == "锚文件：锚文件第 3 行读不懂。"


# --- the command --------------------------------------------------------------------------------------------------
def test_the_command_seals_and_says_that_all_is_well(clerk, capsys) -> None:
    write(clerk, 2)
    call_command("verify_trail")
    assert "已封存 2 条，未封存 0 条" in capsys.readouterr().out


def test_the_command_can_leave_the_unsealed_alone(clerk, capsys) -> None:
    write(clerk, 2)
    call_command("verify_trail", "--no-seal")
    assert "已封存 0 条，未封存 2 条" in capsys.readouterr().out
    assert not Seal.objects.exists()


def test_the_command_names_the_first_bad_entry_and_fails(chain, capsys) -> None:
    sql("UPDATE trail_entry SET why = '改' WHERE id IN (%s, %s)", chain[1], chain[3])
    with pytest.raises(SystemExit) as stop:
        call_command("verify_trail")
    assert stop.value.code == 1
    assert f"第 2 位，记录 {chain[1]}：内容与封存时不同。" in capsys.readouterr().err


def test_the_command_does_not_grow_over_a_cut_tail(chain, capsys) -> None:
    sql("DELETE FROM trail_seal WHERE position > 2")
    with pytest.raises(SystemExit):
        call_command("verify_trail")
    assert "第 3 位：此位起的封存被截去" in capsys.readouterr().err
    assert Seal.objects.count() == 2


def test_the_command_starts_anchors_anew_when_told(chain, capsys) -> None:
    anchors.path().unlink()
    with pytest.raises(SystemExit):
        call_command("verify_trail")
    call_command("verify_trail", "--restart-anchors")
    assert "审计记录完好" in capsys.readouterr().out


# --- the pages ----------------------------------------------------------------------------------------------------
def test_only_the_audit_administrator_reads_the_trail(client, clerk, auditor) -> None:
    for person, status in ((clerk, 403), (auditor, 200)):
        client.force_login(person)
        assert client.get(reverse("trail:list")).status_code == status
        assert client.get(reverse("trail:export")).status_code == status
    for role in ("system", "security"):
        client.force_login(Person.objects.create(username=role, name=role, admin_role=role, password="!"))
        assert client.get(reverse("trail:list")).status_code == 403
    client.logout()
    assert client.get(reverse("trail:list")).status_code == 302


def test_the_list_is_filtered_by_actor_action_day_and_text(client, clerk, auditor) -> None:
    client.force_login(auditor)
    write(clerk, label="第一件")
    write(auditor, action="plan.return", label="第二件", why="缺日期")
    today = dt.datetime.now(dt.UTC).astimezone(dt.timezone(dt.timedelta(hours=8))).date()
    for query, seen in (
        ({"actor": "陈"}, {"第一件"}),
        ({"actor": "auditor"}, {"第二件"}),
        ({"action": "plan.return"}, {"第二件"}),
        ({"text": "缺日期"}, {"第二件"}),
        ({"since": today, "until": today}, {"第一件", "第二件"}),
        ({"until": today - dt.timedelta(days=2)}, set()),
        ({"since": today + dt.timedelta(days=2)}, set()),
    ):
        page = client.get(reverse("trail:list"), query).context["page"]
        assert {entry.object_label for entry in page.entries} == seen, query


def test_an_impossible_filter_says_so(client, auditor) -> None:
    client.force_login(auditor)
    answer = client.get(reverse("trail:list"), {"since": "2026-04-02", "until": "2026-04-01"})
    assert "结束日期早于开始日期" in answer.content.decode()


def test_pages_of_fifty_by_key_lead_there_and_back(client, clerk, auditor) -> None:
    entries = write(clerk, 120)[::-1]
    first = listing.page(Entry.objects.all())
    assert [entry.pk for entry in first.entries] == [entry.pk for entry in entries[:50]]
    assert first.newer is None
    second = listing.page(Entry.objects.all(), older_than=first.older)
    third = listing.page(Entry.objects.all(), older_than=second.older)
    assert [entry.pk for entry in second.entries + third.entries] == [entry.pk for entry in entries[50:]]
    assert third.older is None
    assert listing.page(Entry.objects.all(), newer_than=third.newer).entries == second.entries
    back = listing.page(Entry.objects.all(), newer_than=second.newer)
    assert (back.entries, back.newer) == (first.entries, None)
    client.force_login(auditor)
    html = client.get(reverse("trail:list"), {"older": first.older, "actor": "陈"}).content.decode()
    assert f"actor=%E9%99%88&amp;older={second.older}" in html
    assert "共 120 条" in html


def test_the_list_costs_the_same_for_one_entry_and_fifty(client, clerk, auditor) -> None:
    client.force_login(auditor)
    client.get(reverse("trail:list"))  # the session notes its first use
    costs = []
    for number in (1, 49):
        write(clerk, number)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("trail:list"))
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_the_export_holds_the_filtered_rows_harmless_in_excel_and_is_recorded(client, clerk, auditor) -> None:
    client.force_login(auditor)
    write(clerk, label="=cmd|'/c calc'!A0")
    write(auditor, label="别的")
    answer = client.get(reverse("trail:export"), {"actor": "陈"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "'=cmd|" in text
    assert ",=cmd" not in text
    assert "别的" not in text
    assert "attachment" in answer["Content-Disposition"]
    assert "filename*=utf-8''%E5%AE%A1%E8%AE%A1" in answer["Content-Disposition"]
    assert Entry.objects.get(action="trail.export").after == {"actor": "陈"}
