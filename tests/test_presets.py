"""The six shipped schemes say what their notices say (domain.md 3)."""

from __future__ import annotations

import json

import pytest

from assessments.rules import (
    OPEN,
    AwardLevel,
    Base,
    Bound,
    Method,
    Missing,
    NoticeTiming,
    QuotaScope,
    SchemeRules,
    SourceKind,
    Strictness,
    check,
    preset,
    preset_codes,
    preset_rules,
)
from assessments.scoring import StarOptions, quota_line, star_options
from orgs.categories import SECTORS

READY = ("guizhou-2012", "kangbao-2012")
DRAFTS = ("county-notice-2012", "zunyi-5-2-x", "qiannan-five", "hubei-three-classes")


def test_the_six_are_shipped() -> None:
    assert preset_codes() == READY + DRAFTS
    with pytest.raises(KeyError):
        preset("../secrets")


@pytest.mark.parametrize("code", READY + DRAFTS)
def test_each_reads_back_equal_and_is_named_by_its_code(code) -> None:
    rules = preset_rules(code)
    assert rules.code == code
    assert SchemeRules.read(preset(code)) == rules
    assert rules.write() == preset(code)


def test_a_preset_is_handed_out_as_a_fresh_copy() -> None:
    preset("guizhou-2012")["名称"] = "改过"
    assert preset("guizhou-2012")["名称"] != "改过"


@pytest.mark.parametrize("code", READY)
def test_the_ready_ones_have_no_fault_and_nothing_open(code) -> None:
    assert check(preset_rules(code)) == []
    assert OPEN not in json.dumps(preset(code), ensure_ascii=False)
    assert preset_rules(code).missing is Missing.INCOMPLETE


@pytest.mark.parametrize("code", DRAFTS)
def test_the_drafts_have_no_fault_but_their_open_values(code) -> None:
    rules = preset_rules(code)
    assert rules.open_values()
    assert [fault for fault in check(rules) if OPEN not in fault.message] == []


def test_guizhou_has_its_five_sources_and_bands() -> None:
    rules = preset_rules("guizhou-2012")
    assert [(one.label, one.weight, one.method) for one in rules.sources] == [
        ("上级党组织评", 3000, Method.ITEMISED),
        ("党支部自评", 1000, Method.ITEMISED),
        ("党员评", 2000, Method.BALLOT),
        ("群众评", 2000, Method.BALLOT),
        ("相关单位评", 2000, Method.ITEMISED),
    ]
    assert [(one.label, one.lower) for one in rules.bands] == [
        ("很好", 9500),
        ("好", 8500),
        ("较好", 7500),
        ("一般", 6000),
        ("差", 0),
    ]
    for ballot in rules.sources[2:4]:
        assert [option.points for option in ballot.options] == [10000, 9000, 8000, 6500, 3000]
    assert not rules.quotas
    assert rules.stars is None
    assert rules.notice is None
    assert any("假定" in note for note in rules.notes)


def test_guizhou_scores_seven_indicators_in_seven_sectors() -> None:
    rules = preset_rules("guizhou-2012")
    assert tuple(one.key for one in rules.sectors) == SECTORS
    assert [(one.label, one.points) for one in rules.sectors[0].indicators] == [
        ("带头人", 2000),
        ("工作思路", 1000),
        ("工作制度", 1000),
        ("活动阵地", 1500),
        ("保障机制", 1000),
        ("工作业绩", 2000),
        ("群众反映", 1500),
    ]
    assert {sum(one.points or 0 for one in sector.indicators) for sector in rules.sectors} == {10000}
    assert "村级集体经济现状" in rules.sectors[0].questions


def test_guizhou_warns_of_too_few_in_the_survey() -> None:
    found = preset_rules("guizhou-2012").participation
    assert [(one.people.label, one.share, one.strictness) for one in found] == [
        ("党员", 10000, Strictness.WARN),
        ("群众", 1000, Strictness.WARN),
    ]


def test_kangbao_has_its_sources_ballot_and_bands() -> None:
    rules = preset_rules("kangbao-2012")
    assert [(one.label, one.kind, one.weight) for one in rules.sources] == [
        ("党委评定", SourceKind.SUPERIOR, 5000),
        ("自评", SourceKind.SELF, 2000),
        ("党员群众测评", SourceKind.OTHER, 3000),
    ]
    ballot = rules.sources[2]
    assert [(one.label, one.points) for one in ballot.options] == [
        ("好", 10000),
        ("较好", 6000),
        ("一般", 3000),
        ("较差", 1000),
    ]
    assert ballot.pooled
    assert [group.label for group in ballot.groups] == ["党员", "群众"]
    assert [(one.label, one.lower) for one in rules.bands] == [
        ("好", 9000),
        ("较好", 8000),
        ("一般", 6000),
        ("较差", 0),
    ]


def test_kangbao_has_its_quotas_as_branches() -> None:
    poor, five = preset_rules("kangbao-2012").quotas
    assert (poor.scope, poor.bound, poor.band, poor.strictness) == (
        QuotaScope.COMMITTEE,
        Bound.AT_LEAST,
        "poor",
        Strictness.BLOCK,
    )
    assert (five.scope, five.bound, five.star, five.of_band) == (
        QuotaScope.ROUND,
        Bound.AT_MOST,
        "five",
        "good",
    )
    assert (quota_line(poor, 17), quota_line(poor, 30), quota_line(five, 84)) == (1, 2, 16)


def test_kangbao_stars_follow_the_decided_band() -> None:
    stars = preset_rules("kangbao-2012").stars
    assert stars is not None
    assert [(one.label, one.awarded_by) for one in stars.levels] == [
        ("五星级", AwardLevel.CITY),
        ("四星级", AwardLevel.COUNTY),
        ("三星级", AwardLevel.COUNTY),
        ("二星级", AwardLevel.COMMITTEE),
        ("一星级", AwardLevel.COMMITTEE),
        ("不定星", AwardLevel.COMMITTEE),
    ]
    assert [(one.band, one.star, one.others, one.selected) for one in stars.rules] == [
        ("good", "four", (), "five"),
        ("fair", "three", (), ""),
        ("ordinary", "two", ("one",), ""),
        ("poor", "none", (), ""),
    ]


def test_kangbao_asks_for_participation_and_a_notice_before_the_report() -> None:
    rules = preset_rules("kangbao-2012")
    (rule,) = rules.participation
    assert (rule.share, rule.base, rule.all_below, rule.strictness) == (
        3000,
        Base.PRESENT,
        20,
        Strictness.BLOCK,
    )
    assert rules.notice is not None
    assert (rules.notice.timing, rules.notice.working_days) == (NoticeTiming.BEFORE_REPORT, 5)
    stages = list(dict.fromkeys(step.stage for step in rules.steps))
    assert stages == ["调查摸底", "基层党组织自评", "党员群众测评", "考评定级", "县级审查", "整改提升"]


def test_the_county_notice_asks_the_line_departments() -> None:
    rules = preset_rules("county-notice-2012")
    assert {one.key for one in rules.sectors if one.consult} == {"非公企业", "社会组织"}
    assert [one.lower for one in rules.bands] == [9000, 8000, 6000, 0]


def test_zunyi_keeps_an_open_share_for_the_level_below() -> None:
    rules = preset_rules("zunyi-5-2-x")
    assert {one.reserved for one in rules.sectors} == {None}
    assert rules.refines == preset_rules("guizhou-2012").name


def test_qiannan_names_its_five_sources() -> None:
    assert [one.label for one in preset_rules("qiannan-five").sources] == [
        "组织评",
        "考核评",
        "社会评",
        "互相评",
        "自我评",
    ]


def test_hubei_has_three_classes_and_a_notice_after_approval() -> None:
    rules = preset_rules("hubei-three-classes")
    assert [one.label for one in rules.bands] == ["一类", "二类", "三类"]
    assert rules.notice is not None
    assert rules.notice.timing is NoticeTiming.AFTER_APPROVAL


def test_kangbao_lets_the_committee_choose_only_among_two_and_one_star() -> None:
    rules = preset_rules("kangbao-2012")
    assert star_options(rules, "ordinary") == StarOptions("two", ("two", "one"), "")
    assert star_options(rules, "good") == StarOptions("four", ("four",), "five")
    assert star_options(preset_rules("guizhou-2012"), "good") is None
