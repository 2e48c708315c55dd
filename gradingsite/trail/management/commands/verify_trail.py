"""``manage.py verify_trail``: is the trail whole and unchanged?"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils import timezone

from gradingsite.trail import sealing


class Command(BaseCommand):
    """Exit 0 when the trail is sound, else name the first bad entry and exit 1."""

    help = "核验审计记录：完好时退出码 0，否则指出第一处问题，退出码 1。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --no-seal and --restart-anchors."""
        parser.add_argument("--no-seal", action="store_true", help="只核验已封存的，不先封存新记录")
        parser.add_argument("--restart-anchors", action="store_true", help="锚文件丢失后，从现有末尾重新开始")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal what is new, walk the chain, say what was found."""
        try:
            if options["restart_anchors"]:
                sealing.anchor(now=timezone.now())
            fault = sealing.cut_off()
            if not fault:
                if not options["no_seal"]:
                    sealing.seal(now=timezone.now(), wait=True)
                verdict = sealing.verify()
                fault = verdict.fault
        except DatabaseError as error:
            self.stderr.write(f"审计记录读不出来：{error}")
            sys.exit(1)
        if fault:
            self.stderr.write(f"审计记录有问题。{fault}")
            sys.exit(1)
        self.stdout.write(f"审计记录完好：已封存 {verdict.sealed} 条，未封存 {verdict.unsealed} 条。")
