"""Deciding, reporting and approving everything of an organisation in one go: what the commands do.

The rules are those of :mod:`assessments.services.deciding` and :mod:`assessments.services.approving`; here the files
are only found. An organisation above several committees stands for each of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.db import transaction

from assessments import flow
from assessments.models import Assessment, Decision, Report, RosterUnit, Round
from assessments.models.rounds import AssessmentQuerySet
from assessments.services.approving import Seen, approve
from assessments.services.deciding import Draft, draft_decisions, propose_ranks, report, sign_decisions
from assessments.services.evidence import digests_of
from gradingsite.lib.refusal import Refused
from orgs.actor import Actor
from orgs.models import Organisation
from orgs.reach import at_or_below
from orgs.services.people import system_actor


def files_below(round: Round, organisation: Organisation, by: Actor) -> AssessmentQuerySet:
    """The files of a round at and below an organisation, by the place the round froze, within the actor's reach."""
    unit = RosterUnit.objects.filter(round=round, organisation=organisation).first()
    path = unit.path if unit else organisation.path
    return round.assessments.within(by.reach).filter(at_or_below(path)).select_related("deciding").in_order()


def decide_as_computed(
    *,
    round: Round,
    organisation: Organisation,
    meeting_on: dt.date,
    minutes_no: str,
    by: Actor,
    now: dt.datetime,
) -> tuple[int, list[str]]:
    """Decide every computed file with the computed band. Gives how many, and the names of those without a total.

    A file staff have drafted otherwise refuses the whole; one without a draft is drafted by the software.
    """
    with transaction.atomic():
        files = list(files_below(round, organisation, by))
        computed = [file for file in files if file.status == flow.COMPUTED]
        if not computed:
            raise Refused(f"{organisation.short_name}没有已计分、待评定的支部。")
        drafted = dict(
            Decision.objects.filter(assessment__in=computed, superseded_at=None).values_list(
                "assessment", "band"
            )
        )
        for file in computed:
            if drafted.get(file.pk, file.band) != file.band:
                raise Refused(f"{file.short_name}拟定的等次与计算的不同，请在网页上签批。")
        ranks = _ranks(computed)
        drafts = [
            Draft(file.pk, file.band, rank=ranks[file.pk]) for file in computed if file.pk not in drafted
        ]
        if drafts:
            if not by.is_system and any("COM" not in file.parties(by.reach) for file in computed):
                raise PermissionDenied("decide")
            draft_decisions(drafts=drafts, by=by if by.is_system else system_actor(via=by.via), now=now)
        count = sign_decisions(
            ids=[file.pk for file in computed], meeting_on=meeting_on, minutes_no=minutes_no, by=by, now=now
        )
    return count, [file.full_name for file in files if file.status == flow.COLLECTING]


def _ranks(files: list[Assessment]) -> Mapping[int, int]:
    """Ranks within band and committee."""
    ranks: dict[int, int] = {}
    for committee in {file.deciding_id for file in files}:
        mine = [file for file in files if file.deciding_id == committee]
        ranks |= propose_ranks(files=mine, bands={file.pk: file.band for file in mine})
    return ranks


def report_decided(
    *, round: Round, organisation: Organisation, by: Actor, now: dt.datetime
) -> list[tuple[Report, int]]:
    """One report of each deciding committee on all its decided files; all or none."""
    with transaction.atomic():
        decided = list(files_below(round, organisation, by).filter(status=flow.DECIDED))
        if not decided:
            raise Refused(f"{organisation.short_name}没有已评定、待上报的支部。")
        by_committee: dict[int, list[Assessment]] = {}
        for file in decided:
            by_committee.setdefault(file.deciding_id, []).append(file)
        return [
            (
                report(
                    round=round,
                    committee=mine[0].deciding,
                    ids=[file.pk for file in mine],
                    by=by,
                    now=now,
                ),
                len(mine),
            )
            for mine in by_committee.values()
        ]


def approve_reported(*, round: Round, organisation: Organisation, by: Actor, now: dt.datetime) -> int:
    """Approve every reported file below the organisation in the version it now has; all or none."""
    with transaction.atomic():
        reported = list(files_below(round, organisation, by).filter(status=flow.REPORTED))
        if not reported:
            raise Refused(f"{organisation.short_name}没有已上报、待核准的支部。")
        digests = digests_of(reported)
        return approve(
            seen={file.pk: Seen(file.version, digests[file.pk]) for file in reported}, by=by, now=now
        )
