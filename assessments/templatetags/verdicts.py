"""Exact figures of comparisons for the eye: means and differences, rounded once."""

from __future__ import annotations

from fractions import Fraction

from django import template

from gradingsite.lib.points import MISSING, format_points, half_up

register = template.Library()


@register.filter
def shown_points(value: Fraction | None) -> str:
    """An exact figure of hundredths with two decimals, — for none."""
    return MISSING if value is None else format_points(half_up(value))


@register.filter
def size_points(value: Fraction) -> str:
    """The size of a difference without its sign."""
    return format_points(half_up(abs(value)))


@register.filter
def signed_points(value: Fraction | None) -> str:
    """A difference with its sign: +1.20, −0.35, 0.00."""
    if value is None:
        return MISSING
    rounded = half_up(abs(value))
    sign = "" if not rounded else "+" if value > 0 else "−"
    return f"{sign}{format_points(rounded)}"
