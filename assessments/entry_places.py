"""Where somebody enters marks in a round: committees, and the addresses of their grids."""

from __future__ import annotations

from django.urls import reverse

from assessments.models import Round
from assessments.rules import Source
from orgs.models import Organisation
from orgs.reach import Reach
from orgs.roles import Role

READERS = (Role.TOWNSHIP_CLERK, Role.COMMITTEE_SECRETARY, Role.ORG_DEPARTMENT)


def committees_of(round: Round, reach: Reach) -> list[Organisation]:
    """The deciding committees whose grids one may open, those one serves oneself first; one query."""
    files = round.assessments.within(reach)
    spans = reach.of_roles(READERS)
    own = {span.organisation_id for span in spans if span.role is not Role.ORG_DEPARTMENT}
    found = Organisation.objects.filter(pk__in=files.order_by().values("deciding")).in_order()
    covered = [one for one in found if any(one.path.startswith(span.path) for span in spans)]
    return sorted(covered, key=lambda one: one.pk not in own)


def reads_grid(committee: Organisation, reach: Reach) -> bool:
    """Whether one reads a committee's marks: its staff and secretary, and the organisation departments above."""
    return any(committee.path.startswith(span.path) for span in reach.of_roles(READERS))


def grid_address(round: Round, source: Source, committee: Organisation | None, *, name: str = "grid") -> str:
    """An address of a grid with its committee."""
    query = f"?committee={committee.code}" if committee else ""
    return reverse(f"assessments:{name}", args=[round.pk, source.key]) + query
