"""旺草镇 in the demo: something waits for each of its people, and nothing of it is an import."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from assessments.models import Assessment, Round, Track
from assessments.rules import SchemeRules, SourceKind
from assessments.services.polls import Counts, enter_counts
from assessments.services.schemes import rules_of
from assessments.services.sheets import Cell, asked_of, assign_raters, hand_in, save_cells, send_back
from gradingsite.demo.cast import free
from gradingsite.demo.marks import OFFICES
from orgs.actor import Actor
from orgs.models import Person

LUSHAN, XIASI, YINZHEN = "520323102003", "520323102202", "520323102002"
WAITING_FOR_LIAISON, HALF_SCORED = "520323102203", "520323102211"

OPEN = {
    LUSHAN: SourceKind.RELATED,
    XIASI: SourceKind.SELF,
    YINZHEN: SourceKind.PUBLIC,
    WAITING_FOR_LIAISON: SourceKind.SELF,
    HALF_SCORED: SourceKind.SUPERIOR,
}
"""What is left open at each of these branches."""


def set_scene(*, made: Round, now: dt.datetime) -> None:
    """Bring the open sources of these branches to the point where the next person is to act."""
    rules = rules_of(made.scheme)
    files = {
        file.code: file for file in made.assessments.filter(code__in=OPEN).select_related("round__scheme")
    }
    people = {person.username: free(person) for person in Person.objects.filter(posts__isnull=False)}
    clerk = people["xiangzhen"]
    for code, kind in OPEN.items():
        track = _track(files[code], rules, kind)
        if code == LUSHAN:
            _ask_raters(track, clerk, people["xiangguan"], now)
        elif code == XIASI:
            _hand_in_low(track, people["zhibu2"], now)
            track.refresh_from_db()
            send_back(
                track=track, note="带头人扣了 1.50 分，写明是哪两次例会缺席。", by=people["baocun"], now=now
            )
        elif code == YINZHEN:
            _type_counts(track, rules, clerk, now)
        elif code == WAITING_FOR_LIAISON:
            _hand_in_low(track, free(clerk.person), now)
        else:
            _score_half(track, clerk, now)


def _track(file: Assessment, rules: SchemeRules, kind: SourceKind) -> Track:
    key = next(source.key for source in rules.sources if source.kind is kind)
    track = file.tracks.get(source=key)
    track.assessment = file
    return track


def _ask_raters(track: Track, clerk: Actor, rater: Actor, now: dt.datetime) -> None:
    raters: list[tuple[Person | None, str, list[str] | None]] = [
        (None, office, None) for office in OFFICES[:2]
    ]
    assign_raters(track=track, raters=[(rater.person, "县信访局", None), *raters], by=clerk, now=now)


def _hand_in_low(track: Track, writer: Actor, now: dt.datetime) -> None:
    """A self-assessment with one deduction, handed in."""
    sheet = track.sheets.get(status="draft")
    sheet.track, sheet.assessment = track, track.assessment
    cells = []
    for place, (key, full) in enumerate(asked_of(sheet).items()):
        lost = 150 if place == 0 else 0
        cells.append(Cell(sheet.pk, key, None, full - lost, "书记 2 次缺席例会" if lost else None))
    save_cells(cells=cells, by=writer, now=now)
    hand_in(track=track, by=writer, now=now)


def _type_counts(track: Track, rules: SchemeRules, clerk: Actor, now: dt.datetime) -> None:
    """Counts of the public's ballot, typed by one clerk, waiting for the other."""
    source = rules.source(track.source)
    assert source is not None
    votes = dict(zip((option.key for option in source.options), (41, 38, 19, 9, 2), strict=True))
    enter_counts(
        track=track,
        counts=Counts(expected=124, issued=120, returned=113, blank=3, invalid=1, options=votes),
        held_on=timezone.localdate(now),
        counting_staff="周某、陈某某",
        by=clerk,
        now=now,
    )


def _score_half(track: Track, clerk: Actor, now: dt.datetime) -> None:
    """The superior's sheet begun: two cells in, one deduction still without its reason."""
    sheet = track.sheets.get(status="draft")
    sheet.track, sheet.assessment = track, track.assessment
    first, second = list(asked_of(sheet).items())[:2]
    cells = [
        Cell(sheet.pk, first[0], None, first[1] - 150, "班子缺配 1 名委员"),
        Cell(sheet.pk, second[0], None, second[1] - 100),
    ]
    save_cells(cells=cells, by=clerk, now=now)
