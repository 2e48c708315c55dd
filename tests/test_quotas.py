"""Quotas, rank, participation and the counts of a ballot (domain.md 3.4, 3.6, 5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assessments.rules import (
    Base,
    Bound,
    ParticipationRule,
    People,
    Quota,
    QuotaScope,
    RuleStep,
    Strictness,
    preset_rules,
)
from assessments.scoring import (
    BallotCounts,
    check_counts,
    participation,
    propose_from_bottom,
    quota_line,
    quota_state,
    rank_totals,
)
from tests.scheme_parts import ballot, option_list, scheme

KANGBAO = preset_rules("kangbao-2012")
TWO = option_list(("好", 100), ("差", 0))


@pytest.mark.parametrize(
    ("bound", "share", "n", "line"),
    [
        (Bound.AT_LEAST, 500, 17, 1),
        (Bound.AT_LEAST, 500, 30, 2),
        (Bound.AT_LEAST, 500, 20, 1),
        (Bound.AT_LEAST, 500, 0, 0),
        (Bound.AT_MOST, 2000, 84, 16),
        (Bound.AT_MOST, 2000, 220, 44),
        (Bound.AT_LEAST, 500, 220, 11),
        (Bound.AT_MOST, 3333, 3, 0),
    ],
)
def test_a_floor_rounds_up_and_a_ceiling_down(bound, share, n, line) -> None:
    assert quota_line(Quota(key="q", scope=QuotaScope.ROUND, bound=bound, share=share, band="好"), n) == line


def test_a_quota_may_hold_only_in_larger_sets() -> None:
    quota = Quota(
        key="q", scope=QuotaScope.COMMITTEE, bound=Bound.AT_LEAST, share=500, band="较差", from_n=10
    )
    assert quota_line(quota, 9) is None
    assert quota_state(scheme(), quota, 9, 0) is None
    assert quota_line(quota, 10) == 1


def test_a_floor_blocks_only_when_it_can_no_longer_be_met() -> None:
    rules = scheme()
    quota = Quota(key="q", scope=QuotaScope.COMMITTEE, bound=Bound.AT_LEAST, share=500, band="较差")
    open_still = quota_state(rules, quota, 30, 1, undecided=1)
    assert open_still is not None
    assert (open_still.limit, open_still.short, open_still.met, open_still.blocks) == (2, 1, False, False)
    done = quota_state(rules, quota, 30, 1, undecided=0)
    assert done is not None
    assert done.blocks
    assert done.words == "较差至少5%：30个支部，进位取整，至少2个，还差1个"
    warned = quota_state(rules, replace(quota, strictness=Strictness.WARN), 30, 1)
    assert warned is not None
    assert (warned.met, warned.blocks) == (False, False)


def test_a_ceiling_blocks_as_soon_as_it_is_passed() -> None:
    quota = KANGBAO.quotas[1]
    state = quota_state(KANGBAO, quota, 84, 17)
    assert state is not None
    assert (state.over, state.blocks) == (1, True)
    assert state.words == "五星级至多20%：84个「好」支部，舍去取整，至多16个，多1个"
    assert quota_state(KANGBAO, quota, 84, 16).met  # type: ignore[union-attr]


def test_who_falls_is_proposed_from_the_bottom_and_ties_are_named() -> None:
    totals = {"a": 6000, "b": 6100, "c": 6100, "d": 9000}
    assert propose_from_bottom(totals, 1) == propose_from_bottom(dict(reversed(list(totals.items()))), 1)
    assert propose_from_bottom(totals, 1).chosen == ("a",)
    tie = propose_from_bottom(totals, 2)
    assert (tie.chosen, tie.tied, tie.places) == (("a",), ("b", "c"), 1)
    assert propose_from_bottom(totals, 3).chosen == ("a", "b", "c")
    assert propose_from_bottom(totals, 9).chosen == ("a", "b", "c", "d")
    assert propose_from_bottom(totals, 0).chosen == ()


def test_equal_totals_share_a_rank() -> None:
    assert rank_totals([9000, 9500, 9000, 8000]) == [2, 1, 2, 4]
    assert rank_totals([]) == []


RULE = ParticipationRule(
    key="p", step=RuleStep.BALLOT, people=People.ALL, share=3000, base=Base.PRESENT, all_below=20
)


@pytest.mark.parametrize(
    ("base", "took_part", "required", "met"),
    [
        (20, 6, 6, True),
        (20, 5, 6, False),
        (19, 18, 19, False),
        (19, 19, 19, True),
        (101, 30, 31, False),
        (0, 0, 0, False),
    ],
)
def test_participation_takes_its_share_or_everyone(base, took_part, required, met) -> None:
    found = participation(RULE, base, took_part)
    assert (found.required, found.met) == (required, met)


def test_participation_says_its_numbers() -> None:
    assert participation(RULE, 19, 18).words == (
        "党员和群众在村、在岗人数19人，参加18人（94.7%），不足20人须全部参加，还差1人"
    )
    assert "没有填" in participation(RULE, None, 5).words


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({}, []),
        ({"issued": 31}, ["发出31大于应到30"]),
        ({"returned": 26, "blank": 2}, ["收回26大于发出25"]),
        ({"blank": 2}, ["有效23 + 弃权2 + 无效1 = 26，应等于收回25"]),
        ({"expected": None}, ["应到没有填"]),
        ({"invalid": -1}, ["无效不能是负数"]),
        ({"options": {"好": 23, "差": -1}}, ["「差」票不能是负数"]),
        ({"options": {"好": 23}}, ["「差」票没有填"]),
        ({"options": {"好": 20, "差": 3, "中": 0}}, ["没有「中」这个选项"]),
    ],
)
def test_counts_have_to_add_up(changes, faults) -> None:
    base = {
        "options": {"好": 20, "差": 3},
        "blank": 1,
        "invalid": 1,
        "expected": 30,
        "issued": 25,
        "returned": 25,
    }
    assert check_counts(ballot("测评", 100, TWO), BallotCounts(**(base | changes))) == faults
