"""Points, weights and head counts as integers: reading, the one rounding rule, and printing.

Points are whole hundredths (95.50 分 is 9550), weights are basis points (12.5% is 1250), a mean
is a `Fraction` of hundredths. No binary float takes part in arithmetic: a float from an Excel cell
is read through its shortest decimal text. The rounding rule (half-up, once, at the end) is
`half_up`; it follows section 5 of the domain page.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from gradingsite.lib.refusal import Refused

HUNDRED = 100
FULL_POINTS = 10_000
FULL_WEIGHT = 10_000
MISSING = "—"
MAX_COUNT = 999_999_999
_MAX_TEXT = 40

_BLANKS = (
    " \t\r\n\v\f\u00a0\u3000\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"))
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．－，％", "0123456789.-,%")
_PLAIN = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?\Z")
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?\Z")
_EXPONENT = re.compile(r"[-+]?[0-9.]+[eE][-+]?[0-9]+\Z")
_CHINESE_NUMERAL = re.compile(
    r"[零〇一二三四五六七八九十百千万两壹贰叁肆伍陆柒捌玖拾佰仟]+(?:分|人|票|名)?\Z"
)

Cell = str | int | float | Decimal | None


@dataclass(frozen=True, slots=True)
class Tally:
    """A source's marks added up: `sum` in hundredths over `count` raters or votes."""

    sum: int = 0
    count: int = 0

    def merge(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(self.sum + other.sum, self.count + other.count)

    __add__ = merge

    def mean(self) -> Fraction | None:
        """The exact mean in hundredths; None when there is nothing (0 is a score, empty is not)."""
        return Fraction(self.sum, self.count) if self.count else None


def half_up(value: Fraction | int, digits: int = 2) -> int:
    """Round hundredths to whole hundredths, keeping `digits` decimals of a point.

    The only rounding in the system: half goes away from zero. `half_up(Fraction(18999, 2))` is
    9500 (94.995 分 → 95.00); with `digits=1` the answer is a multiple of ten hundredths.
    """
    if not 0 <= digits <= 2:
        raise ValueError("digits must be 0, 1 or 2")
    step = (100, 10, 1)[digits]
    return half_up_ratio(value.numerator, value.denominator * step) * step


def half_up_ratio(numerator: int, denominator: int) -> int:
    """The same rounding of a ratio that needn't be in lowest terms; `denominator` is positive."""
    whole = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -whole if numerator < 0 else whole


def parse_points(
    value: Cell, *, low: int = 0, high: int = FULL_POINTS, step: int = 1, name: str = "分数"
) -> int:
    """Read points typed by a person or found in a cell; give hundredths.

    `low`, `high` and `step` are hundredths. Raises `Refused` naming what is wrong: a unit, a third
    decimal, an exponent, a comma, other scripts' digits, out of range, not a multiple of `step`.
    """
    hundredths = _hundredths(value, name)
    if not low <= hundredths <= high:
        allowed = f"{short_points(low)} 到 {short_points(high)} 之间"
        raise Refused(f"{name}须在 {allowed}，这里是 {short_points(hundredths)}。")
    if hundredths % step:
        raise Refused(f"{name}须是 {short_points(step)} 的整数倍，这里是 {short_points(hundredths)}。")
    return hundredths


def quantise(value: Decimal) -> int:
    """Hundredths of a `Decimal` of points; the inverse of `to_decimal`. Refuses a third decimal."""
    return _hundredths(value, "分数")


def to_decimal(hundredths: int) -> Decimal:
    """Points as a `Decimal` with two decimals, for fields that hand out decimals."""
    return Decimal(hundredths).scaleb(-2)


def _hundredths(value: Cell, name: str) -> int:
    text, exact = _as_text(value, name)
    if exact:
        number = Decimal(text)
        if abs(number) >= 10**12:
            raise Refused(f"{name}太大。")
        scaled = number.scaleb(2)
        if scaled != scaled.to_integral_value():
            raise Refused(f"{name}最多两位小数，这里是 {_shown(text)}。")
        return int(scaled)
    found = _PLAIN.match(text)
    if not found:
        raise Refused(_why_not_a_number(text, name))
    sign, whole, decimals = found.groups()
    if len(whole) > 12:
        raise Refused(f"{name}太大。")
    if decimals and len(decimals) > 2:
        raise Refused(f"{name}最多两位小数，这里是 {_shown(text)}。")
    hundredths = int(whole) * HUNDRED + int((decimals or "").ljust(2, "0"))
    return -hundredths if sign else hundredths


def _as_text(value: Cell, name: str) -> tuple[str, bool]:
    """The value as text, and whether it came as a number (then trailing zeros mean nothing)."""
    if value is None:
        raise Refused(f"{name}未填写。")
    if isinstance(value, bool):
        raise Refused(f"{name}须是数字，这里是“{'是' if value else '否'}”。")
    if isinstance(value, float):
        # repr is the shortest decimal text that reads back as this float: what the cell shows.
        value = Decimal(repr(value))
    if isinstance(value, int):
        value = Decimal(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise Refused(f"{name}须是数字，这里不是有效的数。")
        return str(value), True
    text = clean(str(value))
    if not text:
        raise Refused(f"{name}未填写。")
    return text, False


def clean(text: str) -> str:
    """Text without surrounding blanks and invisible marks, full-width digits made half-width."""
    return text.translate(_INVISIBLE).strip(_BLANKS).translate(_FULL_WIDTH)


def _why_not_a_number(text: str, name: str) -> str:
    shown = _shown(text)
    lowered = text.lower()
    if text[0] in "=＝+＋@＠":
        return f"{name}须是数字，不能是公式：{shown}。"
    if lowered.lstrip("-") in {"nan", "inf", "infinity"}:
        return f"{name}须是数字，这里不是有效的数：{shown}。"
    if lowered.startswith(("0x", "-0x")):
        return f"{name}须是十进制数字，这里是 {shown}。"
    if _EXPONENT.match(text):
        return f"{name}不能用科学计数法：{shown}，请写成普通数字。"
    if "_" in text:
        return f"{name}里不能有下划线：{shown}。"
    if "," in text or "、" in text:
        return f"{name}里不能有逗号：{shown}，小数点请用“.”。"
    if text.startswith("#"):
        return f"{name}是表格错误值：{shown}。"
    if _CHINESE_NUMERAL.match(text):
        return f"{name}请用阿拉伯数字，这里是“{shown}”。"
    if any(mark.isdigit() and not mark.isascii() for mark in text):
        return f"{name}请用阿拉伯数字 0–9，这里是“{shown}”。"
    if text[0] in "约近±><≥≤~～":
        return f"{name}须是准确的数字，不能是约数：“{shown}”。"
    if re.match(r"-?[0-9]+(?:\.[0-9]+)?\s*\D+\Z", text):
        return f"{name}只填数字，不带单位：“{shown}”。"
    return f"{name}须是数字，这里是“{shown}”。"


def _shown(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"


def parse_count(
    value: Cell,
    *,
    unit_words: tuple[str, ...] = ("人", "票", "名"),
    low: int = 0,
    high: int = MAX_COUNT,
    name: str = "人数",
) -> int:
    """Read a head count (70, '70人', '3,543', '３３', 46.0). Raises `Refused` for anything unsure."""
    return parse_count_noted(value, unit_words=unit_words, low=low, high=high, name=name)[0]


def parse_count_noted(
    value: Cell,
    *,
    unit_words: tuple[str, ...] = ("人", "票", "名"),
    low: int = 0,
    high: int = MAX_COUNT,
    name: str = "人数",
) -> tuple[int, tuple[str, ...]]:
    """As `parse_count`, and what was normalised on the way, in Chinese, for the import's report."""
    text, notes = _as_text(value, name)[0], []
    if isinstance(value, str):
        if text != value:
            full_width = any(mark in value for mark in "０１２３４５６７８９．－，")
            notes.append("全角数字改为半角" if full_width else "去掉空格")
        for word in unit_words:
            if text.endswith(word) and len(text) > len(word):
                text = text.removesuffix(word).rstrip(_BLANKS)
                notes.append(f"去掉“{word}”")
                break
        if _GROUPED.match(text):
            text = text.replace(",", "")
            notes.append("去掉千分位逗号")
    elif _EXPONENT.match(text):
        text = format(Decimal(text), "f") if abs(Decimal(text).adjusted()) < 20 else text
    found = _PLAIN.match(text)
    if not found:
        raise Refused(_why_not_a_number(text, name))
    sign, whole, decimals = found.groups()
    if decimals and decimals.strip("0"):
        raise Refused(f"{name}须是整数，这里是 {_shown(text)}。")
    if len(whole) > 18:
        raise Refused(f"{name}太大。")
    number = -int(whole) if sign else int(whole)
    if number < low:
        raise Refused(f"{name}不能{'是负数' if low == 0 else f'小于 {low}'}，这里是 {number}。")
    if number > high:
        raise Refused(f"{name}不能大于 {high}，这里是 {number}。")
    return number, tuple(notes)


def parse_weight(value: Cell, *, low: int = 0, high: int = FULL_WEIGHT, name: str = "权重") -> int:
    """Read a weight in per cent ('30', '12.5%', '３０％'); give basis points."""
    if isinstance(value, str):
        value = clean(value).removesuffix("%").rstrip(_BLANKS)
    return parse_points(value, low=low, high=high, name=name)


def format_weight(basis_points: int | None) -> str:
    """A weight as text: 3000 → '30%', 1250 → '12.5%', None → '—'."""
    return MISSING if basis_points is None else f"{short_points(basis_points)}%"


def format_points(hundredths: int | None) -> str:
    """Points with two decimals, as printed: 9500 → '95.00', None → '—'."""
    if hundredths is None:
        return MISSING
    sign = "-" if hundredths < 0 else ""
    whole, rest = divmod(abs(hundredths), HUNDRED)
    return f"{sign}{whole}.{rest:02d}"


def short_points(hundredths: int | None) -> str:
    """Points without idle zeros, for sentences and full marks: 9500 → '95', 9550 → '95.5'."""
    text = format_points(hundredths)
    return text.rstrip("0").rstrip(".") if hundredths is not None else text


def eye(value: Fraction | int | None) -> tuple[str, bool]:
    """A source score in hundredths for the eye: two decimals, and whether anything was cut (≈)."""
    if value is None:
        return MISSING, False
    rounded = half_up(value)
    return format_points(rounded), rounded != value


def eye_text(value: Fraction | int | None) -> str:
    """As `eye`, in one text: '≈85.24' where cut, '85.25' where exact."""
    text, cut = eye(value)
    return f"≈{text}" if cut else text


def exact_text(value: Fraction | int | None, *, places: int = 6) -> str:
    """Hundredths as points, all decimals if they end within `places`, else '≈85.238095…'."""
    if value is None:
        return MISSING
    scaled = Fraction(value) / HUNDRED * 10**places
    sign = "-" if scaled < 0 else ""
    digits = str(abs(scaled.numerator) // scaled.denominator).rjust(places + 1, "0")
    whole, decimals = digits[:-places], digits[-places:]
    if scaled.denominator == 1:
        return f"{sign}{whole}.{decimals}".rstrip("0").rstrip(".")
    return f"≈{sign}{whole}.{decimals}…"


def format_percent(numerator: int, denominator: int) -> str:
    """A share with one decimal, half-up: 1 of 3 → '33.3%'; '—' of nothing."""
    if not denominator:
        return MISSING
    tenths = half_up_ratio(numerator * 1000, denominator)
    sign = "-" if tenths < 0 else ""
    whole, rest = divmod(abs(tenths), 10)
    return f"{sign}{whole}.{rest}%"
