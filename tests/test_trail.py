"""The trail: what an entry holds, that nobody can change one, and that every change made past the triggers is found."""

import datetime as dt
import threading
from decimal import Decimal
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
from tests.trail_world import NOW, found, sql, write

pytestmark = pytest.mark.usefixtures("own_data_dir")


# --- what an entry holds ------------------------------------------------------------------------------------------
def test_an_entry_says_who_what_when_from_what_to_what_and_why(writer) -> None:
    write(writer, kind="a.thing")
    entry = Entry.objects.get()
    assert (entry.actor, entry.actor_name, entry.action) == (writer, "陈办", "sheet.submit")
    assert (entry.object_kind, entry.object_id, entry.object_label) == (
        "a.thing",
        "77",
        "萝柏村支部自评",
    )
    assert entry.changes == [
        ("分值（百分之一分）", 1800, 1850),
        ("状态", "draft", "submitted"),
    ]
    assert (entry.why, entry.via, entry.organisation_id) == ("补报", "web", 5)
    assert abs(entry.at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_an_entry_takes_kind_id_and_label_from_the_record(writer) -> None:
    record(by=None, action="person.add", obj=writer, via="command")
    entry = Entry.objects.get()
    assert (entry.object_kind, entry.object_id, entry.object_label) == ("orgs.person", str(writer.pk), "陈办")
    assert (entry.actor, entry.actor_name, entry.via) == (None, "", "command")
    assert entry.kind_label == "人员"


def test_an_actor_brings_its_person_and_its_way(writer) -> None:
    record(by=SimpleNamespace(person=writer, via="job"), action="org.import")
    assert Entry.objects.values_list("actor_id", "via").get() == (writer.pk, "job")


def test_a_person_without_an_account_is_nobody(db) -> None:
    record(by=SimpleNamespace(pk=None), action="sign_in.fail", label="unknown")
    assert Entry.objects.values_list("actor_id", "actor_name").get() == (None, "")


def test_one_entry_costs_one_statement(writer) -> None:
    with CaptureQueriesContext(connection) as queries:
        write(writer)
    assert len(queries) == 1


def test_many_entries_cost_few_statements(writer) -> None:
    acts = [Act("org.add", kind="orgs.organisation", object_id=n, label=f"支部{n}") for n in range(600)]
    with CaptureQueriesContext(connection) as queries:
        assert record_many(by=writer, acts=acts, via="command") == 600
    assert Entry.objects.filter(via="command").count() == 600
    assert len(queries) <= 8  # SQLite limits the parameters of one statement


def test_dates_and_decimals_can_be_recorded(writer) -> None:
    write(writer, before={"due": dt.date(2026, 4, 10)}, after={"points": Decimal("18.50")})
    entry = Entry.objects.get()
    assert (entry.before, entry.after) == ({"due": "2026-04-10"}, {"points": "18.50"})


def test_a_label_too_long_is_cut_and_undoes_nothing(writer) -> None:
    write(writer, label="长" * 1000)
    assert Entry.objects.get().object_label == "长" * 300


def test_an_entry_falls_with_the_transaction_of_its_act(writer) -> None:
    with transaction.atomic():
        write(writer)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


def test_history_of_one_thing_newest_first(writer) -> None:
    first, second = write(writer, 2)
    write(writer, object_id=78)
    assert list(Entry.objects.about("assessments.sheet", 77)) == [second, first]


def test_words_are_named_by_the_apps(writer) -> None:
    name_actions({"test_trail.act": "试一试"})
    (entry,) = write(writer, action="test_trail.act")
    assert entry.action_label == "试一试"
    assert str(entry) == "陈办 试一试 萝柏村支部自评"
    assert kind_label("no such kind") == "no such kind"


def test_changes_read_as_the_models_own_words(writer) -> None:
    write(
        writer,
        kind="orgs.person",
        before={"admin_role": "", "is_active": True, "phone": None, "strange": 1},
        after={"admin_role": "audit", "is_active": False, "phone": "1", "strange": 2},
    )
    assert Entry.objects.get().changes == [
        ("管理员", "", "审计管理员"),
        ("启用", "是", "否"),
        ("电话", None, "1"),
        ("strange", 1, 2),
    ]


# --- nobody changes an entry --------------------------------------------------------------------------------------
def test_a_migrated_database_has_the_triggers(db) -> None:
    assert triggers.installed(connection) == set(triggers.names(connection.vendor))


@pytest.mark.parametrize("table", triggers.TABLES)
@pytest.mark.parametrize("act", ["update", "delete", "truncate"])
def test_the_database_refuses_changes(writer, table, act) -> None:
    if act == "truncate" and connection.vendor != "postgresql":
        act = "delete"
    write(writer, 2)
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


def test_the_orm_is_refused_as_well(writer) -> None:
    (entry,) = write(writer)
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
def test_sealing_chains_in_order_and_anchors_outside_the_database(writer) -> None:
    entries = write(writer, 3)
    assert sealing.seal(now=NOW) == 3
    seals = list(Seal.objects.order_by("position"))
    assert [(seal.position, seal.entry_id) for seal in seals] == [(n, e.pk) for n, e in enumerate(entries, 1)]
    assert [seal.previous for seal in seals] == ["0" * 64, seals[0].digest, seals[1].digest]
    assert anchors.path().read_text() == f"3 {entries[-1].pk} {seals[2].digest} {NOW.isoformat()}\n"
    assert sealing.verify() == sealing.Verdict(3, 0, None)


def test_sealing_again_does_nothing(writer) -> None:
    write(writer, 3)
    sealing.seal(now=NOW)
    assert sealing.seal(now=NOW + dt.timedelta(minutes=1)) == 0
    assert len(anchors.path().read_text().splitlines()) == 1


def test_an_entry_committed_late_is_sealed_later_at_its_own_position(writer, monkeypatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    late, *early = write(writer, 4)
    triggers.remove(connection)
    sql("DELETE FROM trail_entry WHERE id = %s", late.pk)  # not committed yet, as others see it
    triggers.install(connection)
    assert sealing.seal(now=NOW) == 3
    late.save(force_insert=True)
    assert sealing.seal(now=NOW) == 1
    order = list(Seal.objects.order_by("position").values_list("entry_id", flat=True))
    assert order == [*(entry.pk for entry in early), late.pk]
    assert found() is None


def test_batches_make_one_chain(writer, monkeypatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 3)
    write(writer, 8)
    assert sealing.seal(now=NOW) == 8
    assert sealing.verify() == sealing.Verdict(8, 0, None)


def test_the_task_seals(writer) -> None:
    write(writer)
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


# --- the command --------------------------------------------------------------------------------------------------
def test_the_command_seals_and_says_that_all_is_well(writer, capsys) -> None:
    write(writer, 2)
    call_command("verify_trail")
    assert "已封存 2 条，未封存 0 条" in capsys.readouterr().out


def test_the_command_can_leave_the_unsealed_alone(writer, capsys) -> None:
    write(writer, 2)
    call_command("verify_trail", "--no-seal")
    assert "已封存 0 条，未封存 2 条" in capsys.readouterr().out
    assert not Seal.objects.exists()


def test_the_command_names_the_first_bad_entry_and_fails(sealed, capsys) -> None:
    sql("UPDATE trail_entry SET why = '改' WHERE id IN (%s, %s)", sealed[1], sealed[3])
    with pytest.raises(SystemExit) as stop:
        call_command("verify_trail")
    assert stop.value.code == 1
    assert f"第 2 位，记录 {sealed[1]}：内容与封存时不同。" in capsys.readouterr().err


def test_the_command_does_not_grow_over_a_cut_tail(sealed, capsys) -> None:
    sql("DELETE FROM trail_seal WHERE position > 2")
    with pytest.raises(SystemExit):
        call_command("verify_trail")
    assert "第 3 位：此位起的封存被截去" in capsys.readouterr().err
    assert Seal.objects.count() == 2


def test_the_command_starts_anchors_anew_when_told(sealed, capsys) -> None:
    anchors.path().unlink()
    with pytest.raises(SystemExit):
        call_command("verify_trail")
    call_command("verify_trail", "--restart-anchors")
    assert "审计记录完好" in capsys.readouterr().out


# --- the pages ----------------------------------------------------------------------------------------------------
def test_only_the_audit_administrator_reads_the_trail(client, writer, audit_admin) -> None:
    for person, status in ((writer, 403), (audit_admin, 200)):
        client.force_login(person)
        assert client.get(reverse("trail:list")).status_code == status
        assert client.get(reverse("trail:export")).status_code == status
    for role in ("system", "security"):
        client.force_login(
            Person.objects.create(username=role, name=role, admin_role=role, must_change_password=False)
        )
        assert client.get(reverse("trail:list")).status_code == 403
    client.logout()
    assert client.get(reverse("trail:list")).status_code == 302


def test_the_list_is_filtered_by_actor_action_day_and_text(client, writer, audit_admin) -> None:
    client.force_login(audit_admin)
    write(writer, label="第一件")
    write(audit_admin, action="plan.return", label="第二件", why="缺日期")
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


def test_an_impossible_filter_says_so(client, audit_admin) -> None:
    client.force_login(audit_admin)
    answer = client.get(reverse("trail:list"), {"since": "2026-04-02", "until": "2026-04-01"})
    assert "结束日期早于开始日期" in answer.content.decode()


def test_pages_of_fifty_by_key_lead_there_and_back(client, writer, audit_admin) -> None:
    entries = write(writer, 120)[::-1]
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
    client.force_login(audit_admin)
    html = client.get(reverse("trail:list"), {"older": first.older, "actor": "陈"}).content.decode()
    assert f"actor=%E9%99%88&amp;older={second.older}" in html
    assert "共 120 条" in html


def test_the_list_costs_the_same_for_one_entry_and_fifty(client, writer, audit_admin) -> None:
    client.force_login(audit_admin)
    client.get(reverse("trail:list"))  # the session notes its first use
    costs = []
    for number in (1, 49):
        write(writer, number)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("trail:list"))
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_the_export_holds_the_filtered_rows_harmless_in_excel_and_is_recorded(
    client, writer, audit_admin
) -> None:
    client.force_login(audit_admin)
    write(writer, label="=cmd|'/c calc'!A0")
    write(audit_admin, label="别的")
    answer = client.get(reverse("trail:export"), {"actor": "陈"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "'=cmd|" in text
    assert ",=cmd" not in text
    assert "别的" not in text
    assert "attachment" in answer["Content-Disposition"]
    assert "filename*=utf-8''%E5%AE%A1%E8%AE%A1" in answer["Content-Disposition"]
    assert Entry.objects.get(action="trail.export").after == {"actor": "陈"}
