"""Versions of a scheme line by line, and refinements that keep to what the level above left open."""

from __future__ import annotations

from dataclasses import replace

from assessments.rules import (
    Bound,
    Notice,
    NoticeTiming,
    Quota,
    QuotaScope,
    RulePart,
    SourceKind,
    check,
    compare,
    refinement_faults,
)
from tests.scheme_parts import FOUR, indicator, scheme, sector, source

SUPERIOR = source("上级评", SourceKind.SUPERIOR, 60)
SELF = source("自评", SourceKind.SELF, 40)
FLOOR = Quota(key="q", scope=QuotaScope.COMMITTEE, bound=Bound.AT_LEAST, share=500, band="较差")


def test_versions_compare_line_by_line() -> None:
    old = scheme(SUPERIOR, SELF)
    new = replace(old, sources=(replace(SUPERIOR, weight=5500), replace(SELF, weight=4500)), name="新方案")
    assert [(one.path, one.label, one.before, one.after) for one in compare(old, new)] == [
        ("name", "名称", "测试方案", "新方案"),
        ("sources.上级评.weight", "评价主体「上级评」的权重", "60%", "55%"),
        ("sources.自评.weight", "评价主体「自评」的权重", "40%", "45%"),
    ]
    assert compare(old, old) == []


def test_added_removed_and_moved_parts_are_told() -> None:
    old = scheme(SUPERIOR, SELF)
    peer = source("互评", SourceKind.PEER, 40)
    changes = compare(old, replace(old, sources=(peer, SUPERIOR)))
    assert [(one.label, one.before, one.after) for one in changes] == [
        ("评价主体「自评」", "简称自评，类别自评，权重40%，方式总分", "无"),
        ("评价主体「互评」", "无", "简称互评，类别互评，权重40%，方式总分"),
    ]
    moved = compare(old, replace(old, sources=(SELF, SUPERIOR)))
    assert [(one.label, one.before, one.after) for one in moved] == [
        ("评价主体的次序", "上级评、自评", "自评、上级评")
    ]
    notice = Notice(timing=NoticeTiming.AFTER_APPROVAL, working_days=7)
    assert compare(old, replace(old, notice=notice))[0].after == "时间核准后，工作日7个工作日"


def test_a_refinement_keeps_to_what_is_open() -> None:
    parent = scheme(SUPERIOR, replace(SELF, weight=None), open_parts=(RulePart.QUOTAS,))
    child = replace(parent, code="child", name="县方案", issuer="某县")
    assert refinement_faults(parent, child) == []
    assert refinement_faults(parent, replace(child, quotas=(FLOOR,))) == []
    filled = replace(child, sources=(SUPERIOR, SELF))
    assert refinement_faults(parent, filled) == []
    changed = refinement_faults(parent, replace(filled, sources=(replace(SUPERIOR, weight=5000), SELF)))
    assert [fault.path for fault in changed] == ["sources.上级评.weight"]
    assert "不能由60%改为50%" in changed[0].message
    assert [one.path for one in refinement_faults(parent, replace(child, bands=FOUR[1:]))] == ["bands.好"]


def test_a_refinement_splits_the_reserved_points_into_its_own_indicators() -> None:
    parent = scheme(
        sectors=(sector("农村", indicator("甲", 80), reserved=2000),), open_parts=(RulePart.OWN_INDICATORS,)
    )
    own = sector("农村", indicator("甲", 80), indicator("特色", 20, own=True), reserved=2000)
    child = replace(parent, sectors=(own,))
    assert refinement_faults(parent, child) == []
    assert check(child) == []
    shut = replace(parent, open_parts=())
    assert [one.path for one in refinement_faults(shut, replace(shut, sectors=(own,)))] == [
        "sectors.农村.indicators.特色"
    ]
    free = replace(parent, open_parts=(RulePart.INDICATORS,))
    assert refinement_faults(free, replace(free, sectors=(own,))) == []
    common = sector("农村", indicator("甲", 70), indicator("特色", 30, own=True), reserved=3000)
    assert [one.path for one in refinement_faults(parent, replace(parent, sectors=(common,)))] == [
        "sectors.农村.indicators.甲.points",
        "sectors.农村.reserved",
    ]


def test_a_refinement_cannot_open_what_was_fixed() -> None:
    parent = scheme(open_parts=(RulePart.QUOTAS,))
    wider = replace(parent, open_parts=(RulePart.QUOTAS, RulePart.BANDS))
    assert [one.path for one in refinement_faults(parent, wider)] == ["open_parts"]
    assert refinement_faults(parent, replace(parent, open_parts=())) == []
