"""Where the rooms above this one say what they add: to a handover, to the closing of a branch, to an organisation's card.

They name functions by dotted path from their ``AppConfig.ready()``, when models can't be imported yet; the path is
looked up when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.module_loading import import_string


@dataclass(frozen=True)
class CardCell:
    """What a room adds to an organisation's card.

    :param template: a cell of its own below the facts, beginning with an h2; it gets ``context`` as ``cell``.
    :param facts: name and value, beside 书记 and 党员.
    :param button: ``label`` and ``url`` in the card's head.
    """

    template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    facts: tuple[tuple[str, Any], ...] = ()
    button: Mapping[str, str] | None = None


_hand_over: list[str] = []
_card: list[str] = []
_close: list[str] = []


def when_handed_over(path: str) -> None:
    """``f(old: Post, new: Post, by: Actor)``, called inside the transaction of 「交接」: open tasks and drafts pass on."""
    _add(_hand_over, path)


def show_on_card(path: str) -> None:
    """``f(organisation, actor) -> CardCell | None``: what a room adds to the organisation's card."""
    _add(_card, path)


def when_closed(path: str) -> None:
    """``f(organisation, successor or None, *, by: Actor, now: datetime)``, in the transaction of a merge or dissolution."""
    _add(_close, path)


def hand_over_hooks() -> list[Callable[..., Any]]:
    """The functions a handover calls."""
    return [import_string(path) for path in _hand_over]


def card_hooks() -> list[Callable[..., Any]]:
    """The functions that make further cells of the card."""
    return [import_string(path) for path in _card]


def close_hooks() -> list[Callable[..., Any]]:
    """The functions called when a branch closes."""
    return [import_string(path) for path in _close]


def _add(hooks: list[str], path: str) -> None:
    if path not in hooks:
        hooks.append(path)
