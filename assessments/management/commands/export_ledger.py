"""``export_ledger NAME --round ID --org CODE --out FILE``: a ledger as Excel or csv, by the file's ending."""

from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localdate

from assessments.command_line import (
    actor_named,
    add_actor,
    organisation_coded,
    refusals_told,
    round_numbered,
)
from assessments.ledgers import LABELS, export


class Command(BaseCommand):
    """Writes the file beside its place and moves it there when whole."""

    help = "导出台账：" + "、".join(f"{name} {label}" for name, label in LABELS.items())

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which ledger, of what, where to."""
        parser.add_argument("name", choices=list(LABELS), metavar="NAME", help="、".join(LABELS))
        parser.add_argument("--round", required=True, type=int, metavar="ID", help="定级轮次的编号")
        parser.add_argument("--org", required=True, metavar="CODE", help="组织代码")
        parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="以 .xlsx 或 .csv 结尾")
        add_actor(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Export and tell how many lines."""
        by = actor_named(options["username"])
        round = round_numbered(options["round"], by)
        organisation = organisation_coded(options["org"], by)
        out: Path = options["out"]
        ending = out.suffix.lower().removeprefix(".")
        if not out.parent.is_dir():
            raise CommandError(f"没有文件夹「{out.parent}」。")
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=".ledger-")
        try:
            with os.fdopen(handle, "w+b") as file, refusals_told():
                lines = export(
                    options["name"],
                    round=round,
                    organisation=organisation,
                    ending=ending,
                    out=file,
                    by=by,
                    today=localdate(),
                )
            Path(name).chmod(0o640)
            Path(name).replace(out)
        finally:
            Path(name).unlink(missing_ok=True)
        self.stdout.write(f"已导出{LABELS[options['name']]}：{organisation.full_name}，{lines} 行，{out}")
