"""Signing in: five failures lock a name for fifteen minutes, and an unknown name answers like a known one.

An attempt is counted before its password is looked at, by compare-and-set, so that many at once get no more than five
guesses. For a name that nobody has, the same count is read off the trail, where each failure stands anyway.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F, Q

from gradingsite.lib.refusal import Refused
from gradingsite.trail.models import Entry
from gradingsite.trail.services import record
from orgs.models import Person

LIMIT = 5
LOCK = dt.timedelta(minutes=15)
FAILED = "sign_in.failed"
REFUSED_LOCKED = "sign_in.locked"
KIND = "orgs.person"
ASK_ADMIN = "忘了密码，请找本单位系统管理员重置。"


class PersonBackend(BaseBackend):
    """Reads the signed-in person afresh for each request; a disabled one is nobody. It checks no password itself."""

    def get_user(self, user_id: int) -> Person | None:
        """The person, if still enabled."""
        return Person.objects.filter(pk=user_id, is_active=True).first()


@dataclass(frozen=True)
class Standing:
    """Where a name stands after failures: how many tries are left, or until when it is locked."""

    left: int = LIMIT
    locked_until: dt.datetime | None = None

    def refusal(self, now: dt.datetime) -> Refused:
        """The sentence for the person at the keyboard; the same for every name."""
        if self.locked_until is not None:
            minutes = max(1, -int((now - self.locked_until).total_seconds() // 60))
            return Refused(f"连续 {LIMIT} 次输错，已暂停登录，请 {minutes} 分钟后再试。", remedy=ASK_ADMIN)
        return Refused(f"用户名或密码不对，还可试 {self.left} 次。")


def sign_in(*, username: str, password: str, now: dt.datetime) -> Person:
    """The person whose name and password these are; the attempt, good or bad, goes to the trail.

    :raises Refused: wrong, with the tries left; or locked, with the minutes.
    """
    name = username.strip()
    person = Person.objects.filter(username__iexact=name).first()
    if person is None or not person.is_active:
        # The work of one check, so that the time tells nothing.
        make_password(password)
        raise _failed_unknown(name, now).refusal(now)
    if not _claim(person, now):
        person.refresh_from_db(fields=["locked_until"])
        record(by=None, action=REFUSED_LOCKED, obj=person)
        raise Standing(0, person.locked_until).refusal(now)
    if not person.check_password(password):
        raise _failed(person, now).refusal(now)
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(failures=0, locked_until=None)
        record(by=person, action="sign_in", obj=person)
    return person


def sign_in_as_shown(*, username: str, now: dt.datetime) -> Person:
    """The demo's one click: only where the site is the demo, only for accounts the demo lists."""
    person = Person.objects.filter(username=username, is_active=True).first()
    if not settings.SITE_DEMO or person is None:
        raise Refused("没有这个演示账号。")
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(failures=0, locked_until=None)
        record(by=person, action="sign_in", obj=person, after={"demo": True})
    return person


def _claim(person: Person, now: dt.datetime) -> bool:
    """Count one attempt; False when the name is locked. Each statement is a compare-and-set of its own."""
    rows = Person.objects.filter(pk=person.pk)
    unlocked = Q(locked_until__isnull=True)
    return bool(
        rows.filter(locked_until__lte=now).update(failures=1, locked_until=None)
        or rows.filter(unlocked, failures__lt=LIMIT - 1).update(failures=F("failures") + 1)
        or rows.filter(unlocked).update(failures=LIMIT, locked_until=now + LOCK)
    )


def _failed(person: Person, now: dt.datetime) -> Standing:
    person.refresh_from_db(fields=["failures", "locked_until"])
    record(by=None, action=FAILED, obj=person, after={"failures": person.failures})
    return Standing(LIMIT - person.failures, person.locked_until)


def _failed_unknown(name: str, now: dt.datetime) -> Standing:
    """Count a failure of a name nobody has, on the trail; the name itself is not kept: it may be a password."""
    digest = hashlib.sha256(f"{settings.SECRET_KEY}\n{name.casefold()}".encode()).hexdigest()[:32]
    earlier = Entry.objects.filter(object_kind=KIND, object_id=digest, action=FAILED)
    count = earlier.count()
    if count and count % LIMIT == 0:
        locked_until = earlier.order_by("-pk").values_list("at", flat=True)[0] + LOCK
        if locked_until > now:
            record(by=None, action=REFUSED_LOCKED, kind=KIND, object_id=digest, label="没有的用户名")
            return Standing(0, locked_until)
    failures = count % LIMIT + 1
    record(
        by=None,
        action=FAILED,
        kind=KIND,
        object_id=digest,
        label="没有的用户名",
        after={"failures": failures},
    )
    return Standing(LIMIT - failures, now + LOCK if failures == LIMIT else None)
