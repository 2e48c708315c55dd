"""Taking marks in from a file: whole sources of many files at once, in force immediately (flow.md, track import).

The reading of the file is :mod:`assessments.imports`; here its marks meet what stands. The number of statements is
constant within a batch of files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F

from assessments import flow
from assessments.models import Assessment, Poll, RosterUnit, Round, Sheet, Tally, Track
from assessments.services.computing import Outcome, compute_files
from assessments.services.marks import UNCOMPUTED
from gradingsite.lib.refusal import Conflict, Refused
from gradingsite.trail.services import record
from orgs.actor import Actor
from orgs.reach import NOTHING, at_or_below
from orgs.roles import Role
from orgs.services.moves import move_many

BATCH = 500
LIVE = ("draft", "in_force", "released")
OPEN_TO_MARKS = (flow.COLLECTING, flow.COMPUTED)

Key = tuple[int, str]
Print = frozenset[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Target:
    """A branch's file in the round, as a row of a file may name it."""

    pk: int
    code: str
    full_name: str
    short_name: str
    sector: str
    status: str


@dataclass(frozen=True, slots=True)
class SheetIn:
    """Marks as they come in; the fields are those of :class:`assessments.models.Sheet` (hundredths)."""

    basis: str
    total: int
    marks: int = 1
    voters: int | None = None
    rater_no: int = 1
    lines: Mapping[str, int] = field(default_factory=dict)

    def print(self) -> tuple[object, ...]:
        """What makes two of them the same."""
        return (self.basis, self.total, self.marks, self.voters, self.rater_no, *sorted(self.lines.items()))


@dataclass(frozen=True, slots=True)
class PollIn:
    """Counts of one ballot as they come in; ``options``: votes per option key."""

    expected: int
    issued: int
    returned: int
    blank: int
    invalid: int
    options: Mapping[str, int]
    group: str = ""

    def print(self) -> tuple[object, ...]:
        """What makes two of them the same."""
        counts = (self.group, self.expected, self.issued, self.returned, self.blank, self.invalid)
        return (*counts, *sorted(self.options.items()))


@dataclass(slots=True)
class Incoming:
    """Everything one file brings for one source of one branch."""

    target: Target
    source: str
    sheets: list[SheetIn] = field(default_factory=list)
    polls: list[PollIn] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """Which source of which file."""
        return self.target.pk, self.source

    def print(self) -> Print:
        """What makes two of them the same."""
        return frozenset([one.print() for one in self.sheets] + [one.print() for one in self.polls])


class Standing(StrEnum):
    """How marks that come in meet what stands."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass
class Imported:
    """How many sources of branches were new, changed, unchanged."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0

    def note(self, standing: Standing) -> None:
        """Count one."""
        setattr(self, standing.value, getattr(self, standing.value) + 1)

    @property
    def written(self) -> int:
        """How many were written."""
        return self.new + self.changed


def targets_of(round: Round, by: Actor) -> dict[str, Target]:
    """The files the actor may import marks into, by code: those whose deciding committee he serves as staff."""
    files = round.assessments.all()
    if not by.is_system:
        files = files.decided_by(by.reach, Role.TOWNSHIP_CLERK)
    rows = files.order_by().values_list("code", "pk", "full_name", "short_name", "sector", "status")
    return {row[0]: Target(row[1], row[0], *row[2:]) for row in rows.iterator(chunk_size=5000)}


def ungraded_codes(round: Round, by: Actor) -> frozenset[str]:
    """Codes in the round's roster, within the actor's reach, that have no file: committees and the like."""
    units = RosterUnit.objects.filter(round=round)
    if not by.is_system:
        within = NOTHING
        for span in by.reach.of_roles([Role.TOWNSHIP_CLERK]):
            within |= at_or_below(span.path)
        units = units.filter(within)
    graded = round.assessments.values("organisation")
    return frozenset(units.exclude(organisation__in=graded).order_by().values_list("code", flat=True))


def demand_importable(round: Round, by: Actor) -> None:
    """Raise Refused unless the round takes marks now, PermissionDenied unless the actor is staff or the software."""
    if round.status != "open":
        raise Refused(f"「{round.name}」没有开始或已经结束，不能再导入。")
    if not by.is_system and not by.reach.holds_any([Role.TOWNSHIP_CLERK]):
        raise PermissionDenied("import")


def standings(incoming: Iterable[Incoming]) -> Iterator[tuple[Incoming, Standing]]:
    """How each would meet what stands now, without writing anything; constant statements per batch."""
    for batch in _batches(incoming):
        held = _held([one.target.pk for one in batch])
        for one in batch:
            yield one, _standing(one, held)


def import_marks(
    *,
    round: Round,
    incoming: Sequence[Incoming],
    filename: str,
    digest: str,
    by: Actor,
    now: dt.datetime,
    progress: Callable[[int], None] | None = None,
) -> Imported:
    """Put marks in force: earlier ones of the same source are superseded, its track confirmed, its file stale.

    All or nothing. The same values change nothing. What a command brings is nobody's own entry.

    :param digest: SHA-256 (hex) of the file; it stays in the trail when the file is gone.
    :raises Refused: the round is not open.
    :raises Conflict: a file was decided meanwhile.
    """
    demand_importable(round, by)
    found, done = Imported(), 0
    with transaction.atomic():
        for batch in _batches(incoming):
            changed = _import_batch(batch, by, now, {"file": filename}, found)
            _compute_ready(round, changed, by, now)
            done += len(batch)
            if progress:
                progress(done)
        record(
            by=by,
            action="scores.import",
            obj=round,
            after={
                "file": filename,
                "sha256": digest,
                "new": found.new,
                "changed": found.changed,
                "unchanged": found.unchanged,
            },
            organisation_id=round.organisation_id,
        )
    return found


def _batches(incoming: Iterable[Incoming]) -> Iterator[list[Incoming]]:
    """In batches of about BATCH, all sources of a branch in the same one."""
    batch: list[Incoming] = []
    for one in sorted(incoming, key=lambda one: one.key):
        if len(batch) >= BATCH and one.target.pk != batch[-1].target.pk:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _held(files: Sequence[int]) -> dict[Key, Print]:
    """What stands in force of these files, by source, where nothing else is under way beside it."""
    found: dict[Key, set[tuple[object, ...]]] = {}
    confirmed = set(
        Track.objects.filter(assessment__in=files, status=flow.CONFIRMED).values_list(
            "assessment_id", "source"
        )
    )
    for sheet in Sheet.objects.filter(assessment__in=files, status__in=LIVE):
        lines = {key: line["points"] for key, line in sheet.lines.items() if line.get("points") is not None}
        one = SheetIn(sheet.basis, sheet.total or 0, sheet.marks, sheet.voters, sheet.rater_no, lines)
        print = one.print() if sheet.status == "in_force" else (sheet.status,)
        found.setdefault((sheet.assessment_id, sheet.source), set()).add(print)
    polls = Poll.objects.filter(assessment__in=files, purpose="grade", superseded_at=None)
    for poll in polls.prefetch_related("tallies"):
        options = {tally.option: tally.n for tally in poll.tallies.all() if not tally.question}
        counts = (
            poll.expected or 0,
            poll.issued or 0,
            poll.returned or 0,
            poll.blank or 0,
            poll.invalid or 0,
        )
        print = PollIn(*counts, options, poll.group).print() if poll.status == "counted" else (poll.status,)
        found.setdefault((poll.assessment_id, poll.source), set()).add(print)
    return {key: frozenset(prints) for key, prints in found.items() if key in confirmed}


def _standing(one: Incoming, held: Mapping[Key, Print]) -> Standing:
    before = held.get(one.key)
    if before is None:
        return Standing.NEW
    return Standing.UNCHANGED if before == one.print() else Standing.CHANGED


def _import_batch(
    batch: Sequence[Incoming], by: Actor, now: dt.datetime, origin: Mapping[str, str], found: Imported
) -> list[int]:
    """Write what is new or changed; gives the ids of the files it changed."""
    ids = sorted({one.target.pk for one in batch})
    files = {
        file.pk: file for file in Assessment.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    }
    for file in files.values():
        if file.status not in OPEN_TO_MARKS:
            raise Conflict(
                f"{file.short_name}现在是「{flow.FILE.states[file.status]}」，评分已锁定，整个文件没有导入。"
            )
    held = _held(ids)
    fresh: list[Incoming] = []
    for one in batch:
        standing = _standing(one, held)
        found.note(standing)
        if standing is not Standing.UNCHANGED:
            fresh.append(one)
    if not fresh:
        return []
    wanted = {one.key for one in fresh}
    tracks = {
        (track.assessment_id, track.source): track
        for track in Track.objects.filter(assessment__in=ids)
        if (track.assessment_id, track.source) in wanted
    }
    for track in tracks.values():
        track.assessment = files[track.assessment_id]
    _supersede_and_write(fresh, tracks, by, now)
    _confirm(list(tracks.values()), by, now, origin)
    changed = sorted({key[0] for key in wanted})
    _make_stale([files[pk] for pk in changed], by, now)
    return changed


def _compute_ready(round: Round, files: Sequence[int], by: Actor, now: dt.datetime) -> None:
    """Compute the files whose last source came in with this, as when the last sheet is handed in."""
    waiting = set(
        Track.objects.filter(assessment__in=files)
        .exclude(status=flow.CONFIRMED)
        .values_list("assessment_id", flat=True)
    )
    ready = [pk for pk in files if pk not in waiting]
    if ready:
        compute_files(round=round, ids=ready, by=by.as_software(), now=now, outcome=Outcome())


def _supersede_and_write(
    fresh: Sequence[Incoming], tracks: Mapping[Key, Track], by: Actor, now: dt.datetime
) -> None:
    old = [track.pk for track in tracks.values()]
    Sheet.objects.filter(track__in=old, status__in=LIVE).update(status="superseded", superseded_at=now)
    polls = list(Poll.objects.filter(track__in=old, purpose="grade", superseded_at=None))
    Poll.objects.filter(pk__in=[poll.pk for poll in polls]).update(superseded_at=now)
    Sheet.objects.bulk_create(
        [_sheet(sheet, tracks[one.key], now) for one in fresh for sheet in one.sheets], batch_size=BATCH
    )
    counted = [(_poll(poll, tracks[one.key], by, now), poll) for one in fresh for poll in one.polls]
    Poll.objects.bulk_create([row for row, _ in counted], batch_size=BATCH)
    Tally.objects.bulk_create(
        [Tally(poll=row, option=key, n=n) for row, poll in counted for key, n in poll.options.items()],
        batch_size=BATCH,
    )
    move_many(
        flow=flow.POLL,
        name="enter",
        objs=[row for row, _ in counted],
        by=by.as_software(),
        now=now,
        changes={"confirmed_at": now},
    )
    successors = {(row.track_id, row.group): row for row, _ in counted}
    for poll in polls:
        poll.superseded_by = successors.get((poll.track_id, poll.group))
    Poll.objects.bulk_update(
        [poll for poll in polls if poll.superseded_by], ["superseded_by"], batch_size=BATCH
    )


def _sheet(sheet: SheetIn, track: Track, now: dt.datetime) -> Sheet:
    return Sheet(
        track=track,
        assessment_id=track.assessment_id,
        source=track.source,
        rater_no=sheet.rater_no,
        status="in_force",
        lines={key: {"points": points, "reason": ""} for key, points in sheet.lines.items()},
        total=sheet.total,
        marks=sheet.marks,
        voters=sheet.voters,
        basis=sheet.basis,
        imported=True,
        saved_at=now,
        handed_in_at=now,
    )


def _poll(poll: PollIn, track: Track, by: Actor, now: dt.datetime) -> Poll:
    return Poll(
        track=track,
        assessment=track.assessment,
        source=track.source,
        group=poll.group,
        expected=poll.expected,
        issued=poll.issued,
        returned=poll.returned,
        valid=sum(poll.options.values()),
        blank=poll.blank,
        invalid=poll.invalid,
        imported=True,
        entered_by=_entered_by(by),
        entered_at=now,
    )


def _entered_by(by: Actor) -> object:
    """Whose own entry an import is: the person's at the screen, nobody's from the command line."""
    return None if by.is_system or by.via == "command" else by.person


def _confirm(tracks: Sequence[Track], by: Actor, now: dt.datetime, origin: Mapping[str, str]) -> None:
    """Confirm the tracks. Who may import was asked of the files before; the software carries it out."""
    move_many(
        flow=flow.TRACK,
        name="import",
        objs=tracks,
        by=by.as_software(),
        now=now,
        changes={
            "imported": True,
            "on_behalf": False,
            "submitted_by": _entered_by(by),
            "submitted_at": now,
            "confirmed_by": None,
            "confirmed_at": now,
            "sealed_at": None,
            "returned_note": "",
            "returned_due_on": None,
        },
        details={track.pk: {"source": track.source, **origin} for track in tracks},
    )


def _make_stale(files: Sequence[Assessment], by: Actor, now: dt.datetime) -> None:
    """As :func:`assessments.services.marks.marks_changed`, for many files: one more version, totals void."""
    computed = [file for file in files if file.status == flow.COMPUTED]
    others = [file.pk for file in files if file.status != flow.COMPUTED]
    move_many(
        flow=flow.FILE,
        name="go_stale",
        objs=computed,
        by=by.as_software(),
        now=now,
        changes=UNCOMPUTED,
        raises_version=True,
    )
    Assessment.objects.filter(pk__in=others).update(version=F("version") + 1, missing=[], remarks=[])
