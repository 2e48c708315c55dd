"""Is the tree what its parent links say? Checked by ``verify_tree``."""

from __future__ import annotations

from dataclasses import dataclass

from orgs.models import Organisation


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with one organisation's place."""

    code: str
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.code} {self.name}：{self.what}"


@dataclass(slots=True)
class _Row:
    id: int
    parent_id: int | None
    lft: int
    rght: int
    tree_id: int
    level: int
    path: str
    code: str
    name: str


def faults() -> list[Fault]:
    """Everything that is wrong with numbers, levels and paths, compared with the parent links."""
    rows = [
        _Row(*values)
        for values in Organisation._base_manager.order_by("tree_id", "lft", "pk")
        .values_list("pk", "parent_id", "lft", "rght", "tree_id", "level", "path", "code", "short_name")
        .iterator(chunk_size=5_000)
    ]
    by_id = {row.id: row for row in rows}
    found: list[Fault] = []
    reached = _reached(rows)
    for row in rows:
        found.extend(Fault(row.code, row.name, what) for what in _of_one(row, by_id, row.id in reached))
    found.extend(_of_neighbours([row for row in rows if row.id in reached]))
    return found


def _reached(rows: list[_Row]) -> set[int]:
    children: dict[int | None, list[int]] = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append(row.id)
    order = list(children.get(None, ()))
    for pk in order:
        order.extend(children.get(pk, ()))
    return set(order)


def _of_one(row: _Row, by_id: dict[int, _Row], is_reached: bool) -> list[str]:
    if not is_reached:
        return ["上级关系绕成了圈，要先改上级"]
    above = by_id[row.parent_id] if row.parent_id is not None else None
    level = above.level + 1 if above else 0
    path = f"{above.path if above else '/'}{row.id}/"
    checks = (
        (row.lft < row.rght, f"左值 {row.lft} 不小于右值 {row.rght}"),
        (row.level == level, f"层数记为 {row.level}，按上级应为 {level}"),
        (row.path == path, f"路径记为 {row.path}，按上级应为 {path}"),
        (above is None or row.tree_id == above.tree_id, "与上级不在同一棵树"),
        (
            above is None or above.lft < row.lft < row.rght < above.rght,
            f"号段 {row.lft}–{row.rght} 不在上级的号段里",
        ),
    )
    return [what for holds, what in checks if not holds]


def _of_neighbours(rows: list[_Row]) -> list[Fault]:
    """Walk the rows by their left numbers: each must begin after its neighbour ends, or inside its parent."""
    found: list[Fault] = []
    open_rows: list[_Row] = []
    for row in rows:
        while open_rows and (open_rows[-1].tree_id != row.tree_id or open_rows[-1].rght < row.lft):
            open_rows.pop()
        around = open_rows[-1] if open_rows else None
        if around is not None and around.id != row.parent_id:
            found.append(
                Fault(
                    row.code, row.name, f"号段 {row.lft}–{row.rght} 与「{around.name}」({around.code}) 重叠"
                )
            )
        elif around is None and row.parent_id is not None:
            found.append(Fault(row.code, row.name, "号段不在任何上级里"))
        open_rows.append(row)
    return found
