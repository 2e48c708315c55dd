"""``compute_round ID``: compute every file of a round that is open to it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from assessments.command_line import actor_named, add_actor, add_round, refusals_told, round_numbered
from assessments.services.computing import compute_asked


class Command(BaseCommand):
    """Computes and lists what is incomplete; incomplete files are no failure."""

    help = "计分：算出本轮次各支部的总分和等次，列出缺数据的支部。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The round."""
        add_round(parser)
        add_actor(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Compute and tell."""
        by = actor_named(options["username"])
        round = round_numbered(options["round"], by)
        with refusals_told():
            outcome = compute_asked(round=round, by=by, now=timezone.now())
        for code, name, missing in outcome.incomplete:
            self.stdout.write(f"  缺数据：{code} {name} 缺 {'、'.join(missing)}")
        self.stdout.write(
            f"「{round.name}」计分完成：{outcome.computed} 个支部有总分，{len(outcome.incomplete)} 个支部缺数据。"
        )
