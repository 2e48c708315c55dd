"""``report_round ID --org CODE``: committees send their decided files up."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from assessments.command_line import (
    actor_named,
    add_actor,
    add_round,
    organisation_coded,
    refusals_told,
    round_numbered,
)
from assessments.services.acting_for_all import report_decided


class Command(BaseCommand):
    """One report per deciding committee."""

    help = "上报：把某党委已评定的支部报给核准的一级。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The committee."""
        add_round(parser)
        parser.add_argument("--org", required=True, metavar="CODE", help="评定党委（或其上级）的组织代码")
        add_actor(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Report and tell."""
        by = actor_named(options["username"])
        round = round_numbered(options["round"], by)
        organisation = organisation_coded(options["org"], by)
        with refusals_told():
            reports = report_decided(round=round, organisation=organisation, by=by, now=timezone.now())
        for report, files in reports:
            self.stdout.write(
                f"{report.committee.full_name}：上报 {files} 个支部（第 {report.number} 次上报）。"
            )
