"""Who can sign in to the demo, and who has done the work in it so far."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from orgs.actor import Actor
from orgs.categories import COMMITTEES, Tier
from orgs.models import Organisation, Person, Post, PostListing
from orgs.reach import Reach
from orgs.roles import AdminRole, Role

TOWN = "520323102000"
COUNTY = "520323000000"
CITY = "520300000000"
PROVINCE = "520000000000"
SINCE = dt.timedelta(days=700)


@dataclass(frozen=True)
class Part:
    """One account of the demo. ``lists``: codes of listed organisations; ``"*"``: every branch of the post's unit."""

    username: str
    name: str
    role: Role
    code: str
    title: str = ""
    lists: tuple[str, ...] = ()


PARTS = (
    Part("zhibu", "叶某某", Role.BRANCH_SECRETARY, "520323102003", "鹿山社区支部书记"),
    Part("zhibu2", "郭某", Role.BRANCH_SECRETARY, "520323102202", "下寺村支部书记"),
    Part("baocun", "罗某", Role.LIAISON, TOWN, "包村干部", ("*",)),
    Part("xiangzhen", "陈某某", Role.TOWNSHIP_CLERK, TOWN, "党务干部"),
    Part("xiangzhen2", "周某", Role.TOWNSHIP_CLERK, TOWN, "党务干部"),
    Part("xiangguan", "蒋某", Role.RELATED_RATER, COUNTY, "县信访局评分人"),
    Part("shuji", "付某某", Role.COMMITTEE_SECRETARY, TOWN, "镇党委书记"),
    Part("xianwei", "何某", Role.ORG_DEPARTMENT, COUNTY, "县委组织部组织科"),
    Part("xianwei2", "唐某", Role.ORG_DEPARTMENT, COUNTY, "县委组织部组织科"),
    Part("buzhang", "余某", Role.COMMITTEE_SECRETARY, COUNTY, "县委组织部部长"),
    Part("shiwei", "梁某某", Role.ORG_DEPARTMENT, CITY, "市委组织部"),
    Part("shengwei", "宋某", Role.ORG_DEPARTMENT, PROVINCE, "省委组织部"),
    Part(
        "dudao",
        "韩某某",
        Role.SUPERVISION_GROUP,
        COUNTY,
        "第二督导组",
        ("520323101000", TOWN, "520323103000"),
    ),
    Part("lianxi", "邓某某", Role.CONTACT_LEADER, COUNTY, "县委副书记", ("520323102003", "520323102202")),
    Part("lingdao", "潘某", Role.LEADING_CADRE, TOWN, "镇长"),
    Part("bangong", "任某", Role.UNIT_OFFICE, TOWN, "党政办"),
)

KEEPERS = (
    ("xitong", "系统管理员", AdminRole.SYSTEM),
    ("anquan", "安全管理员", AdminRole.SECURITY),
    ("shenji", "审计管理员", AdminRole.AUDIT),
)


def engage(*, password: str, today: dt.date, now: dt.datetime) -> list[dict[str, str]]:
    """Make the accounts and their posts. Gives ``username, role, unit`` of each, for the sign-in page."""
    hashed = make_password(password)
    panel = []
    units = {unit.code: unit for unit in Organisation.objects.filter(code__in={part.code for part in PARTS})}
    for part in PARTS:
        person = _account(part.username, part.name, hashed, now)
        post = Post.objects.create(
            person=person,
            role=part.role,
            organisation=units[part.code],
            title=part.title,
            from_on=today - SINCE,
        )
        if part.role is Role.BRANCH_SECRETARY or part.code == TOWN and part.role is Role.COMMITTEE_SECRETARY:
            Organisation.objects.filter(code=part.code).update(secretary_name=part.name)
        PostListing.objects.bulk_create(
            PostListing(post=post, organisation=one) for one in _listed(part, units)
        )
        panel.append(
            {"username": part.username, "role": part.role.label, "unit": part.title, "name": part.name}
        )
    for username, name, role in KEEPERS:
        _account(username, name, hashed, now, admin_role=role.value)
        panel.append({"username": username, "role": name, "unit": "全站", "name": ""})
    return panel


def _account(username: str, name: str, hashed: str, now: dt.datetime, admin_role: str = "") -> Person:
    return Person.objects.create(
        username=username,
        name=name,
        password=hashed,
        admin_role=admin_role,
        must_change_password=False,
        password_changed_at=now,
    )


def _listed(part: Part, units: dict[str, Organisation]) -> list[Organisation]:
    if part.lists == ("*",):
        return list(Organisation.objects.below(units[part.code]).filter(tier=Tier.BRANCH))
    return list(Organisation.objects.filter(code__in=part.lists))


@dataclass(frozen=True)
class Staff:
    """Who works at one deciding committee: two clerks and the committee secretary, each with every authority there."""

    clerk: Actor
    second: Actor
    secretary: Actor


def staff_of(committees: list[Organisation], *, today: dt.date) -> dict[int, Staff]:
    """Staff for each committee; where the demo has no account, persons who can't sign in."""
    found = {}
    for number, committee in enumerate(committees, start=1):
        posts = {(post.role, n): post.person for n, post in _numbered(committee)}
        clerk = posts.get((Role.TOWNSHIP_CLERK, 1)) or _silent(f"dangwu{number:02}", "王某", committee, today)
        second = posts.get((Role.TOWNSHIP_CLERK, 2)) or _silent(f"fuhe{number:02}", "李某", committee, today)
        head = posts.get((Role.COMMITTEE_SECRETARY, 1))
        head = head or _silent(
            f"shuji{number:02}", committee.secretary_name or "赵某", committee, today, head=True
        )
        found[committee.pk] = Staff(free(clerk), free(second), free(head))
    return found


def _numbered(committee: Organisation) -> list[tuple[int, Post]]:
    seen: dict[str, int] = {}
    rows = []
    for post in committee.posts.select_related("person").order_by("pk"):
        seen[post.role] = seen.get(post.role, 0) + 1
        rows.append((seen[post.role], post))
    return rows


def _silent(
    username: str, name: str, committee: Organisation, today: dt.date, *, head: bool = False
) -> Person:
    person = Person.objects.create(username=username, name=name, password="!", must_change_password=False)
    role = Role.COMMITTEE_SECRETARY if head else Role.TOWNSHIP_CLERK
    Post.objects.create(person=person, role=role, organisation=committee, from_on=today - SINCE)
    return person


def free(person: Person) -> Actor:
    """The person with every authority: the demo writes history, it doesn't ask who may."""
    return Actor(person, Reach(person_id=person.pk, everything=True), via="command")


def deciding_committees() -> list[Organisation]:
    """The county's committees of township tier, in order."""
    return list(Organisation.objects.filter(tier=Tier.TOWNSHIP, form__in=COMMITTEES).in_order())
