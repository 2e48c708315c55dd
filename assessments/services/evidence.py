"""What a grade rests on, as one digest per file: an approval stands for exactly this (domain.md 4, Approval)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from assessments.models import Assessment, Decision, Poll, Sheet


def digests_of(files: Sequence[Assessment]) -> dict[int, str]:
    """SHA-256 over version, sheets and tallies in force and the decision in force, keyed by file; three queries."""
    ids = [file.pk for file in files]
    evidence: dict[int, dict[str, Any]] = {
        file.pk: {"version": file.version, "total": file.total, "band": file.band, "sheets": [], "polls": []}
        for file in files
    }
    sheets = Sheet.objects.filter(assessment__in=ids).in_force().order_by("pk")
    for row in sheets.values("assessment_id", "pk", "source", "lines", "total", "marks", "voters"):
        evidence[row.pop("assessment_id")]["sheets"].append(row)
    polls = Poll.objects.filter(assessment__in=ids, superseded_at=None, status="counted").order_by("pk")
    for poll in polls.prefetch_related("tallies"):
        tallies = sorted((tally.question, tally.option, tally.n) for tally in poll.tallies.all())
        counts = [poll.expected, poll.issued, poll.returned, poll.valid, poll.blank, poll.invalid]
        evidence[poll.assessment_id]["polls"].append([poll.pk, poll.source, poll.group, counts, tallies])
    decisions = Decision.objects.filter(assessment__in=ids, superseded_at=None)
    for row in decisions.values(
        "assessment_id", "pk", "band", "reason", "meeting_on", "minutes_no", "wording"
    ):
        evidence[row.pop("assessment_id")]["decision"] = row
    return {pk: _digest(content) for pk, content in evidence.items()}


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
