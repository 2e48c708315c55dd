"""Putting right what has one safe reading in a cell, and saying in Chinese what was put right.

Each function takes a cell's value and gives (value, notes). What has more than one reading is refused.
"""

import re
from datetime import date, datetime, time
from decimal import Decimal

from gradingsite.lib.refusal import Refused
from gradingsite.lib.tables import Value

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_EXCEL_TEXT = re.compile(r'[=＝]\s*["“”](.*)["“”]\Z', re.DOTALL)
_EXPONENT = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?[eE][-+]?[0-9]+\Z")
_CJK = "\u2e80-\u2fdf\u3001-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff65\U00020000-\U0003ffff\ue000-\uf8ff"
_INNER_BLANK = re.compile(rf"(?<=[{_CJK}])\s+(?=[{_CJK}0-9A-Za-z])|(?<=[0-9A-Za-z])\s+(?=[{_CJK}])")
_BRACKETED = re.compile(r"[（(\[【〔][^（）()\[\]【】〔〕]*[）)\]】〕]")
_BRACKETS = re.compile(r"[（）()\[\]【】〔〕]")
_TO_HALF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_LETTERS_AND_DIGITS = {code: half for code, half in _TO_HALF.items() if chr(half).isalnum()}
_EXACT_DIGITS = 15
_DANGEROUS = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_GUARDED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")


def normalise_text(value: Value) -> tuple[str, tuple[str, ...]]:
    """A cell as one line of text: no invisible marks, no blanks around it, single blanks inside."""
    text, notes = _text(value), []
    visible = _CONTROL.sub("", _INVISIBLE.sub("", text))
    if visible != text:
        notes.append("去掉看不见的字符")
    if "\n" in visible.strip() or "\r" in visible.strip():
        notes.append("去掉换行")
    lines = re.sub(r"[ \t\u00a0\u3000]*[\r\n]+[ \t\u00a0\u3000]*", "", visible.strip())
    single = re.sub(r"\s+", " ", lines) if re.search(r"\s{2,}|[^\S ]", lines) else lines
    if single != lines or visible != visible.strip():
        notes.append("去掉多余的空白")
    return single, tuple(notes)


def normalise_name(value: Value) -> tuple[str, tuple[str, ...]]:
    """A name of an organisation or a person: as text, and without blanks between Chinese characters."""
    text, notes = normalise_text(value)
    tight = _INNER_BLANK.sub("", text)
    if tight != text:
        notes = (*notes, "去掉名称中的空格")
    return tight, notes


def normalise_code(
    value: Value, *, number_format: str = "", name: str = "代码"
) -> tuple[str, tuple[str, ...]]:
    """A code as text, leading zeros kept; '' when the cell is empty.

    Puts right blanks, invisible marks, full width, a trailing '.0', an apostrophe, ="…" and numbers
    stored as numbers (a cell format of zeros gives leading zeros back). Raises `Refused` for scientific
    notation, error values, more digits than Excel keeps, and a letter O or l among digits.
    """
    if value is None:
        return "", ()
    if isinstance(value, bool | date | datetime | time):
        raise Refused(f"{name}须是文本，这里是{'是非值' if isinstance(value, bool) else '日期'}。")
    if isinstance(value, int | float):
        return _code_of_number(value, number_format, name)
    notes: list[str] = []
    text = _note(notes, value, _CONTROL.sub("", _INVISIBLE.sub("", value)), "去掉看不见的字符")
    text = _note(notes, text, text.strip(), "去掉首尾空白")
    if found := _EXCEL_TEXT.match(text):
        text = _note(notes, text, found[1].strip(), '去掉 =""')
    text = _note(notes, text, text.lstrip("'’‘＇").strip(), "去掉前面的撇号")
    text = _note(notes, text, text.translate(_LETTERS_AND_DIGITS), "全角改为半角")
    text = _note(notes, text, re.sub(r"\s+", "", text), "去掉中间的空格")
    text = _note(notes, text, re.sub(r"(?<=[0-9])[.．]0+\Z", "", text), "去掉末尾的“.0”")
    _refuse_doubtful_code(text, name)
    return text, tuple(notes)


def _note(notes: list[str], before: str, after: str, words: str) -> str:
    if before != after:
        notes.append(words)
    return after


def _refuse_doubtful_code(text: str, name: str) -> None:
    if _EXPONENT.match(text):
        raise Refused(
            f"{name}成了科学计数法（{text}），末尾的数字已丢失。",
            remedy="请把该列设为文本，重新填写完整代码。",
        )
    if text.startswith("#"):
        raise Refused(f"{name}是表格错误值（{text[:20]}）。", remedy="请填写代码本身。")
    if (
        re.fullmatch(r"[0-9OoIl]{6,}", text)
        and re.search(r"[OoIl]", text)
        and sum(map(str.isdigit, text)) >= 4
    ):
        wrong = "、".join(sorted(set(re.findall(r"[OoIl]", text))))
        raise Refused(f"{name}“{text[:40]}”里混有字母 {wrong}。", remedy="请核对是不是数字 0 或 1。")


def _code_of_number(value: int | float, number_format: str, name: str) -> tuple[str, tuple[str, ...]]:
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite() or number != number.to_integral_value() or number < 0:
        raise Refused(f"{name}不是整数（{value}）。", remedy="请把该列设为文本，重新填写。")
    text = format(number.to_integral_value(), "f")
    if len(text) > _EXACT_DIGITS:
        raise Refused(
            f"{name}存成了数字，超过 {_EXACT_DIGITS} 位，末尾已不准确。",
            remedy="请把该列设为文本，重新填写完整代码。",
        )
    if re.fullmatch(r"0+", number_format):
        text = text.zfill(len(number_format))
    return text, ("数字改为文本",)


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        number = Decimal(repr(value))
        if number.is_finite() and abs(number.adjusted()) < 20:
            text = format(number, "f")
            return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)


def guard(text: str) -> str:
    """Text made harmless for a spreadsheet that opens a csv: an apostrophe before what looks like a formula.

    `unguard` takes exactly that apostrophe off again.
    """
    return f"'{text}" if _DANGEROUS.match(text) else text


def unguard(text: str) -> str:
    """The text as it was before `guard`."""
    return text[1:] if _GUARDED.match(text) else text


def header_words(text: str) -> tuple[str, ...]:
    """The forms under which a heading is compared: all its words, and those outside brackets."""
    half = _INVISIBLE.sub("", text).translate(_TO_HALF)
    tight = re.sub(r"[\s*：:]+", "", half).lower()
    whole = _BRACKETS.sub("", tight)
    outside = _BRACKETS.sub("", _BRACKETED.sub("", tight))
    return tuple(dict.fromkeys(words for words in (whole, outside) if words))
