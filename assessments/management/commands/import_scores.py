"""``import_scores FILE --round ID``: scores from a file, in any of the four shapes."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from assessments.command_line import actor_named, add_actor, refusals_told, round_numbered
from assessments.imports import Preview, VerdictWord, read_scores, take_in, write_report
from gradingsite.lib.reading import Limits

FROM_THE_SERVER = Limits(
    rows=2_000_000,
    cells=12_000_000,
    characters=400_000_000,
    file=300 * 1024 * 1024,
    unpacked=2_000 * 1024 * 1024,
    memory=2_000 * 1024 * 1024,
    cpu=300,
    wall=400,
)
"""A province's file from the server's own disk."""
SHOWN = 20


class Command(BaseCommand):
    """Reads, reports, and takes in all or nothing."""

    help = "导入分数：每个评价主体一列、每个支部和主体一行、逐人评分、测评票数，按表头识别。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, the round and what to do with refused rows."""
        parser.add_argument("file", type=Path, metavar="FILE", help="xlsx 或 csv 文件")
        parser.add_argument("--round", required=True, type=int, metavar="ID", help="定级轮次的编号")
        parser.add_argument("--dry-run", action="store_true", help="只检查，不写入")
        parser.add_argument("--accept-valid", action="store_true", help="有不能导入的行时，仍导入其余的行")
        parser.add_argument("--report", type=Path, metavar="OUT.csv", help="把每一行的结论写到这个文件")
        add_actor(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, report, and unless it is a dry run, take in."""
        by = actor_named(options["username"])
        round = round_numbered(options["round"], by)
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"没有文件「{path}」。")
        with refusals_told():
            preview = read_scores(
                round=round, content=path.read_bytes(), filename=path.name, by=by, limits=FROM_THE_SERVER
            )
            self._tell(preview)
            if options["report"]:
                with options["report"].open("w", encoding="utf-8", newline="") as out:
                    write_report(preview.verdicts(), out)
                self.stdout.write(f"逐行结论：{options['report']}")
            if options["dry_run"]:
                self._end_dry_run(preview, options["accept_valid"])
                return
            done = take_in(preview=preview, accept_valid=options["accept_valid"], by=by, now=timezone.now())
        self.stdout.write(
            f"已导入「{round.name}」：新录入 {done.new} 项，改动 {done.changed} 项，不变 {done.unchanged} 项。"
        )

    def _tell(self, preview: Preview) -> None:
        self.stdout.write(
            f"{preview.filename}（{'、'.join(preview.shapes)}）：可导入 {preview.accepted} 行，"
            f"不能导入 {preview.refused} 行，跳过 {preview.count(VerdictWord.IGNORE)} 行。"
        )
        wrong = [one for one in preview.verdicts() if one.verdict in (VerdictWord.ERR, VerdictWord.WARN)]
        for one in wrong[:SHOWN]:
            place = "".join(
                (
                    f"「{one.sheet}」" if one.sheet else "",
                    f"第 {one.row} 行" if one.row else "",
                    f" {one.column} 列" if one.column else "",
                )
            )
            self.stdout.write(f"  {one.verdict.label} {place} {one.code} {one.reason}".rstrip())
        if len(wrong) > SHOWN:
            self.stdout.write(f"  还有 {len(wrong) - SHOWN} 处，见报告。")

    def _end_dry_run(self, preview: Preview, accept_valid: bool) -> None:
        if preview.refused and not accept_valid:
            raise CommandError(f"有 {preview.refused} 行不能导入；没有写入。")
        found = preview.expected
        self.stdout.write(
            f"只是检查，没有写入：将新录入 {found.new} 项，改动 {found.changed} 项，不变 {found.unchanged} 项。"
        )
