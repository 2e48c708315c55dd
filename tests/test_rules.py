"""The scheme's document: reading and writing, and faults named where they stand."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from assessments.rules import (
    OPEN,
    Adjustment,
    AdjustmentKind,
    Answer,
    AwardLevel,
    Bound,
    Combine,
    Effect,
    MalformedScheme,
    Manner,
    Method,
    Notice,
    NoticeTiming,
    ParticipationRule,
    People,
    Period,
    Quota,
    QuotaScope,
    RaterRole,
    RulePart,
    RuleStep,
    SchemeRules,
    SectorRules,
    SourceKind,
    Star,
    StarRule,
    Stars,
    Step,
    StepName,
    SubIndicator,
    Veto,
    VoterGroup,
    check,
    step_order,
)
from tests.scheme_parts import FOUR, ballot, band_list, indicator, option_list, scheme, sector, source

SUPERIOR = source("上级评", SourceKind.SUPERIOR, 60)
SELF = source("自评", SourceKind.SELF, 40)
VOTES = option_list(("好", 100), ("差", 0))


def quota(key: str, bound: Bound, share: int, band: str = "较差", **more: object) -> Quota:
    settings = {"scope": QuotaScope.COMMITTEE, "band": band} | more
    return Quota(key=key, bound=bound, share=share * 100, **settings)  # type: ignore[arg-type]


def rural() -> SectorRules:
    """A sector with two levels, every manner of scoring and reserved points."""
    children = (
        SubIndicator(key="a", label="班子", points=3000, manner=Manner.DEDUCT),
        SubIndicator(
            key="b",
            label="队伍",
            points=2000,
            manner=Manner.GRADED,
            answers=(
                Answer(key="y", label="有", points=2000),
                Answer(key="n", label="无", points=0),
            ),
        ),
    )
    return sector(
        "农村",
        indicator("组织", 50, children=children),
        indicator("业绩", 30, hints="看实绩"),
        indicator("特色", 20, own=True),
        reserved=2000,
        consult=True,
        questions=("发展思路",),
    )


def everything() -> SchemeRules:
    """A scheme that uses every part of the document."""
    groups = (
        VoterGroup(key="m", label="党员", people=People.MEMBERS, weight=6000),
        VoterGroup(key="p", label="群众", people=People.PUBLIC, weight=4000),
    )
    return scheme(
        source(
            "上级评",
            SourceKind.SUPERIOR,
            60,
            method=Method.ITEMISED,
            raters=(RaterRole(key="r", label="组织办"),),
        ),
        ballot("测评", 40, VOTES, groups=groups, pooled=False),
        sectors=(rural(),),
        issuer="某县委",
        year=2012,
        basis="某通知",
        refines="某省方案",
        quotas=(quota("q", Bound.AT_LEAST, 5, sectors=("农村",), from_n=10),),
        stars=Stars(
            levels=(
                Star(key="5", label="五星级", awarded_by=AwardLevel.CITY),
                Star(key="0", label="不定星", awarded_by=AwardLevel.COMMITTEE),
            ),
            rules=tuple(StarRule(band=band.key, star="0", selected="5") for band in FOUR),
        ),
        participation=(
            ParticipationRule(
                key="p", step=RuleStep.BALLOT, people=People.ALL, share=3000, all_below=20, source="测评"
            ),
        ),
        adjustments=(Adjustment(key="honour", label="表彰", kind=AdjustmentKind.BONUS, cap=300),),
        bonus_cap=500,
        vetoes=(
            Veto(key="v", label="违纪", effect=Effect.SET_BAND, band="较差"),
            Veto(key="s", label="满意度低", effect=Effect.CAP_STAR, star="0", source="测评", below=5000),
        ),
        notice=Notice(timing=NoticeTiming.BEFORE_REPORT, working_days=5, circle="村务公开栏"),
        periods=(
            Period(key="h1", label="上半年", weight=4000),
            Period(key="h2", label="下半年", weight=6000),
        ),
        combine=Combine.WEIGHTED,
        open_parts=(RulePart.WEIGHTS,),
        notes=("假定",),
    )


def messages(rules: SchemeRules, **options: object) -> list[str]:
    return [fault.message for fault in check(rules, **options)]  # type: ignore[arg-type]


def test_a_scheme_with_every_part_reads_back_equal_and_has_no_fault() -> None:
    rules = everything()
    assert SchemeRules.read_text(rules.write_text()) == rules
    assert SchemeRules.read(json.loads(json.dumps(rules.write()))).digest() == rules.digest()
    assert check(rules) == []


def test_the_file_reads_as_an_official_writes() -> None:
    text = everything().write_text()
    for piece in (
        '"权重": "60%"',
        '"满分": "50.00"',
        '"方式": "投票"',
        '"评分方式": "从满分扣"',
        '"须征求行业主管部门党组织意见": "是"',
    ):
        assert piece in text


def test_the_digest_follows_the_content_not_the_order_of_keys() -> None:
    rules = everything()
    document = rules.write()
    turned = dict(reversed(list(document.items())))
    assert SchemeRules.read(turned).digest() == rules.digest()
    assert replace(rules, name="另一方案").digest() != rules.digest()


def test_an_open_value_is_written_in_words_and_listed() -> None:
    rules = scheme(replace(SUPERIOR, weight=None), SELF)
    assert f'"权重": "{OPEN}"' in rules.write_text()
    assert SchemeRules.read(rules.write()) == rules
    assert [place.path for place in rules.open_values()] == ["sources.0.weight"]
    assert messages(rules) == [f"评价主体「上级评」的权重：{OPEN}"]


@pytest.mark.parametrize(
    ("change", "path", "piece"),
    [
        (lambda d: d.pop("评价主体"), "", "缺少「评价主体」"),
        (lambda d: d.update(多余="x"), "", "不认识「多余」"),
        (lambda d: d["评价主体"][0].update(权重="60"), "sources.0.weight", "百分数"),
        (lambda d: d["评价主体"][0].update(权重=0.6), "sources.0.weight", "百分数"),
        (lambda d: d["评价主体"][0].update(方式="抽签"), "sources.0.method", "逐项打分、总分、投票"),
        (lambda d: d["等次"][0].update(下限="90.005"), "bands.0.lower", "两位小数"),
        (lambda d: d["等次"][0].update(下限=90.5), "bands.0.lower", "分数"),
        (lambda d: d["等次"][0].update(下限="-1"), "bands.0.lower", "之间"),
        (lambda d: d["领域"][0].update(指标="无"), "sectors.0.indicators", "列表"),
        (lambda d: d["领域"][0]["指标"].__setitem__(0, 3), "sectors.0.indicators.0", "格式不对"),
        (lambda d: d.update(名称=OPEN), "name", "请填写"),
        (lambda d: d.update(名称="甲\x00乙"), "name", "控制字符"),
        (lambda d: d.update(名称="长" * 2001), "name", "太长"),
        (lambda d: d.update(年度=True), "year", "整数"),
        (lambda d: d.update(总分可以超过100="也许"), "total_may_pass_100", "是"),
        (lambda d: d["评价主体"][0].update(代号="a b"), "sources.0.key", "代号"),
        (lambda d: d.update(说明=["x"] * 201), "notes", "最多200项"),
    ],
)
def test_what_cannot_be_read_is_refused_where_it_stands(change, path, piece) -> None:
    document = json.loads(scheme(SUPERIOR, SELF).write_text())
    change(document)
    with pytest.raises(MalformedScheme) as refused:
        SchemeRules.read(document)
    assert refused.value.path == path
    assert piece in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"格式": "别的"}', '{"a": NaN}', "[" * 100_000, "x" * 400_001]
)
def test_a_file_that_is_no_scheme_is_refused(text) -> None:
    with pytest.raises(MalformedScheme):
        SchemeRules.read_text(text)


def test_weights_over_100_say_by_how_much() -> None:
    fault = check(scheme(SUPERIOR, replace(SELF, weight=4500)))[0]
    assert (fault.path, fault.message) == ("sources", "评价主体：权重加总105%，多5%")
    assert fault.remedy == "2项加总要正好100%"
    assert messages(scheme(SUPERIOR, replace(SELF, weight=3999))) == ["评价主体：权重加总99.99%，少0.01%"]


@pytest.mark.parametrize(
    ("changed", "piece"),
    [
        ({"sectors": (sector("农村", indicator("甲", 60), indicator("乙", 50)),)}, "农村的指标加总110，多10"),
        ({"sectors": (sector("农村", indicator("甲", 80), reserved=2000),)}, "个性指标加总0，应为20"),
        ({"sectors": (sector("农村", indicator("甲", 50), indicator("甲", 50)),)}, "代号「甲」重复"),
        ({"sectors": (sector(), sector())}, "领域的名称「农村」重复"),
        ({"sectors": ()}, "没有领域"),
        ({"bands": band_list(("好", 80), ("较好", 80), ("差", 0))}, "下限80不低于「好」的80"),
        ({"bands": band_list(("好", 90), ("差", 60))}, "最低等次「差」的下限是60"),
        ({"bands": band_list(("好", 101), ("差", 0))}, "下限超过100"),
        ({"bands": (FOUR[0], replace(FOUR[1], glyph=FOUR[0].glyph), *FOUR[2:])}, "图形与别的等次相同"),
        ({"steps": ()}, "没有「评定」这一步"),
        ({"quotas": (quota("q", Bound.AT_MOST, 5, "没有"),)}, "配额第1条的等次「没有」不存在"),
        ({"quotas": (quota("q", Bound.AT_MOST, 101),)}, "比例要大于0、不超过100%"),
        ({"quotas": (quota("q", Bound.AT_MOST, 5, star="五"),)}, "只写一样"),
        ({"quotas": (quota("q", Bound.AT_MOST, 5, sectors=("城市",)),)}, "领域「城市」不存在"),
        ({"quotas": (quota("q", Bound.AT_MOST, 5), quota("q", Bound.AT_MOST, 6))}, "代号「q」空着或重复"),
        ({"vetoes": (Veto(key="v", label="违纪", effect=Effect.SET_BAND, band="没有"),)}, "指定的等次不存在"),
        ({"vetoes": (Veto(key="v", label="违纪", effect=Effect.CAP_STAR, star="5"),)}, "限定的星级不存在"),
        (
            {"vetoes": (Veto(key="v", label="违", effect=Effect.SET_BAND, band="好", source="自评"),)},
            "没有写全",
        ),
        (
            {"adjustments": (Adjustment(key="a", label="奖", kind=AdjustmentKind.BONUS, cap=0),)},
            "单项最多0分",
        ),
        ({"notice": Notice(timing=NoticeTiming.BEFORE_REPORT, working_days=5)}, "却没有「公示」这一步"),
        ({"survey_gates": True}, "却没有「摸底」这一步"),
        ({"graded_forms": ()}, "没有写对哪种组织定级"),
        ({"precision": 30}, "评分最小单位不对"),
        ({"periods": (Period(key="h", label="上半年"),)}, "只有一个考评期"),
        ({"name": ""}, "方案没有名称"),
        ({"sectors": (sector("农村", indicator("甲", 60), indicator("乙", 30)),)}, "农村的指标加总90，少10"),
        ({"sectors": (sector("农村", indicator("甲", 100), indicator("乙", 0)),)}, "「乙」满分要大于0"),
        (
            {"sectors": (sector("农村", indicator("甲", 90), indicator("乙", 10, own=True)),)},
            "个性指标加总10，应为0",
        ),
        (
            {"adjustments": (Adjustment(key="a", label="奖", kind=AdjustmentKind.BONUS, source="无"),)},
            "「奖」计入的评价主体不存在",
        ),
        (
            {
                "participation": (
                    ParticipationRule(key="p", step=RuleStep.SURVEY, people=People.ALL, share=3000),
                )
            },
            "方案却没有摸底这一步",
        ),
        (
            {
                "participation": (
                    ParticipationRule(key="p", step=RuleStep.BALLOT, people=People.ALL, share=3000),
                )
            },
            "却没有投票的评价主体",
        ),
    ],
)
def test_each_fault_is_found_and_named(changed, piece) -> None:
    assert check(scheme(SUPERIOR, SELF)) == []
    assert any(piece in message for message in messages(replace(scheme(SUPERIOR, SELF), **changed)))


@pytest.mark.parametrize(
    ("one", "piece"),
    [
        (ballot("测评", 100, VOTES[:1]), "投票选项少于两个"),
        (ballot("测评", 100, option_list(("好", 101), ("差", 0))), "超出0到100"),
        (ballot("测评", 100, VOTES, groups=()), "没有写由谁投票"),
        (
            ballot(
                "测评",
                100,
                VOTES,
                pooled=False,
                groups=(
                    VoterGroup(key="m", label="党员", people=People.MEMBERS, weight=5000),
                    VoterGroup(key="p", label="群众", people=People.PUBLIC, weight=4000),
                ),
            ),
            "组内权重加总90%",
        ),
        (ballot("测评", 100, VOTES, raters=(RaterRole(key="r", label="甲"),)), "是匿名测评，不能指定评分人"),
        (source("上级评", SourceKind.SUPERIOR, 100, options=VOTES), "不用投票，却有投票选项"),
        (
            source(
                "上级评",
                SourceKind.SUPERIOR,
                100,
                raters=(RaterRole(key="r", label="甲", indicators=("无",)),),
            ),
            "要评的指标「无」不存在",
        ),
    ],
)
def test_each_fault_of_a_source_is_found(one, piece) -> None:
    assert any(piece in message for message in messages(scheme(one)))


def test_split_raters_must_cover_every_indicator() -> None:
    split = source(
        "相关单位评", SourceKind.RELATED, 100, raters=(RaterRole(key="r", label="纪检", indicators=("甲",)),)
    )
    rules = scheme(split, sectors=(sector("农村", indicator("甲", 50), indicator("乙", 50)),))
    assert messages(rules) == ["评价主体「相关单位评」：农村的「乙」没有安排人评"]


def test_a_second_level_adds_up_to_its_indicator() -> None:
    child = SubIndicator(key="a", label="班子", points=3000)
    rules = scheme(sectors=(sector("农村", indicator("组织", 100, children=(child,))),))
    assert messages(rules) == ["农村「组织」的二级指标加总30，应为100"]


def test_graded_answers_are_at_least_two_and_within_the_full_points() -> None:
    answers = (Answer(key="y", label="有", points=12000), Answer(key="n", label="无", points=0))
    rules = scheme(sectors=(sector("农村", indicator("甲", 100, manner=Manner.GRADED, answers=answers)),))
    assert messages(rules) == ["农村「甲」的档次「有」120分，超过满分100"]
    bare = scheme(sectors=(sector("农村", indicator("甲", 100, manner=Manner.GRADED)),))
    assert messages(bare) == ["农村的「甲」按档给分，至少要两档"]


def test_reserved_points_may_stay_unsplit_only_where_the_scheme_goes_down() -> None:
    rules = scheme(sectors=(sector("农村", indicator("甲", 80), reserved=2000),))
    assert check(rules, to_be_refined=True) == []
    assert check(rules)[0].path == "sectors.0.indicators"


def test_quotas_that_cannot_both_be_met_are_named_with_a_remedy() -> None:
    quotas = (quota("low", Bound.AT_LEAST, 5), quota("high", Bound.AT_MOST, 4))
    rules = scheme(quotas=quotas)
    assert [str(fault) for fault in check(rules)] == [
        "配额：较差至少5%与较差至多4%不能同时满足。删去一条，或把上限改到5%以上"
    ]
    fault = check(rules, sizes={QuotaScope.COMMITTEE: [15]})[0]
    assert fault.path == "quotas.1.share"
    assert fault.remedy == "15个支部：至少1个，至多0个。删去一条，或把上限改到7%以上"


def test_quotas_that_rounding_sets_against_each_other_are_found_with_the_sizes() -> None:
    rules = scheme(quotas=(quota("low", Bound.AT_LEAST, 5), quota("high", Bound.AT_MOST, 6)))
    assert check(rules) == []
    assert check(rules, sizes={QuotaScope.COMMITTEE: [100, 200]}) == []
    assert "不能同时满足" in messages(rules, sizes={QuotaScope.COMMITTEE: [100, 15]})[0]
    assert check(rules, sizes={QuotaScope.ROUND: [15]}) == []
    exact = scheme(quotas=(quota("low", Bound.AT_LEAST, 5), quota("high", Bound.AT_MOST, 5)))
    assert check(exact, sizes={QuotaScope.COMMITTEE: [20, 40]}) == []
    assert "21个支部：至少2个，至多1个" in check(exact, sizes={QuotaScope.COMMITTEE: [21]})[0].remedy
    larger = replace(rules, quotas=(replace(rules.quotas[0], from_n=16), rules.quotas[1]))
    assert check(larger, sizes={QuotaScope.COMMITTEE: [15]}) == []


def test_an_item_of_a_list_is_named_by_its_place_when_it_has_no_name() -> None:
    document = json.loads(everything().write_text())
    document["配额"][0]["比例"] = "五成"
    with pytest.raises(MalformedScheme, match="^配额第1项的比例："):
        SchemeRules.read(document)
    document = json.loads(everything().write_text())
    document["名称"] = "长" * 2000
    assert len(SchemeRules.read(document).name) == 2000


def test_a_rule_of_participation_is_held_to_its_range() -> None:
    rule = ParticipationRule(key="p", step=RuleStep.BALLOT, people=People.ALL, share=10001)
    votes = ballot("测评", 100, VOTES)
    assert messages(scheme(votes, participation=(rule,))) == ["参与率第1条的最低比例要大于0、不超过100%"]
    assert check(scheme(votes, participation=(replace(rule, share=10000, source="测评"),))) == []
    assert "不投票" in messages(scheme(votes, participation=(replace(rule, share=1, source="别的"),)))[0]


def test_an_adjustment_inside_a_known_source_is_fit_for_use() -> None:
    item = Adjustment(key="a", label="奖", kind=AdjustmentKind.BONUS, source="自评")
    assert check(scheme(SUPERIOR, SELF, adjustments=(item,))) == []


def test_floors_and_ceilings_of_several_bands_are_held_against_the_whole() -> None:
    floors = (quota("a", Bound.AT_LEAST, 60, "好"), quota("b", Bound.AT_LEAST, 50, "较差"))
    assert "加总110%，超过100%" in messages(scheme(quotas=floors))[0]
    ceilings = tuple(quota(band.key, Bound.AT_MOST, 20, band.key) for band in FOUR)
    assert "加总只有80%" in messages(scheme(quotas=ceilings))[0]
    small = (quota("a", Bound.AT_LEAST, 50, "好"), quota("b", Bound.AT_LEAST, 50, "较差"))
    assert "3个支部时" in messages(scheme(quotas=small), sizes={QuotaScope.COMMITTEE: [3]})[0]


def test_stars_follow_every_band() -> None:
    stars = Stars(
        levels=(Star(key="4", label="四星级", awarded_by=AwardLevel.COUNTY),),
        rules=(
            StarRule(band="好", star="4", selected="5"),
            StarRule(band="没有", star="4"),
        ),
    )
    found = messages(scheme(stars=stars))
    assert "评星规则里的星级「5」不存在" in found
    assert "评星对应的等次「没有」不存在" in found
    assert "等次「较好」没有对应的星级" in found


def test_steps_keep_their_order_and_fit_the_sources() -> None:
    rules = scheme(SUPERIOR, SELF)
    turned = replace(rules, steps=tuple(reversed(rules.steps)))
    assert any("次序不对" in message for message in messages(turned))
    twice = replace(rules, steps=(*rules.steps[:1], *rules.steps))
    assert any("写了两次" in message for message in messages(twice))
    bare = replace(rules, steps=tuple(step for step in rules.steps if step.key is not StepName.SELF))
    assert messages(bare) == ["有评价主体「自评」，却没有「自评」这一步"]
    alone = scheme(steps=(Step(key=StepName.CONFIRM), *scheme().steps))
    assert "有「确认」这一步，却没有自评" in messages(alone)
    extra = replace(
        rules,
        steps=tuple(
            sorted((*rules.steps, Step(key=StepName.BALLOT)), key=lambda s: list(StepName).index(s.key))
        ),
    )
    assert messages(extra) == ["有「测评」这一步，却没有对应的评价主体"]


def test_the_notice_stands_where_its_timing_says() -> None:
    before = Notice(timing=NoticeTiming.BEFORE_REPORT, working_days=5)
    after = Notice(timing=NoticeTiming.AFTER_APPROVAL, working_days=5)
    rules = scheme(notice=before)
    assert check(rules) == []
    assert step_order(rules).index(StepName.NOTICE) < step_order(rules).index(StepName.REPORT)
    late = replace(rules, notice=after)
    assert step_order(late).index(StepName.NOTICE) == step_order(late).index(StepName.APPROVE) + 1
    assert any("次序不对" in message for message in messages(late))
    assert messages(replace(rules, notice=None)) == ["有「公示」这一步，却没有写公示的时间和天数"]
    assert messages(replace(rules, notice=replace(before, working_days=0))) == ["公示0个工作日不合适"]
