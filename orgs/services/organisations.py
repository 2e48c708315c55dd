"""Setting up, renaming, moving, merging and dissolving organisations (domain.md 2).

Each act has a date, a document number and a reason, leaves an :class:`OrganisationChange` and an entry in the trail.
Who may: the organisation department whose subtree holds the organisation (and its new place or successor).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from gradingsite.lib.refusal import Conflict, Refused
from gradingsite.trail.services import record
from orgs.actor import Actor
from orgs.categories import CATEGORIES, Form, Tier, parent_fault
from orgs.models import Organisation, OrganisationChange, Sector
from orgs.naming import code_fault, long_short_name_of, pinyin_of, short_name_of
from orgs.roles import Role
from orgs.services import tree

KEEPERS = (Role.ORG_DEPARTMENT,)
"""Who keeps the tree in order."""
FULL_NAME_LENGTH = 100
MOST_PEOPLE = 99_999_999

Then = Callable[[Organisation, Organisation | None], None]
"""What other rooms do when a branch closes, in the same transaction: given the branch and its successor or None.

``assessments`` passes its own (files closed 「因撤并终止」, open measures handed on); this room knows nothing of it.
"""


def nothing_more(organisation: Organisation, successor: Organisation | None) -> None:
    """No room has anything to do when the branch closes."""


@dataclass(frozen=True)
class Paper:
    """What an act rests on.

    :param on: the day it takes effect, not in the future.
    :param document_no: number of the document, 「绥组〔2026〕12号」.
    """

    on: dt.date
    document_no: str
    reason: str

    def check(self, now: dt.datetime) -> None:
        """Raises Refused when the day is still to come or something isn't filled in."""
        if self.on > timezone.localtime(now).date():
            raise Refused("日期还没有到，不能先登记。", field="on")
        if not self.document_no.strip():
            raise Refused("要填文号。", field="document_no")
        if not self.reason.strip():
            raise Refused("要写明事由。", field="reason")


def may_keep(organisation: Organisation, by: Actor) -> bool:
    """Whether the actor keeps this organisation: its department reaches it, or it is the software."""
    return by.reach.covers(organisation.path, organisation.pk, KEEPERS)


def _require(organisation: Organisation, by: Actor) -> None:
    if not may_keep(organisation, by):
        raise PermissionDenied(f"organisation {organisation.pk}")


def add(
    *,
    parent: Organisation,
    code: str,
    full_name: str,
    category: str,
    by: Actor,
    now: dt.datetime,
    paper: Paper,
    sector: Sector | None = None,
    short_name: str = "",
    secretary_name: str = "",
    member_count: int | None = None,
    people_count: int | None = None,
) -> Organisation:
    """Set up an organisation under ``parent``. Raises Refused when a rule of domain.md 2 says no."""
    _require(parent, by)
    paper.check(now)
    full_name = full_name.strip()
    if fault := code_fault(code):
        raise Refused(f"{fault}。", field="code")
    _check_name(full_name)
    tier, form = _category(category)
    _check_content(form, sector, member_count, people_count)
    with transaction.atomic():
        tree.take_lock()
        parent = Organisation.objects.get(pk=parent.pk)
        _check_place((tier, form), parent)
        if Organisation.objects.filter(code=code).exists():
            raise Refused(f"组织代码 {code} 已经有了，不能重复。", field="code")
        short = short_name.strip() or _short_name(full_name, parent)
        newcomer = tree.Newcomer(
            code, full_name, short, pinyin_of(short, full_name), category, tier, form,
            sector.pk if sector else None, secretary_name.strip(), member_count, people_count, paper.on,
            parent=parent.pk,
        )  # fmt: skip
        tree.insert([newcomer])
        organisation = _made(newcomer, parent)
        after = {"code": code, "full_name": full_name, "parent": parent.code, "category": category}
        _note(organisation, OrganisationChange.Kind.FOUNDED, paper, by, now, after=after)
    return organisation


def _made(newcomer: tree.Newcomer, parent: Organisation) -> Organisation:
    """The stored row as an instance, without asking for it again."""
    names = [field.attname for field in Organisation._meta.concrete_fields]
    values = dict(zip(tree.COLUMNS, newcomer.values(), strict=True))
    organisation = Organisation.from_db("default", names, [values[name] for name in names])
    organisation.parent = parent
    return organisation


def rename(
    *,
    organisation: Organisation,
    full_name: str,
    by: Actor,
    now: dt.datetime,
    paper: Paper,
    short_name: str = "",
) -> Organisation:
    """Give an organisation a new full name, and the short name that follows from it unless one is given."""
    _require(organisation, by)
    paper.check(now)
    full_name = full_name.strip()
    _check_name(full_name)
    with transaction.atomic():
        organisation = _held(organisation)
        if full_name == organisation.full_name and short_name.strip() in ("", organisation.short_name):
            raise Refused("新名称和现在的名称一样。", field="full_name")
        short = short_name.strip() or _short_name(full_name, organisation.parent, besides=organisation.pk)
        before = {"full_name": organisation.full_name, "short_name": organisation.short_name}
        after = {"full_name": full_name, "short_name": short}
        _update(organisation, after | {"pinyin": pinyin_of(short, full_name)})
        _note(organisation, OrganisationChange.Kind.RENAMED, paper, by, now, before=before, after=after)
    return organisation


def move(
    *, organisation: Organisation, parent: Organisation, by: Actor, now: dt.datetime, paper: Paper
) -> Organisation:
    """Hang an organisation with all below it under another parent."""
    _require(organisation, by)
    _require(parent, by)
    paper.check(now)
    with transaction.atomic():
        tree.take_lock()
        organisation, parent = _held(organisation), Organisation.objects.get(pk=parent.pk)
        if organisation.parent_id == parent.pk:
            raise Refused(f"已经在「{parent.short_name}」下面。", field="parent")
        _check_place((Tier(organisation.tier), Form(organisation.form)), parent)
        before = _place_words(organisation.parent)
        tree.move(organisation_id=organisation.pk, parent_id=parent.pk)
        organisation.refresh_from_db()
        _note(
            organisation,
            OrganisationChange.Kind.MOVED,
            paper,
            by,
            now,
            before=before,
            after=_place_words(parent),
        )
    return organisation


def edit(
    *, organisation: Organisation, by: Actor, now: dt.datetime, reason: str, changes: dict[str, Any]
) -> Organisation:
    """Correct what is not a name or a place: secretary, counts, sector, short name, founding day, reporting unit.

    :param changes: new values by field: ``secretary_name member_count people_count sector short_name founded_on
        reporting_unit``; a field left out stays. Unchanged values write nothing.
    """
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise ValueError(f"not editable: {sorted(unknown)}")
    _require(organisation, by)
    with transaction.atomic():
        organisation = _held(organisation)
        changes = {name: value for name, value in changes.items() if getattr(organisation, name) != value}
        if not changes:
            return organisation
        if not reason.strip():
            raise Refused("要写明事由。", field="reason")
        if reporting := changes.get("reporting_unit"):
            _require(reporting, by)
        merged = {name: changes.get(name, getattr(organisation, name)) for name in EDITABLE}
        _check_content(
            Form(organisation.form), merged["sector"], merged["member_count"], merged["people_count"]
        )
        if not merged["short_name"].strip():
            raise Refused("简称不能空着。", field="short_name")
        before = {name: _plain(getattr(organisation, name)) for name in changes}
        after = {name: _plain(value) for name, value in changes.items()}
        values = dict(changes)
        if "short_name" in values:
            values["pinyin"] = pinyin_of(values["short_name"], organisation.full_name)
        _update(organisation, values)
        paper = Paper(timezone.localtime(now).date(), "", reason)
        _note(organisation, OrganisationChange.Kind.EDITED, paper, by, now, before=before, after=after)
    return organisation


EDITABLE = (
    "secretary_name",
    "member_count",
    "people_count",
    "sector",
    "short_name",
    "founded_on",
    "reporting_unit",
)


def merge(
    *,
    organisation: Organisation,
    into: Organisation,
    by: Actor,
    now: dt.datetime,
    paper: Paper,
    then: Then = nothing_more,
) -> Organisation:
    """Merge a branch into another; its open matters pass to that one through ``then``."""
    _require(into, by)
    if into.pk == organisation.pk:
        raise Refused("不能并入自己。", field="into")
    if into.tier != Tier.BRANCH:
        raise Refused("只能并入支部级组织。", field="into")
    if not into.is_active:
        raise Refused(f"「{into.short_name}」已经撤并，不能再并入。", field="into")
    return _close(organisation, into, OrganisationChange.Kind.MERGED, by, now, paper, then)


def dissolve(
    *, organisation: Organisation, by: Actor, now: dt.datetime, paper: Paper, then: Then = nothing_more
) -> Organisation:
    """Dissolve a branch without a successor."""
    return _close(organisation, None, OrganisationChange.Kind.DISSOLVED, by, now, paper, then)


def _close(
    organisation: Organisation,
    successor: Organisation | None,
    kind: OrganisationChange.Kind,
    by: Actor,
    now: dt.datetime,
    paper: Paper,
    then: Then,
) -> Organisation:
    _require(organisation, by)
    paper.check(now)
    if organisation.tier != Tier.BRANCH:
        raise Refused("这里只能撤并支部级组织；党委、工委的撤并请先把下级移走，再由系统管理员处理。")
    with transaction.atomic():
        tree.take_lock()
        organisation = _held(organisation)
        if successor is not None:
            successor = _held(successor)
        below = Organisation.objects.filter(parent=organisation, is_active=True).count()
        if below:
            raise Refused(f"下面还有 {below} 个在册组织，请先移走或撤并。")
        if Organisation.objects.filter(pk=organisation.pk, is_active=True).update(is_active=False) != 1:
            raise Conflict("刚才已被别人撤并，请刷新后再看。")
        organisation.is_active = False
        after: dict[str, Any] = {"is_active": False}
        if successor is not None:
            after |= {"successor": successor.code, "successor_name": successor.full_name}
        _note(
            organisation, kind, paper, by, now, before={"is_active": True}, after=after, successor=successor
        )
        then(organisation, successor)
    return organisation


def _held(organisation: Organisation) -> Organisation:
    """The row as it is now, locked; a closed one can't be changed any more."""
    found = (
        Organisation.objects.select_for_update(of=("self",))
        .select_related("parent", "sector")
        .get(pk=organisation.pk)
    )
    if not found.is_active:
        raise Refused(f"「{found.short_name}」已经撤并，不能再改。")
    return found


def _update(organisation: Organisation, values: dict[str, Any]) -> None:
    Organisation.objects.filter(pk=organisation.pk).update(**values)
    for name, value in values.items():
        setattr(organisation, name, value)


def _check_name(full_name: str) -> None:
    if not full_name:
        raise Refused("要填规范全称。", field="full_name")
    if len(full_name) > FULL_NAME_LENGTH:
        raise Refused(
            f"规范全称最多 {FULL_NAME_LENGTH} 个字，现在有 {len(full_name)} 个。", field="full_name"
        )


def _category(category: str) -> tuple[Tier, Form]:
    if category not in CATEGORIES:
        raise Refused(f"没有「{category}」这种组织类别。", field="category")
    return CATEGORIES[category]


def _check_place(child: tuple[Tier, Form], parent: Organisation) -> None:
    if not parent.is_active:
        raise Refused(f"「{parent.short_name}」已经撤并，不能放在它下面。", field="parent")
    if fault := parent_fault(child, (Tier(parent.tier), Form(parent.form))):
        raise Refused(f"{fault}。", field="parent")


def _check_content(
    form: Form, sector: Sector | None, member_count: int | None, people_count: int | None
) -> None:
    if form is Form.BRANCH and sector is None:
        raise Refused("党支部要选领域。", field="sector")
    for field, count in (("member_count", member_count), ("people_count", people_count)):
        if count is not None and not 0 <= count <= MOST_PEOPLE:
            raise Refused("人数应是 0 以上的整数。", field=field)


def _short_name(full_name: str, parent: Organisation | None, *, besides: int = 0) -> str:
    """A short name no active sibling bears already, as far as the full name allows."""
    if parent is None:
        return short_name_of(full_name)
    ids = [*parent.ancestor_ids(), parent.pk]
    names = dict(Organisation.objects.filter(pk__in=ids).values_list("pk", "full_name"))
    short = short_name_of(full_name, tuple(names[pk] for pk in ids))
    taken = Organisation.objects.filter(parent=parent, short_name=short, is_active=True).exclude(pk=besides)
    return long_short_name_of(full_name) if taken.exists() else short


def _place_words(parent: Organisation | None) -> dict[str, Any]:
    if parent is None:
        return {"parent": "", "parent_name": ""}
    return {"parent": parent.code, "parent_name": parent.full_name}


def _plain(value: Any) -> Any:
    if isinstance(value, Organisation):
        return value.code
    if isinstance(value, Sector):
        return value.name
    return value.isoformat() if isinstance(value, dt.date) else value


def _note(
    organisation: Organisation,
    kind: OrganisationChange.Kind,
    paper: Paper,
    by: Actor,
    now: dt.datetime,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    successor: Organisation | None = None,
) -> None:
    OrganisationChange.objects.create(
        organisation=organisation,
        kind=kind,
        on=paper.on,
        document_no=paper.document_no.strip(),
        reason=paper.reason.strip(),
        before=before or {},
        after=after or {},
        successor=successor,
        by=by.person,
        at=now,
    )
    record(
        by=by,
        action=f"organisation.{kind.value}",
        obj=organisation,
        before=before,
        after=(after or {}) | {"on": paper.on, "document_no": paper.document_no.strip()},
        why=paper.reason.strip(),
        organisation_id=organisation.pk,
    )
