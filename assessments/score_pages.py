"""The section 评分 of the navigation: its pages and who has a use for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgs.roles import Role

if TYPE_CHECKING:
    from orgs.actor import Actor

SCORE_PAGES = tuple(
    f"assessments:{name}"
    for name in (
        "scores",
        "grid",
        "guide",
        "sheet",
        "confirmations",
        "mine",
        "raters",
        "entry_files",
        "entry_preview",
    )
)
ENTERING = (
    Role.TOWNSHIP_CLERK,
    Role.COMMITTEE_SECRETARY,
    Role.ORG_DEPARTMENT,
    Role.BRANCH_SECRETARY,
    Role.LIAISON,
    Role.RELATED_RATER,
)


def enters_scores(actor: Actor) -> bool:
    """Whether the actor fills in, confirms or reads sheets."""
    return actor.reach.holds_any(ENTERING)
