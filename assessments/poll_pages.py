"""「测评」 in the navigation: the pages that belong to it and who has a use for it. Knows no models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgs.roles import Role

if TYPE_CHECKING:
    from orgs.actor import Actor

POLL_PAGES = frozenset({"assessments:polls_now", "assessments:polls", "assessments:poll"})


def types_ballots(actor: Actor) -> bool:
    """Township staff: they type the tallies and look them over."""
    return actor.reach.holds_any([Role.TOWNSHIP_CLERK])
