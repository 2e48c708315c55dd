"""Glyphs, band and status marks, and the way points, dates and shares are written on every page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gradingsite.lib import days
from gradingsite.lib.points import (
    MISSING,
    eye_text,
    format_percent,
    format_points,
    format_weight,
    short_points,
)

register = template.Library()

# Best to worst; the shape says what the colour says, so that a grey print still reads (mockups, Bands).
BAND_LOOKS = {"ring_dot": "best", "disc": "good", "half": "fair", "ring": "weak", "cross": "poor"}
SHAPES_BY_NUMBER = {
    1: ("disc",),
    2: ("disc", "cross"),
    3: ("disc", "half", "cross"),
    4: ("disc", "half", "ring", "cross"),
    5: ("ring_dot", "disc", "half", "ring", "cross"),
}

# Word of a status, its glyph and its class. The keys are the states' own values; see `docs/screens.md`.
STATUS_LOOKS = {
    "未开始": ("dashed", "todo"),
    "填报中": ("half", "doing"),
    "已上报": ("up", "reported"),
    "退回": ("back", "returned"),
    "已核准": ("tick", "approved"),
    "逾期": ("clock", "late"),
}
STATUS_WORDS = {
    "todo": "未开始",
    "doing": "填报中",
    "reported": "已上报",
    "returned": "退回",
    "approved": "已核准",
    "late": "逾期",
}

STEP_WORDS = {
    "done": "完成",
    "now": "进行中",
    "late": "逾期",
    "returned": "退回",
    "todo": "未到",
    "absent": "没有这一步",
}


def shape_for(index: int, number: int) -> str:
    """The shape of band ``index`` (0 is the best) in a scheme of ``number`` bands."""
    shapes = SHAPES_BY_NUMBER.get(number, SHAPES_BY_NUMBER[5])
    return shapes[min(index, len(shapes) - 1)]


def read(thing: Any, name: str, default: Any = None) -> Any:
    """A named part of an object or of a mapping: snapshots are mappings, rules are objects."""
    if isinstance(thing, Mapping):
        return thing.get(name, default)
    return getattr(thing, name, default)


def band_look(band: Any) -> tuple[str, str, str]:
    """Label, shape and style of a band; a band is anything with ``label`` and ``glyph``. None is 未齐."""
    if not band:
        return "未齐", "dash", "none"
    glyph = read(band, "glyph", "disc")
    shape = str(getattr(glyph, "value", glyph))
    return str(read(band, "label", "")), shape, BAND_LOOKS.get(shape, "good")


@register.simple_tag
def glyph(name: str) -> SafeString:
    """A small drawing by its name in ``components/svg_defs.html``; words must stand beside it."""
    return format_html('<svg class="glyph" aria-hidden="true"><use href="#g-{}"/></svg>', name)


@register.simple_tag
def band_mark(
    band: Any = None, *, strong: bool = False, large: bool = False, words: str = "", bare: bool = False
) -> SafeString:
    """A band as shape and word. ``words`` replaces the label; ``bare`` leaves the word to a screen reader."""
    label, shape, style = band_look(band)
    more = f"{' strong' if strong else ''}{' large' if large else ''}"
    return format_html(
        '<span class="band band-{}{}">{}<span{}>{}</span></span>',
        style,
        more,
        glyph(shape),
        SafeString(' class="unseen"') if bare else "",
        words or label,
    )


@register.simple_tag
def band_change(before: Any, after: Any) -> SafeString:
    """Computed band → decided band."""
    return format_html(
        '<span class="band-change">{}<span aria-hidden="true">→</span><span class="unseen">改为</span>{}</span>',
        band_mark(before),
        band_mark(after, strong=True),
    )


@register.simple_tag
def status_mark(status: str, *, words: str = "", tag: bool = False) -> SafeString:
    """A status as glyph and word; ``tag`` draws the outline used in prose.

    ``status`` is one of todo, doing, reported, returned, approved, late, or its Chinese word; ``words`` replaces
    the word, so that 「公示中」 can wear the look of 填报中.
    """
    word = STATUS_WORDS.get(status, status)
    shape, look = STATUS_LOOKS.get(word, ("half", "doing"))
    return format_html(
        '<span class="{} status-{}">{}{}</span>', "tag" if tag else "mark", look, glyph(shape), words or word
    )


@register.simple_tag
def tag(words: str, kind: str = "", shape: str = "") -> SafeString:
    """A short outlined word. ``kind``: ok, warn, bad, blue; each brings its glyph unless ``shape`` names another."""
    drawn = shape or {"ok": "tick", "warn": "warn", "bad": "warn", "blue": "clock"}.get(kind, "")
    return format_html('<span class="tag {}">{}{}</span>', kind, glyph(drawn) if drawn else "", words)


@register.simple_tag
def step_mark(state: str, words: str = "") -> SafeString:
    """The mark of one step in a matrix: done, now, late, returned, todo, absent. ``words`` go to the screen reader."""
    return format_html(
        '<svg class="step" aria-hidden="true"><use href="#s-{}"/></svg><span class="unseen">{}</span>',
        state,
        words or STEP_WORDS.get(state, state),
    )


@register.simple_tag
def step_dot(state: str) -> SafeString:
    """The dot before a step in the vertical list."""
    return format_html('<svg class="dot" aria-hidden="true"><use href="#d-{}"/></svg>', state)


@register.filter
def points(hundredths: int | None) -> str:
    """Points with two decimals: 9500 → 95.00, None → —."""
    return format_points(hundredths)


@register.filter
def eye(value: Fraction | int | None) -> str:
    """An exact figure of hundredths for the eye, ≈ where it was cut: 85.238… → ≈ 85.24."""
    return eye_text(value)


@register.filter
def full_points(hundredths: int | None) -> str:
    """Full marks and bounds without idle zeros: 2000 → 20."""
    return short_points(hundredths)


@register.filter
def minus_points(hundredths: int | None) -> str:
    """A deduction with a true minus sign: 386 → −3.86."""
    return MISSING if hundredths is None else f"−{format_points(abs(hundredths))}"


@register.filter
def weight(basis_points: int | None) -> str:
    """A weight: 3000 → 30%."""
    return format_weight(basis_points)


@register.filter
def percent(part: int | None, whole: int | None) -> str:
    """A share with one decimal: 47 of 220 → 21.4%, — where there is no whole."""
    return MISSING if part is None or not whole else format_percent(part, whole)


@register.filter
def or_dash(value: Any) -> Any:
    """— for what is not there; 0 stays 0."""
    return MISSING if value is None or value == "" else value


@register.filter
def cndate(value: date | None) -> str:
    """A date with its year: 2012年6月20日."""
    return days.format_date(value)


@register.filter
def cnday(value: date | None, today: date | None = None) -> str:
    """A date without its year: 4月10日; with it when ``today`` is given and lies in another year."""
    return days.short_date(value, today=today)


@register.filter
def cnweekday(value: date | None) -> str:
    """A date with its weekday: 4月9日 星期四."""
    if value is None:
        return MISSING
    return f"{days.short_date(value)} {days.weekday(days.local_day(value))}"


@register.filter
def cnmoment(value: datetime | None, today: date | None = None) -> str:
    """A moment: 4月9日 09:21; with its year when ``today`` is given and lies in another year."""
    return days.short_moment(value, today=today)


@register.filter
def cntime(value: datetime | None) -> str:
    """The time of a moment: 09:21."""
    return days.short_moment(value).rsplit(" ", 1)[-1]


@register.filter
def duewords(due: date | None, today: date) -> str:
    """How a deadline stands on ``today``: 还剩 1 个工作日, 今日, 逾期 2 个工作日; weekends off, no holidays known."""
    return days.due_words(today, due)


@register.filter
def page_numbers(page: Page[Any]) -> Iterator[int | None]:
    """The page numbers a pager shows; None where some are left out."""
    for number in page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1):
        yield number if isinstance(number, int) else None


@register.filter
def marked(field: BoundField) -> SafeString:
    """A form's input with the site's class, tied to its fault and its hint for screen readers."""
    attrs: dict[str, Any] = {}
    kind = getattr(field.field.widget, "input_type", "")
    if kind not in {"checkbox", "radio", "hidden"}:
        attrs["class"] = f"input {field.field.widget.attrs.get('class', '')}".strip()
    if field.errors:
        described = f"{field.id_for_label}_fault"
        if field.help_text:
            described += f" {field.id_for_label}_helptext"
        attrs |= {"aria-invalid": "true", "aria-describedby": described}
    return field.as_widget(attrs=attrs)
