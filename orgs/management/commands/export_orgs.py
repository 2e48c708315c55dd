"""``export_orgs [--org CODE] --out FILE [--as USER]``: the eight columns, to be imported as unchanged."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from gradingsite.trail.services import record
from orgs.command_line import actor_named, add_actor, organisation_coded, refusals_told
from orgs.models import Organisation
from orgs.resources import write_list


class Command(BaseCommand):
    """Writes the active organisations within reach, all or below one."""

    help = "导出组织名单（xlsx 或 csv，看文件名结尾），与导入的八列相同。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which part of the tree, and where to."""
        parser.add_argument("--org", default="", metavar="CODE", help="只导出这个组织和它的下级")
        parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="写到这个文件")
        add_actor(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write and tell."""
        by = actor_named(options["username"])
        found = Organisation.objects.within(by.reach).active()
        top = None
        if options["org"]:
            top = organisation_coded(options["org"], by)
            found = found.below(top)
        with refusals_told():
            written = write_list(found, options["out"])
        record(
            by=by,
            action="organisation.export",
            kind="orgs.organisation",
            label="组织名单",
            after={"rows": written, "file": options["out"].name},
            organisation_id=top.pk if top else None,
        )
        self.stdout.write(f"已导出 {written} 个组织到 {options['out']}。")
