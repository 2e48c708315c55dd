"""Counts of paper ballots by form: typed by one, confirmed by another (flow.md; the ballot box comes beside it)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from assessments import flow
from assessments.models import Poll, Tally, Track
from assessments.rules import Method, Source
from assessments.scoring import BallotCounts, check_counts
from assessments.services.computing import compute_if_ready
from assessments.services.marks import demand_open, demand_party, lock, marks_changed, source_of
from gradingsite.lib.refusal import Conflict, Refused
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


@dataclass(frozen=True)
class TallySheet:
    """A signed tally sheet: counts by voter group (an empty key where all are pooled), day of the ballot, counting staff."""

    counts: Mapping[str, Counts]
    held_on: dt.date
    counting_staff: str


def counted_groups(source: Source) -> tuple[tuple[str, str], ...]:
    """Key and label of each pile of ballots counted by itself; one nameless pile where the groups are pooled."""
    groups = source.voter_groups()
    if source.pooled or len(groups) < 2:
        return (("", ""),)
    return tuple((one.key, one.label) for one in groups)


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
    """Type the counts of one pile of ballots; see :func:`enter_all_counts`."""
    sheet = TallySheet({group: counts}, held_on, counting_staff)
    return enter_all_counts(track=track, sheet=sheet, by=by, now=now)[0]


def enter_all_counts(*, track: Track, sheet: TallySheet, by: Actor, now: dt.datetime) -> list[Poll]:
    """Type the counts of one branch's paper ballot. They stand when a second person has confirmed them.

    Raises Refused naming every sum that doesn't add up.
    """
    with transaction.atomic():
        track.assessment = assessment = lock(track.assessment_id)
        track.refresh_from_db(fields=["status", "submitted_by"])
        demand_open(assessment)
        demand_party(assessment, by, "CLK")
        source = source_of(track)
        if source.method is not Method.BALLOT:
            raise Refused(f"「{source.label}」不用投票。")
        if track.status != flow.OPEN:
            raise Refused("票数已经交了，要改先撤回或退回。")
        if not set(sheet.counts) <= {key for key, _ in counted_groups(source)}:
            raise Refused(f"「{source.label}」没有这一组投票人员。")
        for counts in sheet.counts.values():
            _refuse_odd(source, counts)
        polls = [_store(track, sheet, group, by, now) for group in sheet.counts]
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
    return polls


def _store(track: Track, sheet: TallySheet, group: str, by: Actor, now: dt.datetime) -> Poll:
    """Write one pile's counts over what was typed of it before."""
    counts, assessment = sheet.counts[group], track.assessment
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
            "held_on": sheet.held_on,
            "counting_staff": sheet.counting_staff.strip(),
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
        label=f"{assessment.short_name} {source_of(track).label}",
        after={"returned": counts.returned, "valid": counts.valid},
        organisation_id=poll.home_id(),
    )
    return poll


def _all_groups_in(track: Track) -> bool:
    wanted = {key for key, _ in counted_groups(source_of(track))}
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


def stamp_of(polls: Iterable[Poll]) -> str:
    """What the second person saw: changes whenever figures are typed again."""
    return ",".join(
        sorted(f"{poll.pk}@{poll.entered_at:%Y%m%d%H%M%S%f}" for poll in polls if poll.entered_at)
    )


def confirm_counts(*, track: Track, by: Actor, now: dt.datetime, seen: str | None = None) -> None:
    """A second person confirms typed counts; the poll is counted and the track in force.

    :param seen: the stamp of the figures looked at, see :func:`stamp_of`.
    :raises Conflict: other figures have been typed since.
    :raises Refused: the person typed some of them himself.
    """
    with transaction.atomic():
        track.assessment = assessment = lock(track.assessment_id)
        demand_open(assessment)
        demand_party(assessment, by, "CLK")
        polls = list(track.polls.filter(superseded_at=None, status="draft"))
        if not polls:
            raise Refused("还没有录入票数。")
        if seen is not None and seen != stamp_of(polls):
            raise Conflict("票数刚被改过，请照现在的数再核对一遍。")
        if not by.is_system and any(poll.entered_by_id == by.person.pk for poll in polls):
            raise Refused("票数是您自己录的，要由另一个人复核。")
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
