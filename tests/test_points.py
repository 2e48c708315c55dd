"""Points, weights and counts: what is read, what is refused, and the one rounding rule."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradingsite.lib import points
from gradingsite.lib.points import Tally
from gradingsite.lib.refusal import Conflict, Refused


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("95", 9500),
        ("95.5", 9550),
        ("95.50", 9550),
        (" 95.50 ", 9550),
        ("\u300095.5\u00a0", 9550),
        ("９５．５", 9550),
        ("９５", 9500),
        ("0", 0),
        ("-0", 0),
        ("－０", 0),
        ("00.10", 10),
        ("100", 10_000),
        ("100.00", 10_000),
        (95, 9500),
        (95.0, 9500),
        (95.55, 9555),
        (0.8, 80),
        (0.29, 29),
        (1.1, 110),
        (-0.0, 0),
        (Decimal("95.5"), 9550),
        (Decimal("95.500"), 9550),
        (Decimal("1E+1"), 1000),
        (1e-2, 1),
        ("\u200b88.8", 8880),
    ],
)
def test_points_are_read(value: object, expected: int) -> None:
    assert points.parse_points(value) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "未填写"),
        ("  \u3000", "未填写"),
        (None, "未填写"),
        ("95分", "不带单位"),
        ("95 分", "不带单位"),
        ("95.555", "两位小数"),
        ("95.500", "两位小数"),
        (95.555, "两位小数"),
        (0.1 + 0.2, "两位小数"),
        (1e-7, "两位小数"),
        ("1e2", "科学计数法"),
        ("1E+2", "科学计数法"),
        ("95,5", "逗号"),
        ("95，5", "逗号"),
        ("1,000", "逗号"),
        ("0x5F", "十进制"),
        ("9_5", "下划线"),
        ("NaN", "有效的数"),
        ("Infinity", "有效的数"),
        ("-inf", "有效的数"),
        (float("nan"), "有效的数"),
        (float("inf"), "有效的数"),
        (Decimal("NaN"), "有效的数"),
        (Decimal("Infinity"), "有效的数"),
        ("٩٥", "阿拉伯数字"),
        ("९५", "阿拉伯数字"),
        ("九十五", "阿拉伯数字"),
        ("=95", "公式"),
        ("＝95", "公式"),
        ("+95", "公式"),
        ("@95", "公式"),
        ("1" + "0" * 400, "太大"),
        (10**30, "太大"),
        (1e300, "太大"),
        ("100.01", "之间"),
        ("-0.01", "之间"),
        (-1, "之间"),
        (101.0, "之间"),
        (True, "数字"),
        ("#REF!", "错误值"),
        ("约95", "约数"),
        ("—", "数字"),
        (".5", "数字"),
        ("5.", "数字"),
        ("9 5", "数字"),
        ("--5", "数字"),
        ("95.5.5", "数字"),
        ("好", "数字"),
    ],
)
def test_points_are_refused_with_the_reason(value: object, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        points.parse_points(value)
    assert reason in refused.value.message
    assert len(refused.value.message) < 80


def test_range_and_step_are_hundredths() -> None:
    assert points.parse_points("-3", low=-500) == -300
    assert points.parse_points("2.5", high=500, step=50) == 250
    with pytest.raises(Refused, match=r"0\.5 的整数倍"):
        points.parse_points("2.3", high=500, step=50)
    with pytest.raises(Refused, match="0 到 5 之间"):
        points.parse_points("5.01", high=500)


@given(st.integers(-(10**9), 10**9))
def test_points_round_trip(hundredths: int) -> None:
    wide = {"low": -(10**12), "high": 10**12}
    assert points.parse_points(points.format_points(hundredths), **wide) == hundredths
    assert points.parse_points(points.short_points(hundredths), **wide) == hundredths
    assert points.quantise(points.to_decimal(hundredths)) == hundredths
    assert points.parse_points(hundredths / 100, **wide) == hundredths


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    for parse in (points.parse_points, points.parse_count, points.parse_weight):
        try:
            assert isinstance(parse(text), int)
        except Refused:
            continue


@given(st.floats())
def test_any_float_is_exact_or_refused(number: float) -> None:
    try:
        hundredths = points.parse_points(number, low=-(10**15), high=10**15)
    except Refused:
        return
    assert float(Decimal(hundredths) / 100) == number


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (70, 70),
        ("70人", 70),
        ("７０ 人", 70),
        ("12票", 12),
        ("3名", 3),
        (" 1604 ", 1604),
        ("3,543", 3543),
        ("１，２３４，５６７", 1_234_567),
        (46.0, 46),
        ("46.0", 46),
        ("82", 82),
        ("0", 0),
        ("-0", 0),
        (99_999_999, 99_999_999),
        (1e6, 1_000_000),
        (Decimal("12"), 12),
    ],
)
def test_counts_are_read(value: object, expected: int) -> None:
    assert points.parse_count(value) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "未填写"),
        (None, "未填写"),
        (-40, "负数"),
        ("-40", "负数"),
        (24.5, "整数"),
        ("24.5", "整数"),
        ("约2000", "约数"),
        ("—", "数字"),
        ("三十二", "阿拉伯数字"),
        ("#REF!", "错误值"),
        ("3,54", "逗号"),
        ("70个", "单位"),
        ("人", "数字"),
        ("1e3", "科学计数法"),
        ("=1844+300", "公式"),
        ("9" * 30, "太大"),
        (10**12, "不能大于"),
        (float("nan"), "有效的数"),
        (True, "数字"),
    ],
)
def test_counts_are_refused(value: object, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        points.parse_count(value)
    assert reason in refused.value.message


def test_counts_say_what_was_normalised() -> None:
    assert points.parse_count_noted("３,５４３人") == (
        3543,
        ("全角数字改为半角", "去掉“人”", "去掉千分位逗号"),
    )
    assert points.parse_count_noted(" 8 ") == (8, ("去掉空格",))
    assert points.parse_count_noted(8) == (8, ())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fraction(18999, 2), 9500),
        (Fraction(849949, 100), 8499),
        (Fraction(-1, 2), -1),
        (Fraction(1, 2), 1),
        (Fraction(49, 100), 0),
        (7, 7),
        (0, 0),
    ],
)
def test_half_up(value: Fraction | int, expected: int) -> None:
    assert points.half_up(value) == expected


def test_half_up_to_fewer_decimals() -> None:
    assert points.half_up(8525, digits=1) == 8530
    assert points.half_up(8550, digits=0) == 8600
    with pytest.raises(ValueError, match="digits"):
        points.half_up(1, digits=3)


@given(st.fractions(min_value=-20_000, max_value=20_000))
def test_half_up_is_nearest_and_odd(value: Fraction) -> None:
    rounded = points.half_up(value)
    assert abs(rounded - value) <= Fraction(1, 2)
    assert points.half_up(-value) == -rounded
    if abs(rounded - value) == Fraction(1, 2):
        assert abs(rounded) > abs(value)


def test_worked_examples_of_the_domain_page() -> None:
    guizhou = [(3000, 9200), (1000, 9800), (2000, 8850), (2000, 9000), (2000, 8600)]
    total = sum(Fraction(weight, 10_000) * score for weight, score in guizhou)
    assert points.format_points(points.half_up(total)) == "90.30"
    ballot = Tally(30 * 10_000 + 8 * 6000 + 3 * 3000 + 1000, 42).mean()
    assert ballot is not None
    kangbao = Fraction(1, 2) * 9100 + Fraction(3, 10) * ballot + Fraction(1, 5) * 9600
    assert points.exact_text(kangbao) == "≈90.271428…"
    assert points.half_up(kangbao) == 9027


def test_texts_for_the_eye() -> None:
    ballot = Fraction(358_000, 42)
    assert points.eye(ballot) == ("85.24", True)
    assert points.eye_text(ballot) == "≈85.24"
    assert points.eye(8525) == ("85.25", False)
    assert points.eye(None) == ("—", False)
    assert points.exact_text(ballot) == "≈85.238095…"
    assert points.exact_text(Fraction(17, 8) * 100) == "2.125"
    assert points.exact_text(9200) == "92"
    assert points.exact_text(0) == "0"
    assert points.exact_text(Fraction(-1, 3)) == "≈-0.003333…"
    assert points.exact_text(None) == "—"
    assert points.format_points(None) == "—"
    assert points.format_points(-5) == "-0.05"
    assert points.short_points(0) == "0"


def test_percent_and_weights() -> None:
    assert points.format_percent(1, 3) == "33.3%"
    assert points.format_percent(1, 2) == "50.0%"
    assert points.format_percent(1, 16) == "6.3%"
    assert points.format_percent(0, 5) == "0.0%"
    assert points.format_percent(3, 0) == "—"
    assert points.parse_weight("30%") == 3000
    assert points.parse_weight("１２．５％") == 1250
    assert points.format_weight(1250) == "12.5%"
    assert points.format_weight(None) == "—"
    with pytest.raises(Refused, match="权重"):
        points.parse_weight("101")


@given(st.integers(0, 10_000))
def test_weights_round_trip(weight: int) -> None:
    assert points.parse_weight(points.format_weight(weight)) == weight


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=20), st.integers(0, 20))
def test_tallies_merge_like_the_whole(marks: list[int], cut: int) -> None:
    left, right = marks[:cut], marks[cut:]
    whole = Tally(sum(left), len(left)) + Tally(sum(right), len(right))
    assert whole == Tally(sum(marks), len(marks))
    assert whole.mean() == Fraction(sum(marks), len(marks))


def test_an_empty_tally_is_missing_not_zero() -> None:
    assert Tally().mean() is None
    assert Tally(0, 3).mean() == 0


def test_a_refusal_carries_its_remedy_and_field() -> None:
    refused = Refused("文件太大。", remedy="请拆成几个文件。", field="file")
    assert (str(refused), refused.status, refused.field) == ("文件太大。请拆成几个文件。", 422, "file")
    conflict = Conflict(mine=1, theirs=2)
    assert isinstance(conflict, Refused)
    assert (conflict.status, conflict.mine, conflict.theirs) == (409, 1, 2)
    assert refused.at("score").field == "score"


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_a_ratio_rounds_like_its_fraction(numerator: int, denominator: int) -> None:
    assert points.half_up_ratio(numerator, denominator) == points.half_up(Fraction(numerator, denominator))
