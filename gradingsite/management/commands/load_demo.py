"""``load_demo``: fill an empty site with the demo's county; a site that has it keeps what is there."""

from __future__ import annotations

import json
import os
import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from gradingsite.demo.cast import deciding_committees, engage, staff_of
from gradingsite.demo.rounds import Clock, finish_last_year, load_rules, run_this_year
from orgs.models import Organisation, Person

ACCOUNTS_FILE = "demo-accounts.json"


class Command(BaseCommand):
    """Load the demo's county, people and rounds."""

    help = "装入演示县的组织、人员和两个轮次；已经装过的不动。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The password for all accounts may be given."""
        parser.add_argument("--password", default=os.environ.get("DEMO_PASSWORD", ""))
        parser.add_argument("--reset", action="store_true", help="重新开始（dev.py 已清空数据）")

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse a site that isn't a demo; print the accounts."""
        if not settings.SITE_DEMO:
            raise CommandError("只在演示环境（SITE_DEMO=1）中装入演示数据。")
        where = settings.DATA_DIR / ACCOUNTS_FILE
        if Person.objects.filter(username="xianwei").exists() and where.exists():
            self._tell(
                json.loads(where.read_text(encoding="utf-8")), "装入时打印过；忘了就用 --reset 重新开始"
            )
            return
        if Organisation.objects.exists():
            raise CommandError("库里已有别的组织，不能再装演示数据；请用 --reset 从头开始。")
        password = options["password"] or f"Yanshi-{secrets.token_hex(4)}"
        call_command("import_orgs", str(settings.BASE_DIR / "fixtures" / "county.csv"), stdout=self.stdout)
        clock = Clock(now=timezone.now(), today=timezone.localdate())
        with transaction.atomic():
            accounts = engage(password=password, today=clock.today, now=clock.now)
            staff = staff_of(deciding_committees(), today=clock.today)
            scheme = load_rules(clock)
            finish_last_year(scheme=scheme, staff=staff, clock=clock)
            run_this_year(scheme=scheme, staff=staff, clock=clock)
        where.write_text(json.dumps(accounts, ensure_ascii=False, indent=1), encoding="utf-8")
        self._tell(accounts, password)

    def _tell(self, accounts: list[dict[str, str]], password: str) -> None:
        """Print who can sign in; the sign-in page offers each with one click besides."""
        self.stdout.write(f"演示账号（密码：{password}；登录页可一键登录）：")
        for account in accounts:
            self.stdout.write(
                f"  {account['username']:<12}{account['role']}　{account['unit']}　{account['name']}"
            )
