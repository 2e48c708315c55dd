"""What the commands of this room share: who acts, and how a rule says no."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError
from django.utils.timezone import localdate

from gradingsite.lib.refusal import Refused
from orgs.actor import Actor
from orgs.models import Organisation, Person
from orgs.services.people import acting, system_actor


def add_actor(parser: ArgumentParser) -> None:
    """``--as USER``."""
    parser.add_argument(
        "--as", dest="username", default="", metavar="USER", help="以这个用户的名义办；默认是系统（命令行）"
    )


def actor_named(username: str) -> Actor:
    """The person with today's reach, or the software itself. Raises CommandError for an unknown or disabled one."""
    if not username:
        return system_actor()
    person = Person.objects.filter(username__iexact=username, is_active=True).first()
    if person is None:
        raise CommandError(f"没有用户「{username}」，或已停用。")
    return acting(person, on=localdate(), via="command")


def organisation_coded(code: str, by: Actor) -> Organisation:
    """An organisation within the actor's reach. Raises CommandError."""
    found = Organisation.objects.within(by.reach).filter(code=code).first()
    if found is None:
        raise CommandError(f"没有代码为 {code} 的组织。")
    return found


@contextmanager
def refusals_told() -> Iterator[None]:
    """A rule's no, or a missing role, as the command's own failure: exit non-zero, one sentence."""
    try:
        yield
    except Refused as refused:
        raise CommandError(str(refused)) from refused
    except PermissionDenied as denied:
        raise CommandError("这个用户没有办这件事的职务。") from denied
