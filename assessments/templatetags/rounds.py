"""Filters of the pages about rounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def of(counts: Mapping[Any, Any], key: Any) -> Any:
    """What a mapping holds for a key, None without."""
    return counts.get(key)
