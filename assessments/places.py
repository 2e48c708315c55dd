"""Where a thing to do is done: the address of the form behind a step, a button of the inbox, a mark of the matrix."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from assessments.models import Track
from assessments.rules import Method, Source, StepName


def page(name: str, *args: object, **query: object) -> str:
    """The address of a page of grading with a query; empty where the site has no such page."""
    try:
        found = reverse(name, args=args)
    except NoReverseMatch:
        return ""
    words = {key: value for key, value in query.items() if value not in ("", None, 0, False)}
    return f"{found}?{urlencode(words)}" if words else found


def file_page(file_id: int) -> str:
    """The file 「为什么是这个等次」."""
    return page("assessments:why", file_id)


def files_page(round_id: int, **query: object) -> str:
    """The list of a round's files with a filter."""
    return page("assessments:round_files", round_id, **query)


def chase_page(round_id: int, **query: object) -> str:
    """The text to send to whoever is late."""
    return page("assessments:chase", round_id, **query)


def track_form(
    step: StepName | None, round_id: int, committee: str, track: Track, source: Source, *, alone: bool
) -> str:
    """The form of a track: the branch's own sheet, its confirmation, its counts, or the committee's grid."""
    if step is StepName.SELF and alone and not committee:
        return page("assessments:track", track.pk) or page("assessments:grid", round_id, source.key)
    if step is StepName.CONFIRM:
        found = page("assessments:track", track.pk) if alone else ""
        return found or page("assessments:confirmations", round_id, committee=committee)
    if source.method is Method.BALLOT:
        found = page("assessments:poll", track.pk) if alone else ""
        return found or page("assessments:polls", round_id, committee=committee)
    found = page("assessments:grid", round_id, source.key, committee=committee)
    return f"{found}#file-{track.assessment_id}" if found and alone else found


def committee_form(step: StepName | None, round_id: int, committee: str) -> str:
    """The page on which a committee's branches are drafted and decided; for notice and report the form itself."""
    if step in (StepName.NOTICE, StepName.REPORT):
        return page("assessments:decide_act", round_id, step.value, committee=committee)
    return page("assessments:decide", round_id, committee=committee)


def rater_form(round_id: int, source: str) -> str:
    """The grid of one's own sheets as a rater."""
    return page("assessments:grid", round_id, source)


def approve_form(round_id: int, committee: str) -> str:
    """The page on which a committee's report is taken up and approved."""
    return page("assessments:approve_committee", round_id, committee)
