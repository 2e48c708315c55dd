"""Short names, pinyin initials and codes: pure."""

import pytest

from orgs.categories import Form
from orgs.naming import (
    PINYIN_LENGTH,
    code_fault,
    form_named_in,
    initials,
    long_short_name_of,
    pinyin_of,
    short_name_of,
)

ABOVE = ("中共贵州省委员会", "中共遵义市委员会", "中共绥阳县委员会")
WANGCAO = (*ABOVE, "中共绥阳县旺草镇委员会")
OFFICE = (*ABOVE, "中共绥阳县直属机关工作委员会")


@pytest.mark.parametrize(
    ("full", "above", "short"),
    [
        ("中共贵州省委员会", (), "贵州省"),
        ("中共遵义市委员会", ABOVE[:1], "遵义市"),
        ("中共绥阳县委员会", ABOVE[:2], "绥阳县"),
        ("中共遵义市绥阳县委员会", ABOVE[:2], "绥阳县"),
        ("中共绥阳县旺草镇委员会", ABOVE, "旺草镇"),
        ("中共绥阳县洋川街道工作委员会", ABOVE, "洋川街道"),
        ("中共绥阳县直属机关工作委员会", ABOVE, "县直机关工委"),
        ("中共绥阳县委教育工作委员会", ABOVE, "教育工委"),
        ("中共绥阳县卫生健康局委员会", ABOVE, "卫生健康局党委"),
        ("中共绥阳县非公有制经济组织和社会组织工作委员会", ABOVE, "两新组织工委"),
        ("中共绥阳县旺草镇下寺村支部委员会", WANGCAO, "下寺村"),
        ("中共绥阳县旺草镇尹珍社区支部", WANGCAO, "尹珍社区"),
        ("中共绥阳县旺草镇机关支部委员会", WANGCAO, "机关支部"),
        ("中共绥阳县旺草镇冯村村支部", WANGCAO, "冯村村"),
        ("中共绥阳县委办公室总支部委员会", OFFICE, "县委办公室总支"),
        (
            "中共绥阳县委办公室第一支部委员会",
            (*OFFICE, "中共绥阳县委办公室总支部委员会"),
            "县委办公室第一支部",
        ),
        ("中共绥阳县第二小学支部委员会", (*ABOVE, "中共绥阳县委教育工作委员会"), "第二小学支部"),
        ("中共某甲职业学院绥阳县校区机关支部委员会", OFFICE, "某甲职业学院绥阳县校区机关支部"),
        ("中共遵义市绥阳县旺草镇下寺村支部", (*ABOVE[:2], "中共遵义市绥阳县委员会", WANGCAO[3]), "下寺村"),
        ("支部", (), "支部"),
    ],
)
def test_a_short_name_is_what_people_call_the_organisation(full, above, short) -> None:
    assert short_name_of(full, above) == short


def test_a_name_that_is_only_the_place_above_keeps_it() -> None:
    assert short_name_of("中共绥阳县旺草镇支部委员会", WANGCAO) == "旺草镇支部"


def test_siblings_of_one_short_name_get_the_longer_one() -> None:
    assert long_short_name_of("中共绥阳县旺草镇下寺村支部委员会") == "绥阳县旺草镇下寺村支部"


def test_a_short_name_fits_its_column() -> None:
    assert len(short_name_of("中共" + "长" * 120 + "支部")) == 100


@pytest.mark.parametrize(
    ("full", "form"),
    [
        ("中共某村支部委员会", Form.BRANCH),
        ("中共某村党支部", Form.BRANCH),
        ("中共某局总支部委员会", Form.GENERAL_BRANCH),
        ("中共某局党总支", Form.GENERAL_BRANCH),
        ("中共某镇委员会", Form.COMMITTEE),
        ("中共某街道工作委员会", Form.WORK_COMMITTEE),
        ("中共某局党组", Form.PARTY_GROUP),
        ("某村", None),
    ],
)
def test_the_form_a_name_ends_in(full, form) -> None:
    assert form_named_in(full) is form


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("第二小学", "dexx"),
        ("下寺村", "xsc"),
        ("A区3号", "aq3h"),
        ("𬱖", initials("𬱖")),
        ("（），。", ""),
        ("\ue000村", "c"),
        ("", ""),
    ],
)
def test_initials_are_one_letter_a_character_and_nothing_for_what_has_none(text, found) -> None:
    assert initials(text) == found
    assert len(initials(text)) <= len(text)


def test_a_character_beyond_the_basic_plane_is_one_letter_at_most_and_breaks_nothing() -> None:
    assert initials("陈某𬱖村")[:2] == "cm"
    assert initials("陈某𬱖村")[-1] == "c"
    assert len(initials("陈某𬱖村")) <= 4


def test_pinyin_keeps_short_and_full_name_apart_and_fits() -> None:
    assert pinyin_of("下寺村", "中共下寺村支部") == "xsc zgxsczb"
    assert len(pinyin_of("长" * 100, "长" * 200)) == PINYIN_LENGTH


@pytest.mark.parametrize("code", ["520323", "052032310220", "A1B2C3", "1" * 32])
def test_codes_of_six_to_32_letters_or_digits(code) -> None:
    assert code_fault(code) == ""


@pytest.mark.parametrize(
    "code", ["", "52032", "1" * 33, "5203-23", "５２０３２３", "520323 ", "五二零三二三"]
)
def test_anything_else_is_no_code(code) -> None:
    assert code_fault(code)
