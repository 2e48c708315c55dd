"""What is put right in a cell without asking, what is said about it, and what is refused."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradingsite.lib import tidy
from gradingsite.lib.refusal import Refused

CODE = "520323001002"


@pytest.mark.parametrize(
    ("value", "note"),
    [
        (CODE, None),
        (f" {CODE}", "去掉首尾空白"),
        (f"{CODE}  ", "去掉首尾空白"),
        (f"\u3000{CODE}", "去掉首尾空白"),
        (f"\u00a0{CODE}\u00a0", "去掉首尾空白"),
        (f"\t{CODE}", "去掉首尾空白"),
        (f"{CODE}\r\n", "去掉首尾空白"),
        (f"{CODE}.0", "去掉末尾的“.0”"),
        (f"{CODE}.00", "去掉末尾的“.0”"),
        (f"'{CODE}", "去掉前面的撇号"),
        (f"’{CODE}", "去掉前面的撇号"),
        (f'="{CODE}"', '去掉 =""'),
        ("520323\u200b001002", "去掉看不见的字符"),
        (f"\ufeff{CODE}", "去掉看不见的字符"),
        ("５２０３２３００１００２", "全角改为半角"),
        ("520323 001 002", "去掉中间的空格"),
        (520323001002, "数字改为文本"),
        (520323001002.0, "数字改为文本"),
    ],
)
def test_codes_with_one_reading(value: object, note: str | None) -> None:
    code, notes = tidy.normalise_code(value)
    assert code == CODE
    assert notes == ((note,) if note else ())


def test_several_things_are_put_right_at_once() -> None:
    code, notes = tidy.normalise_code('\u3000="\uff15\uff12\uff10ABC.0" ')
    assert code == "520ABC.0"
    assert len(notes) == 3


def test_leading_zeros_of_a_cell_format_come_back() -> None:
    assert tidy.normalise_code(5203, number_format="000000") == ("005203", ("数字改为文本",))
    assert tidy.normalise_code(5203, number_format="General")[0] == "5203"
    assert tidy.normalise_code("005203") == ("005203", ())


def test_an_empty_code_is_empty() -> None:
    assert tidy.normalise_code(None) == ("", ())
    assert tidy.normalise_code(" \u3000")[0] == ""


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("5.20323E+11", "科学计数法"),
        ("5e11", "科学计数法"),
        ("#REF!", "错误值"),
        ("#N/A", "错误值"),
        ("52O323104004", "字母 O"),
        ("5203231O40l4", "字母 O、l"),
        (24.5, "整数"),
        (-5, "整数"),
        (1234567890123456, "末尾已不准确"),
        (5.20323e17, "末尾已不准确"),
        (float("inf"), "整数"),
        (float("nan"), "整数"),
        (True, "是非值"),
        (date(2023, 6, 15), "日期"),
    ],
)
def test_codes_with_no_sure_reading_are_refused(value: object, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        tidy.normalise_code(value)


def test_codes_may_have_letters() -> None:
    assert tidy.normalise_code("GZ520323A01") == ("GZ520323A01", ())
    assert tidy.normalise_code("ＧＺ０１２３") == ("GZ0123", ("全角改为半角",))


@pytest.mark.parametrize(
    ("value", "text", "notes"),
    [
        ("中共绥阳县委", "中共绥阳县委", ()),
        (" 中共绥阳县委\n", "中共绥阳县委", ("去掉多余的空白",)),
        ("组织\n全称", "组织全称", ("去掉换行",)),
        ("a \r\n b", "ab", ("去掉换行",)),
        ("中共\u200b绥阳", "中共绥阳", ("去掉看不见的字符",)),
        ("bell\x07", "bell", ("去掉看不见的字符",)),
        ("John  Smith", "John Smith", ("去掉多余的空白",)),
        ("John Smith", "John Smith", ()),
        ("甲\u3000乙", "甲 乙", ("去掉多余的空白",)),
        (None, "", ()),
        (46.0, "46", ()),
        (0.1, "0.1", ()),
        (1e15, "1000000000000000", ()),
        (True, "是", ()),
        (date(2023, 6, 15), "2023-06-15", ()),
        (time(9, 30), "09:30:00", ()),
        ("<script>alert(1)</script>&\"'", "<script>alert(1)</script>&\"'", ()),
        ("=张某某", "=张某某", ()),
        ("𬱖", "𬱖", ()),
    ],
)
def test_texts(value: object, text: str, notes: tuple[str, ...]) -> None:
    assert tidy.normalise_text(value) == (text, notes)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("李 某", "李某"),
        ("李　某", "李某"),
        ("中共绥阳 县青杠塘\u3000镇后槽村支部委员会", "中共绥阳县青杠塘镇后槽村支部委员会"),
        ("第 3 支部", "第3支部"),
        ("张某某（兼）", "张某某（兼）"),
        ("Anna Lee", "Anna Lee"),
        ("古丽·买买提", "古丽·买买提"),
        ("𬱖 某", "𬱖某"),
    ],
)
def test_names_lose_blanks_between_characters(value: str, name: str) -> None:
    assert tidy.normalise_name(value)[0] == name
    assert tidy.normalise_name(name) == (name, ())


def test_a_name_says_what_was_taken_out() -> None:
    assert tidy.normalise_name("李 某")[1] == ("去掉名称中的空格",)


@given(st.text(max_size=30))
def test_putting_right_twice_changes_nothing_more(text: str) -> None:
    once = tidy.normalise_text(text)[0]
    assert tidy.normalise_text(once) == (once, ())
    name = tidy.normalise_name(text)[0]
    assert tidy.normalise_name(name)[0] == name


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("组 织 代 码", "组织代码"),
        ("组织\n全称", "组织全称"),
        ("上级组织代码 ", "上级组织代码"),
        ("组织类别\n（层级）", "组织类别"),
        ("组织类别(层级)", "组织类别层级"),
        ("领\u3000域", "领域"),
        ("党员数\n（人）", "党员数"),
        (" 群众数 (人)", "群众数"),
        ("*组织代码", "组织代码"),
        ("填报单位：", "填报单位"),
        ("Org_Code", "org_code"),
        ("ＯＲＧ", "org"),
    ],
)
def test_headings_are_compared_loosely(heading: str, words: str) -> None:
    assert words in tidy.header_words(heading)


def test_a_heading_of_brackets_only_is_none() -> None:
    assert tidy.header_words("（人）") == ("人",)
    assert tidy.header_words("") == ()
    assert tidy.header_words("（）") == ()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_what_looks_like_a_formula_is_guarded(start: str) -> None:
    assert tidy.guard(f"{start}1") == f"'{start}1"
    assert tidy.unguard(f"'{start}1") == f"{start}1"


def test_other_text_is_not_guarded() -> None:
    assert tidy.guard("95.00") == "95.00"
    assert tidy.guard("'甲") == "'甲"
    assert tidy.unguard("'520323") == "'520323"


@given(st.text(alphabet="'=+-@\t\r甲1", max_size=8))
def test_guarding_is_undone_exactly(text: str) -> None:
    assert tidy.unguard(tidy.guard(text)) == text
    assert tidy.guard(text)[:1] not in set("=+-@\t\r")
