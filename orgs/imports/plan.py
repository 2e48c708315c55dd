"""What an import would do: a verdict on every row, nothing written.

Pure in effect: it reads the database and the rows, and gives an :class:`ImportPlan`. A row outside the actor's extent
is answered exactly like an unknown code (security.md).
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from gradingsite.lib.tables import Workbook
from orgs.actor import Actor
from orgs.categories import Form, Tier, parent_fault
from orgs.imports import ties
from orgs.imports.rows import COLUMNS, Line, Remark, Skipped, read_lines
from orgs.imports.stored import Stored, digest_of, kept_by, stored_by_code
from orgs.models import Sector


class Verdict(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    SKIPPED = "skipped"

    @property
    def label(self) -> str:
        """The word on screens."""
        return {
            "new": "新增",
            "changed": "修改",
            "unchanged": "不变",
            "refused": "不通过",
            "skipped": "跳过",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that would change; ``before`` and ``after`` as people read them."""

    field: str
    before: str
    after: str

    @property
    def label(self) -> str:
        """The column's heading."""
        return COLUMNS[self.field]


@dataclass(slots=True, eq=False)
class PlannedRow:
    """A row of the file with its verdict. ``stored`` is what stands now, when it is the actor's to write."""

    line: Line
    verdict: Verdict = Verdict.NEW
    stored: Stored | None = None
    parent: PlannedRow | Stored | None = None
    changes: tuple[Difference, ...] = ()

    @property
    def refused(self) -> bool:
        """Some rule said no."""
        return bool(self.line.faults)

    @property
    def moves(self) -> bool:
        """A stored organisation that gets another parent."""
        return self.stored is not None and any(change.field == "parent_code" for change in self.changes)

    def refuse(self, column: str, words: str, remedy: str = "") -> None:
        """Note a fault."""
        self.line.faults.append(Remark(column, words, remedy))


@dataclass
class ImportPlan:
    """Everything a file would do."""

    rows: list[PlannedRow]
    skipped: list[Skipped]
    remarks: list[str]
    sectors: dict[str, int]
    state: str
    """Fingerprint of the stored organisations the plan was made against."""
    named: list[str] = field(repr=False, default_factory=list)
    """The codes that fingerprint is of."""

    @cached_property
    def counts(self) -> dict[Verdict, int]:
        """How many rows have each verdict."""
        found = Counter(row.verdict for row in self.rows)
        found[Verdict.SKIPPED] += len(self.skipped)
        return {verdict: found[verdict] for verdict in Verdict}

    @property
    def to_write(self) -> int:
        """Rows that would be written."""
        return self.counts[Verdict.NEW] + self.counts[Verdict.CHANGED]

    @cached_property
    def warned(self) -> int:
        """Rows that go in but carry a warning."""
        return sum(1 for row in self.rows if row.line.warnings and not row.refused)

    @cached_property
    def digest(self) -> str:
        """Fingerprint of rows, verdicts and state: what a person saw is what is confirmed."""
        mark = hashlib.sha256(self.state.encode())
        for row in self.rows:
            mark.update(repr((row.line.number, row.line.content(), row.verdict.value)).encode())
        return mark.hexdigest()


def plan_import(book: Workbook, *, by: Actor) -> ImportPlan:
    """Read an organisation list and say what each row would do. Raises Refused when it is no such list."""
    sectors = dict(Sector.objects.values_list("name", "pk"))
    reading = read_lines(book, sectors=frozenset(sectors))
    rows = [PlannedRow(line) for line in reading.lines]
    skipped = list(reading.skipped)
    by_code = _one_row_each(rows, skipped)
    rows = [row for row in rows if row.verdict is not Verdict.SKIPPED]
    named = sorted({row.line.code for row in rows} | {row.line.parent_code for row in rows} - {""})
    stored = stored_by_code(named)
    kept = stored if by.is_system else kept_by(stored, by)
    _meet_stored(rows, stored, kept, by)
    _find_parents(rows, by_code, kept, by)
    ties.refuse_circles(rows)
    _settle(rows)
    ties.look_at_siblings(rows)
    ties.look_at_names(rows, kept)
    ties.refuse_stranded_children(rows)
    ties.refuse_moves_below_oneself(rows)
    _settle(rows)
    names = {pk: name for name, pk in sectors.items()}
    for row in rows:
        _judge(row, names)
    return ImportPlan(rows, skipped, reading.remarks, sectors, digest_of(stored), named)


def _one_row_each(rows: list[PlannedRow], skipped: list[Skipped]) -> dict[str, PlannedRow]:
    """One row for each code: a repeated identical row is taken once, different ones are all refused."""
    same: dict[str, list[PlannedRow]] = defaultdict(list)
    for row in rows:
        if row.line.code:
            same[row.line.code].append(row)
    for code, group in same.items():
        if len(group) == 1:
            continue
        first = group[0]
        if all(row.line.content() == first.line.content() for row in group):
            for row in group[1:]:
                row.verdict = Verdict.SKIPPED
                reason = f"与{first.line.place}完全相同，只取一次"
                skipped.append(Skipped(row.line.sheet, row.line.number, reason))
            continue
        for row in group:
            others = "、".join(other.line.place for other in group if other is not row)
            row.refuse(
                "code", f"组织代码 {code} 与{others}重复，内容不同", "请核对哪一行是对的，改正或删去另一行。"
            )
    return {code: group[0] for code, group in same.items()}


def _meet_stored(
    rows: list[PlannedRow], stored: dict[str, Stored], kept: dict[str, Stored], by: Actor
) -> None:
    for row in rows:
        found = kept.get(row.line.code)
        row.stored = found
        if found is None:
            _demand_columns(row)
        if found is not None:
            _keep_columns_left_out(row)
            if not found.is_active:
                row.refuse(
                    "code", f"组织代码 {row.line.code} 的组织已经撤并", "撤并后的代码不再使用，请核对。"
                )
        elif row.line.code in stored and not by.is_system:
            # Found out of reach: the parent will be unknown too. Where it isn't, the code can't be given out again.
            row.stored = None
            if row.line.parent_code in kept:
                row.refuse("code", f"组织代码 {row.line.code} 不能使用", "请核对代码。")


def _demand_columns(row: PlannedRow) -> None:
    """A new branch needs its sector and its members; a file without these columns only changes what stands."""
    if row.line.category != "党支部":
        return
    for key in ("sector", "member_count"):
        if key not in row.line.letters:
            row.refuse(
                key, f"新的党支部要有{COLUMNS[key]}，文件里没有这一列", f"请加上「{COLUMNS[key]}」列。"
            )


def _keep_columns_left_out(row: PlannedRow) -> None:
    """A column the file doesn't have leaves what stands."""
    for key in ("secretary_name", "member_count", "people_count"):
        if key not in row.line.letters:
            setattr(row.line, key, getattr(row.stored, key))


def _find_parents(
    rows: list[PlannedRow], by_code: dict[str, PlannedRow], kept: dict[str, Stored], by: Actor
) -> None:
    for row in rows:
        line, code = row.line, row.line.parent_code
        if any(fault.column == "parent_code" for fault in line.faults):
            continue
        if not code:
            _without_parent(row, by)
        elif code == line.code:
            row.refuse("parent_code", "上级组织代码填成了自己", "请填上级组织的代码。")
        elif row.stored is not None and row.stored.parent_code == code:
            row.parent = by_code.get(code) or kept.get(code)
        elif code in by_code:
            row.parent = by_code[code]
        elif code not in kept:
            row.refuse(
                "parent_code",
                f"上级组织代码 {code} 在文件里和您管理的范围里都没有",
                "请核对，或先导入上级组织。",
            )
        elif not kept[code].is_active:
            row.refuse("parent_code", f"上级组织 {code} 已经撤并", "请改填接收它的组织。")
        else:
            row.parent = kept[code]


def _without_parent(row: PlannedRow, by: Actor) -> None:
    """Only a province, city or county committee may stand at the top, and only the command line plants a new tree."""
    standing = row.line.standing
    if row.stored is not None and row.stored.parent_id is None:
        return
    top = standing is not None and standing[1] is Form.COMMITTEE and standing[0] <= Tier.COUNTY
    if row.stored is not None or not top or not by.is_system:
        further = "" if by.is_system else "您单位以上的组织不用写进文件。"
        row.refuse("parent_code", "没有填上级组织代码", f"请补上上级组织的代码。{further}")


def _settle(rows: list[PlannedRow]) -> None:
    """Refuse what stands under a refused newcomer or may not stand where it is put; parents before children."""
    for row in ties.parents_first(rows):
        above = row.parent
        stays = row.stored is not None and row.stored.parent_code == row.line.parent_code
        if isinstance(above, PlannedRow) and above.refused:
            if not stays and (above.stored is None or not above.stored.is_active):
                words = f"上级组织 {row.line.parent_code}（{above.line.place}）没有通过"
                _refuse_once(row, "parent_code", words, "请先改正上级那一行。")
                continue
            above = above.stored
        if row.line.standing is not None and above is not None:
            _check_standing(row, above)


def _check_standing(row: PlannedRow, above: PlannedRow | Stored) -> None:
    if isinstance(above, PlannedRow):
        standing, name = above.line.standing, above.line.full_name
    else:
        standing, name = (Tier(above.tier), Form(above.form)), above.full_name
    if standing is None or row.line.standing is None:
        return
    fault = parent_fault(row.line.standing, standing)
    if not fault:
        return
    said = ties.form_said(row.line.full_name)
    if said is not None and said is not row.line.standing[1]:
        words = f"名称是{said.label}，组织类别却填「{row.line.category}」；{fault}"
        _refuse_once(row, "category", words, f"请把组织类别改为「{said.label}」，或核对名称。")
    else:
        _refuse_once(row, "parent_code", f"{fault}（上级是「{name}」）", "请改填正确的上级组织代码。")


def _refuse_once(row: PlannedRow, column: str, words: str, remedy: str) -> None:
    if not any(fault.column == column for fault in row.line.faults):
        row.refuse(column, words, remedy)


def _judge(row: PlannedRow, sectors: dict[int, str]) -> None:
    if row.refused:
        row.verdict = Verdict.REFUSED
    elif row.stored is None:
        row.verdict = Verdict.NEW
    else:
        row.changes = tuple(_differences(row.line, row.stored, sectors))
        row.verdict = Verdict.CHANGED if row.changes else Verdict.UNCHANGED


def _differences(line: Line, stored: Stored, sectors: dict[int, str]) -> list[Difference]:
    found = []
    for key in (
        "full_name",
        "parent_code",
        "category",
        "sector",
        "secretary_name",
        "member_count",
        "people_count",
    ):
        after = getattr(line, key)
        if key == "sector":
            before = sectors.get(stored.sector_id or 0, "")
            if key not in line.letters:
                continue
        else:
            before = getattr(stored, key)
        if before != after:
            found.append(Difference(key, _word(before), _word(after)))
    return found


def _word(value: object) -> str:
    return "" if value is None else str(value)
