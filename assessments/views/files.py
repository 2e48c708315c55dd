"""A branch's file: why it has its grade, and where it stands."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from assessments import flow
from assessments.access import actor_of, file_or_404
from assessments.explanation import Explanation, explain
from assessments.facts import due_of, steps_of_files
from assessments.models import Assessment
from assessments.quota_lines import QuotaLine, lines_of
from assessments.returning import choices_of, may_return
from gradingsite.lib.days import due_words, short_date
from gradingsite.lib.points import eye_text
from orgs.navigation import crumbs

ONE_PAGE_ROWS = 12
TIGHT_ROWS = 18
OVERRIDE_ROWS = 3


@require_safe
def why(request: HttpRequest, pk: int) -> HttpResponse:
    """「为什么是这个等次」, printable on one A4."""
    file = file_or_404(request, pk)
    reach = actor_of(request).reach
    found = explain(file, reach=reach)
    context = {
        "found": found,
        "file": file,
        "bounds": [band.lower for band in found.rules.bands if band.lower],
        "path": crumbs(file.organisation, reach, last=f"{file.round.year}年度"),
        "steps": _steps(file, found),
        "passages": _history(found),
        "tightness": _tightness(found),
        "neighbours": _neighbours(file, request),
        "gap_words": _gap_words(found),
        "years": [{"label": str(year), "value": total, "band": band} for year, total, band in found.years],
        "quotas": _quotas(file, found),
        "acts": _acts(file, found, request),
    }
    return render(request, "assessments/why.html", context)


def _quotas(file: Assessment, found: Explanation) -> list[QuotaLine]:
    """The quotas that speak of the file's bands, for those who may see the committee's figures."""
    keys = {band.key for band in (found.computed, found.decided) if band}
    if not found.names or not any(quota.band in keys for quota in found.rules.quotas):
        return []
    rules = replace(found.rules, quotas=tuple(one for one in found.rules.quotas if one.band in keys))
    mine = list(file.round.assessments.filter(deciding=file.deciding_id).counted())
    return lines_of(rules, file.round, mine, {one.pk: one.decided_band or one.band for one in mine})


def _acts(file: Assessment, found: Explanation, request: HttpRequest) -> list[tuple[str, str]]:
    """Pages on which the viewer may act on this file."""
    reach = actor_of(request).reach
    acts = [(reverse("assessments:scans", args=[file.pk]), "签字盖章的扫描件")] if found.names else []
    if may_return(file, reach) and choices_of(file, reach):
        acts.append((reverse("assessments:return", args=[file.pk]), "退回某一步"))
    if "DEP" in file.parties(reach) and file.status in (flow.COLLECTING, flow.COMPUTED):
        acts.append((reverse("assessments:ungraded", args=[file.pk]), "列为未定等次"))
    if "DEP" in file.parties(reach) and file.status == flow.UNGRADED:
        acts.append((reverse("assessments:ungraded", args=[file.pk]), "恢复定级"))
    return acts


def _steps(file: Assessment, found: Explanation) -> list[dict[str, object]]:
    today = timezone.localdate()
    steps = steps_of_files(found.rules, [file], due_of(file.round), today)[file.pk]
    return [
        {
            "label": step.label,
            "state": step.state.value,
            "awaited": step.awaited if step.current else "",
            "due": f"{short_date(step.due_on)}前　{due_words(today, step.due_on)}"
            if step.current and step.due_on
            else "",
        }
        for step in steps
    ]


def _history(found: Explanation) -> list[dict[str, object]]:
    return [
        {
            "at": passage.at,
            "what": passage.label,
            "by": f"{passage.post_label} {passage.by_name}".strip() if found.names else "",
            "note": passage.note,
            "detail": _detail(found, passage.details),
        }
        for passage in found.passages
    ]


def _detail(found: Explanation, details: dict[str, object]) -> str:
    """The figures of a passage in words, where they may be shown."""
    band = found.rules.band(str(details.get("band", "")))
    words = [band.label] if band and found.visible else []
    if details.get("steps"):
        words.append("、".join(str(step) for step in details["steps"]))  # type: ignore[attr-defined]
    return "　".join(words)


def _gap_words(found: Explanation) -> str:
    if found.gap is None:
        return ""
    return f"自评{'高于' if found.gap >= 0 else '低于'}其他各评均值 {eye_text(abs(found.gap))} 分"


def _tightness(found: Explanation) -> str:
    rows = len(found.deductions) + len(found.passages) + (OVERRIDE_ROWS if found.overridden else 0)
    if rows <= ONE_PAGE_ROWS:
        return ""
    return "tight" if rows <= TIGHT_ROWS else "tight tighter"


def _neighbours(file: Assessment, request: HttpRequest) -> dict[str, Assessment | None]:
    mine = Assessment.objects.within(actor_of(request).reach).filter(
        round=file.round_id, deciding=file.deciding_id
    )
    return {
        "before": mine.filter(position__lt=file.position).order_by("-position").first(),
        "after": mine.filter(position__gt=file.position).order_by("position").first(),
    }
