"""Changing many rows with one statement."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from orgs.models import Organisation

PART = 20_000

_CASTS = {
    "lft": "int", "rght": "int", "tree_id": "int", "level": "int", "path": "text", "full_name": "text",
    "short_name": "text", "pinyin": "text", "category": "text", "tier": "int", "form": "text",
    "sector_id": "bigint", "secretary_name": "text", "member_count": "int", "people_count": "int",
}  # fmt: skip


def update_organisations(columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    """Set ``columns`` of many organisations; each row gives the values in that order and the id last."""
    if not rows:
        return
    table = Organisation._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            wanted = ", ".join(f"{name} = %s" for name in columns)
            cursor.executemany(f"UPDATE {table} SET {wanted} WHERE id = %s", rows)  # noqa: S608 — fixed names
            return
        wanted = ", ".join(f"{name} = v.{name}" for name in columns)
        arrays = ", ".join([f"%s::{_CASTS[name]}[]" for name in columns] + ["%s::bigint[]"])
        statement = (
            f"UPDATE {table} o SET {wanted} FROM unnest({arrays}) AS v({', '.join(columns)}, id)"  # noqa: S608
            " WHERE o.id = v.id"
        )
        for start in range(0, len(rows), PART):
            part = rows[start : start + PART]
            cursor.execute(statement, [list(column) for column in zip(*part, strict=True)])
