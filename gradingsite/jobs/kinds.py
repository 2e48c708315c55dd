"""The kinds of job: what an app registers, and what its function is given and gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gradingsite.jobs.models import Job


class Progress(Protocol):
    """How a running job tells how far it is. Each call may raise :class:`Stopped`; let it pass."""

    def expect(self, total: int) -> None:
        """There are ``total`` items to do; written at once."""

    def tick(self, done: int) -> None:
        """``done`` items are done so far. Cheap: written at most twice a second, and at the end."""

    def step(self, by: int = 1) -> None:
        """``by`` more items are done."""

    def beat(self) -> None:
        """Still alive, nothing countable: for long silent stretches."""


class Stopped(Exception):
    """The job was cancelled, or another worker took it over: leave, undoing what is not committed."""


@dataclass(frozen=True)
class Result:
    """What a job made: a file, a sentence, or both.

    :param name: the name the person sees when downloading, with its ending: ``旺草镇台账.xlsx``.
    :param content: the file's bytes; or
    :param path: a file written to a place that :func:`gradingsite.jobs.results.new_path` gave out.
    :param note: one Chinese sentence for the list: 「新增 3 个，改名 2 个」.
    """

    name: str = ""
    content: bytes | None = None
    path: Path | None = None
    note: str = ""


Work = Callable[["Job", Progress], Result | None]


@dataclass(frozen=True)
class Kind:
    """A registered kind of job."""

    code: str
    label: str
    work: Work


_KINDS: dict[str, Kind] = {}


def job_kind(code: str, *, label: str) -> Callable[[Work], Work]:
    """Register the function that does jobs of this kind; put it in the app's ``tasks`` module.

    The function must bear being run twice with the same job: a worker may die after its last commit. It asks for the
    owner's reach when it runs, not when it was started.

    :raises ValueError: the code is taken by another function.
    """

    def register(work: Work) -> Work:
        known = _KINDS.get(code)
        if known and (known.work.__module__, known.work.__qualname__) != (work.__module__, work.__qualname__):
            raise ValueError(f"job kind {code} is registered twice")
        _KINDS[code] = Kind(code, label, work)
        return work

    return register


def kind_of(code: str) -> Kind | None:
    """The registered kind, or None."""
    return _KINDS.get(code)
