"""What the database holds of the organisations an import names, read once and compared again before writing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from orgs.actor import Actor
from orgs.models import Organisation
from orgs.services.organisations import KEEPERS

CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Stored:
    """One organisation as it stands."""

    id: int
    code: str
    full_name: str
    short_name: str
    category: str
    tier: int
    form: str
    sector_id: int | None
    secretary_name: str
    member_count: int | None
    people_count: int | None
    is_active: bool
    parent_id: int | None
    path: str
    parent_code: str


@dataclass(frozen=True, slots=True)
class Sibling:
    """A stored child of an organisation the import puts something under."""

    parent_id: int
    code: str
    full_name: str
    short_name: str


def stored_by_code(codes: Iterable[str]) -> dict[str, Stored]:
    """The organisations of these codes, whoever may see them."""
    wanted = list(codes)
    if not Organisation.objects.exists():
        return {}
    found: dict[str, Stored] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = (
            Organisation.objects.filter(code__in=wanted[start : start + CHUNK])
            .order_by()
            .values_list(
                "pk", "code", "full_name", "short_name", "category", "tier", "form", "sector_id", "secretary_name",
                "member_count", "people_count", "is_active", "parent_id", "path", "parent__code",
            )
        )  # fmt: skip
        found.update({row[1]: Stored(*row[:-1], row[-1] or "") for row in rows})
    return found


def kept_by(stored: dict[str, Stored], by: Actor) -> dict[str, Stored]:
    """Those of them the actor may write; all others are to be treated as if they didn't exist."""
    return {code: row for code, row in stored.items() if by.reach.covers(row.path, row.id, KEEPERS)}


def siblings_of(parent_ids: Iterable[int]) -> dict[int, list[Sibling]]:
    """Stored active children by their parent's id."""
    wanted, found = sorted(parent_ids), {}
    for start in range(0, len(wanted), CHUNK):
        rows = (
            Organisation.objects.filter(parent_id__in=wanted[start : start + CHUNK], is_active=True)
            .order_by()
            .values_list("parent_id", "code", "full_name", "short_name")
        )
        for row in rows:
            found.setdefault(row[0], []).append(Sibling(*row))
    return found


def children_standing(
    parent_ids: Iterable[int], *, besides: Iterable[int]
) -> dict[int, list[tuple[str, int, str]]]:
    """Name, tier and form of the stored active children of these organisations, by parent."""
    found: dict[int, list[tuple[str, int, str]]] = {}
    rows = (
        Organisation.objects.filter(Q(parent_id__in=list(parent_ids)), is_active=True)
        .exclude(pk__in=list(besides))
        .order_by()
        .values_list("parent_id", "short_name", "tier", "form")
    )
    for parent_id, *child in rows:
        found.setdefault(parent_id, []).append(tuple(child))
    return found


def full_names(ids: Iterable[int]) -> dict[int, str]:
    """Full names by id, for the names above a newcomer."""
    wanted, found = list(ids), {}
    for start in range(0, len(wanted), CHUNK):
        found.update(
            Organisation.objects.filter(pk__in=wanted[start : start + CHUNK])
            .order_by()
            .values_list("pk", "full_name")
        )
    return found


def digest_of(stored: dict[str, Stored]) -> str:
    """A fingerprint of the state an import was planned against."""
    state = hashlib.sha256()
    for code in sorted(stored):
        row = stored[code]
        state.update(repr([getattr(row, name) for name in Stored.__slots__ if name != "path"]).encode())
    return state.hexdigest()
