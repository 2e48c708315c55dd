"""Computing exactly: the worked examples of domain.md 5, every kind of input, and properties that always hold."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.rules import (
    Adjustment,
    AdjustmentKind,
    Answer,
    Combine,
    Denominator,
    Effect,
    Manner,
    Method,
    Missing,
    People,
    Period,
    RaterRole,
    SchemeRules,
    SourceKind,
    Veto,
    VoterGroup,
    preset_rules,
)
from assessments.scoring import (
    AdjustmentMark,
    BallotCounts,
    Grader,
    MeanMarks,
    Origin,
    PooledMarks,
    Result,
    SheetMarks,
    SourceScore,
    allowed_bands,
    answered,
    assigned_to,
    band_of,
    deducted,
    grade,
    indicator_means,
    point_faults,
    score_source,
)
from gradingsite.lib.refusal import Refused
from tests.scheme_parts import FOUR, ballot, indicator, option_list, scheme, sector, source

GUIZHOU = preset_rules("guizhou-2012")
KANGBAO = preset_rules("kangbao-2012")
KEYS = tuple(one.key for one in GUIZHOU.sources)
FIVE_SCORES = dict(zip(KEYS, [(9200, 1), (9800, 1), (8850, 1), (9000, 1), (8600, 1)], strict=True))
TWO = option_list(("好", 100), ("差", 0))


def label(rules: SchemeRules, key: str | None) -> str:
    band = rules.band(key or "")
    assert band is not None
    return band.label


def kangbao(
    votes: tuple[int, int, int, int], committee: int, own: int, blank: int = 0
) -> tuple[SourceScore, Result]:
    counts = BallotCounts(dict(zip(("good", "fair", "ordinary", "poor"), votes, strict=True)), blank=blank)
    scores = {
        "committee": score_source(KANGBAO, "committee", "农村", [SheetMarks(total=committee)]),
        "self": score_source(KANGBAO, "self", "农村", [SheetMarks(total=own)]),
        "ballot": score_source(KANGBAO, "ballot", "农村", ballots=[counts]),
    }
    return scores["ballot"], grade(KANGBAO, "农村", scores)


def test_guizhou_worked_example() -> None:
    result = grade(GUIZHOU, "农村", FIVE_SCORES)
    assert [one.points for one in result.contributions] == [2760, 980, 1770, 1800, 1720]
    assert (result.total, label(GUIZHOU, result.band)) == (9030, "好")


def test_kangbao_worked_example() -> None:
    score, result = kangbao((30, 8, 3, 1), 9100, 9600)
    assert score.value == Fraction(358000, 42)
    assert score.voters == 42
    assert result.contributions[2].points == Fraction(358000 * 3, 420)
    assert (result.total, label(KANGBAO, result.band)) == (9027, "好")


def test_kangbao_blank_votes_do_not_divide() -> None:
    score, result = kangbao((5, 9, 4, 2), 7800, 9000, blank=3)
    assert score.value == 5900
    assert (result.total, label(KANGBAO, result.band)) == (7470, "一般")


@pytest.mark.parametrize(
    ("hundredths", "total", "band"),
    [
        (Fraction(18999, 2), 9500, "很好"),
        (Fraction(84994, 10), 8499, "较好"),
        (Fraction(849949, 100), 8499, "较好"),
        (Fraction(11999, 2), 6000, "一般"),
        (Fraction(59994, 10), 5999, "差"),
        (Fraction(), 0, "差"),
    ],
)
def test_the_band_is_found_from_the_rounded_total(hundredths, total, band) -> None:
    stored = (hundredths.numerator, hundredths.denominator)
    result = grade(GUIZHOU, "农村", dict.fromkeys(KEYS, stored))
    assert result.total_exact == hundredths
    assert (result.total, label(GUIZHOU, result.band)) == (total, band)


def test_a_missing_source_leaves_the_file_without_a_total() -> None:
    result = grade(GUIZHOU, "农村", FIVE_SCORES | {"self": None, "members": None})
    assert result.missing == ("党支部自评", "党员评")
    assert (result.total, result.band, result.weighted) == (None, None, None)


def test_a_missing_weight_is_spread_where_the_scheme_says_so() -> None:
    spreading = replace(GUIZHOU, missing=Missing.SPREAD)
    result = grade(spreading, "农村", FIVE_SCORES | {"self": None})
    assert result.total_exact == Fraction(805000, 90)
    assert (result.total, label(GUIZHOU, result.band)) == (8944, "好")
    assert result.contributions[0].share == Fraction(10000, 3)
    assert result.spread_note.startswith("缺党支部自评，按方案把权重按比例分给其他主体：上级党组织评30%÷90%")
    assert grade(spreading, "农村", {}).total is None


def test_zero_is_a_score() -> None:
    assert grade(GUIZHOU, "农村", FIVE_SCORES | {"self": (0, 1)}).total == 8050


def test_bonus_is_capped_and_the_total_clamped() -> None:
    item = Adjustment(key="honour", label="表彰", kind=AdjustmentKind.BONUS, cap=300)
    rules = scheme(adjustments=(item,))
    result = grade(rules, "农村", {"上级评": (9800, 1)}, [AdjustmentMark("honour", 500)])
    assert result.weighted == 9800
    assert (result.bonus, result.total, result.clamped) == (300, 10000, "超过100，按100计")
    assert grade(rules, "农村", {"上级评": (10000, 1)}).clamped == ""
    assert grade(rules, "农村", {"上级评": (9800, 1)}, [AdjustmentMark("honour", 0)]).total == 9800
    free = replace(rules, total_may_pass_100=True)
    assert grade(free, "农村", {"上级评": (9800, 1)}, [AdjustmentMark("honour", 500)]).total == 10100


def test_caps_hold_per_item_and_in_all_and_the_floor_is_zero() -> None:
    items = tuple(Adjustment(key=key, label=key, kind=AdjustmentKind.PENALTY, cap=400) for key in "ab")
    rules = scheme(adjustments=items, penalty_cap=600)
    marks = [AdjustmentMark("a", 300), AdjustmentMark("a", 300), AdjustmentMark("b", 900)]
    result = grade(rules, "农村", {"上级评": (500, 1)}, marks)
    assert [(one.asked, one.given) for one in result.adjustments] == [(600, 400), (900, 400)]
    assert (result.penalty, result.total, result.clamped) == (600, 0, "低于0，按0计")
    with pytest.raises(Refused, match="正数"):
        grade(rules, "农村", {"上级评": (500, 1)}, [AdjustmentMark("a", -1)])
    with pytest.raises(Refused, match="没有加分扣分项"):
        grade(rules, "农村", {"上级评": (500, 1)}, [AdjustmentMark("c", 1)])


def test_deducting_from_full_stops_at_zero() -> None:
    one = indicator("群众反映", 5, manner=Manner.DEDUCT)
    assert deducted(one, [300, 400]) == 0
    assert deducted(one, [300]) == 200


def test_graded_answers_bring_their_points() -> None:
    answers = (Answer(key="y", label="有", points=500), Answer(key="n", label="无", points=0))
    one = indicator("阵地", 5, manner=Manner.GRADED, answers=answers)
    assert answered(one, "y") == 500
    with pytest.raises(Refused):
        answered(one, "z")
    assert point_faults(one, 300, 1, "旧") == ["「阵地」按档给分，只能是5、0"]


def test_points_are_held_to_range_step_and_reason() -> None:
    one = indicator("阵地", 15)
    assert point_faults(one, 1500, 50) == []
    assert point_faults(one, 1450, 50, "漏雨") == []
    assert point_faults(one, 1450, 50, " ") == ["「阵地」扣了分，请写事由"]
    assert point_faults(one, 1510, 1) == ["「阵地」要在0到15之间，填的是15.1"]
    assert point_faults(one, -10, 1, "x") == ["「阵地」要在0到15之间，填的是-0.1"]
    assert point_faults(one, 1475, 50, "x") == ["「阵地」要填0.5的整数倍"]


ITEMISED = scheme(
    source("相关评", SourceKind.RELATED, 100, method=Method.ITEMISED),
    sectors=(sector("农村", indicator("甲", 60), indicator("乙", 40)),),
)


def test_an_itemised_score_is_the_sum_of_means() -> None:
    sheets = [
        SheetMarks({"甲": 6000, "乙": 3000}),
        SheetMarks({"甲": 5000, "乙": 4000}),
        SheetMarks({"甲": 5000, "乙": 1}),
    ]
    score = score_source(ITEMISED, "相关评", "农村", sheets)
    assert score.value == Fraction(16000, 3) + Fraction(7001, 3)
    assert (score.complete, score.voters, score.origin) == (True, 3, Origin.LINES)
    assert indicator_means(ITEMISED, "农村", sheets) == {"甲": Fraction(16000, 3), "乙": Fraction(7001, 3)}


def test_split_raters_each_score_their_own_indicators() -> None:
    sheets = [
        SheetMarks({"甲": 6000}, assigned=frozenset({"甲"})),
        SheetMarks({"甲": 5000}, assigned=frozenset({"甲"})),
        SheetMarks({"乙": 3000}, assigned=frozenset({"乙"})),
    ]
    assert score_source(ITEMISED, "相关评", "农村", sheets).value == 5500 + 3000


def test_an_assigned_indicator_left_empty_is_missing_not_zero() -> None:
    score = score_source(
        ITEMISED, "相关评", "农村", [SheetMarks({"甲": 6000}), SheetMarks({"甲": 6000, "乙": 4000})]
    )
    assert (score.value, score.complete, score.stored) == (None, False, None)
    assert score.notes == ("「乙」还有1份没有填",)
    nobody = score_source(ITEMISED, "相关评", "农村", [SheetMarks({"甲": 1}, assigned=frozenset({"甲"}))])
    assert nobody.notes == ("「乙」没有安排人评分",)
    assert indicator_means(ITEMISED, "农村", [SheetMarks({"甲": 6000})])["乙"] is None


def test_a_sheet_asked_for_and_not_in_keeps_the_source_incomplete() -> None:
    score = score_source(ITEMISED, "相关评", "农村", [SheetMarks({"甲": 6000, "乙": 4000})], awaited=2)
    assert (score.complete, score.notes) == (False, ("还差2份评分表",))
    assert grade(ITEMISED, "农村", {"相关评": score}).missing == ("相关评",)


def test_lines_and_totals_are_not_mixed() -> None:
    for sheets in (
        [SheetMarks({"甲": 1, "乙": 1}), SheetMarks(total=100)],
        [SheetMarks(total=100), PooledMarks(300, 3)],
        [MeanMarks(100), MeanMarks(200)],
    ):
        with pytest.raises(Refused, match="不能混用"):
            score_source(ITEMISED, "相关评", "农村", sheets)


def test_imported_totals_and_means_are_accepted_and_marked() -> None:
    totals = score_source(ITEMISED, "相关评", "农村", [SheetMarks(total=8950), SheetMarks(total=9000)])
    assert (totals.value, totals.origin) == (8975, Origin.TOTALS)
    both = score_source(ITEMISED, "相关评", "农村", [SheetMarks({"甲": 1, "乙": 1}, total=8950)])
    assert both.value == 8950
    mean = score_source(GUIZHOU, "members", "农村", [MeanMarks(8742, 29)])
    assert (mean.value, mean.voters, mean.origin) == (8742, 29, Origin.MEAN)
    pooled = score_source(GUIZHOU, "members", "农村", [PooledMarks(8400 + 9000, 2)])
    assert (pooled.value, pooled.voters, pooled.origin) == (8700, 2, Origin.POOLED)
    assert score_source(GUIZHOU, "members", "农村", [PooledMarks(0, 0)]).value is None


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(Refused, match="没有评价主体"):
        score_source(ITEMISED, "别的", "农村")
    with pytest.raises(Refused, match="没有领域"):
        score_source(ITEMISED, "相关评", "城市")
    with pytest.raises(Refused, match="没有的指标"):
        score_source(ITEMISED, "相关评", "农村", [SheetMarks({"丙": 1})])
    with pytest.raises(Refused, match="没有的选项"):
        score_source(KANGBAO, "ballot", "农村", ballots=[BallotCounts({"很好": 1})])
    with pytest.raises(Refused, match="不用投票"):
        score_source(ITEMISED, "相关评", "农村", ballots=[BallotCounts({"好": 1})])
    with pytest.raises(Refused, match="没有评价主体"):
        grade(ITEMISED, "农村", {"别的": (1, 1)})
    with pytest.raises(Refused, match="只能留一种"):
        score_source(KANGBAO, "ballot", "农村", [MeanMarks(1)], [BallotCounts({"good": 1})])


def test_an_open_scheme_does_not_compute() -> None:
    hubei = preset_rules("hubei-three-classes")
    with pytest.raises(Refused, match="权重还没有填"):
        grade(hubei, "农村", {})
    with pytest.raises(Refused, match="还没有分值"):
        score_source(hubei, "ballot", "农村", ballots=[BallotCounts({"satisfied": 3})])
    with pytest.raises(Refused, match="下限还没有填"):
        band_of(hubei, 5000)


@pytest.mark.parametrize(
    ("denominator", "value"),
    [(Denominator.VALID, 7500), (Denominator.CAST, 5000), (Denominator.EXPECTED, 2500)],
)
def test_the_denominator_is_the_scheme_s(denominator, value) -> None:
    rules = scheme(ballot("测评", 100, TWO, denominator=denominator))
    counts = BallotCounts({"好": 3, "差": 1}, blank=1, invalid=1, expected=12)
    assert score_source(rules, "测评", "农村", ballots=[counts]).value == value


def test_no_valid_vote_is_no_data() -> None:
    rules = scheme(ballot("测评", 100, TWO))
    for counts in (BallotCounts({}), BallotCounts({"好": 0}, blank=4, invalid=1, expected=9)):
        score = score_source(rules, "测评", "农村", ballots=[counts])
        assert (score.value, score.voters, score.complete) == (None, 0, False)


def test_an_option_outside_the_valid_votes_brings_and_divides_nothing() -> None:
    rules = scheme(ballot("测评", 100, option_list(("好", 100), ("差", 0), 不了解=50)))
    score = score_source(rules, "测评", "农村", ballots=[BallotCounts({"好": 1, "差": 1, "不了解": 8})])
    assert (score.value, score.voters) == (5000, 2)


GROUPS = (
    VoterGroup(key="m", label="党员", people=People.MEMBERS, weight=6000),
    VoterGroup(key="p", label="群众", people=People.PUBLIC, weight=4000),
)


def test_groups_counted_apart_are_weighed_and_pooled_ones_added() -> None:
    apart = scheme(ballot("测评", 100, TWO, groups=GROUPS, pooled=False))
    counts = [BallotCounts({"好": 1, "差": 1}, group="m"), BallotCounts({"好": 9, "差": 1}, group="p")]
    score = score_source(apart, "测评", "农村", ballots=counts)
    assert (score.value, score.voters) == (5000 * Fraction(6, 10) + 9000 * Fraction(4, 10), 12)
    assert score_source(apart, "测评", "农村", ballots=counts[:1]).notes == ("群众没有有效票",)
    pooled = scheme(ballot("测评", 100, TWO, groups=GROUPS))
    assert score_source(pooled, "测评", "农村", ballots=counts).value == Fraction(100000, 12)


@pytest.mark.parametrize(
    ("combine", "value"), [(Combine.MEAN, 8000), (Combine.WEIGHTED, 8400), (Combine.LAST, 9000)]
)
def test_periods_are_combined(combine, value) -> None:
    periods = (Period(key="h1", label="上半年", weight=3000), Period(key="h2", label="下半年", weight=7000))
    rules = scheme(periods=periods, combine=combine)
    sheets = [SheetMarks(total=7000, period="h1"), SheetMarks(total=9000, period="h2")]
    assert score_source(rules, "上级评", "农村", sheets).value == value
    early = score_source(rules, "上级评", "农村", sheets[:1])
    assert early.notes == ("下半年没有数据",)
    assert not early.complete
    with pytest.raises(Refused, match="哪一考评期"):
        score_source(rules, "上级评", "农村", [SheetMarks(total=1)])


def test_a_veto_by_threshold_strikes_below_not_at_it() -> None:
    veto = Veto(key="v", label="满意度", effect=Effect.SET_BAND, band="较差", source="上级评", below=9000)
    rules = scheme(vetoes=(veto,))
    assert grade(rules, "农村", {"上级评": (9000, 1)}).band == "好"
    result = grade(rules, "农村", {"上级评": (26999, 3)})
    assert (result.total, result.band_by_total, result.band) == (9000, "好", "较差")
    assert result.vetoes[0].why == "上级评低于90.00分"
    assert allowed_bands(rules, result) == ("较差",)
    assert Grader(rules).quick([(26999, 3)]) == (9000, "较差")


def test_of_several_direct_rules_the_worst_holds_and_caps_come_after() -> None:
    vetoes = (
        Veto(key="honour", label="荣誉", effect=Effect.SET_BAND, band="好"),
        Veto(key="case", label="案件", effect=Effect.CAP_BAND, band="一般"),
        Veto(key="fire", label="事故", effect=Effect.SET_BAND, band="较差"),
    )
    rules = scheme(vetoes=vetoes)
    assert grade(rules, "农村", {"上级评": (0, 1)}, ticks={"honour"}).band == "好"
    assert grade(rules, "农村", {"上级评": (0, 1)}, ticks={"honour", "case"}).band == "一般"
    both = grade(rules, "农村", {"上级评": (10000, 1)}, ticks={"honour", "fire"})
    assert both.band == "较差"
    capped = grade(rules, "农村", {"上级评": (10000, 1)}, ticks={"case"})
    assert allowed_bands(rules, capped) == ("一般", "较差")
    assert allowed_bands(rules, grade(rules, "农村", {"上级评": (1, 1)})) == tuple(one.key for one in FOUR)
    with pytest.raises(Refused, match="没有一票否决情形"):
        grade(rules, "农村", {"上级评": (0, 1)}, ticks={"rain"})


def test_a_role_scores_its_indicators() -> None:
    roles = (RaterRole(key="j", label="纪检", indicators=("甲",)), RaterRole(key="w", label="维稳"))
    split = replace(ITEMISED.sources[0], raters=roles)
    where = ITEMISED.sectors[0]
    assert assigned_to(split, "j", where) == {"甲"}
    assert assigned_to(split, "w", where) == {"甲", "乙"}
    assert assigned_to(ITEMISED.sources[0], "", where) == {"甲", "乙"}
    with pytest.raises(Refused):
        assigned_to(split, "x", where)


scores = st.tuples(st.integers(0, 10_000), st.integers(1, 400)).map(lambda pair: (pair[0] * pair[1], pair[1]))
some_scores = st.lists(st.one_of(st.none(), scores), min_size=5, max_size=5)
SPREADING = replace(GUIZHOU, missing=Missing.SPREAD)


@given(some_scores, st.booleans())
def test_one_by_one_and_in_bulk_give_the_same(pairs, spread) -> None:
    rules = SPREADING if spread else GUIZHOU
    result = grade(rules, "农村", dict(zip(KEYS, pairs, strict=True)))
    assert Grader(rules).quick(pairs) == (result.total, result.band)


@given(st.lists(scores, min_size=5, max_size=5))
def test_the_total_is_a_rounded_mean_within_its_sources(pairs) -> None:
    result = grade(GUIZHOU, "农村", dict(zip(KEYS, pairs, strict=True)))
    values = [Fraction(*pair) for pair in pairs]
    assert result.total is not None
    assert result.total_exact is not None
    assert min(values) <= result.total_exact <= max(values)
    assert abs(result.total - result.total_exact) <= Fraction(1, 2)
    assert 0 <= result.total <= 10_000
    assert sum((one.points for one in result.contributions), Fraction()) == result.weighted


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_higher_total_never_has_a_worse_band(one, other) -> None:
    low, high = sorted((one, other))
    assert GUIZHOU.rank(band_of(GUIZHOU, high).key) <= GUIZHOU.rank(band_of(GUIZHOU, low).key)


@given(
    st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 4000)), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_the_order_of_raters_does_not_matter_and_means_equal_the_mean_of_sums(
    lines, shuffler: random.Random
) -> None:
    sheets = [SheetMarks({"甲": one, "乙": other}) for one, other in lines]
    turned = list(sheets)
    shuffler.shuffle(turned)
    score = score_source(ITEMISED, "相关评", "农村", sheets)
    assert score == score_source(ITEMISED, "相关评", "农村", turned)
    pooled = PooledMarks(sum(one + other for one, other in lines), len(lines))
    assert score.value == score_source(ITEMISED, "相关评", "农村", [pooled]).value


@settings(max_examples=50)
@given(st.tuples(*[st.integers(0, 500)] * 4), st.integers(1, 5))
def test_a_ballot_s_score_does_not_follow_the_number_of_voters(votes, times) -> None:
    keys = ("good", "fair", "ordinary", "poor")
    one = BallotCounts(dict(zip(keys, votes, strict=True)))
    many = BallotCounts({key: n * times for key, n in one.options.items()})
    found = score_source(KANGBAO, "ballot", "农村", ballots=[one])
    assert found.value == score_source(KANGBAO, "ballot", "农村", ballots=[many]).value
    assert found.value is None or 1000 <= found.value <= 10_000
