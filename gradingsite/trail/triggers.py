"""Triggers that refuse any change to what has been written, on both databases.

The migration installs them. A later migration that rebuilds one of the tables on SQLite drops them silently; it must
call :func:`install` again (a test looks).
"""

from __future__ import annotations

from typing import Any

TABLES = ("trail_entry", "trail_seal")
REFUSAL = "the audit trail is append-only"
PROCEDURE = "trail_refuse"


def names(vendor: str) -> tuple[str, ...]:
    """The triggers a database of this vendor must have."""
    acts = ("update", "delete", "truncate") if vendor == "postgresql" else ("update", "delete")
    return tuple(f"{table}_no_{act}" for table in TABLES for act in acts)


def install(connection: Any) -> None:
    """Put the triggers in place; those that stand already are renewed."""
    remove(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {PROCEDURE}() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
            )
        for name in names(connection.vendor):
            cursor.execute(_creation(name, connection.vendor))


def remove(connection: Any) -> None:
    """Lift the triggers: for the reversed migration, and for test runners that empty tables."""
    with connection.cursor() as cursor:
        for name in names(connection.vendor):
            on_table = f" ON {_table(name)}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def installed(connection: Any) -> frozenset[str]:
    """Which of the triggers the database has, switched on."""
    question = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(question)
        return frozenset(row[0] for row in cursor.fetchall()) & frozenset(names(connection.vendor))


def _table(name: str) -> str:
    return name.rpartition("_no_")[0]


def _creation(name: str, vendor: str) -> str:
    table, _, act = name.rpartition("_no_")
    if vendor == "postgresql":
        level = "STATEMENT" if act == "truncate" else "ROW"
        return (
            f"CREATE TRIGGER {name} BEFORE {act.upper()} ON {table}"
            f" FOR EACH {level} EXECUTE FUNCTION {PROCEDURE}()"
        )
    return (
        f"CREATE TRIGGER {name} BEFORE {act.upper()} ON {table} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )
