"""``approve_round ID [--org CODE]``: approve what has been reported, as it stands."""

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
from assessments.services.acting_for_all import approve_reported


class Command(BaseCommand):
    """Approves reported files in the version they now have."""

    help = "核准：核准已上报的支部。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The round, and perhaps only one committee's files."""
        add_round(parser)
        parser.add_argument("--org", default="", metavar="CODE", help="只核准这个组织以下的支部")
        add_actor(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Approve and tell."""
        by = actor_named(options["username"])
        round = round_numbered(options["round"], by)
        organisation = organisation_coded(options["org"], by) if options["org"] else round.organisation
        with refusals_told():
            approved = approve_reported(round=round, organisation=organisation, by=by, now=timezone.now())
        self.stdout.write(f"{organisation.full_name}：已核准 {approved} 个支部。")
