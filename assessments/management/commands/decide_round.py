"""``decide_round ID --org CODE --as-computed --minutes NO --date D``: a committee decides as computed."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from assessments.command_line import (
    actor_named,
    add_actor,
    add_round,
    organisation_coded,
    refusals_told,
    round_numbered,
)
from assessments.services.acting_for_all import decide_as_computed


class Command(BaseCommand):
    """Drafts what has no draft as computed and signs; the rules are those of the screens."""

    help = "评定：把某党委已计分的支部按计算的等次评定。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Committee, minutes and date of the meeting."""
        add_round(parser)
        parser.add_argument("--org", required=True, metavar="CODE", help="评定党委（或其上级）的组织代码")
        parser.add_argument("--as-computed", action="store_true", required=True, help="等次与计算的相同")
        parser.add_argument("--minutes", required=True, metavar="NO", help="会议纪要文号")
        parser.add_argument("--date", required=True, metavar="D", help="会议日期，如 2026-04-09")
        add_actor(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Decide and tell what is left."""
        by = actor_named(options["username"])
        round = round_numbered(options["round"], by)
        organisation = organisation_coded(options["org"], by)
        try:
            meeting_on = dt.date.fromisoformat(options["date"])
        except ValueError:
            raise CommandError("会议日期请写成 2026-04-09 这样。") from None
        with refusals_told():
            decided, left = decide_as_computed(
                round=round,
                organisation=organisation,
                meeting_on=meeting_on,
                minutes_no=options["minutes"],
                by=by,
                now=timezone.now(),
            )
        for name in left:
            self.stdout.write(f"  还没有总分，未评定：{name}")
        self.stdout.write(f"{organisation.full_name}：已评定 {decided} 个支部，未评定 {len(left)} 个。")
