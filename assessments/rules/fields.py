"""The codec of a scheme's document: one declaration per field gives its reading, writing, wording and checking.

A part of the scheme is a frozen dataclass whose fields are ``Annotated`` with a :class:`Spec`. The Chinese title of the
Spec is the key in the file, the name in messages and the label in comparisons; the Python name is the path.
"""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from assessments.rules.words import Word
from gradingsite.lib.points import format_points, format_weight, parse_points, parse_weight
from gradingsite.lib.refusal import Refused

OPEN = "文件未定，请填写"
MOST_ITEMS = 200
LONGEST_TEXT = 2000

MOST_POINTS = 99_999_00
_KEY = re.compile(r"[^\s./\\\x00-\x1f]{1,40}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a scheme something stands: ``path`` for code and anchors, ``words`` for people."""

    path: str = ""
    words: str = ""

    def field(self, name: str, title: str) -> Place:
        """The place of a field of this part."""
        return Place(
            f"{self.path}.{name}" if self.path else name, f"{self.words}的{title}" if self.words else title
        )

    def item(self, index: int, label: str = "") -> Place:
        """The place of one item of this list; ``index`` from 0, ``label`` its name where it has one."""
        called = f"{self.words}「{label}」" if label else f"{self.words}第{index + 1}项"
        return Place(f"{self.path}.{index}", called)

    def refuse(self, message: str) -> NoReturn:
        """Raises :class:`MalformedScheme` naming this place."""
        raise MalformedScheme(self.path, f"{self.words}：{message}" if self.words else message)


class MalformedScheme(Refused):
    """A scheme's file can't be read. ``path`` is the place, the message says what to mend."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class Spec:
    """How one field stands in the document. ``open``: the field may be left 「文件未定，请填写」, read as ``None``."""

    title: str
    open: bool = False

    def read(self, value: object, place: Place) -> Any:
        """The typed value of a document value. Raises :class:`MalformedScheme`."""
        return value

    def write(self, value: Any) -> object:
        """The document value of a typed value."""
        return value

    def words(self, value: Any) -> str:
        """A typed value as a person reads it."""
        return str(value)


@dataclass(frozen=True, slots=True)
class Text(Spec):
    """A text of one or more lines."""

    def read(self, value: object, place: Place) -> str:
        """Trimmed text without control characters."""
        if not isinstance(value, str):
            place.refuse("要填文字")
        if len(value) > LONGEST_TEXT:
            place.refuse(f"文字太长，最多{LONGEST_TEXT}字")
        if _CONTROL.search(value):
            place.refuse("含有看不见的控制字符，请重新输入")
        return value.strip()


@dataclass(frozen=True, slots=True)
class Key(Spec):
    """A short identifier, unique among its siblings, or the name of another part's identifier (empty: none)."""

    def read(self, value: object, place: Place) -> str:
        """A short identifier or the empty text."""
        if not isinstance(value, str) or (value and not _KEY.fullmatch(value)):
            place.refuse("代号要用1到40个字，不含空格、点和斜线")
        return value


@dataclass(frozen=True, slots=True)
class Whole(Spec):
    """A whole number from 0 to 9999."""

    unit: str = ""

    def read(self, value: object, place: Place) -> int:
        """A whole number in range."""
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 9999:
            place.refuse("要填0到9999的整数")
        return value

    def words(self, value: Any) -> str:
        """The number with its unit."""
        return f"{value}{self.unit}"


@dataclass(frozen=True, slots=True)
class Points(Spec):
    """Points, in the document ``"20.00"``, in code whole hundredths."""

    def read(self, value: object, place: Place) -> int:
        """Hundredths."""
        if isinstance(value, bool) or not isinstance(value, str | int):
            place.refuse('要填分数，如 "20.00"，最多两位小数')
        try:
            return parse_points(value, high=MOST_POINTS)
        except Refused as refused:
            place.refuse(refused.message)

    def write(self, value: Any) -> object:
        """Two decimals."""
        return format_points(value)

    def words(self, value: Any) -> str:
        """Two decimals."""
        return format_points(value)


@dataclass(frozen=True, slots=True)
class Share(Spec):
    """A share, in the document ``"30%"``, in code basis points."""

    def read(self, value: object, place: Place) -> int:
        """Basis points."""
        if not isinstance(value, str) or not value.endswith("%"):
            place.refuse('要填百分数，如 "30%"，最多两位小数')
        try:
            return parse_weight(value, high=MOST_POINTS, name="比例")
        except Refused as refused:
            place.refuse(refused.message)

    def write(self, value: Any) -> object:
        """Per cent."""
        return format_weight(value)

    def words(self, value: Any) -> str:
        """Per cent."""
        return format_weight(value)


@dataclass(frozen=True, slots=True)
class Flag(Spec):
    """Yes or no."""

    def read(self, value: object, place: Place) -> bool:
        """「是」 as true, 「否」 as false."""
        if value in ("是", "否"):
            return value == "是"
        return place.refuse('要填 "是" 或 "否"')

    def write(self, value: Any) -> object:
        """「是」 or 「否」."""
        return "是" if value else "否"

    def words(self, value: Any) -> str:
        """「是」 or 「否」."""
        return "是" if value else "否"


@dataclass(frozen=True, slots=True)
class Choice(Spec):
    """One word of a closed list; the document holds its Chinese label."""

    among: type[Word] = Word

    def read(self, value: object, place: Place) -> Word:
        """The word of that label."""
        for word in self.among:
            if value == word.label:
                return word
        return place.refuse(f"只能填{'、'.join(word.label for word in self.among)}")

    def write(self, value: Any) -> object:
        """The label."""
        return value.label

    def words(self, value: Any) -> str:
        """The label."""
        return str(value.label)


@dataclass(frozen=True, slots=True)
class Several(Spec):
    """Several values of one kind, as a tuple."""

    of: Spec = Text("")

    def read(self, value: object, place: Place) -> tuple[Any, ...]:
        """Each value by its own Spec."""
        return tuple(self.of.read(one, place.item(index)) for index, one in enumerate(_items(value, place)))

    def write(self, value: Any) -> object:
        """Each value by its own Spec."""
        return [self.of.write(one) for one in value]

    def words(self, value: Any) -> str:
        """The values in one line."""
        return "、".join(self.of.words(one) for one in value) or "无"


@dataclass(frozen=True, slots=True)
class Part(Spec):
    """One nested part of the scheme."""

    of: type[Any] = object

    def read(self, value: object, place: Place) -> Any:
        """The nested part."""
        return read_part(self.of, value, place)

    def write(self, value: Any) -> object:
        """Its document value."""
        return write_part(value)

    def words(self, value: Any) -> str:
        """What is told of it, in one line."""
        return "，".join(f"{spec.title}{words_of(spec, one)}" for spec, one in _told(value))


@dataclass(frozen=True, slots=True)
class Parts(Spec):
    """A list of nested parts, as a tuple."""

    of: type[Any] = object

    def read(self, value: object, place: Place) -> tuple[Any, ...]:
        """Each nested part; its place carries its name."""
        read = []
        for index, one in enumerate(_items(value, place)):
            label = one.get("名称", "") if isinstance(one, Mapping) else ""
            here = place.item(index, label if isinstance(label, str) and len(label) <= 40 else "")
            read.append(read_part(self.of, one, here))
        return tuple(read)

    def write(self, value: Any) -> object:
        """Their document values."""
        return [write_part(one) for one in value]

    def words(self, value: Any) -> str:
        """What is told of each, in one line."""
        return "；".join(Part(self.title, of=self.of).words(one) for one in value) or "无"


@dataclass(frozen=True, slots=True)
class Declared:
    """A field of a part with its Spec."""

    name: str
    spec: Spec
    default: object


_DECLARED: dict[type[Any], tuple[Declared, ...]] = {}


def declared(part: type[Any]) -> tuple[Declared, ...]:
    """The declared fields of a part's class, in the order of the document."""
    if part not in _DECLARED:
        hints = typing.get_type_hints(part, include_extras=True)
        _DECLARED[part] = tuple(
            Declared(one.name, hints[one.name].__metadata__[0], one.default)
            for one in dataclasses.fields(part)
        )
    return _DECLARED[part]


def read_part(part: type[T], value: object, place: Place) -> T:
    """A typed part from its document value. Raises :class:`MalformedScheme` at the first thing that can't be read."""
    if not isinstance(value, Mapping):
        place.refuse("格式不对，这里应是一组「名称：值」")
    fields = declared(part)
    unknown = [str(key)[:40] for key in value if key not in {one.spec.title for one in fields}]
    if unknown:
        place.refuse(f"不认识「{'」「'.join(unknown[:3])}」，请删去或改正")
    return part(**{one.name: _field(one, value, place) for one in fields})


def write_part(part: Any) -> dict[str, object]:
    """The document value of a part; a field that has its default value is left out."""
    written: dict[str, object] = {}
    for one in declared(type(part)):
        value = getattr(part, one.name)
        if value is None and one.spec.open:
            written[one.spec.title] = OPEN
        elif value is not None and value != one.default or one.default is dataclasses.MISSING:
            written[one.spec.title] = one.spec.write(value)
    return written


def words_of(spec: Spec, value: Any) -> str:
    """A field's value as a person reads it, also when it is open or absent."""
    if value is None:
        return OPEN if spec.open else "无"
    return spec.words(value) or "无"


def open_places(part: Any, place: Place) -> Iterator[Place]:
    """The places in a part that still read 「文件未定，请填写」."""
    for one in declared(type(part)):
        value = getattr(part, one.name)
        here = place.field(one.name, one.spec.title)
        if value is None:
            if one.spec.open:
                yield here
        elif isinstance(one.spec, Part):
            yield from open_places(value, here)
        elif isinstance(one.spec, Parts):
            for index, item in enumerate(value):
                yield from open_places(item, here.item(index, str(getattr(item, "label", ""))))


def _field(one: Declared, value: Mapping[Any, object], place: Place) -> object:
    here = place.field(one.name, one.spec.title)
    if one.spec.title not in value:
        if one.default is dataclasses.MISSING:
            place.refuse(f"缺少「{one.spec.title}」")
        return one.default
    raw = value[one.spec.title]
    if raw == OPEN:
        if not one.spec.open:
            here.refuse(f"不能写「{OPEN}」，请填写")
        return None
    return one.spec.read(raw, here)


def _items(value: object, place: Place) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        place.refuse("格式不对，这里应是一个列表")
    if len(value) > MOST_ITEMS:
        place.refuse(f"最多{MOST_ITEMS}项")
    return value


def _told(part: Any) -> Iterator[tuple[Spec, object]]:
    """The fields of a part worth saying in one line: not its name, not its defaults."""
    for one in declared(type(part)):
        value = getattr(part, one.name)
        if one.name not in ("key", "label") and value != one.default:
            yield one.spec, value
