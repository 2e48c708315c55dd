"""How the rows of an import hang together: circles, siblings, names against places, what a change leaves behind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from orgs.categories import COMMITTEES, Form, Tier, parent_fault
from orgs.imports.rows import Line, Remark
from orgs.imports.stored import Sibling, Stored, children_standing, siblings_of
from orgs.naming import form_named_in, is_place, stem_and_end

if TYPE_CHECKING:
    from orgs.imports.plan import PlannedRow

ENOUGH_SIBLINGS = 3
"""From so many siblings of one length on, a code of another length is taken for a slip."""


def form_said(full_name: str) -> Form | None:
    """The form a full name ends in."""
    return form_named_in(full_name)


def parents_first(rows: list[PlannedRow]) -> list[PlannedRow]:
    """The rows so that a parent in the file stands before its children; rows of a circle come last."""
    children: dict[int, list[PlannedRow]] = defaultdict(list)
    order: list[PlannedRow] = []
    for row in rows:
        if _is_row(row.parent):
            children[id(row.parent)].append(row)
        else:
            order.append(row)
    for row in order:
        order.extend(children.pop(id(row), ()))
    for rest in children.values():
        order.extend(rest)
    return order


def _is_row(parent: object) -> bool:
    return parent is not None and not isinstance(parent, Stored)


def refuse_circles(rows: list[PlannedRow]) -> None:
    """Refuse rows whose parents in the file lead back to themselves, naming the circle."""
    done: set[int] = set()
    for row in rows:
        walked: dict[int, int] = {}
        chain: list[PlannedRow] = []
        at: PlannedRow | None = row
        while at is not None and id(at) not in done and id(at) not in walked:
            walked[id(at)] = len(chain)
            chain.append(at)
            at = at.parent if _is_row(at.parent) else None
        if at is not None and id(at) in walked:
            circle = chain[walked[id(at)] :]
            for member in circle:
                codes = _around(circle, member)
                member.refuse("parent_code", f"上级关系绕成了圈：{codes}", "请改正其中一行的上级组织代码。")
            for member in circle:
                member.parent = None  # nothing below walks round for ever
        done.update(walked)


def _around(circle: list[PlannedRow], first: PlannedRow) -> str:
    start = circle.index(first)
    codes = [row.line.code for row in circle[start:] + circle[:start]]
    return " → ".join([*codes, codes[0]])


def _parent_key(row: PlannedRow) -> object:
    """What tells a parent from others: its stored id, or the row that will make it."""
    parent = row.parent
    if parent is None:
        return None
    if isinstance(parent, Stored):
        return parent.id
    return parent.stored.id if parent.stored is not None else parent.line.code


def look_at_siblings(rows: list[PlannedRow]) -> None:
    """Refuse a new code that differs in length from all its siblings; warn of the same name under the same parent."""
    groups: dict[object, list[PlannedRow]] = defaultdict(list)
    for row in rows:
        if row.line.code and row.parent is not None:
            groups[_parent_key(row)].append(row)
    ids = [
        key
        for key, group in groups.items()
        if any(row.stored is None or row.stored.full_name != row.line.full_name for row in group)
        and _stored_parent_id(group[0]) is not None
    ]
    stored = siblings_of(key for key in ids if isinstance(key, int))
    for key, group in groups.items():
        here = {row.line.code for row in group}
        others = (
            [sibling for sibling in stored.get(key, ()) if sibling.code not in here]
            if isinstance(key, int)
            else []
        )
        _compare_lengths(group, others)
        _compare_names(group, others)


def _stored_parent_id(row: PlannedRow) -> int | None:
    parent = row.parent
    if isinstance(parent, Stored):
        return parent.id
    return parent.stored.id if parent is not None and parent.stored is not None else None


def _compare_lengths(group: list[PlannedRow], others: list[Sibling]) -> None:
    lengths = Counter(len(row.line.code) for row in group) + Counter(len(sibling.code) for sibling in others)
    if len(lengths) == 1:
        return
    usual, often = lengths.most_common(1)[0]
    for row in group:
        length = len(row.line.code)
        if row.stored is not None or length == usual:
            continue
        words = f"组织代码 {row.line.code} 有 {length} 位，同一上级下的其他组织都是 {usual} 位"
        if lengths[length] == 1 and len(lengths) == 2 and often >= ENOUGH_SIBLINGS:
            row.refuse("code", words, "请核对有没有漏填、多填；确实如此的，请在「组织」页面单个新增。")
        else:
            row.line.warnings.append(Remark("code", words.replace("都是", "多数是")))


def _compare_names(group: list[PlannedRow], others: list[Sibling]) -> None:
    first: dict[str, str] = {sibling.full_name: sibling.code for sibling in others}
    for row in group:
        name = row.line.full_name
        if name and name in first:
            row.line.warnings.append(
                Remark("full_name", f"同一上级下已有同名组织（代码 {first[name]}），请核对是不是重复")
            )
        elif name:
            first[name] = row.line.code


def look_at_names(rows: list[PlannedRow], kept: dict[str, Stored]) -> None:
    """Warn of a row whose full name begins with another township's place than its parent's."""
    places = _places(rows, kept)
    if not places:
        return
    lengths = sorted({len(place) for place in places}, reverse=True)
    for row in rows:
        standing = row.line.standing
        if standing is None or standing[0] is not Tier.BRANCH or row.parent is None:
            continue
        stem = row.line.full_name.removeprefix("中共")
        if stem.startswith(_stem_above(row)):
            continue
        named = next((stem[:length] for length in lengths if stem[:length] in places), "")
        if named and row.line.parent_code not in places[named]:
            above = _name_of(row.parent)
            row.line.warnings.append(
                Remark("parent_code", f"名称里写的是「{named}」，上级却是「{above}」，请核对；照常导入")
            )


def _places(rows: Iterable[PlannedRow], kept: dict[str, Stored]) -> dict[str, set[str]]:
    """Places that committees of township tier stand for, and their codes."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        standing = row.line.standing
        if standing is not None and standing[0] is Tier.TOWNSHIP and standing[1] in COMMITTEES:
            _add_place(found, row.line.full_name, row.line.code)
    for stored in kept.values():
        if stored.tier == Tier.TOWNSHIP and stored.form in COMMITTEES:
            _add_place(found, stored.full_name, stored.code)
    return found


def _add_place(found: dict[str, set[str]], full_name: str, code: str) -> None:
    stem, _ = stem_and_end(full_name)
    if is_place(stem):
        found[stem].add(code)


def _stem_above(row: PlannedRow) -> str:
    """The place of the nearest committee above a branch; a general branch in between stands for none."""
    parent = row.parent
    while _is_row(parent) and _form_of(parent) is Form.GENERAL_BRANCH and parent.parent is not None:
        parent = parent.parent
    return stem_and_end(_name_of(parent))[0]


def _form_of(parent: PlannedRow | Stored) -> Form | None:
    if isinstance(parent, Stored):
        return Form(parent.form)
    return parent.line.standing[1] if parent.line.standing else None


def _name_of(parent: PlannedRow | Stored) -> str:
    return parent.full_name if isinstance(parent, Stored) else parent.line.full_name


def refuse_stranded_children(rows: list[PlannedRow]) -> None:
    """Refuse a change of category that stored children, not in the file, couldn't stand under."""
    changing = {
        row.stored.id: row
        for row in rows
        if row.stored is not None
        and row.line.standing is not None
        and row.line.standing != (row.stored.tier, row.stored.form)
        and not row.refused
    }
    if not changing:
        return
    besides = [row.stored.id for row in rows if row.stored is not None]
    for parent_id, children in children_standing(changing, besides=besides).items():
        row = changing[parent_id]
        for name, tier, form in children:
            if fault := parent_fault((Tier(tier), Form(form)), row.line.standing):
                row.refuse(
                    "category", f"下级「{name}」不能放在「{row.line.category}」下面：{fault}", "请先改下级。"
                )
                break


def refuse_moves_below_oneself(rows: list[PlannedRow]) -> None:
    """Refuse moving a stored organisation beneath one that, once all moves are done, stands below it."""
    moved = {
        row.stored.id: row
        for row in rows
        if row.stored is not None and not row.refused and row.stored.parent_code != row.line.parent_code
    }
    for pk, row in moved.items():
        if not row.refused and _meets_itself(pk, row.parent, moved):
            row.refuse("parent_code", "新的上级在它自己的下级里", "请核对上级组织代码。")


def _meets_itself(pk: int, parent: PlannedRow | Stored | None, moved: dict[int, PlannedRow]) -> bool:
    seen: set[int] = set()
    while parent is not None:
        stored = parent if isinstance(parent, Stored) else parent.stored
        if stored is None:
            parent = parent.parent
            continue
        for above in reversed([int(part) for part in stored.path.strip("/").split("/")]):
            if above == pk:
                return True
            if above in seen:
                return False
            seen.add(above)
            if above in moved and not moved[above].refused:
                parent = moved[above].parent
                break
        else:
            return False
    return False


def remarks_of(line: Line) -> list[tuple[str, Remark]]:
    """All remarks of a row with their kind: ``fault``, ``warning``, ``note``."""
    return [
        *(("fault", remark) for remark in line.faults),
        *(("warning", remark) for remark in line.warnings),
        *(("note", remark) for remark in line.notes),
    ]
