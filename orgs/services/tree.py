"""The only writer of the tree's numbers: lft, rght, tree_id, level and path.

A stock MPTT save renumbers every row to the right and races with its neighbours. Here room is left at the end of each
organisation, a newcomer takes free numbers there, and one lock is taken before anything is read. Only when the room
is used up is that tree numbered afresh, in one pass. Every function runs inside a transaction of its own or its
caller's.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import StringIO

from django.db import connection, transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Coalesce, Concat, Substr

from gradingsite.lib.refusal import Refused
from orgs.categories import Form, Tier
from orgs.models import Organisation, PathField
from orgs.reach import at_or_below
from orgs.services.bulk import update_organisations

LOCK_KEY = 7_310_001
"""Key of the advisory lock on PostgreSQL. SQLite's transactions are IMMEDIATE: one writer at a time already."""

ROOM = {Tier.PROVINCE: 65_536, Tier.CITY: 16_384, Tier.COUNTY: 4_096, Tier.TOWNSHIP: 512}
"""Free numbers kept at the end of a committee; an organisation without children takes two: 256 free places."""

ROOM_OF_GENERAL_BRANCH = 32
COPY_FROM = 100
"""How many newcomers are worth a COPY on PostgreSQL."""
FEW_MOVES = 20
"""Up to so many moves are done one by one; more are cheaper by numbering the trees afresh."""
SPARE = 512
"""Free numbers an organisation gets beyond what it needs when its room was used up."""
CHUNK = 5_000

NUMBERS = ("lft", "rght", "tree_id", "level", "path")
COLUMNS = (
    "id", "code", "full_name", "short_name", "pinyin", "category", "tier", "form", "sector_id", "secretary_name",
    "member_count", "people_count", "is_active", "founded_on", "reporting_unit_id", "parent_id", "path", "lft", "rght",
    "tree_id", "level",
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Newcomer:
    """An organisation about to be written. ``parent`` is another newcomer, the id of a stored one, or None (a root)."""

    code: str
    full_name: str
    short_name: str
    pinyin: str
    category: str
    tier: Tier
    form: Form
    sector_id: int | None = None
    secretary_name: str = ""
    member_count: int | None = None
    people_count: int | None = None
    founded_on: dt.date | None = None
    reporting_unit_id: int | None = None
    parent: Newcomer | int | None = None
    id: int = 0
    lft: int = 0
    rght: int = 0
    tree_id: int = 0
    level: int = 0
    path: str = ""
    width: int = field(default=0, repr=False)
    cursor: int = field(default=0, repr=False)

    @property
    def parent_id(self) -> int | None:
        """The parent's id, once ids are given out."""
        return self.parent.id if isinstance(self.parent, Newcomer) else self.parent

    def values(self) -> tuple[object, ...]:
        """In the order of COLUMNS."""
        return (
            self.id, self.code, self.full_name, self.short_name, self.pinyin, self.category, int(self.tier),
            str(self.form), self.sector_id, self.secretary_name, self.member_count, self.people_count, True,
            self.founded_on, self.reporting_unit_id, self.parent_id, self.path, self.lft, self.rght, self.tree_id,
            self.level,
        )  # fmt: skip


@dataclass(slots=True)
class Seat:
    """A stored organisation that takes in children: where it stands and the last number used under it."""

    id: int
    tree_id: int
    lft: int
    rght: int
    level: int
    path: str
    cursor: int

    @property
    def free(self) -> int:
        """Free numbers at its end."""
        return self.rght - self.cursor - 1


def room_of(tier: int, form: str) -> int:
    """Free numbers kept under an organisation when it is numbered."""
    if form == Form.GENERAL_BRANCH:
        return ROOM_OF_GENERAL_BRANCH
    return ROOM.get(Tier(tier), 0)


def take_lock() -> None:
    """Wait until nobody else writes the tree; held to the end of the transaction, which must have begun."""
    if not connection.in_atomic_block:
        raise RuntimeError("the tree is written inside a transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])


def insert(newcomers: Sequence[Newcomer]) -> None:
    """Write organisations under stored parents, under one another or as roots of new trees, in any order.

    Gives each its id, numbers and path. Codes, tiers and names are the caller's business.
    """
    if not newcomers:
        return
    alone = len(newcomers) == 1
    if alone and connection.in_atomic_block and _insert_one(newcomers[0]):
        return  # without a savepoint of its own: two exchanges saved
    with transaction.atomic():
        if alone and _insert_one(newcomers[0]):
            return
        take_lock()
        for newcomer, new_id in zip(newcomers, _next_ids(len(newcomers)), strict=True):
            newcomer.id = new_id
        _place(newcomers)
        _write(newcomers)


ONE = """
SELECT pg_advisory_xact_lock(%s);
INSERT INTO orgs_organisation ({columns})
SELECT s.id, {values}, p.id, p.path || s.id || '/', s.used + 1, s.used + %s, p.tree_id, p.level + 1
FROM orgs_organisation p, LATERAL (
    SELECT nextval(pg_get_serial_sequence('orgs_organisation', 'id')) AS id,
        coalesce((SELECT max(c.rght) FROM orgs_organisation c WHERE c.parent_id = p.id), p.lft) AS used
) s
WHERE p.id = %s AND p.rght - s.used > %s
RETURNING id, path, lft, rght, tree_id, level
""".format(columns=", ".join(COLUMNS), values=", ".join(["%s"] * (len(COLUMNS) - 7)))  # noqa: S608 — fixed names
"""Lock, place and write in one exchange with PostgreSQL; no row comes back where the room is used up.

The lock stands in a statement of its own, so that the next one sees what its last holder wrote.
"""


def _insert_one(newcomer: Newcomer) -> bool:
    """Place and write one newcomer under a stored parent in one exchange; False leaves it to the general way."""
    if connection.vendor != "postgresql" or not isinstance(newcomer.parent, int):
        return False
    width = 2 + room_of(newcomer.tier, newcomer.form)
    own = newcomer.values()[1:-6]
    with connection.cursor() as cursor:
        cursor.execute(ONE, [LOCK_KEY, *own, width, newcomer.parent, width])
        row = cursor.fetchone()
    if row is None:
        return False
    newcomer.id, newcomer.path, newcomer.lft, newcomer.rght, newcomer.tree_id, newcomer.level = row
    newcomer.width = width
    return True


def move(*, organisation_id: int, parent_id: int) -> None:
    """Hang an organisation with everything under it beneath another. Raises Refused when that is beneath itself."""
    with transaction.atomic():
        take_lock()
        for _ in range(3):  # making room may move the organisation itself, or widen it
            numbers, seat = _numbers_of(organisation_id), _seats([parent_id])[parent_id]
            if seat.path.startswith(numbers.path):
                raise Refused("不能移到自己或自己的下级下面。", field="parent")
            width = numbers.rght - numbers.lft + 1
            if seat.free >= width:
                break
            _make_room(seat, width)
        _shift(numbers, seat)
        Organisation._base_manager.filter(pk=organisation_id).update(parent_id=parent_id)


def move_many(moves: Iterable[tuple[int, int]]) -> None:
    """Carry out many (organisation id, new parent id) at once. The result must not be a circle."""
    moves = list(moves)
    if not moves:
        return
    with transaction.atomic():
        take_lock()
        if len(moves) <= FEW_MOVES:
            for organisation_id, parent_id in moves:
                move(organisation_id=organisation_id, parent_id=parent_id)
            return
        touched = set(
            Organisation._base_manager.filter(pk__in={pk for pair in moves for pk in pair}).values_list(
                "tree_id", flat=True
            )
        )
        by_parent = defaultdict(list)
        for organisation_id, parent_id in moves:
            by_parent[parent_id].append(organisation_id)
        for parent_id, ids in by_parent.items():
            Organisation._base_manager.filter(pk__in=ids).update(parent_id=parent_id)
        renumber(touched)


@dataclass(slots=True)
class _Node:
    """A stored row while its numbers are worked out anew."""

    id: int
    parent_id: int | None
    was: tuple[int, int, int, int, str]
    width: int
    lft: int = 0
    rght: int = 0
    tree_id: int = 0
    level: int = 0
    path: str = ""
    cursor: int = 0

    def now(self) -> tuple[int, int, int, int, str]:
        return self.lft, self.rght, self.tree_id, self.level, self.path


def renumber(tree_ids: Iterable[int] | None = None, *, wanted: dict[int, int] | None = None) -> int:
    """Number trees (all when None) afresh from the parent links, siblings in the order they had.

    :param wanted: further free numbers needed at the end of an organisation, by its id.
    :returns: how many rows were changed.

    Rows in a circle of parents can't be reached and stay as they are; :func:`orgs.services.soundness.faults` names them.
    """
    with transaction.atomic():
        take_lock()
        rows = Organisation._base_manager.order_by("tree_id", "lft", "pk")
        if tree_ids is not None:
            rows = rows.filter(tree_id__in=list(tree_ids))
        extra = wanted or {}
        nodes = {
            row[0]: _Node(row[0], row[1], row[4:9], 2 + room_of(row[2], row[3]) + extra.get(row[0], 0))
            for row in rows.values_list(
                "pk", "parent_id", "tier", "form", "lft", "rght", "tree_id", "level", "path"
            ).iterator(chunk_size=CHUNK)
        }
        changed = [node for node in _numbered(nodes) if node.now() != node.was]
        update_organisations(NUMBERS, [(*node.now(), node.id) for node in changed])
        return len(changed)


def _numbered(nodes: dict[int, _Node]) -> list[_Node]:
    children: dict[int | None, list[_Node]] = defaultdict(list)
    for node in nodes.values():
        children[node.parent_id if node.parent_id in nodes else None].append(node)
    roots = [node for node in children[None] if node.parent_id is None]
    order = list(roots)
    for node in order:
        order.extend(children.get(node.id, ()))
    for node in reversed(order):
        if node.parent_id is not None:
            nodes[node.parent_id].width += node.width
    taken: set[int] = set()
    spare = max((node.was[2] for node in nodes.values()), default=0)
    for root in roots:
        root.tree_id = root.was[2]
        if root.tree_id in taken:
            spare = max(spare, *taken) + 1
            root.tree_id = spare
        taken.add(root.tree_id)
    for node in order:
        above = nodes.get(node.parent_id) if node.parent_id is not None else None
        if above is None:
            node.lft, node.level, node.path = 1, 0, f"/{node.id}/"
        else:
            node.lft, node.tree_id, node.level = above.cursor, above.tree_id, above.level + 1
            node.path = f"{above.path}{node.id}/"
            above.cursor += node.width
        node.rght, node.cursor = node.lft + node.width - 1, node.lft + 1
    return order


@dataclass(slots=True)
class _Numbers:
    id: int
    tree_id: int
    lft: int
    rght: int
    level: int
    path: str


def _numbers_of(organisation_id: int) -> _Numbers:
    return _Numbers(
        *Organisation._base_manager.values_list("pk", "tree_id", "lft", "rght", "level", "path").get(
            pk=organisation_id
        )
    )


def _shift(numbers: _Numbers, seat: Seat) -> None:
    """Give the subtree its numbers and paths at the end of the seat: one statement, whatever its size."""
    by, deeper = seat.cursor + 1 - numbers.lft, seat.level + 1 - numbers.level
    Organisation._base_manager.filter(at_or_below(numbers.path)).update(
        lft=F("lft") + by,
        rght=F("rght") + by,
        level=F("level") + deeper,
        tree_id=seat.tree_id,
        path=Concat(
            Value(f"{seat.path}{numbers.id}/"),
            Substr("path", len(numbers.path) + 1),
            output_field=PathField(),
        ),
    )


def _seats(ids: Iterable[int]) -> dict[int, Seat]:
    """Stored organisations about to take in children, read under the lock."""
    wanted, found = list(ids), {}
    for start in range(0, len(wanted), CHUNK):
        rows = (
            Organisation._base_manager.filter(pk__in=wanted[start : start + CHUNK])
            .annotate(cursor=Coalesce(Max("children__rght"), F("lft")))
            .values_list("pk", "tree_id", "lft", "rght", "level", "path", "cursor")
        )
        found.update({row[0]: Seat(*row) for row in rows})
    return found


def _place(newcomers: Sequence[Newcomer]) -> None:
    """Work out numbers and paths of newcomers; renumber stored trees first where their room is too small."""
    children: dict[int, list[Newcomer]] = defaultdict(list)
    tops: list[Newcomer] = []
    for newcomer in newcomers:
        newcomer.width = 2 + room_of(newcomer.tier, newcomer.form)
        if isinstance(newcomer.parent, Newcomer):
            children[newcomer.parent.id].append(newcomer)
        else:
            tops.append(newcomer)
    order = list(tops)
    for newcomer in order:
        order.extend(children.get(newcomer.id, ()))
    if len(order) != len(newcomers):
        raise ValueError("newcomers stand in a circle or under one that isn't written with them")
    for newcomer in reversed(order):
        if isinstance(newcomer.parent, Newcomer):
            newcomer.parent.width += newcomer.width
    seats = _seats_with_room(tops)
    next_tree = _last_tree() if any(newcomer.parent is None for newcomer in tops) else 0
    for newcomer in order:
        if newcomer.parent is None:
            next_tree += 1
            newcomer.lft, newcomer.tree_id, newcomer.level, newcomer.path = (
                1,
                next_tree,
                0,
                f"/{newcomer.id}/",
            )
        else:
            _take_place(
                newcomer, newcomer.parent if isinstance(newcomer.parent, Newcomer) else seats[newcomer.parent]
            )
        newcomer.rght = newcomer.lft + newcomer.width - 1
        newcomer.cursor = newcomer.lft


def _take_place(newcomer: Newcomer, above: Newcomer | Seat) -> None:
    newcomer.lft, newcomer.tree_id, newcomer.level = above.cursor + 1, above.tree_id, above.level + 1
    newcomer.path = f"{above.path}{newcomer.id}/"
    above.cursor += newcomer.width


def _seats_with_room(tops: Sequence[Newcomer]) -> dict[int, Seat]:
    wanted: dict[int, int] = defaultdict(int)
    for newcomer in tops:
        if isinstance(newcomer.parent, int):
            wanted[newcomer.parent] += newcomer.width
    seats = _seats(wanted)
    tight = [pk for pk, width in wanted.items() if seats[pk].free < width]
    if len(tight) > FEW_MOVES:
        trees = {seats[pk].tree_id for pk in tight}
        renumber(trees, wanted={pk: width for pk, width in wanted.items() if seats[pk].tree_id in trees})
    else:
        for pk in tight:
            _make_room(_seats([pk])[pk], wanted[pk])
    return _seats(wanted) if tight else seats


def _make_room(seat: Seat, width: int) -> None:
    """See that ``width`` numbers are free at the end of the seat: from a committee above it that has room, pushing
    only what stands between; failing that by numbering the tree afresh."""
    chain = [int(part) for part in seat.path.strip("/").split("/")]
    above = _seats(chain[:-1])
    for extra in (width + SPARE, width):
        for place in range(len(chain) - 2, -1, -1):
            giver = above[chain[place]]
            if giver.free >= extra:
                _push(seat, giver, chain[place + 1 :], extra)
                return
    renumber({seat.tree_id}, wanted={seat.id: width})


def _push(seat: Seat, giver: Seat, widened: list[int], by: int) -> None:
    """Move what stands right of the seat, within the giver, to the right; the seat and those around it grow."""
    rows = Organisation._base_manager
    rows.filter(at_or_below(giver.path), lft__gt=seat.rght).update(lft=F("lft") + by, rght=F("rght") + by)
    rows.filter(pk__in=widened).update(rght=F("rght") + by)


def _last_tree() -> int:
    return Organisation._base_manager.aggregate(last=Max("tree_id"))["last"] or 0


def _next_ids(count: int) -> list[int]:
    """Ids for newcomers, known before they are written because paths are made of them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence('orgs_organisation', 'id')) FROM generate_series(1, %s)",
                [count],
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'orgs_organisation'), 0),"
            " coalesce((SELECT max(id) FROM orgs_organisation), 0))"
        )
        last = cursor.fetchone()[0]
        return list(range(last + 1, last + 1 + count))


def _write(newcomers: Sequence[Newcomer]) -> None:
    rows = [newcomer.values() for newcomer in newcomers]
    columns = ", ".join(COLUMNS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and len(rows) >= COPY_FROM:
            cursor.copy_expert(f"COPY orgs_organisation ({columns}) FROM STDIN", _as_copy_text(rows))
            return
        places = ", ".join(["%s"] * len(COLUMNS))
        cursor.executemany(f"INSERT INTO orgs_organisation ({columns}) VALUES ({places})", rows)  # noqa: S608


def _as_copy_text(rows: Iterable[tuple[object, ...]]) -> StringIO:
    text = StringIO()
    for row in rows:
        text.write("\t".join([_copy_word(value) for value in row]))
        text.write("\n")
    text.seek(0)
    return text


def _copy_word(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        if value.isalnum():
            return value
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return str(value)
