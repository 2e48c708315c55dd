"""Reading the trail in pages and as a table file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from gradingsite.trail.models import Entry, EntryQuerySet

PAGE = 50
COUNT_LIMIT = 10_000
HEADINGS: tuple[str, ...] = ("编号", "时间", "操作人", "动作", "对象类别", "对象", "对象编号")
HEADINGS += ("改前", "改后", "事由", "途径", "组织编号")


@dataclass(frozen=True)
class Page:
    """Entries newest first, and the ids from which the neighbouring pages start (None where there is none)."""

    entries: list[Entry]
    older: int | None
    newer: int | None


def page(found: EntryQuerySet, *, older_than: int | None = None, newer_than: int | None = None) -> Page:
    """One page by key: its cost doesn't grow with its distance from the newest entry."""
    if newer_than is not None:
        rows = list(found.filter(pk__gt=newer_than).order_by("pk")[: PAGE + 1])
        more, rows = len(rows) > PAGE, rows[:PAGE][::-1]
        older, newer = newer_than + 1 if not rows else rows[-1].pk, rows[0].pk if more and rows else None
        return Page(rows, older, newer)
    below = found if older_than is None else found.filter(pk__lt=older_than)
    rows = list(below.order_by("-pk")[: PAGE + 1])
    more, rows = len(rows) > PAGE, rows[:PAGE]
    newer = None if older_than is None else (rows[0].pk if rows else older_than - 1)
    return Page(rows, rows[-1].pk if more else None, newer)


def counted(found: EntryQuerySet) -> str:
    """How many there are, in words; beyond a limit nobody waits for the exact number."""
    number = found.order_by()[: COUNT_LIMIT + 1].count()
    return f"{COUNT_LIMIT} 条以上" if number > COUNT_LIMIT else f"{number} 条"


class _Echo:
    """A file that hands back what is written to it, so that rows go out one by one."""

    def write(self, text: str) -> str:
        return text


def csv_lines(found: EntryQuerySet) -> Iterator[str]:
    """The entries as CSV that Excel opens as Chinese text and never as formulas."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(HEADINGS)
    for entry in found.order_by("-pk").iterator(chunk_size=500):
        yield writer.writerow([_harmless(value) for value in _cells(entry)])


def _cells(entry: Entry) -> tuple[Any, ...]:
    at = timezone.localtime(entry.at)
    return (
        entry.pk,
        f"{at:%Y-%m-%d %H:%M:%S}",
        entry.actor_name or "系统",
        entry.action_label,
        entry.kind_label,
        entry.object_label,
        entry.object_id,
        entry.before_text,
        entry.after_text,
        entry.why,
        entry.get_via_display(),
        "" if entry.organisation_id is None else entry.organisation_id,
    )


def _harmless(value: Any) -> str:
    text = str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} else text
