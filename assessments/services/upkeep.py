"""What grading does when the world changes around it: a post is handed over, a branch is merged or dissolved."""

from __future__ import annotations

import datetime as dt

from assessments import flow
from assessments.models import Assessment, Sheet
from assessments.services.deciding import supersede_decisions
from gradingsite.trail.services import record
from orgs.actor import Actor
from orgs.models import Organisation, Post
from orgs.roles import Role
from orgs.services.moves import move_many


def pass_on_sheets(old: Post, new: Post, by: Actor) -> None:
    """A related rater's unfinished sheets go to who takes the post over 「交接」; those handed in stay as they are."""
    if Role(old.role) is not Role.RELATED_RATER:
        return
    number = Sheet.objects.filter(rater=old.person_id, status="draft").update(rater=new.person_id)
    if number:
        record(
            by=by,
            action="sheet.pass_on",
            obj=new,
            after={"sheets": number},
            organisation_id=new.organisation_id,
        )


def terminate_files(
    organisation: Organisation, successor: Organisation | None, *, by: Actor, now: dt.datetime
) -> None:
    """A branch merged or dissolved before its approval has its files closed 「因撤并终止」; approved ones stand."""
    files = list(
        Assessment.objects.select_for_update(of=("self",))
        .select_related("round")
        .filter(organisation=organisation, status__in=flow.BEFORE_APPROVAL, round__status="open")
    )
    into = f"并入{successor.full_name}" if successor else "撤销"
    move_many(
        flow=flow.FILE,
        name="terminate",
        objs=files,
        by=by.as_software(),
        now=now,
        note=f"{organisation.full_name}{into}",
        changes={"decided_band": "", "rank": None},
        raises_version=True,
    )
    supersede_decisions(files=files, now=now)
