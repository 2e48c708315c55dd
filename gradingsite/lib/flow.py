"""A process as a table: states and the moves between them.

One :class:`Flow` per process. The guard (:func:`orgs.services.moves.move`), the buttons, the inbox, the diagrams
and the test matrix are all read off it, never written twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Move:
    """One permitted change of state.

    :param name: identifier, unique within its flow.
    :param label: what the button says.
    :param source: states it may start from.
    :param target: state it ends in; ``None`` leaves the state as it is.
    :param parties: who may do it, as names the subject's ``parties()`` understands (``CLK``, ``DEP`` …; ``SYS`` is
        the software itself).
    :param needs_note: a written reason is demanded.
    :param needs_due: a date by which to comply is demanded.
    :param other_than: groups of persons (names the subject's ``persons()`` understands) who may not do it.
    """

    name: str
    label: str
    source: tuple[str, ...]
    target: str | None
    parties: frozenset[str]
    needs_note: bool = False
    needs_due: bool = False
    other_than: tuple[str, ...] = ()

    def lands_in(self, state: str) -> str:
        """The state after this move when it starts from ``state``."""
        return state if self.target is None else self.target


@dataclass(frozen=True)
class Flow:
    """A named process: its states with their Chinese labels, and its moves."""

    name: str
    label: str
    states: Mapping[str, str]
    moves: tuple[Move, ...]

    def __post_init__(self) -> None:
        names = [move.name for move in self.moves]
        if len(set(names)) != len(names):
            raise ValueError(f"flow {self.name}: a move is named twice")
        for move in self.moves:
            unknown = (set(move.source) | ({move.target} - {None})) - set(self.states)
            if unknown:
                raise ValueError(
                    f"flow {self.name}: move {move.name} names unknown states {sorted(map(str, unknown))}"
                )
        object.__setattr__(self, "states", MappingProxyType(dict(self.states)))

    def move(self, name: str) -> Move:
        """The move called ``name``. Raises ``KeyError`` when the table has none."""
        for move in self.moves:
            if move.name == name:
                return move
        raise KeyError(f"{self.name}: {name}")

    def open_to(self, state: str, parties: Iterable[str]) -> tuple[Move, ...]:
        """The moves somebody holding ``parties`` may make from ``state``, in the table's order."""
        held = frozenset(parties)
        return tuple(move for move in self.moves if state in move.source and move.parties & held)

    def choices(self) -> list[tuple[str, str]]:
        """State choices for a model field."""
        return list(self.states.items())


def parties(*names: str) -> frozenset[str]:
    """Shorthand for the ``parties`` of a move."""
    return frozenset(names)
