"""A part of a scheme while somebody types it: text as typed, read back into the typed rules with every fault at once.

A draft mirrors the rules: a mapping per part, a list per list of parts, and the typed text per value. What a page does
not carry keeps its stored value, so that a page may show a part of a part.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any, Protocol

from assessments.rules import MalformedScheme, Place
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
from gradingsite.lib.points import parse_count, short_points
from gradingsite.lib.refusal import Refused

Draft = dict[str, Any]
Faults = dict[str, str]
MOST_ROWS = 200
ABSENT = "none"
NO_SUCH_ACT = "没有这个动作，请刷新页面再试。"
_NOT_IN_A_KEY = re.compile(r"[\s./\\\x00-\x1f]+")


class Posted(Protocol):
    """What is asked of a posted form."""

    def __contains__(self, name: object) -> bool:
        """Whether the field was on the page."""

    def __iter__(self) -> Iterator[str]:
        """The names of the fields."""

    def get(self, name: str, default: str = "", /) -> str | None:
        """The last value of a field."""

    def getlist(self, name: str) -> list[str]:
        """All values of a field."""


def draft_of(part: Any) -> Draft:
    """The draft of stored rules: every value as it stands in its field."""
    return {one.name: _typed(one.spec, getattr(part, one.name)) for one in declared(type(part))}


def _typed(spec: Spec, value: Any) -> Any:
    if isinstance(spec, Parts):
        return [draft_of(one) for one in value]
    if isinstance(spec, Part):
        return None if value is None else draft_of(value)
    if isinstance(spec, Several):
        texts = [str(one) for one in value]
        return "\n".join(texts) if isinstance(spec.of, Text) else texts
    if isinstance(spec, Flag):
        return bool(value)
    if isinstance(spec, Points | Share):
        return "" if value is None else short_points(value)
    return "" if value is None else str(value)


def blank(of: type[Any]) -> Draft:
    """The draft of a new part: its defaults, the first of a list of choices, and nothing typed."""
    return {one.name: _blank(one) for one in declared(of)}


def _blank(one: Declared) -> Any:
    if one.default is not dataclasses.MISSING:
        return _typed(one.spec, one.default)
    if isinstance(one.spec, Choice):
        return str(next(iter(one.spec.among)))
    return [] if isinstance(one.spec, Parts | Several) else ""


def posted_draft(of: type[Any], stored: Draft, data: Posted, path: str = "") -> Draft:
    """The draft as posted; a field that wasn't on the page keeps its ``stored`` value.

    A list, a box and a set of boxes bring an empty field of their own name, so that "none" differs from "not shown".
    """
    return {
        one.name: _posted(one, stored[one.name], data, f"{path}.{one.name}" if path else one.name)
        for one in declared(of)
    }


def _posted(one: Declared, stored: Any, data: Posted, path: str) -> Any:
    spec = one.spec
    if path not in data:
        return stored
    if isinstance(spec, Parts):
        return [
            posted_draft(
                spec.of,
                _same(stored, data.get(f"{path}.{index}") or "") or blank(spec.of),
                data,
                f"{path}.{index}",
            )
            for index in _indices(data, path)
        ]
    if isinstance(spec, Part):
        if data.get(path) == ABSENT:
            return None
        return posted_draft(spec.of, stored or blank(spec.of), data, path)
    if isinstance(spec, Flag):
        return "1" in data.getlist(path)
    if isinstance(spec, Several) and not isinstance(spec.of, Text):
        ticked = [value for value in data.getlist(path) if value]
        return [value for value in stored if value in ticked] + [
            value for value in ticked if value not in stored
        ]
    return (data.get(path) or "").replace("\r\n", "\n")


def _indices(data: Posted, path: str) -> list[int]:
    """The rows of a list on the page, in order: each brings a field ``path.number``."""
    start = f"{path}."
    found = [name[len(start) :] for name in data if name.startswith(start)]
    return sorted({int(text) for text in found if text.isdecimal() and len(text) < 5})[:MOST_ROWS]


def _same(stored: Any, key: str) -> Draft | None:
    """The stored row a posted row came from."""
    if not key or not isinstance(stored, list):
        return None
    return next((one for one in stored if ident(one) == key), None)


def ident(row: Draft) -> str:
    """By what a row is known again: its key, or the band a star rule is for."""
    return str(row.get("key") or row.get("band") or "")


# --- adding, dropping and moving rows


def act_on(of: type[Any], draft: Draft, act: str) -> str:
    """Do what a row's button says, 「add sources」, 「drop sources.2」, 「up」, 「down」; gives the path to go to.

    Raises :class:`Refused` for a button no page has.
    """
    verb, _, path = act.partition(" ")
    names = path.split(".")
    if verb == "add":
        rows, spec = _list_at(of, draft, names)
        if len(rows) < MOST_ROWS:
            rows.append(_unlike(blank(spec.of), rows, spec.of))
        return f"{path}.{len(rows) - 1}"
    if verb in ("set", "unset") and len(names) == 1:
        return _set(of, draft, path, wanted=verb == "set")
    rows, _ = _list_at(of, draft, names[:-1])
    index = int(names[-1]) if names[-1].isdecimal() else len(rows)
    if index >= len(rows) or verb not in ("drop", "up", "down"):
        raise Refused(NO_SUCH_ACT)
    row = rows.pop(index)
    if verb != "drop":
        index = max(0, index + (1 if verb == "down" else -1))
        rows.insert(index, row)
    return ".".join([*names[:-1], str(min(index, max(len(rows) - 1, 0)))])


def _set(of: type[Any], draft: Draft, name: str, *, wanted: bool) -> str:
    """Take a part that may be absent in, or leave it out."""
    spec = next((one.spec for one in declared(of) if one.name == name and one.default is None), None)
    if not isinstance(spec, Part):
        raise Refused(NO_SUCH_ACT)
    draft[name] = blank(spec.of) if wanted else None
    return name


def _unlike(row: Draft, rows: list[Draft], of: type[Any]) -> Draft:
    """A new row with a step or a shape that no other row has yet, where there is one left."""
    for one in declared(of):
        if isinstance(one.spec, Choice) and one.name in ("key", "glyph"):
            taken = {other[one.name] for other in rows}
            row[one.name] = next(
                (str(word) for word in one.spec.among if str(word) not in taken), row[one.name]
            )
    return row


def _list_at(of: type[Any], draft: Draft, names: list[str]) -> tuple[list[Draft], Parts]:
    here: Any = draft
    spec: Spec = Part("", of=of)
    for name in names:
        if isinstance(here, list) and name.isdecimal() and int(name) < len(here):
            here = here[int(name)]
            continue
        within = {one.name: one.spec for one in declared(spec.of)} if isinstance(spec, Part | Parts) else {}
        if name not in within or not isinstance(here, dict):
            raise Refused(NO_SUCH_ACT)
        spec = within[name]
        if here[name] is None and isinstance(spec, Part):
            here[name] = blank(spec.of)
        here = here[name]
    if not isinstance(spec, Parts) or not isinstance(here, list):
        raise Refused(NO_SUCH_ACT)
    return here, spec


# --- keys of new rows


def give_keys(of: type[Any], draft: Draft) -> None:
    """Give each new row a key: its label, made unique among its siblings. What has a key keeps it for good."""
    for one in declared(of):
        value = draft[one.name]
        if isinstance(one.spec, Part) and value is not None:
            give_keys(one.spec.of, value)
        if isinstance(one.spec, Parts):
            _give_keys(one.spec.of, value)


def _give_keys(of: type[Any], rows: list[Draft]) -> None:
    # Second-level indicators of a sector share one set of keys with the first level.
    taken = {row.get("key", "") for row in rows} | {
        child.get("key", "") for row in rows for child in row.get("children", ())
    }
    titles = {one.name: one.spec for one in declared(of)}
    families = [rows, *(row["children"] for row in rows if "children" in row)]
    for row in (row for family in families for row in family):
        if isinstance(titles.get("key"), Key) and not row.get("key"):
            row["key"] = _free(_NOT_IN_A_KEY.sub("", str(row.get("label", "")))[:30] or "新增", taken)
            taken.add(row["key"])
    for row in rows:
        give_keys(of, row)


def _free(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    return next(
        f"{wanted}{number}" for number in range(2, len(taken) + 3) if f"{wanted}{number}" not in taken
    )


# --- back into rules


def read_draft(of: type[Any], draft: Draft, path: str = "") -> tuple[Any, Faults]:
    """The typed part of a draft, and what can't be read, by path; with faults the part is None."""
    faults: Faults = {}
    values = {}
    for one in declared(of):
        here = Place(f"{path}.{one.name}" if path else one.name)
        try:
            values[one.name] = _value(one, draft[one.name], here, faults)
        except MalformedScheme as fault:
            faults[fault.path or here.path] = fault.message
        except Refused as refused:
            faults[here.path] = refused.message
    return (None, faults) if faults else (of(**values), {})


def _value(one: Declared, typed: Any, here: Place, faults: Faults) -> Any:
    spec = one.spec
    if isinstance(spec, Parts):
        read = [read_draft(spec.of, row, here.item(index).path) for index, row in enumerate(typed)]
        for _, found in read:
            faults.update(found)
        return tuple(part for part, _ in read)
    if isinstance(spec, Part):
        part, found = (None, {}) if typed is None else read_draft(spec.of, typed, here.path)
        faults.update(found)
        return part
    if isinstance(spec, Flag):
        return bool(typed)
    if isinstance(spec, Several):
        return tuple(_several(spec, typed, here))
    if isinstance(spec, Choice):
        return _word(spec, typed, here)
    text = str(typed).strip()
    if isinstance(spec, Points | Share | Whole):
        if not text:
            return None if spec.open or one.default is None else here.refuse("请填写")
        return _number(spec, text, here)
    return spec.read(text if isinstance(spec, Key) else str(typed), here)


def _number(spec: Spec, text: str, here: Place) -> int:
    if isinstance(spec, Whole):
        return int(spec.read(parse_count(text, unit_words=(spec.unit or "个", "个"), name=""), here))
    if isinstance(spec, Share):
        return int(spec.read(text.rstrip("%％ ") + "%", here))
    return int(spec.read(text.removesuffix("分").strip(), here))


def _word(spec: Choice, typed: Any, here: Place) -> Any:
    for word in spec.among:
        if str(typed) == word.value:
            return word
    return here.refuse("请选一项")


def _several(spec: Several, typed: Any, here: Place) -> Iterator[Any]:
    texts = typed.split("\n") if isinstance(typed, str) else typed
    for text in texts:
        if isinstance(spec.of, Choice):
            yield _word(spec.of, text, here)
        elif text.strip():
            yield spec.of.read(text.strip(), here)
