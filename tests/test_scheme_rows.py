"""Published schemes as data: each row of the survey of schemes computes what it says, without any code of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assessments.rules import (
    Adjustment,
    AdjustmentKind,
    AwardLevel,
    Base,
    Bound,
    Combine,
    Effect,
    Manner,
    Method,
    ParticipationRule,
    People,
    Period,
    Quota,
    QuotaScope,
    RuleStep,
    SchemeRules,
    SourceKind,
    Star,
    StarRule,
    Stars,
    Step,
    StepName,
    Strictness,
    Veto,
    check,
    preset_rules,
)
from assessments.scoring import (
    AdjustmentMark,
    BallotCounts,
    SheetMarks,
    StarOptions,
    allowed_bands,
    deducted,
    grade,
    participation,
    propose_from_bottom,
    quota_line,
    quota_state,
    rank_totals,
    score_source,
    star_options,
)
from tests.scheme_parts import ballot, band_list, indicator, option_list, scheme, sector, source

SATISFIED = option_list(("满意", 100), ("不满意", 0))
BONUS, PENALTY = AdjustmentKind.BONUS, AdjustmentKind.PENALTY


def sound(rules: SchemeRules) -> SchemeRules:
    """The scheme, which is fit for use and survives its file."""
    assert check(rules) == []
    assert SchemeRules.read_text(rules.write_text()) == rules
    return rules


def direct(label: str, band: str = "较差", **more: object) -> Veto:
    return Veto(key=label, label=label, effect=Effect.SET_BAND, band=band, **more)  # type: ignore[arg-type]


def limit(bound: Bound, share: int, **more: object) -> Quota:
    settings = {
        "key": f"{bound}-{share}-{len(more)}-{more.get('star', '')}{more.get('sectors', '')}"[:40].replace(
            " ", ""
        )
    }
    return Quota(**(settings | {"bound": bound, "share": share * 100, "scope": QuotaScope.ROUND} | more))  # type: ignore[arg-type]


def star_scale(*labels: str) -> tuple[Star, ...]:
    return tuple(Star(key=label, label=label, awarded_by=AwardLevel.COUNTY) for label in labels)


def test_rows_1_and_2_are_the_presets() -> None:
    for code in ("guizhou-2012", "kangbao-2012"):
        sound(preset_rules(code))


def test_row_3_deducts_only_and_low_satisfaction_goes_to_the_worst() -> None:
    items = sector(
        "机关事业单位",
        indicator("带头人", 60, manner=Manner.DEDUCT),
        indicator("工作业绩", 40, manner=Manner.DEDUCT),
    )
    cases = ("班子瘫痪", "不开展活动", "违纪违法", "群体事件")
    rules = sound(
        scheme(
            source("自评", SourceKind.SELF, 0, method=Method.ITEMISED),
            source("上级评", SourceKind.SUPERIOR, 100, method=Method.ITEMISED),
            ballot("满意度", 0, SATISFIED),
            sectors=(items,),
            vetoes=(*map(direct, cases), direct("满意度低", source="满意度", below=5000)),
        )
    )
    first, second = items.indicators
    lines = {first.key: deducted(first, [4000, 3000]), second.key: deducted(second, [500])}
    scores = {
        "自评": score_source(rules, "自评", "机关事业单位", [SheetMarks({"带头人": 6000, "工作业绩": 4000})]),
        "上级评": score_source(rules, "上级评", "机关事业单位", [SheetMarks(lines)]),
        "满意度": score_source(
            rules, "满意度", "机关事业单位", ballots=[BallotCounts({"满意": 1, "不满意": 1})]
        ),
    }
    assert lines == {"带头人": 0, "工作业绩": 3500}
    assert grade(rules, "机关事业单位", scores).total == 3500
    assert grade(rules, "机关事业单位", scores | {"上级评": (9500, 1)}).band == "好"
    assert grade(rules, "机关事业单位", scores | {"上级评": (9500, 1), "满意度": (4999, 1)}).band == "较差"
    assert grade(rules, "机关事业单位", scores | {"上级评": (9500, 1)}, ticks={"违纪违法"}).band == "较差"


def test_row_4_satisfaction_under_ninety_is_neither_good_nor_fairly_good() -> None:
    cap = Veto(key="s", label="满意度", effect=Effect.CAP_BAND, band="一般", source="群众评", below=9000)
    rules = sound(
        scheme(
            source("自评", SourceKind.SELF, 20),
            source("上级评", SourceKind.SUPERIOR, 50),
            ballot("群众评", 30, SATISFIED, kind=SourceKind.PUBLIC),
            vetoes=(cap,),
        )
    )
    scores = {"自评": (10000, 1), "上级评": (10000, 1), "群众评": (8900, 1)}
    result = grade(rules, "农村", scores)
    assert (result.band_by_total, result.band) == ("好", "一般")
    assert allowed_bands(rules, result) == ("一般", "较差")
    assert grade(rules, "农村", scores | {"群众评": (9000, 1)}).band == "好"
    worse = grade(rules, "农村", {"自评": (0, 1), "上级评": (5000, 1), "群众评": (8000, 1)})
    assert worse.band == "较差"


def test_row_5_penalties_count_inside_the_base_before_its_weight() -> None:
    bands = band_list(("五星", 90), ("四星", 80), ("三星", 70), ("二星", 60), ("不定星", 0))
    levels = star_scale(*(band.label for band in bands))
    rules = sound(
        scheme(
            source("基础分", SourceKind.SUPERIOR, 70),
            source("评价分", SourceKind.OTHER, 30),
            bands=bands,
            stars=Stars(levels=levels, rules=tuple(StarRule(band=one.key, star=one.key) for one in bands)),
            quotas=(limit(Bound.AT_MOST, 30, star="五星"),),
            adjustments=(Adjustment(key="late", label="迟报", kind=PENALTY, source="基础分"),),
        )
    )
    scores = {"基础分": (9500, 1), "评价分": (9000, 1)}
    result = grade(rules, "农村", scores, [AdjustmentMark("late", 500)])
    assert result.total == (9500 - 500) * 7 // 10 + 2700
    assert result.scores()["基础分"] == (9000, 1)
    assert result.penalty == 0
    floored = grade(rules, "农村", scores, [AdjustmentMark("late", 9900)])
    assert floored.total == 2700
    assert quota_line(rules.quotas[0], 33) == 9


def test_row_6_a_veto_caps_the_stars() -> None:
    levels = star_scale("五星", "四星", "三星", "二星", "一星")
    rules = sound(
        scheme(
            source("党建指数", SourceKind.SUPERIOR, 60),
            source("发展指数", SourceKind.OTHER, 40),
            stars=Stars(
                levels=levels,
                rules=(
                    StarRule(band="好", star="四星", selected="五星"),
                    StarRule(band="较好", star="三星"),
                    StarRule(band="一般", star="二星"),
                    StarRule(band="较差", star="一星"),
                ),
            ),
            vetoes=(
                Veto(key="v", label="一票否决", effect=Effect.CAP_STAR, star="二星"),
                Veto(key="w", label="轻微", effect=Effect.CAP_STAR, star="三星"),
            ),
            quotas=(limit(Bound.AT_MOST, 30, star="五星"),),
        )
    )
    scores = {"党建指数": (9500, 1), "发展指数": (9500, 1)}
    result = grade(rules, "农村", scores, ticks={"v", "w"})
    assert (result.band, result.star_cap) == ("好", "二星")
    assert grade(rules, "农村", scores, ticks={"w"}).star_cap == "三星"
    assert grade(rules, "农村", scores).star_cap is None
    assert star_options(rules, "好") == StarOptions("四星", ("四星",), "五星")
    assert star_options(rules, "好", "二星") == StarOptions("二星", ("二星",), "")
    assert star_options(rules, "较差", "二星") == StarOptions("一星", ("一星",), "")


def test_row_7_an_honour_gives_a_grade_directly() -> None:
    rules = sound(scheme(vetoes=(direct("全国先进", "好"),)))
    assert grade(rules, "农村", {"上级评": (7000, 1)}, ticks={"全国先进"}).band == "好"


def test_row_8_each_star_has_its_own_ceiling() -> None:
    levels = star_scale("五星", "四星", "三星", "一星")
    rules = sound(
        scheme(
            stars=Stars(
                levels=levels,
                rules=(
                    StarRule(band="好", star="四星", selected="五星"),
                    StarRule(band="较好", star="三星"),
                    StarRule(band="一般", star="三星"),
                    StarRule(band="较差", star="一星"),
                ),
            ),
            quotas=tuple(
                limit(Bound.AT_MOST, share, star=star)
                for star, share in (("五星", 10), ("四星", 20), ("一星", 5))
            ),
        )
    )
    assert [quota_line(quota, 45) for quota in rules.quotas] == [4, 9, 2]


def test_row_9_common_and_individual_items_make_a_hundred() -> None:
    common = tuple(indicator(f"共性{n}", 4 if n <= 12 else 3) for n in range(1, 17))
    own = tuple(indicator(f"个性{n}", 10, own=True) for n in range(1, 5))
    sectors = tuple(
        sector(name, *common, *own, reserved=4000)
        for name in ("农村", "城市社区", "非公企业", "机关事业单位", "高等院校", "国有企业", "社会组织")
    )
    rules = sound(
        scheme(
            source("上级评", SourceKind.SUPERIOR, 100, method=Method.ITEMISED),
            sectors=sectors,
            vetoes=tuple(direct(f"情形{n}") for n in range(1, 7)),
        )
    )
    full = {leaf.key: leaf.points for leaf in rules.sectors[3].leaves()}
    score = score_source(rules, "上级评", "机关事业单位", [SheetMarks(full)])
    assert grade(rules, "机关事业单位", {"上级评": score}).total == 10_000
    assert grade(rules, "机关事业单位", {"上级评": score}, ticks={"情形6"}).band == "较差"


def test_row_10_base_with_items_up_and_down() -> None:
    rules = sound(
        scheme(
            adjustments=(
                Adjustment(key="plus", label="正向", kind=BONUS, cap=1000),
                Adjustment(key="minus", label="负向", kind=PENALTY),
            ),
            sectors=(sector("农村", indicator("群众满意度", 10), indicator("基础", 90)),),
        )
    )
    marks = [AdjustmentMark("plus", 1200), AdjustmentMark("minus", 250)]
    assert grade(rules, "农村", {"上级评": (8000, 1)}, marks).total == 8750


def test_row_11_two_half_years_make_a_mean() -> None:
    periods = (Period(key="h1", label="上半年"), Period(key="h2", label="下半年"))
    rules = sound(scheme(periods=periods, combine=Combine.MEAN))
    sheets = [SheetMarks(total=8500, period="h1"), SheetMarks(total=9000, period="h2")]
    assert grade(rules, "农村", {"上级评": score_source(rules, "上级评", "农村", sheets)}).total == 8750


def test_row_14_abstentions_are_not_valid_and_items_go_both_ways() -> None:
    options = option_list(("满意", 100), ("比较满意", 80), ("基本满意", 60), ("不满意", 0))
    rules = sound(
        scheme(
            ballot("民主测评", 40, options),
            source("上级考核", SourceKind.SUPERIOR, 60),
            adjustments=(
                Adjustment(key="plus", label="加分", kind=BONUS, cap=500),
                Adjustment(key="minus", label="扣分", kind=PENALTY, cap=500),
            ),
        )
    )
    counts = BallotCounts({"满意": 5, "比较满意": 3, "基本满意": 1, "不满意": 1}, blank=10)
    score = score_source(rules, "民主测评", "农村", ballots=[counts])
    assert score.value == 8000
    marks = [AdjustmentMark("plus", 200), AdjustmentMark("minus", 100)]
    assert grade(rules, "农村", {"民主测评": score, "上级考核": (9000, 1)}, marks).total == 3200 + 5400 + 100


def test_row_15_a_ballot_alone_ranks_units_inside_their_class() -> None:
    options = option_list(("满意", 100), ("基本满意", 70), ("不满意", 30), 不了解=0)
    classes = tuple(sector(name) for name in ("执法", "服务", "综合", "经济"))
    rules = sound(scheme(ballot("测评", 100, options), sectors=classes))
    votes = {"甲": (10, 5, 1, 40), "乙": (8, 6, 2, 0), "丙": (10, 5, 1, 0)}
    totals = []
    for good, fair, bad, unknown in votes.values():
        counts = BallotCounts({"满意": good, "基本满意": fair, "不满意": bad, "不了解": unknown})
        result = grade(rules, "执法", {"测评": score_source(rules, "测评", "执法", ballots=[counts])})
        totals.append(result.total or 0)
    assert totals == [8625, 8000, 8625]
    assert rank_totals(totals) == [1, 3, 1]


def test_row_16_running_points_start_at_a_hundred_and_may_pass_it() -> None:
    rules = sound(
        scheme(
            sectors=(sector("农村", indicator("基础分", 100)),),
            adjustments=(
                Adjustment(key="plus", label="加分", kind=BONUS),
                Adjustment(key="minus", label="扣分", kind=PENALTY),
            ),
            total_may_pass_100=True,
        )
    )
    start = {"上级评": (10000, 1)}
    events = [AdjustmentMark("plus", 800), AdjustmentMark("minus", 300), AdjustmentMark("plus", 150)]
    assert [grade(rules, "农村", start, events[:n]).total for n in range(4)] == [10000, 10800, 10500, 10650]


def test_row_17_two_thirds_of_the_members_are_a_quorum() -> None:
    rule = ParticipationRule(
        key="quorum",
        step=RuleStep.BALLOT,
        people=People.MEMBERS,
        share=6666,
        base=Base.ROSTER,
        strictness=Strictness.BLOCK,
    )
    rules = sound(
        scheme(
            source("自评", SourceKind.SELF, 20),
            ballot("群众评", 30, SATISFIED, kind=SourceKind.PUBLIC),
            source("镇评", SourceKind.SUPERIOR, 50),
            participation=(rule,),
        )
    )
    assert [participation(rules.participation[0], n, 0).required for n in (3, 30, 31, 4500)] == [
        2,
        20,
        21,
        3000,
    ]


def test_row_18_the_worst_of_villages_and_communities_are_named_from_the_bottom() -> None:
    rules = sound(
        scheme(
            sectors=(sector("农村"), sector("城市社区")),
            quotas=tuple(
                limit(Bound.AT_LEAST, share, band="较差", scope=QuotaScope.SECTOR, sectors=(name,))
                for name, share in (("农村", 10), ("城市社区", 5))
            ),
        )
    )
    assert [quota_line(quota, n) for quota, n in zip(rules.quotas, (119, 7), strict=True)] == [12, 1]
    totals = {f"村{n:02d}": 6000 + 10 * (n // 2) for n in range(24)}
    proposal = propose_from_bottom(totals, 3)
    assert proposal.chosen == ("村00", "村01")
    assert (proposal.tied, proposal.places) == (("村02", "村03"), 1)


def test_row_19_the_quota_is_of_the_round_and_not_spread_over_the_townships() -> None:
    rules = sound(
        scheme(
            source("上级评", SourceKind.SUPERIOR, 100),
            ballot("满意度", 0, SATISFIED),
            bands=band_list(("一类", 85), ("二类", 60), ("三类", 0)),
            quotas=(limit(Bound.AT_LEAST, 5, band="三类"),),
            vetoes=(
                *(direct(f"情形{n}", "三类") for n in range(1, 18)),
                direct("满意度低", "三类", source="满意度", below=6000),
            ),
        )
    )
    state = quota_state(rules, rules.quotas[0], 200, 10)
    assert state is not None
    assert (state.limit, state.met) == (10, True)
    assert rules.quotas[0].scope is QuotaScope.ROUND
    assert grade(rules, "农村", {"上级评": (9900, 1), "满意度": (5999, 1)}).band == "三类"
    assert grade(rules, "农村", {"上级评": (9900, 1), "满意度": (9000, 1)}, ticks={"情形17"}).band == "三类"


@pytest.mark.parametrize("code", ["guizhou-2012", "kangbao-2012"])
def test_a_county_refines_a_preset_with_warning_quotas(code) -> None:
    parent = preset_rules(code)
    worst = parent.lowest_band().key
    quota = Quota(
        key="floor",
        scope=QuotaScope.ROUND,
        bound=Bound.AT_LEAST,
        share=500,
        band=worst,
        strictness=Strictness.WARN,
    )
    child = sound(replace(parent, code="county", refines=parent.name, quotas=(quota,)))
    assert quota_line(child.quotas[0], 220) == 11


def test_graded_forms_and_extra_steps_are_settings() -> None:
    rules = scheme()
    survey = replace(
        rules, steps=(Step(key=StepName.SURVEY, stage="调查摸底"), *rules.steps), survey_gates=True
    )
    assert sound(survey).has_step(StepName.SURVEY)
