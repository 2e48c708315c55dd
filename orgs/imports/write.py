"""Carrying out a planned import: all accepted rows in one transaction, by set-based statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from gradingsite.lib.refusal import Conflict, Refused
from gradingsite.trail.services import Act, record, record_many
from orgs.actor import Actor
from orgs.categories import CATEGORIES
from orgs.imports.plan import ImportPlan, PlannedRow, Verdict
from orgs.imports.stored import Stored, digest_of, full_names, siblings_of, stored_by_code
from orgs.models import Organisation, OrganisationChange
from orgs.naming import long_short_name_of, pinyin_of, short_name_of
from orgs.services import tree
from orgs.services.bulk import update_organisations

CHANGED = (
    "full_name", "short_name", "pinyin", "category", "tier", "form", "sector_id", "secretary_name", "member_count",
    "people_count",
)  # fmt: skip
CODES_IN_TRAIL = 1_000
"""Up to so many new codes are listed in the trail entry of an import; of more the file's hash tells."""


@dataclass(frozen=True)
class Source:
    """The file an import comes from: its name and the SHA-256 of its bytes."""

    name: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Outcome:
    """How many rows were written or not."""

    new: int
    changed: int
    unchanged: int
    refused: int
    skipped: int

    def __str__(self) -> str:
        return (
            f"新增 {self.new} 个，修改 {self.changed} 个，不变 {self.unchanged} 个，"
            f"不通过 {self.refused} 行，跳过 {self.skipped} 行"
        )


def outcome_of(plan: ImportPlan) -> Outcome:
    """The plan's counts."""
    return Outcome(*(plan.counts[verdict] for verdict in Verdict))


def carry_out(
    plan: ImportPlan, *, by: Actor, now: dt.datetime, accept_valid: bool = False, source: Source | None = None
) -> Outcome:
    """Write the plan's new and changed rows.

    :param accept_valid: write the good rows although others are refused.
    :raises Refused: rows are refused and ``accept_valid`` isn't given; nothing was written.
    :raises Conflict: an organisation the plan rests on has changed since it was made; nothing was written.
    """
    refused = plan.counts[Verdict.REFUSED]
    if refused and not accept_valid:
        raise Refused(
            f"有 {refused} 行没有通过，整个文件没有写入。", remedy="请改正后重新导入，或者只写入可用的行。"
        )
    if not plan.to_write:
        return outcome_of(plan)
    with transaction.atomic():
        tree.take_lock()
        if digest_of(stored_by_code(plan.named)) != plan.state:
            raise Conflict("预览以后，组织数据又有了变化，没有写入。", remedy="请重新预览。")
        new = [row for row in plan.rows if row.verdict is Verdict.NEW]
        changed = [row for row in plan.rows if row.verdict is Verdict.CHANGED]
        names = _Names(plan.rows)
        made = _add(new, plan.sectors, names)
        _change(changed, plan.sectors, names, made)
        _tell(plan, new, changed, by, now, source or Source())
    return outcome_of(plan)


class _Names:
    """Full names above each organisation, and the short names siblings bear already."""

    def __init__(self, rows: Iterable[PlannedRow]) -> None:
        rows = list(rows)
        above = {row.parent for row in rows if isinstance(row.parent, Stored)}
        stays = {row.stored for row in rows if row.stored is not None and isinstance(row.parent, PlannedRow)}
        ids = {int(part) for stored in above | stays for part in stored.path.strip("/").split("/")}
        self._by_id = full_names(ids)
        self._chains: dict[object, tuple[str, ...]] = {}
        parents = {stored.id for stored in above}
        parents |= {
            row.parent.stored.id for row in rows if isinstance(row.parent, PlannedRow) and row.parent.stored
        }
        renamed_or_new = any(row.verdict in (Verdict.NEW, Verdict.CHANGED) for row in rows)
        self._taken: dict[object, dict[str, str]] = {
            key: {sibling.short_name: sibling.code for sibling in siblings}
            for key, siblings in (siblings_of(parents) if renamed_or_new else {}).items()
        }

    def above(self, row: PlannedRow) -> tuple[str, ...]:
        """Full names of all organisations above the row, root first."""
        parent = row.parent
        if parent is None:
            return ()
        key = self._key(parent)
        if key not in self._chains:
            self._chains[key] = self._chain(parent)
        return self._chains[key]

    def _chain(self, parent: PlannedRow | Stored) -> tuple[str, ...]:
        if isinstance(parent, PlannedRow) and not parent.refused:
            return (*self.above(parent), parent.line.full_name)
        stored = parent if isinstance(parent, Stored) else parent.stored
        if stored is None:
            return ()
        return tuple(
            self._by_id[int(part)] for part in stored.path.strip("/").split("/") if int(part) in self._by_id
        )

    @staticmethod
    def _key(parent: PlannedRow | Stored) -> object:
        stored = parent if isinstance(parent, Stored) else parent.stored
        return stored.id if stored is not None else parent.line.code

    def short(self, row: PlannedRow) -> str:
        """A short name for the row that no sibling bears, as far as its full name allows."""
        short = short_name_of(row.line.full_name, self.above(row))
        key = self._key(row.parent) if row.parent is not None else None
        taken, code = self._taken.setdefault(key, {}), row.line.code
        if taken.get(short, code) != code:
            short = long_short_name_of(row.line.full_name)
        taken[short] = code
        return short


def _add(rows: list[PlannedRow], sectors: dict[str, int], names: _Names) -> dict[str, tree.Newcomer]:
    made: dict[str, tree.Newcomer] = {}
    for row in rows:
        line = row.line
        short = names.short(row)
        tier, form = CATEGORIES[line.category]
        made[line.code] = tree.Newcomer(
            line.code, line.full_name, short, pinyin_of(short, line.full_name), line.category, tier, form,
            sectors.get(line.sector), line.secretary_name, line.member_count, line.people_count,
        )  # fmt: skip
    for row in rows:
        made[row.line.code].parent = _parent_of(row, made)
    tree.insert(list(made.values()))
    return made


def _parent_of(row: PlannedRow, made: dict[str, tree.Newcomer]) -> tree.Newcomer | int | None:
    parent = row.parent
    if parent is None:
        return None
    stored = parent if isinstance(parent, Stored) else parent.stored
    return stored.id if stored is not None else made[parent.line.code]


def _change(
    rows: list[PlannedRow], sectors: dict[str, int], names: _Names, made: dict[str, tree.Newcomer]
) -> None:
    values, moves = [], []
    for row in rows:
        line, stored = row.line, row.stored
        assert stored is not None
        tier, form = CATEGORIES[line.category]
        short = names.short(row) if line.full_name != stored.full_name else stored.short_name
        sector = sectors.get(line.sector) if "sector" in line.letters else stored.sector_id
        values.append(
            (
                line.full_name, short, pinyin_of(short, line.full_name), line.category, int(tier), str(form), sector,
                line.secretary_name, line.member_count, line.people_count, stored.id,
            )
        )  # fmt: skip
        if row.moves:
            parent = _parent_of(row, made)
            moves.append((stored.id, parent.id if isinstance(parent, tree.Newcomer) else parent))
    update_organisations(CHANGED, values)
    tree.move_many([(pk, parent) for pk, parent in moves if parent is not None])


def _tell(
    plan: ImportPlan,
    new: list[PlannedRow],
    changed: list[PlannedRow],
    by: Actor,
    now: dt.datetime,
    source: Source,
) -> None:
    """Dated changes of those that stood already, one trail entry for each of them and one for the whole import."""
    day, reason = (
        timezone.localtime(now).date(),
        f"导入{f'《{source.name}》' if source.name else '组织名单'}"[:300],
    )
    changes, acts = [], []
    for row in changed:
        before = {change.field: change.before for change in row.changes}
        after = {change.field: change.after for change in row.changes}
        kind = _kind_of(row)
        stored = row.stored
        assert stored is not None
        changes.append(
            OrganisationChange(
                organisation_id=stored.id,
                kind=kind,
                on=day,
                reason=reason,
                before=before,
                after=after,
                by=by.person,
                at=now,
            )  # fmt: skip
        )
        acts.append(
            Act(
                f"organisation.{kind.value}",
                None,
                "orgs.organisation",
                stored.id,
                stored.short_name,
                before,
                after,
                reason,
                stored.id,
            )  # fmt: skip
        )
    OrganisationChange.objects.bulk_create(changes, batch_size=1_000)
    record_many(by=by, acts=acts)
    counts = {verdict.value: number for verdict, number in plan.counts.items()}
    codes = [row.line.code for row in new[:CODES_IN_TRAIL]]
    record(
        by=by,
        action="organisation.import",
        kind="orgs.organisation",
        label=source.name or "组织名单",
        after=counts | {"file": source.name, "sha256": source.sha256, "new_codes": codes},
        organisation_id=_top(by),
    )


def _kind_of(row: PlannedRow) -> OrganisationChange.Kind:
    fields = {change.field for change in row.changes}
    if "parent_code" in fields:
        return OrganisationChange.Kind.MOVED
    return OrganisationChange.Kind.RENAMED if "full_name" in fields else OrganisationChange.Kind.EDITED


def _top(by: Actor) -> int | None:
    """The organisation whose histories show the import: the importer's own."""
    if by.reach.spans:
        return by.reach.spans[0].organisation_id
    return Organisation.objects.filter(parent=None).order_by("pk").values_list("pk", flat=True).first()
