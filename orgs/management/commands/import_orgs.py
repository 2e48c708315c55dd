"""``import_orgs FILE [--dry-run] [--accept-valid] [--report OUT.csv] [--as USER]``."""

from __future__ import annotations

import csv
import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from gradingsite.lib.reading import Limits, read_tables
from orgs.actor import Actor
from orgs.command_line import actor_named, add_actor, refusals_told
from orgs.imports import ImportPlan, Source, Verdict, carry_out, outcome_of, plan_import
from orgs.imports.memory import without_collecting
from orgs.imports.report import REPORT_COLUMNS, report_lines, sentence

LIMITS = Limits(
    rows=1_048_576,
    cells=20_000_000,
    characters=600_000_000,
    file=300 * 1024 * 1024,
    unpacked=1500 * 1024 * 1024,
    memory=2000 * 1024 * 1024,
    cpu=120,
    wall=180,
)
"""A whole province is read from the command line, which its operator answers for; uploads keep the usual limits."""

SHOWN = 50


class Command(BaseCommand):
    """Imports organisations; a refused row refuses the whole file unless --accept-valid."""

    help = "导入组织名单（xlsx、csv）。有一行不通过，整个文件不写入，除非加 --accept-valid。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file and how to treat it."""
        parser.add_argument("file", type=Path, metavar="FILE", help="xlsx 或 csv 文件")
        parser.add_argument("--dry-run", action="store_true", help="只检查，不写入")
        parser.add_argument("--accept-valid", action="store_true", help="有不通过的行时，只写入可用的行")
        parser.add_argument("--report", type=Path, metavar="OUT.csv", help="把每一行的结果写成 csv")
        add_actor(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Plan, report, carry out."""
        with without_collecting():
            self._import(options)

    def _import(self, options: dict[str, Any]) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"没有文件 {path}。")
        by: Actor = actor_named(options["username"])
        with refusals_told():
            content = path.read_bytes()
            plan = plan_import(read_tables(content, path.name, limits=LIMITS), by=by)
        self._tell(plan)
        if options["report"]:
            self._report(plan, options["report"])
        if plan.counts[Verdict.REFUSED] and not options["accept_valid"]:
            raise CommandError(f"有 {plan.counts[Verdict.REFUSED]} 行不通过，整个文件没有写入。")
        if not any(plan.counts[verdict] for verdict in (Verdict.NEW, Verdict.CHANGED, Verdict.UNCHANGED)):
            raise CommandError("没有可用的行，什么也没有写入。")
        if options["dry_run"]:
            self.stdout.write(f"只检查，没有写入：{outcome_of(plan)}。")
            return
        with refusals_told():
            source = Source(path.name, hashlib.sha256(content).hexdigest())
            outcome = carry_out(
                plan, by=by, now=timezone.now(), accept_valid=options["accept_valid"], source=source
            )
        self.stdout.write(f"导入完成：{outcome}。")

    def _tell(self, plan: ImportPlan) -> None:
        for words in plan.remarks:
            self.stdout.write(words)
        refused = [row for row in plan.rows if row.refused]
        for row in refused[:SHOWN]:
            for fault in row.line.faults:
                letter = row.line.letters.get(fault.column, "")
                column = f" {letter} 列" if letter else ""
                self.stdout.write(f"不通过：{row.line.place}{column}：{sentence(fault)}")
        if len(refused) > SHOWN:
            self.stdout.write(f"另有 {len(refused) - SHOWN} 行不通过，见 --report 的文件。")
        if plan.warned:
            self.stdout.write(f"可以导入但要核对的有 {plan.warned} 行，见 --report 的文件。")

    def _report(self, plan: ImportPlan, out: Path) -> None:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(REPORT_COLUMNS)
            writer.writerows(report_lines(plan))
        self.stdout.write(f"每行的结果写在 {out}。")
