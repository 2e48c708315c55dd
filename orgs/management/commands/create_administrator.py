"""Makes one of the three administrators, or resets an administrator's password, from the server's own keyboard."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from gradingsite.lib.refusal import Refused
from orgs.models import Person
from orgs.roles import AdminRole
from orgs.services.accounts import HandedOut, create_person, reset_password, set_admin_role
from orgs.services.people import system_actor


class Command(BaseCommand):
    """``create_administrator USERNAME --name NAME --role system|security|audit``, or ``USERNAME --reset``."""

    help = "建一个管理员账号（系统、安全、审计三选一），或用 --reset 重置管理员的密码；初始密码只显示一次。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The user name, and what the account is to be."""
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="姓名")
        parser.add_argument("--role", choices=[role.value for role in AdminRole], help="哪一员")
        parser.add_argument("--reset", action="store_true", help="重置已有账号的密码")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and print the password once."""
        try:
            made = self._reset(options["username"]) if options["reset"] else self._create(**options)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{made.person.username} {made.person.name} 初始密码：{made.password}")

    def _reset(self, username: str) -> HandedOut:
        person = Person.objects.filter(username__iexact=username).first()
        if person is None:
            raise CommandError(f"没有用户「{username}」。")
        return reset_password(person=person, by=system_actor(), now=timezone.now())

    @transaction.atomic
    def _create(self, *, username: str, name: str, role: str | None, **options: Any) -> HandedOut:
        if not role:
            raise CommandError("请用 --role 说明是 system、security 还是 audit。")
        by = system_actor()
        made = create_person(username=username, name=name or username, by=by, now=timezone.now())
        set_admin_role(person=made.person, admin_role=role, by=by, today=timezone.localdate())
        return made
