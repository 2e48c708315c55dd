"""A draft of a scheme as what a page draws: rows of cells, each with its name, its choices and its fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from assessments.forms.scheme_draft import Draft, Faults, ident
from assessments.rules import SchemeRules
from assessments.rules.fields import (
    Choice,
    Declared,
    Flag,
    Key,
    Part,
    Parts,
    Points,
    Several,
    Share,
    Spec,
    Text,
    Whole,
    declared,
)

OPEN_WORDS = "文件未定，请填写"
LONG = {"notes", "questions", "basis", "hints"}
Locked = Callable[[str], bool]


def anchor(path: str) -> str:
    """The id of the element at a path of the rules."""
    return f"at-{path.replace('.', '-')}"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a cell."""

    value: str
    label: str
    chosen: bool


@dataclass(slots=True)
class Cell:
    """One field on the page. ``kind``: text, area, number, flag, select or many."""

    path: str
    title: str
    kind: str
    value: Any
    label: str
    unit: str = ""
    options: list[Option] = field(default_factory=list)
    fault: str = ""
    bad: bool = False
    open: bool = False
    optional: bool = False
    locked: bool = False

    @property
    def id(self) -> str:
        """The element's id."""
        return anchor(self.path)

    @property
    def lines(self) -> str:
        """Several lines in one."""
        return "；".join(line for line in str(self.value).split("\n") if line)

    @property
    def words(self) -> str:
        """The value as a person reads it."""
        if self.kind == "flag":
            return "是" if self.value else "否"
        if self.options:
            return "、".join(one.label for one in self.options if one.chosen) or "无"
        if not self.value:
            return OPEN_WORDS if self.open else "—"
        return f"{self.value}{self.unit}"


@dataclass(slots=True)
class Row:
    """One part on the page: its cells and inner lists by name, as ``row.label``, ``row.children``."""

    path: str
    ident: str
    parts: dict[str, Any]
    first: bool = True
    last: bool = True
    locked: bool = False
    bad: bool = False

    def __getitem__(self, name: str) -> Any:
        return self.parts[name]

    @property
    def id(self) -> str:
        """The element's id."""
        return anchor(self.path)


@dataclass(slots=True)
class Listing:
    """A list of parts on the page."""

    path: str
    rows: list[Row]
    locked: bool = False

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def id(self) -> str:
        """The element's id."""
        return anchor(self.path)

    @property
    def bad(self) -> bool:
        """Whether a fault stands somewhere inside."""
        return any(row.bad for row in self.rows)


@dataclass(slots=True)
class Drawer:
    """Turns drafts into rows. ``faults``: what can't be read, by path; ``wrong``: paths a check found fault with."""

    rules: SchemeRules
    names: dict[str, list[tuple[str, str]]]
    faults: Faults
    wrong: frozenset[str]
    locked: Locked

    def row(self, of: type[Any], draft: Draft, path: str, *, called: str = "") -> Row:
        """The row of a part; ``called`` its name in the words for screen readers."""
        parts: dict[str, Any] = {}
        said = str(draft.get("label") or "") or called
        for one in declared(of):
            here = f"{path}.{one.name}" if path else one.name
            parts[one.name] = self._drawn(of, one, draft[one.name], here, said)
        start = f"{path}." if path else ""
        bad = any(place == path or place.startswith(start) for place in {*self.faults, *self.wrong})
        return Row(path, ident(draft), parts, locked=self.locked(path), bad=bool(path) and bad)

    def _drawn(self, of: type[Any], one: Declared, value: Any, path: str, called: str) -> Any:
        if isinstance(one.spec, Parts):
            return self.listing(one.spec, value, path)
        if isinstance(one.spec, Part):
            return None if value is None else self.row(one.spec.of, value, path, called=one.spec.title)
        return self._cell(of, one, value, path, called)

    def listing(self, spec: Parts, rows: list[Draft], path: str) -> Listing:
        """The rows of a list."""
        drawn = [
            self.row(spec.of, row, f"{path}.{index}", called=f"{spec.title}第{index + 1}项")
            for index, row in enumerate(rows)
        ]
        for index, row in enumerate(drawn):
            row.first, row.last = index == 0, index == len(drawn) - 1
        return Listing(path, drawn, self.locked(path))

    def _cell(self, of: type[Any], one: Declared, value: Any, path: str, called: str) -> Cell:
        spec = one.spec
        cell = Cell(path, spec.title, "text", value, f"{called}{spec.title}" if called else spec.title)
        cell.kind, cell.unit = _kind(one)
        cell.open, cell.optional = spec.open, one.default is None
        cell.options = self._options(of, one.name, spec, value)
        if isinstance(spec, Key) and cell.options:
            cell.kind = "select"
        if isinstance(spec, Several) and not isinstance(spec.of, Text):
            cell.kind = "many"
        cell.fault = self.faults.get(path, "")
        cell.bad = bool(cell.fault) or path in self.wrong
        cell.locked = self.locked(path)
        return cell

    def _options(self, of: type[Any], name: str, spec: Spec, value: Any) -> list[Option]:
        inner = spec.of if isinstance(spec, Several) else spec
        chosen = set(value) if isinstance(value, list) else {value}
        if isinstance(inner, Choice):
            return [Option(str(word), word.label, str(word) in chosen) for word in inner.among]
        known = self.names.get(_REFERENCES.get((of.__name__, name), ""))
        if known is None:
            return []
        found = (
            [] if isinstance(spec, Several) else [Option("", "不限" if name in _FREE else "—", value == "")]
        )
        found += [Option(key, label, key in chosen) for key, label in known]
        lost = chosen - {key for key, _ in known} - {""}
        return found + [Option(key, f"{key}（已删去）", True) for key in sorted(lost)]


_FREE = {"source", "of_band"}
_REFERENCES = {
    ("Quota", "band"): "bands",
    ("Quota", "of_band"): "bands",
    ("Quota", "star"): "stars",
    ("Quota", "sectors"): "sectors",
    ("StarRule", "band"): "bands",
    ("StarRule", "star"): "stars",
    ("StarRule", "others"): "stars",
    ("StarRule", "selected"): "stars",
    ("Veto", "band"): "bands",
    ("Veto", "star"): "stars",
    ("Veto", "source"): "sources",
    ("ParticipationRule", "source"): "ballots",
    ("Adjustment", "source"): "sources",
    ("RaterRole", "indicators"): "leaves",
}


def _kind(one: Declared) -> tuple[str, str]:
    spec = one.spec
    if isinstance(spec, Flag):
        return "flag", ""
    if isinstance(spec, Choice):
        return "select", ""
    if isinstance(spec, Share):
        return "number", "%"
    if isinstance(spec, Points):
        return "number", "分"
    if isinstance(spec, Whole):
        return "number", spec.unit
    return ("area" if one.name in LONG else "text"), ""


def names_of(rules: SchemeRules) -> dict[str, list[tuple[str, str]]]:
    """What the parts of a scheme may name of one another: key and label of bands, stars, sources, sectors, leaves."""
    leaves = {leaf.key: leaf.label for sector in rules.sectors for leaf in sector.leaves()}
    return {
        "bands": [(one.key, one.label) for one in rules.bands],
        "stars": [(one.key, one.label) for one in rules.stars.levels] if rules.stars else [],
        "sources": [(one.key, one.label) for one in rules.sources],
        "ballots": [(one.key, one.label) for one in rules.sources if one.options],
        "sectors": [(one.key, one.label) for one in rules.sectors],
        "leaves": list(leaves.items()),
    }
