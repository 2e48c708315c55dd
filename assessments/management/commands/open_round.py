"""``open_round --scheme NAME --org CODE --year YYYY [--name NAME]``: freeze scheme and roster, open the files."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from assessments.command_line import actor_named, add_actor, organisation_coded, refusals_told
from assessments.models import Scheme
from assessments.services.rounds import create_round, open_round
from orgs.actor import Actor
from orgs.models import Organisation


class Command(BaseCommand):
    """Opens a round; its id is the last word of the last line."""

    help = "开始一个定级轮次；最后一行最后一个词是轮次编号。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Scheme, committee, year and name."""
        parser.add_argument("--scheme", required=True, metavar="NAME", help="方案代号或名称")
        parser.add_argument("--org", required=True, metavar="CODE", help="组织定级的党委的组织代码")
        parser.add_argument("--year", required=True, type=int, metavar="YYYY")
        parser.add_argument("--name", default="", metavar="NAME", help="轮次名称")
        add_actor(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Open it and print its id."""
        by, now = actor_named(options["username"]), timezone.now()
        organisation = organisation_coded(options["org"], by)
        scheme = scheme_named(options["scheme"], organisation, by)
        year = options["year"]
        if not 1921 <= year <= 2999:
            raise CommandError(f"年度 {year} 不对，请写四位数字，如 {now.year}。")
        name = options["name"].strip() or f"{year}年度{organisation.short_name}党支部分类定级"
        with refusals_told(), transaction.atomic():
            found = create_round(
                scheme=scheme, organisation=organisation, name=name[:100], year=year, by=by, now=now
            )
            files = open_round(round=found, by=by, now=now)
        self.stdout.write(f"方案：{scheme.name} 第 {scheme.version} 版")
        self.stdout.write(f"已开始「{found.name}」，{files} 个支部建档，轮次编号 {found.pk}")


def scheme_named(name: str, organisation: Organisation, by: Actor) -> Scheme:
    """The newest version of a scheme by code or name: the organisation's own, else of the nearest above, else shared."""
    above = [*organisation.ancestor_ids(), organisation.pk]
    mine = Q(organisation__in=above) | Q(organisation__isnull=True)
    rows = Scheme.objects.within(by.reach).filter(mine, Q(code=name) | Q(name=name))
    found = list(rows)
    if not found:
        raise CommandError(f"没有方案「{name}」，请先用 load_scheme 载入。")
    near = {pk: place for place, pk in enumerate(above)}
    return max(found, key=lambda scheme: (near.get(scheme.organisation_id or 0, -1), scheme.version))
