"""Counts of paper ballots by form: typed by one, confirmed by another (flow.md; the ballot box comes beside it)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from assessments import flow
from assessments.models import Poll, Tally, Track
from assessments.rules import Method, Source
from assessments.scoring import BallotCounts, check_counts
from assessments.services.computing import compute_if_ready
from assessments.services.marks import demand_open, demand_party, lock, marks_changed, source_of
from gradingsite.lib.refusal import Refused
from gradingsite.trail.services import record
from orgs.actor import Actor
from orgs.services.moves import move


@dataclass(frozen=True)
class Counts:
    """The counts on a paper tally: 应到, 发出, 收回, 弃权, 无效 and votes per option key."""

    expected: int
    issued: int
    returned: int
    blank: int
    invalid: int
    options: Mapping[str, int]

    @property
    def valid(self) -> int:
        """The valid ballots: one vote each."""
        return sum(self.options.values())


def enter_counts(
    *,
    track: Track,
    counts: Counts,
    held_on: dt.date,
    counting_staff: str,
    group: str = "",
    by: Actor,
    now: dt.datetime,
) -> Poll:
    """Type the counts of one branch's paper ballot. They stand when a second person has confirmed them.

    Raises Refused naming every sum that doesn't add up.
    """
    with transaction.atomic():
        track.assessment = assessment = lock(track.assessment_id)
        demand_open(assessment)
        demand_party(assessment, by, "CLK")
        source = source_of(track)
        if source.method is not Method.BALLOT:
            raise Refused(f"「{source.label}」不用投票。")
        if track.status != flow.OPEN:
            raise Refused("票数已经交了，要改先撤回或退回。")
        _refuse_odd(source, counts)
        poll, _ = Poll.objects.update_or_create(
            track=track,
            purpose="grade",
            group=group,
            superseded_at=None,
            defaults={
                "assessment": assessment,
                "source": track.source,
                "expected": counts.expected,
                "issued": counts.issued,
                "returned": counts.returned,
                "valid": counts.valid,
                "blank": counts.blank,
                "invalid": counts.invalid,
                "held_on": held_on,
                "counting_staff": counting_staff.strip(),
                "entered_by": by.person,
                "entered_at": now,
            },
        )
        poll.tallies.all().delete()
        Tally.objects.bulk_create(Tally(poll=poll, option=key, n=n) for key, n in counts.options.items())
        record(
            by=by,
            action="poll.enter",
            obj=poll,
            label=f"{assessment.short_name} {source.label}",
            after={"returned": counts.returned, "valid": counts.valid},
            organisation_id=poll.home_id(),
        )
        if _all_groups_in(track):
            move(
                flow=flow.TRACK,
                name="submit",
                obj=track,
                by=by,
                now=now,
                changes={"submitted_by": by.person, "submitted_at": now, "returned_note": ""},
            )
        marks_changed(assessment=assessment, by=by, now=now)
    return poll


def _all_groups_in(track: Track) -> bool:
    source = source_of(track)
    wanted = (
        {""}
        if source.pooled or len(source.voter_groups()) < 2
        else {one.key for one in source.voter_groups()}
    )
    return wanted <= set(track.polls.filter(superseded_at=None).values_list("group", flat=True))


def _refuse_odd(source: Source, counts: Counts) -> None:
    faults = check_counts(
        source,
        BallotCounts(
            options=dict(counts.options),
            blank=counts.blank,
            invalid=counts.invalid,
            expected=counts.expected,
            issued=counts.issued,
            returned=counts.returned,
        ),
    )
    if faults:
        raise Refused(f"{'；'.join(faults)}。")


def confirm_counts(*, track: Track, by: Actor, now: dt.datetime) -> None:
    """A second person confirms typed counts; the poll is counted and the track in force."""
    with transaction.atomic():
        track.assessment = assessment = lock(track.assessment_id)
        demand_open(assessment)
        demand_party(assessment, by, "CLK")
        polls = list(track.polls.filter(superseded_at=None, status="draft"))
        if not polls:
            raise Refused("还没有录入票数。")
        move(
            flow=flow.TRACK,
            name="confirm",
            obj=track,
            by=by,
            now=now,
            changes={"confirmed_by": by.person, "confirmed_at": now},
        )
        for poll in polls:
            poll.track, poll.assessment = track, assessment
            move(
                flow=flow.POLL,
                name="enter",
                obj=poll,
                by=by,
                now=now,
                changes={"confirmed_by": by.person, "confirmed_at": now},
            )
        marks_changed(assessment=assessment, by=by, now=now)
        compute_if_ready(assessment=assessment, by=by, now=now)
