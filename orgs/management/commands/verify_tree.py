"""``verify_tree [--repair]``: compare the tree's numbers, levels and paths with the parent links."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from gradingsite.trail.services import record
from orgs.models import Organisation
from orgs.services import tree
from orgs.services.people import system_actor
from orgs.services.soundness import faults

SHOWN = 200


class Command(BaseCommand):
    """Exit 0 when the tree is sound, else name what is wrong; --repair numbers it afresh from the parent links."""

    help = "检查组织树；加 --repair 按上级关系重新编号。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to mend."""
        parser.add_argument("--repair", action="store_true", help="按上级关系重新编号")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, mend if asked, and tell."""
        found = faults()
        for fault in found[:SHOWN]:
            self.stdout.write(str(fault))
        if len(found) > SHOWN:
            self.stdout.write(f"另有 {len(found) - SHOWN} 处。")
        if found and options["repair"]:
            found = self._repair()
        if found:
            raise CommandError(f"组织树有 {len(found)} 处不对。")
        self.stdout.write(f"组织树完好，共 {Organisation.objects.count()} 个组织。")

    def _repair(self) -> list[Any]:
        with transaction.atomic():
            changed = tree.renumber()
            record(
                by=system_actor(),
                action="organisation.repair",
                kind="orgs.organisation",
                label="组织树",
                after={"rows": changed},
            )
        self.stdout.write(f"已按上级关系重新编号，改了 {changed} 个组织。")
        return faults()
