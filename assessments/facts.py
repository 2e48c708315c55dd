"""Facts of files as the pure step function takes them, read in a constant number of queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from assessments.models import Assessment, Round, Track
from assessments.rules import SchemeRules
from assessments.steps import FileFacts, StepState, TrackFact, steps_of


def due_of(round: Round) -> dict[str, dt.date | None]:
    """The end date of each step of a round, by step key."""
    return dict(round.stages.values_list("step", "due_on"))


def facts_of(files: Iterable[Assessment]) -> dict[int, FileFacts]:
    """What the steps ask of these files, keyed by file; one query."""
    held = list(files)
    tracks: dict[int, dict[str, TrackFact]] = {file.pk: {} for file in held}
    rows = Track.objects.filter(assessment__in=[file.pk for file in held])
    for pk, source, status, note, due_on in rows.values_list(
        "assessment_id", "source", "status", "returned_note", "returned_due_on"
    ):
        tracks[pk][source] = TrackFact(status, bool(note), due_on)
    return {
        file.pk: FileFacts(file.status, tracks[file.pk], file.notice_to_on, file.returned_due_on)
        for file in held
    }


def steps_of_files(
    rules: SchemeRules, files: Iterable[Assessment], due: Mapping[str, dt.date | None], today: dt.date
) -> dict[int, list[StepState]]:
    """The steps of each file on a day, keyed by file; one query."""
    held = list(files)
    return {pk: steps_of(rules, facts, due, today) for pk, facts in facts_of(held).items()}
