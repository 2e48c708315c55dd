"""Charts as server-made SVG: bars of bands, bounds, gaps between the sources, spreads, steps and trends.

All geometry is whole pixels computed from whole hundredths; colours are classes and patterns of
``components/svg_defs.html``. Each chart carries its figures as its name for screen readers, and a table stands beside
it on the page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gradingsite.lib.points import FULL_POINTS, format_points, short_points
from gradingsite.templatetags.marks import band_look, read

register = template.Library()

TEN_POINTS = 1000
FILLS = {
    "best": ("bar-best", ""),
    "good": ("bar-good", ""),
    "fair": ("edge-fair", "url(#fill-fair)"),
    "weak": ("edge-weak", "url(#fill-weak)"),
    "poor": ("edge-poor", "url(#fill-poor)"),
    "none": ("bar-none", ""),
}


def along(value: int, low: int, high: int, width: int) -> int:
    """Where ``value`` lies on an axis from ``low`` to ``high`` drawn ``width`` pixels wide, kept on the axis."""
    kept = min(max(value, low), high)
    return (kept - low) * width // max(high - low, 1)


def segment(style: str, x: int, width: int) -> dict[str, Any]:
    """One piece of a bar, in the colour and pattern of a band's style."""
    look, fill = FILLS[style]
    return {"x": x, "width": width, "look": look, "fill": fill, "style": style}


@register.simple_tag
def band_swatch(band: Any = None) -> SafeString:
    """A small rectangle in a band's colour and pattern, for legends; None is 未齐."""
    look, fill = FILLS[band_look(band)[2]]
    return format_html(
        '<svg width="18" height="12" viewBox="0 0 18 12" aria-hidden="true">'
        '<rect width="18" height="12" class="{}"{}></rect></svg>',
        look,
        format_html(' fill="{}"', fill) if fill else "",
    )


@register.inclusion_tag("charts/band_bar.html")
def band_bar(
    counts: Sequence[int],
    bands: Sequence[Any],
    missing: int = 0,
    cell: int = 12,
    width: int = 0,
    height: int = 15,
) -> dict[str, Any]:
    """A bar of branches by band, best to worst, then those not yet graded.

    ``counts`` goes with ``bands``. One branch is ``cell`` pixels wide, so that length shows size; with ``width`` the
    whole bar is that wide and the pieces are in proportion.
    """
    pieces = [*zip([*bands], counts, strict=True), (None, missing)]
    total = sum(counts) + missing
    across = width or total * cell
    segments: list[dict[str, Any]] = []
    passed = 0
    for band, number in pieces:
        start, end = (across * passed // max(total, 1), across * (passed + number) // max(total, 1))
        passed += number
        if end > start:
            segments.append(segment(band_look(band)[2], start, end - start))
    words = "，".join(f"{band_look(band)[0]} {number}" for band, number in pieces if number or band)
    return {
        "segments": segments,
        "width": max(across, 1),
        "height": height,
        "words": words or "没有支部",
        "inner": height - 1,
    }


def bounds_floor(bands: Sequence[Any]) -> int:
    """Where an axis of bands begins: ten points under the lowest bound above zero."""
    lowers = [lower for band in bands if (lower := read(band, "lower"))]
    return max(min(lowers, default=TEN_POINTS) // TEN_POINTS * TEN_POINTS - TEN_POINTS, 0)


def band_spans(bands: Sequence[Any], low: int, high: int, width: int) -> list[dict[str, Any]]:
    """The pieces of an axis from ``low`` to ``high`` that belong to each band, worst to best."""
    spans: list[dict[str, Any]] = []
    lowers = [read(band, "lower") or 0 for band in bands]
    uppers = [high, *lowers[:-1]]
    for band, lower, upper in reversed(list(zip(bands, lowers, uppers, strict=True))):
        start, end = along(lower, low, high, width), along(upper, low, high, width)
        if end > start:
            label, _, style = band_look(band)
            spans.append(
                segment(style, start, end - start)
                | {"label": label, "mid": (start + end) // 2, "lower": lower, "band": band}
            )
    return spans


@register.inclusion_tag("charts/band_line.html")
def band_line(
    bands: Sequence[Any], total: int | None = None, width: int = 330, boxes: bool = False
) -> dict[str, Any]:
    """The bounds of the bands on a number line, with a marker at ``total`` (hundredths) or the bounds in boxes."""
    low = bounds_floor(bands)
    spans = band_spans(bands, low, FULL_POINTS, width)
    bounds = [
        {"x": along(lower, low, FULL_POINTS, width), "text": short_points(lower)}
        for band in bands
        if (lower := read(band, "lower") or 0) > low
    ]
    words = "，".join(f"{span['label']} {short_points(span['lower'])} 起" for span in reversed(spans))
    return {
        "spans": spans,
        "bounds": bounds,
        "boxes": boxes,
        "low": short_points(low),
        "total": None if total is None else format_points(total),
        "x": None if total is None else along(total, low, FULL_POINTS, width),
        "width": width,
        "outer": width + 32,
        "words": words if total is None else f"{words}；综合得分 {format_points(total)}",
    }


def gap_axis(values: Iterable[int]) -> tuple[int, int]:
    """An axis in whole tens that holds every one of the ``values`` (hundredths) with half a ten to spare.

    At least twenty points long, and an even number of tens, so that its middle is a round number.
    """
    known = list(values) or [0]
    low = max((min(known) - TEN_POINTS // 2) // TEN_POINTS, 0)
    high = min(-((-max(known) - TEN_POINTS // 2) // TEN_POINTS), 10)
    if high - low < 2 or (high - low) % 2:
        low, high = (low - 1, high) if low else (low, high + 1)
    return low * TEN_POINTS, max(high, low + 2) * TEN_POINTS


@register.inclusion_tag("charts/gap_plot.html")
def gap_plot(
    sources: Sequence[Any], total: int | None, low: int | None = None, high: int | None = None, step: int = 15
) -> dict[str, Any]:
    """How far each source stands from the total: dotted line the total, bars the distance, self an open diamond.

    ``sources`` are rows with ``label``, ``score`` (hundredths, may be a fraction) and ``is_self``. Give ``low`` and
    ``high`` so that all plots of a page share one axis (`gap_axis`).
    """
    left, width, margin = 32, 152, 24
    centre = total if total is not None else 0
    if low is None or high is None:
        low, high = gap_axis([centre])
    span, drawn = high - low, width
    rows = []
    for number, source in enumerate(sources):
        score = read(source, "score")
        x = None
        if score is not None:
            x = left + min(max((int(score) - low) * drawn // span, -4), drawn + margin)
        y = 8 + number * step
        rows.append(
            {
                "label": read(source, "label"),
                "is_self": bool(read(source, "is_self", False)),
                "x": x,
                "y": y,
                "text_y": y + 4,
                "diamond": None if x is None else f"M{x - 5} {y}L{x} {y - 5}L{x + 5} {y}L{x} {y + 5}z",
            }
        )
    bottom = 8 + len(rows) * step
    words = "，".join(
        f"{read(source, 'label')} {'—' if read(source, 'score') is None else format_points(int(read(source, 'score')))}"
        for source in sources
    )
    return {
        "rows": rows,
        "x": left + along(centre, low, high, drawn) if total is not None else None,
        "ticks": [
            {"x": left + drawn * part // 2, "text": short_points(low + span * part // 2)}
            for part in (0, 1, 2)
        ],
        "bottom": bottom,
        "text_y": bottom + 10,
        "height": bottom + 14,
        "width": left + drawn + margin + 8,
        "words": f"综合得分 {format_points(total)}；{words}",
    }


@register.inclusion_tag("charts/step_cells.html")
def step_cells(states: Sequence[str], words: str = "") -> dict[str, Any]:
    """Steps as cells in a row: each of done, now, late, returned, todo. ``words`` say where the unit stands."""
    cells = [{"state": state, "x": number * 19} for number, state in enumerate(states)]
    now = next((n for n, state in enumerate(states, 1) if state in {"now", "late", "returned"}), 0)
    done = sum(state == "done" for state in states)
    said = words or (f"第 {now} 步，共 {len(states)} 步" if now else f"{done} / {len(states)} 步完成")
    return {"cells": cells, "width": len(states) * 19, "words": said}


@register.inclusion_tag("charts/funnel_cell.html")
def funnel_cell(done: int, total: int, late: int = 0) -> dict[str, Any]:
    """How many of ``total`` have passed a step, as the height of a bar; those late in red on its top."""
    height = 34
    filled = height * done // total if total else 0
    red = max(2, height * late // total) if late and total else 0
    return {
        "height": height,
        "top": height - filled,
        "filled": filled,
        "red": red,
        "red_top": max(height - filled - red, 0),
        "words": f"{done} / {total}" + (f"，逾期 {late}" if late else ""),
    }


@register.inclusion_tag("charts/trend.html")
def trend(
    points: Sequence[Any], bands: Sequence[Any] = (), width: int = 408, height: int = 120
) -> dict[str, Any]:
    """Scores over rounds: rows with ``label`` (the year), ``value`` (hundredths or None) and ``band``.

    The bounds of ``bands`` that lie between the values are drawn as dashed lines.
    """
    known = [value for point in points if (value := read(point, "value")) is not None]
    low, high = min(known, default=0) - 400, max(known, default=TEN_POINTS) + 400
    left, top, deep = 30, 22, height - 52
    gap = (width - left - 40) // max(len(points) - 1, 1)
    dots = []
    for number, point in enumerate(points):
        value = read(point, "value")
        x = left + 18 + number * gap
        dot = {"label": read(point, "label"), "x": x, "last": number == len(points) - 1, "y": None}
        if value is not None:
            y = top + deep - along(value, low, high, deep)
            dot |= {
                "y": y,
                "text_y": y - 12,
                "glyph_x": x - 7,
                "glyph_y": y - 7,
                "text": format_points(value),
            }
            dot |= dict(zip(("name", "shape", "style"), band_look(read(point, "band")), strict=True))
        dots.append(dot)
    lines = [
        {"y": top + deep - along(lower, low, high, deep), "text": short_points(lower)}
        for band in bands
        if (lower := read(band, "lower")) and low < lower < high
    ]
    return {
        "dots": dots,
        "lines": lines,
        "path": " ".join(f"{dot['x']},{dot['y']}" for dot in dots if dot["y"] is not None),
        "left": left,
        "right": width - 8,
        "width": width,
        "height": height,
        "axis_y": height - 8,
        "words": "，".join(f"{dot['label']} {dot.get('text', '—')}" for dot in dots) or "还没有往年得分",
    }


@register.inclusion_tag("charts/dot_spread.html")
def dot_spread(
    scores: Sequence[int],
    bands: Sequence[Any],
    counts: Sequence[Any],
    callouts: Sequence[Any] = (),
    width: int = 476,
) -> dict[str, Any]:
    """Each branch's score as a dot over the bounds of the bands.

    ``scores`` are hundredths; ``counts`` goes with ``bands``: the number, or a row with ``number`` and ``url``.
    ``callouts`` name who just passed or just missed: rows with ``score`` and ``text``.
    """
    low = max((min(scores, default=TEN_POINTS) - 1) // TEN_POINTS * TEN_POINTS, 0)
    low = min(low, FULL_POINTS - 3 * TEN_POINTS)
    left = 14
    each, stacks = stack_scores(scores, low, width)
    named = place_callouts(callouts, low, width)
    line_y = room_above(named, stacks)
    dots = place_dots(scores, bands, low, width, each, line_y)
    spans = [
        span | {"count": read(number, "number", number), "url": read(number, "url", "")}
        for span, number in pair_counts(band_spans(bands, low, FULL_POINTS, width), bands, counts)
    ]
    ticks = sorted({low, FULL_POINTS, *(low_ for b in bands if (low_ := read(b, "lower") or 0) > low)})
    return {
        "left": left,
        "outer": width + 2 * left,
        "width": width,
        "height": line_y + 48,
        "line_y": line_y,
        "tick_y": line_y + 20,
        "label_y": line_y + 39,
        "dots": dots,
        "spans": spans,
        "ticks": [{"x": along(tick, low, FULL_POINTS, width), "text": short_points(tick)} for tick in ticks],
        "callouts": [callout | {"bottom": line_y - 18} for callout in named],
        "each": each,
        "linked": any(span["url"] for span in spans),
        "words": "，".join(f"{span['label']} {span['count']}" for span in reversed(spans)),
    }


def stack_scores(scores: Sequence[int], low: int, width: int) -> tuple[int, dict[int, int]]:
    """How many branches one dot stands for, and how many dots pile up in each 12 pixels of the axis."""
    stacks: dict[int, int] = defaultdict(int)
    for score in scores:
        stacks[along(score, low, FULL_POINTS, width) // 12] += 1
    each = -(-max(stacks.values(), default=1) // 9)
    return each, {column: -(-number // each) for column, number in stacks.items()}


def room_above(callouts: Sequence[dict[str, Any]], stacks: dict[int, int]) -> int:
    """Where the axis lies so that every pile of dots fits and no name is written across one."""
    needed = 12 + 13 * max(stacks.values(), default=1)
    for callout in callouts:
        reach = 14 * len(callout["text"])
        start = callout["text_x"] - reach if callout["anchor"] else callout["text_x"]
        under = [number for column, number in stacks.items() if start - 12 < column * 12 < start + reach]
        needed = max(needed, callout["y"] + 8 + 13 * max(under, default=0), callout["y"] + 26)
    return needed


def band_at(score: int, bands: Sequence[Any]) -> Any:
    """The band a score falls into by its lower bounds, for the colour of a dot only."""
    return next((band for band in bands if score >= (read(band, "lower") or 0)), bands[-1] if bands else None)


def place_dots(
    scores: Sequence[int], bands: Sequence[Any], low: int, width: int, each: int, line_y: int
) -> list[dict[str, Any]]:
    """Dots stacked where scores fall together; one dot stands for ``each`` branches."""
    stacks: dict[int, int] = defaultdict(int)
    dots = []
    for score in sorted(scores):
        x = along(score, low, FULL_POINTS, width)
        level, rest = divmod(stacks[x // 12], each)
        stacks[x // 12] += 1
        if rest == 0:
            _, shape, style = band_look(band_at(score, bands))
            dots.append({"x": x - 7, "y": line_y - 16 - 13 * level, "shape": shape, "style": style})
    return dots


def pair_counts(
    spans: list[dict[str, Any]], bands: Sequence[Any], counts: Sequence[Any]
) -> list[tuple[dict[str, Any], Any]]:
    """Each drawn piece with the number of its band."""
    numbers = {id(band): number for band, number in zip(bands, counts, strict=True)}
    return [(span, numbers[id(span["band"])]) for span in spans]


def place_callouts(callouts: Sequence[Any], low: int, width: int) -> list[dict[str, Any]]:
    """Names with a line down to their dot, one above the other, kept inside the picture."""
    placed = []
    for level, callout in enumerate(callouts):
        x = along(read(callout, "score"), low, FULL_POINTS, width)
        right = x > 2 * width // 5
        placed.append(
            {
                "x": x,
                "y": 14 + 24 * level,
                "top": 2 + 24 * level,
                "text": str(read(callout, "text")),
                "text_x": x - 10 if right else x + 6,
                "anchor": "end" if right else "",
            }
        )
    return placed


@register.inclusion_tag("charts/quota_bar.html")
def quota_bar(have: int, limit: int, whole: int, over: bool = False) -> dict[str, Any]:
    """How many branches a quota counts against its line; ``whole`` sets the scale. ``over``: the line is passed."""
    width = 326
    scale = max(min(whole, 3 * max(have, limit) // 2), 1)
    return {
        "width": width,
        "have": along(have, 0, scale, width),
        "x": along(limit, 0, scale, width),
        "look": "bar-warn" if over else "bar",
        "words": f"现有 {have}，线在 {limit}",
    }


@register.inclusion_tag("charts/source_bar.html")
def source_bar(
    score: int | None, bounds: Sequence[int] = (), is_self: bool = False, width: int = 380, axis: bool = False
) -> dict[str, Any]:
    """A source's score from 0 to 100 with the bands' bounds (hundredths); ``axis`` draws their numbers instead."""
    value = int(score or 0)
    reached = along(value, 0, FULL_POINTS, width)
    marks = [
        {"x": (x := along(bound, 0, FULL_POINTS, width)), "inside": x < reached, "text": short_points(bound)}
        for bound in sorted(bounds)
    ]
    return {
        "width": width,
        "reached": reached,
        "marks": marks,
        "is_self": is_self,
        "axis": axis,
        "words": format_points(None if score is None else value),
    }


@register.inclusion_tag("charts/weight_bar.html")
def weight_bar(weights: Sequence[int], width: int = 376) -> dict[str, Any]:
    """Weights (basis points) beside one another; what is over 100% hangs hatched beyond the mark."""
    full = 10_000
    total = sum(weights)
    mark = width * full // max(total, full) if total > full else width
    pieces, passed = [], 0
    for number, share in enumerate(weights):
        start, end = mark * min(passed, full) // full, mark * min(passed + share, full) // full
        passed += share
        if end > start:
            pieces.append({"x": start, "width": end - start, "number": number % 6})
    return {
        "width": width,
        "pieces": pieces,
        "mark": mark,
        "over": max(width - mark, 0),
        "words": f"加总 {short_points(total)}%",
    }


@register.simple_tag
def source_swatch(number: int) -> SafeString:
    """The square before a source, in the shade it has in `weight_bar`; ``number`` counts from 0."""
    return format_html(
        '<svg class="swatch-source" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">'
        '<rect width="12" height="12" class="source-{}"></rect></svg>',
        number % 6,
    )
