"""``load_scheme PRESET_OR_FILE [--org CODE]``: take a shipped scheme or a scheme's file in."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from assessments.command_line import actor_named, add_actor, organisation_coded, refusals_told
from assessments.rules import SchemeRules, check, preset, preset_codes
from assessments.services.schemes import load_scheme, rules_of


class Command(BaseCommand):
    """Loads a scheme; what is loaded unchanged changes nothing."""

    help = "载入方案：预置方案的代号，或方案文件。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The preset's code or a file, and whose scheme it is to be."""
        parser.add_argument("scheme", metavar="PRESET_OR_FILE", help=f"{'、'.join(preset_codes())}，或文件")
        parser.add_argument("--org", default="", metavar="CODE", help="发文单位的组织代码；不写是各单位共用")
        add_actor(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and say what came of it."""
        by = actor_named(options["username"])
        organisation = organisation_coded(options["org"], by) if options["org"] else None
        with refusals_told():
            document = _document(options["scheme"])
            scheme, written = load_scheme(
                document=document, organisation=organisation, by=by, now=timezone.now()
            )
            faults = check(rules_of(scheme))
        whose = organisation.full_name if organisation else "各单位共用"
        if not written:
            self.stdout.write(
                f"方案没有变化：{scheme.name} 第 {scheme.version} 版（{whose}），代号 {scheme.code}"
            )
            return
        self.stdout.write(f"已载入方案：{scheme.name} 第 {scheme.version} 版（{whose}），代号 {scheme.code}")
        if faults:
            self.stdout.write(f"存为草稿，还有 {len(faults)} 处要填或要改，填好才能启用：")
            for fault in faults:
                self.stdout.write(f"  {fault.message}")


def _document(name: str) -> dict[str, Any]:
    if name in preset_codes():
        return preset(name)
    path = Path(name)
    if not path.is_file():
        raise CommandError(f"没有预置方案或文件「{name}」。预置方案：{'、'.join(preset_codes())}。")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CommandError(f"文件「{name}」不是方案文件。") from None
    document: dict[str, Any] = json.loads(SchemeRules.read_text(text).write_text())
    return document
