"""Accounts: who may sign in. The system administrator's work; authority over files is another's (see ``posts``)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from gradingsite.lib.refusal import Refused
from gradingsite.trail.services import Act, record, record_many
from orgs.actor import Actor
from orgs.models import OldPassword, Person, Post
from orgs.passwords import KEPT, hash_to_hand_out, make_password_to_hand_out
from orgs.roles import AdminRole

USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,59}\Z")
TAKEN = "用户名「{}」已经有人用了，请换一个。"


@dataclass(frozen=True)
class NewAccount:
    """What an account is made from, already checked by :func:`check_new`."""

    username: str
    name: str
    phone: str = ""


@dataclass(frozen=True)
class HandedOut:
    """An account with its initial password in clear: shown once, kept nowhere."""

    person: Person
    password: str


def demand(by: Actor, admin_role: AdminRole) -> None:
    """Let pass the administrator of that kind and the software; anybody else: PermissionDenied."""
    if not by.is_system and by.reach.admin_role != admin_role:
        raise PermissionDenied(f"只有{admin_role.label}能办。")


def check_new(account: NewAccount) -> None:
    """Refuse a user name or a name that can't stand; whether it is taken only the database says."""
    if not USERNAME.match(account.username):
        raise Refused("用户名要 3 到 60 个字母、数字或 . _ -，以字母或数字开头。", field="username")
    if not account.name:
        raise Refused("请填姓名。", field="name")
    if len(account.name) > 40:
        raise Refused("姓名太长，最多 40 个字。", field="name")


@transaction.atomic
def create_person(*, username: str, name: str, phone: str = "", by: Actor, now: dt.datetime) -> HandedOut:
    """Make an account with a random initial password, to be changed at the first sign-in.

    :raises Refused: the user name can't stand or is taken.
    """
    return create_people(
        accounts=[NewAccount(username.strip(), name.strip(), phone.strip())], by=by, now=now
    )[0]


@transaction.atomic
def create_people(*, accounts: list[NewAccount], by: Actor, now: dt.datetime) -> list[HandedOut]:
    """Make many accounts in few statements; all or none. As :func:`create_person` otherwise."""
    demand(by, AdminRole.SYSTEM)
    for account in accounts:
        check_new(account)
    _refuse_taken([account.username for account in accounts])
    made = []
    for account in accounts:
        password = make_password_to_hand_out()
        person = Person(
            username=account.username,
            name=account.name,
            phone=account.phone,
            password=hash_to_hand_out(password),
            password_changed_at=now,
        )
        made.append(HandedOut(person, password))
    try:
        Person.objects.bulk_create([one.person for one in made], batch_size=500)
    except IntegrityError as error:
        raise Refused("用户名刚被别人用了，请刷新后再试。", field="username") from error
    record_many(
        by=by,
        acts=[
            Act(
                "person.create",
                obj=one.person,
                after={"username": one.person.username, "name": one.person.name},
            )
            for one in made
        ],
    )
    return made


def _refuse_taken(usernames: list[str]) -> None:
    """Names that differ only in case are one name."""
    wanted = [name.lower() for name in usernames]
    twice = {name for name in wanted if wanted.count(name) > 1} if len(set(wanted)) < len(wanted) else set()
    if twice:
        raise Refused(f"用户名「{min(twice)}」出现了两次。", field="username")
    if len(wanted) == 1:
        taken = Person.objects.filter(username__iexact=usernames[0]).exists()
    else:
        known = {name.lower() for name in Person.objects.values_list("username", flat=True)}
        usernames = [name for name in usernames if name.lower() in known]
        taken = bool(usernames)
    if taken:
        raise Refused(TAKEN.format(usernames[0]), field="username")


@transaction.atomic
def edit_person(*, person: Person, name: str, phone: str, by: Actor) -> None:
    """Correct the name and telephone number of an account."""
    demand(by, AdminRole.SYSTEM)
    check_new(NewAccount(person.username, name.strip(), phone.strip()))
    before = {"name": person.name, "phone": person.phone}
    person.name, person.phone = name.strip(), phone.strip()
    after = {"name": person.name, "phone": person.phone}
    if before != after:
        person.save(update_fields=["name", "phone"])
        record(by=by, action="person.edit", obj=person, before=before, after=after)


@transaction.atomic
def set_password(*, person: Person, password: str, now: dt.datetime, by: Actor) -> None:
    """Give the account the password its owner chose; the old one can't come back for four changes.

    :raises Refused: the password breaks a rule of security.md; all broken rules are named.
    """
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Refused("".join(error.messages), field="new_password") from error
    _store(person, password, must_change=False, now=now)
    record(by=by, action="person.password", obj=person)


@transaction.atomic
def reset_password(*, person: Person, by: Actor, now: dt.datetime) -> HandedOut:
    """Give the account a new random password, to be changed at the next sign-in; ends a lock and every session.

    An administrator's password is reset on the server only: else the system administrator could become the others.
    """
    demand(by, AdminRole.SYSTEM)
    if person.admin_role and not by.is_system:
        raise Refused(
            "管理员的密码不能在网页上重置。", remedy="请在服务器上用 create_administrator --reset 办。"
        )
    password = make_password_to_hand_out()
    _store(person, password, must_change=True, now=now)
    Person.objects.filter(pk=person.pk).update(failures=0, locked_until=None)
    record(by=by, action="person.reset", obj=person)
    return HandedOut(person, password)


def _store(person: Person, password: str, *, must_change: bool, now: dt.datetime) -> None:
    if is_password_usable(person.password):
        OldPassword.objects.create(person=person, password=person.password, at=now)
        kept = OldPassword.objects.filter(person=person).values_list("pk", flat=True)[:KEPT]
        OldPassword.objects.filter(person=person).exclude(pk__in=list(kept)).delete()
    person.set_password(password)
    person.must_change_password = must_change
    person.password_changed_at = now
    person.save(update_fields=["password", "must_change_password", "password_changed_at"])


@transaction.atomic
def set_enabled(*, person: Person, enabled: bool, by: Actor, why: str = "") -> None:
    """Enable or disable an account; a disabled one is signed out at its next request. Nobody does it to himself."""
    demand(by, AdminRole.SYSTEM)
    if person.pk == by.person.pk:
        raise Refused("不能停用或启用自己的账号，请另一位系统管理员办。")
    if Person.objects.filter(pk=person.pk).exclude(is_active=enabled).update(is_active=enabled):
        person.is_active = enabled
        record(
            by=by,
            action="person.enable" if enabled else "person.disable",
            obj=person,
            before={"is_active": not enabled},
            after={"is_active": enabled},
            why=why,
        )


@transaction.atomic
def set_admin_role(*, person: Person, admin_role: str, by: Actor, today: dt.date, why: str = "") -> None:
    """Make the account one of the three administrators 「三员」, or (empty) none. The security administrator's work.

    :raises Refused: it is one's own account, the person already is an administrator, or holds a post.
    """
    demand(by, AdminRole.SECURITY)
    if person.pk == by.person.pk:
        raise Refused("不能给自己授权，请另一位安全管理员办。")
    if admin_role and person.admin_role and person.admin_role != admin_role:
        raise Refused(
            f"{person.name}已经是{AdminRole(person.admin_role).label}，三员不能兼任。",
            remedy="先取消原来的，再指定新的。",
        )
    still_held = Post.objects.filter(Q(to_on__isnull=True) | Q(to_on__gte=today), person=person)
    if admin_role and still_held.exists():
        raise Refused(f"{person.name}还有职务在任，管理员不能担任业务职务。", remedy="先结束这些职务。")
    before = person.admin_role
    person.admin_role = AdminRole(admin_role).value if admin_role else ""
    person.save(update_fields=["admin_role"])
    record(
        by=by,
        action="person.admin_role",
        obj=person,
        before={"admin_role": before},
        after={"admin_role": person.admin_role},
        why=why,
    )
