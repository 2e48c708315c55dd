"""Import of people from a table: what each row would do, and the doing of it in one transaction.

Columns 姓名 用户名 电话 职务 组织代码 联系支部代码 起始日期. A row is a person and, where 职务 is filled in, a post; several
rows with one user name are one person with several posts. Nothing in a file ends a post, disables an account or makes
an administrator.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from django.db import transaction
from django.db.models.functions import Lower

from gradingsite.lib.reading import find_header, repeats_header
from gradingsite.lib.refusal import Refused
from gradingsite.lib.tables import Row, Value, Workbook
from gradingsite.lib.tidy import normalise_code, normalise_name, normalise_text
from gradingsite.trail.services import record
from orgs.actor import Actor
from orgs.models import Organisation, Person, Post
from orgs.roles import AdminRole, Extent, Role
from orgs.services.accounts import HandedOut, NewAccount, check_new, create_people, demand, edit_person
from orgs.services.posts import grant, placement_fault, set_listed

COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "人员姓名", "名字"),
    "username": ("用户名", "账号", "登录名"),
    "phone": ("电话", "手机", "手机号", "联系电话"),
    "role": ("职务", "角色", "岗位"),
    "organisation": ("组织代码", "单位代码", "党组织代码"),
    "listed": ("联系支部代码", "联系组织代码", "联系支部", "包联支部代码"),
    "from_on": ("起始日期", "任职日期", "起", "开始日期"),
}
HEADINGS = tuple(names[0] for names in COLUMNS.values())
REQUIRED = ("name", "username")
LABELS = {key: names[0] for key, names in COLUMNS.items()}
ROLE_WORDS: dict[str, Role] = {role.label: role for role in Role} | {
    "书记": Role.BRANCH_SECRETARY,
    "党支部书记": Role.BRANCH_SECRETARY,
    "包村": Role.LIAISON,
    "包村联络员": Role.LIAISON,
    "党务干部": Role.TOWNSHIP_CLERK,
    "评分人": Role.RELATED_RATER,
    "党委书记": Role.COMMITTEE_SECRETARY,
    "党工委书记": Role.COMMITTEE_SECRETARY,
    "工委书记": Role.COMMITTEE_SECRETARY,
    "党(工)委书记": Role.COMMITTEE_SECRETARY,
    "组织部干部": Role.ORG_DEPARTMENT,
    "组织部部长": Role.ORG_DEPARTMENT,
    "督导组": Role.SUPERVISION_GROUP,
    "办公室": Role.UNIT_OFFICE,
}
MOST_BY_NAME = 500
MOST_ROWS = 5_000
DAY = re.compile(r"(\d{4})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})")
SEPARATORS = re.compile(r"[\s,，、;；]+")


class Verdict(StrEnum):
    """What a row would do."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """In Chinese."""
        return {"new": "新增", "changed": "有改动", "unchanged": "不变", "refused": "不能导入"}[self.value]


@dataclass
class PlannedRow:
    """One row with its verdict; a refused one names its column, the reason and the remedy."""

    sheet: str
    number: int
    name: str = ""
    username: str = ""
    phone: str = ""
    role: Role | None = None
    code: str = ""
    listed_codes: tuple[str, ...] = ()
    organisation: Organisation | None = None
    listed: tuple[Organisation, ...] = ()
    from_on: dt.date | None = None
    person: Person | None = None
    post: Post | None = None
    verdict: Verdict = Verdict.UNCHANGED
    column: str = ""
    reason: str = ""
    remedy: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass
class Plan:
    """All rows of a file, in its order, and what was left out of it."""

    rows: list[PlannedRow]
    hidden_sheets: tuple[str, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """How many rows have this verdict."""
        return sum(row.verdict is verdict for row in self.rows)

    def worst_first(self, most: int) -> list[PlannedRow]:
        """Up to ``most`` rows for a page: refused ones first, then changes, new ones, the unchanged last."""
        order = (Verdict.REFUSED, Verdict.CHANGED, Verdict.NEW, Verdict.UNCHANGED)
        return sorted(self.rows, key=lambda row: order.index(row.verdict))[:most]

    @property
    def accepted(self) -> list[PlannedRow]:
        """The rows that write something."""
        return [row for row in self.rows if row.verdict in (Verdict.NEW, Verdict.CHANGED)]


def plan_people(workbook: Workbook, *, by: Actor, today: dt.date) -> Plan:
    """Judge every row of the workbook against what is stored; writes nothing.

    :raises Refused: no sheet has the headings 姓名 and 用户名.
    """
    demand(by, AdminRole.SYSTEM)
    rows: list[PlannedRow] = []
    found_any = False
    for sheet in workbook.visible_sheets:
        header = find_header(sheet, COLUMNS, required=REQUIRED)
        if header is None:
            continue
        found_any = True
        rows.extend(
            _read(sheet.name, row, header.columns, today)
            for row in sheet.rows
            if row.number > header.row and not row.is_blank and not repeats_header(row, header, COLUMNS)
        )
    if not found_any:
        raise Refused("没有找到表头。", remedy=f"表头要有“姓名”“用户名”，其余是{'、'.join(HEADINGS[2:])}。")
    _match(rows, by)
    return Plan(rows, workbook.hidden_names)


def _read(sheet: str, row: Row, columns: dict[str, int], today: dt.date) -> PlannedRow:
    """A row's cells, tidied; the first that can't be read refuses the row."""
    planned = PlannedRow(sheet, row.number)

    def cell(key: str) -> Value:
        return row[columns[key]].value if key in columns else None

    try:
        key = "name"
        planned.name = _noted(planned, normalise_name(cell(key)))
        key = "username"
        planned.username = _noted(planned, normalise_code(cell(key), name="用户名"))
        check_new(NewAccount(planned.username, planned.name))
        key = "phone"
        planned.phone = _noted(planned, normalise_code(cell(key), name="电话"))[:30]
        key = "role"
        words = normalise_name(cell(key))[0]
        planned.role = _role(words)
        key = "from_on"
        planned.from_on = _day(cell(key)) or today
        key = "organisation"
        planned.code = _noted(planned, normalise_code(cell(key), name=LABELS[key]))
        key = "listed"
        planned.listed_codes = _codes(cell(key))
    except Refused as refused:
        _refuse(planned, refused.field if refused.field in LABELS else key, refused.message, refused.remedy)
    return planned


def _noted(planned: PlannedRow, tidied: tuple[str, tuple[str, ...]]) -> str:
    text, notes = tidied
    planned.notes.extend(notes)
    return text


def _codes(value: Value) -> tuple[str, ...]:
    """Codes in one cell, separated by commas, blanks or lines; a single number is one code."""
    if not isinstance(value, str):
        code = normalise_code(value, name=LABELS["listed"])[0]
        return (code,) if code else ()
    parts = (normalise_code(part, name=LABELS["listed"])[0] for part in SEPARATORS.split(value))
    return tuple(dict.fromkeys(part for part in parts if part))


def _role(words: str) -> Role | None:
    if not words:
        return None
    role = ROLE_WORDS.get(words) or ROLE_WORDS.get(words.replace("（", "(").replace("）", ")"))
    if role is None:
        raise Refused(
            f"没有“{words[:20]}”这种职务。", remedy="请填：" + "、".join(role.label for role in Role) + "。"
        )
    return role


def _day(value: Value) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = normalise_text(value)[0]
    if not text:
        return None
    found = DAY.match(text)
    try:
        return dt.date(*map(int, found.groups())) if found else dt.date.fromisoformat(text)
    except ValueError:
        raise Refused(f"“{text[:20]}”不是日期。", remedy="请写成 2026-04-01 或 2026年4月1日。") from None


def _refuse(planned: PlannedRow, key: str, reason: str, remedy: str = "") -> None:
    planned.verdict = Verdict.REFUSED
    planned.column, planned.reason, planned.remedy = LABELS.get(key, key), reason, remedy


def _match(rows: list[PlannedRow], by: Actor) -> None:
    """Compare with what is stored; a fixed number of queries."""
    readable = [row for row in rows if row.verdict is not Verdict.REFUSED]
    codes = {code for row in readable for code in (row.code, *row.listed_codes) if code}
    units = {unit.code: unit for unit in Organisation.objects.active().filter(code__in=codes)}
    people = {
        person.username.lower(): person for person in _known({row.username.lower() for row in readable})
    }
    posts = _open_posts(people.values())
    first: dict[str, PlannedRow] = {}
    seen: dict[tuple[str, Role | None, str], int] = {}
    for row in readable:
        row.person = people.get(row.username.lower())
        leader = first.setdefault(row.username.lower(), row)
        try:
            _match_person(row, leader, by)
            _match_post(row, units, posts)
            key = (row.username.lower(), row.role, row.code)
            if seen.setdefault(key, row.number) != row.number:
                raise Refused(f"和第 {seen[key]} 行重复。", remedy="请删去一行。", field="username")
        except Refused as refused:
            _refuse(row, refused.field, refused.message, refused.remedy)
    # What hangs on a person who can't be made can't be done either.
    for row in readable:
        leader = first[row.username.lower()]
        if row.person is None and leader.verdict is Verdict.REFUSED and row is not leader:
            _refuse(row, "username", f"这个人在第 {leader.number} 行不能导入。", "请先改那一行。")


def _known(usernames: set[str]) -> list[Person]:
    """Accounts with these names, whatever their case."""
    known = Person.objects.annotate(lower=Lower("username"))
    return list(known.filter(lower__in=usernames)) if len(usernames) <= MOST_BY_NAME else list(known)


def _open_posts(people: Iterable[Person]) -> dict[tuple[int, str, int], Post]:
    """Posts without an end, by person, role and organisation."""
    found = Post.objects.filter(person__in=[person.pk for person in people], to_on__isnull=True)
    rows = found.select_related("person", "organisation").prefetch_related("listings__organisation")
    return {(post.person_id, post.role, post.organisation_id): post for post in rows}


def _match_person(row: PlannedRow, leader: PlannedRow, by: Actor) -> None:
    person = row.person
    if (row.name, row.phone) != (leader.name, leader.phone):
        raise Refused(f"同一用户名在第 {leader.number} 行的姓名或电话不一样。", field="name")
    if person is None:
        row.verdict = Verdict.NEW
        return
    if person.pk == by.person.pk:
        raise Refused("不能导入自己的账号。", remedy="请另一位系统管理员办。", field="username")
    if not person.is_active:
        raise Refused("这个账号已停用。", remedy="请先启用，或换一个用户名。", field="username")
    if person.admin_role and row.role:
        raise Refused(
            f"{person.name}是{AdminRole(person.admin_role).label}，不能担任业务职务。", field="role"
        )
    row.verdict = Verdict.UNCHANGED
    if person.name != row.name:
        raise Refused(
            f"用户名“{row.username}”已是“{person.name}”的。",
            remedy="是同一个人就先在网页上改姓名，不是就换一个用户名。",
            field="username",
        )
    if row.phone and person.phone != row.phone:
        row.verdict = Verdict.CHANGED
        row.notes.append(f"电话由 {person.phone or '空'} 改为 {row.phone}")


def _match_post(
    row: PlannedRow, units: dict[str, Organisation], posts: dict[tuple[int, str, int], Post]
) -> None:
    if row.role is None:
        if row.code or row.listed_codes:
            raise Refused("填了组织代码，没有填职务。", remedy="请补填职务。", field="role")
        return
    if not row.code:
        raise Refused("填了职务，没有填组织代码。", remedy="请补填组织代码。", field="organisation")
    row.organisation = _unit(row.code, units, "organisation")
    if fault := placement_fault(row.role, row.organisation):
        raise Refused(f"{fault}，{row.organisation.short_name}不合适。", field="organisation")
    _match_listed(row, units)
    row.post = posts.get((row.person.pk, row.role, row.organisation.pk)) if row.person else None
    if row.post is None:
        row.verdict = Verdict.NEW
        return
    stored = {listing.organisation_id for listing in row.post.listings.all()}
    if row.role.extent is Extent.LISTED and stored != {unit.pk for unit in row.listed}:
        row.verdict = Verdict.CHANGED
        row.notes.append(f"联系的组织由 {len(stored)} 个改为 {len(row.listed)} 个")


def _match_listed(row: PlannedRow, units: dict[str, Organisation]) -> None:
    if row.role is None or row.organisation is None:
        return
    if row.role.extent is not Extent.LISTED:
        if row.listed_codes:
            raise Refused(f"{row.role.label}不按名单管组织。", remedy="请清空这一格。", field="listed")
        return
    if not row.listed_codes:
        raise Refused(
            f"{row.role.label}要填联系哪些组织。", remedy="请填组织代码，几个就用逗号隔开。", field="listed"
        )
    row.listed = tuple(_unit(code, units, "listed") for code in row.listed_codes)
    outside = [unit for unit in row.listed if not unit.path.startswith(row.organisation.path)]
    if outside and row.role is Role.LIAISON:
        raise Refused(f"{outside[0].short_name}（{outside[0].code}）不在本乡镇下面。", field="listed")


def _unit(code: str, units: dict[str, Organisation], key: str) -> Organisation:
    if code not in units:
        raise Refused(f"没有代码为“{code[:40]}”的组织。", remedy="请核对代码，或先导入组织。", field=key)
    return units[code]


@transaction.atomic
def write_people(plan: Plan, *, by: Actor, now: dt.datetime) -> list[HandedOut]:
    """Write all accepted rows of a plan made a moment ago; all or none. Gives new accounts with their passwords.

    The file's posts are the system administrator's import (domain.md 1); the trail names each of them.
    """
    demand(by, AdminRole.SYSTEM)
    accepted = plan.accepted
    new: dict[str, NewAccount] = {}
    for row in accepted:
        if row.person is None:
            new.setdefault(row.username.lower(), NewAccount(row.username, row.name, row.phone))
    made = create_people(accounts=list(new.values()), by=by, now=now) if new else []
    people = {one.person.username.lower(): one.person for one in made}
    granting = by.as_software()
    for row in accepted:
        person = row.person or people[row.username.lower()]
        if row.person is not None and row.phone and person.phone != row.phone:
            edit_person(person=person, name=row.name, phone=row.phone, by=by)
        _write_post(row, person, granting)
    record(
        by=by,
        action="people.import",
        kind="orgs.person",
        label="人员表",
        after={verdict.label: plan.count(verdict) for verdict in Verdict},
    )
    return made


def _write_post(row: PlannedRow, person: Person, by: Actor) -> None:
    if row.role is None or row.organisation is None or row.from_on is None:
        return
    if row.post is None:
        grant(
            person=person,
            role=row.role,
            organisation=row.organisation,
            from_on=row.from_on,
            listed=row.listed,
            by=by,
            why=f"导入人员第 {row.number} 行",
        )
    elif row.role.extent is Extent.LISTED:
        set_listed(post=row.post, organisations=row.listed, by=by, why=f"导入人员第 {row.number} 行")
