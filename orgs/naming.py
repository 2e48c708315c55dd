"""Short names and pinyin initials of organisations, made from their full standard names 「规范全称」."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from pypinyin import Style, lazy_pinyin

from orgs.categories import Form

SHORT_NAME_LENGTH = 100
PINYIN_LENGTH = 210

_LEAD = "中共"
_ENDS = (
    ("总支部委员会", "总支"),
    ("总支委员会", "总支"),
    ("党总支", "总支"),
    ("总支部", "总支"),
    ("总支", "总支"),
    ("党支部委员会", "支部"),
    ("支部委员会", "支部"),
    ("党支部", "支部"),
    ("支部", "支部"),
    ("党的工作委员会", "工委"),
    ("工作委员会", "工委"),
    ("党工委", "工委"),
    ("工委", "工委"),
    ("党组", "党组"),
    ("党委", "党委"),
    ("委员会", "党委"),
)
_FORMS = {
    "支部": Form.BRANCH,
    "总支": Form.GENERAL_BRANCH,
    "工委": Form.WORK_COMMITTEE,
    "党组": Form.PARTY_GROUP,
    "党委": Form.COMMITTEE,
}
_PLACE = re.compile(r"(省|市|州|县|区|旗|盟|镇|乡|街道|苏木|地区|林区|特区|办事处)$")
_NEIGHBOURHOOD = re.compile(r"(村|社区|嘎查|居委会|村委会)$")
_SHORTER = (("非公有制经济组织和社会组织", "两新组织"), ("直属机关", "直机关"))


@lru_cache(maxsize=65_536)
def stem_and_end(full_name: str) -> tuple[str, str]:
    """A full name without 中共 and without the words for its form, and the short word for that form."""
    rest = full_name.removeprefix(_LEAD)
    for words, end in _ENDS:
        if rest.endswith(words) and len(rest) > len(words):
            return rest.removesuffix(words), end
    return rest, ""


def form_named_in(full_name: str) -> Form | None:
    """The form a full name ends in (「…支部委员会」), if it ends in one."""
    return _FORMS.get(stem_and_end(full_name)[1])


def is_place(stem: str) -> bool:
    """Whether a name without its form is that of a place (「绥阳县旺草镇」)."""
    return bool(_PLACE.search(stem))


@lru_cache(maxsize=8_192)
def _places(full_names: tuple[str, ...]) -> tuple[str, ...]:
    """The places committees above stand for, each long and short, in the order in which a name lists them."""
    found: list[str] = []
    for full_name in full_names:
        stem, _ = stem_and_end(full_name)
        if not is_place(stem):
            continue
        short = _without(stem, tuple(found))
        found.extend(dict.fromkeys((stem, short)))
    return tuple(found)


def _without(stem: str, places: tuple[str, ...]) -> str:
    """``stem`` without the places it begins with; 「县委办公室」 keeps the 县 of its 县委."""
    for place in places:
        rest = stem.removeprefix(place)
        if not rest or rest == stem:
            continue
        stem = place[-1] + rest if rest.startswith("委") else rest
    return stem


def short_name_of(full_name: str, parent_full_names: tuple[str, ...] = ()) -> str:
    """A short name to show beneath the organisations ``parent_full_names`` (root first, parent last).

    「中共绥阳县旺草镇下寺村支部委员会」 → 「下寺村」, 「中共绥阳县旺草镇委员会」 → 「旺草镇」,
    「中共绥阳县委教育工作委员会」 → 「教育工委」.
    """
    stem, end = stem_and_end(full_name)
    above = _places(parent_full_names)
    short = _without(stem, above)
    committee = end in ("党委", "工委", "党组")
    if committee and is_place(short):
        return short[:SHORT_NAME_LENGTH]
    if committee and above:
        seat = above[-1][-1]
        short = short.removeprefix(f"{seat}委") or short
        if short.startswith("直属机关"):
            short = seat + short
    for words, fewer in _SHORTER:
        short = short.replace(words, fewer)
    if end == "支部" and _NEIGHBOURHOOD.search(short):
        return short[:SHORT_NAME_LENGTH]
    return f"{short}{end}"[:SHORT_NAME_LENGTH]


def long_short_name_of(full_name: str) -> str:
    """The full name without 中共 and with a short ending, for siblings whose short names would be the same."""
    stem, end = stem_and_end(full_name)
    return f"{stem}{end}"[:SHORT_NAME_LENGTH]


@cache
def _initial(character: str) -> str:
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    first = lazy_pinyin(character, style=Style.FIRST_LETTER, errors="ignore")
    return first[0][:1].lower() if first else ""


def initials(text: str) -> str:
    """Pinyin initials, one per character by its commonest reading; what has none is left out.

    Beyond the basic plane too: Python counts such a character as one.
    """
    return "".join(map(_initial, text))


def pinyin_of(short_name: str, full_name: str) -> str:
    """What the search box looks through: initials of the short name, a blank, those of the full name."""
    return f"{initials(short_name)} {initials(full_name)}"[:PINYIN_LENGTH]


def code_fault(code: str) -> str:
    """Why ``code`` is no organisation code; empty when it is one (domain.md 2: text of 6–32 letters or digits)."""
    if not code:
        return "没有填组织代码"
    if not (code.isascii() and code.isalnum()):
        return f"组织代码「{code[:40]}」里有字母和数字以外的字符"
    if not 6 <= len(code) <= 32:
        return f"组织代码「{code[:40]}」有 {len(code)} 位，应为 6 到 32 位"
    return ""
