"""The sections 评定 and 核准 of the navigation: their pages and who has a use for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgs.roles import Role

if TYPE_CHECKING:
    from orgs.actor import Actor

DECIDING_PAGES = frozenset(
    f"assessments:{name}" for name in ("decisions", "decide", "decide_act", "decide_minutes")
)
APPROVING_PAGES = frozenset(
    f"assessments:{name}"
    for name in ("approvals", "approve", "approve_committee", "approve_files", "approve_notice", "leniency")
)


def decides(actor: Actor) -> bool:
    """Whether the actor drafts or signs a committee's decisions."""
    return actor.reach.holds_any([Role.TOWNSHIP_CLERK, Role.COMMITTEE_SECRETARY])


def approves(actor: Actor) -> bool:
    """Whether the actor approves, or reads what is to be approved."""
    return actor.reach.holds_any([Role.ORG_DEPARTMENT])
