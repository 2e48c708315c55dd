"""Few voters: what may be shown, in one file, over several branches and in roll-ups (ballots.md, Small groups)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.explaining import explain
from assessments.rules import Missing, SourceKind, preset_rules
from assessments.scoring import grade
from assessments.smallgroups import (
    JOINT_LABEL,
    Child,
    View,
    anonymity_note,
    box_poll_counts,
    box_poll_fault,
    can_hide_ballots,
    hide_in_rollup,
    mean_shown,
    remarks_shown,
    small_sources,
    view_of,
)
from tests.scheme_parts import ballot, option_list, scheme, source

GUIZHOU = preset_rules("guizhou-2012")
KANGBAO = preset_rules("kangbao-2012")
KEYS = ("superior", "self", "members", "public", "related")
SCORES = {
    "superior": (7278, 1),
    "self": (8225, 1),
    "members": (7781, 1),
    "public": (7348, 1),
    "related": (7339, 1),
}
BALLOTS = frozenset({"members", "public"})


def small(
    members: int | None, public: int | None, heads: tuple[int | None, int | None] = (None, None)
) -> frozenset[str]:
    voters = {"superior": 1, "self": 1, "members": members, "public": public, "related": 5}
    return small_sources(GUIZHOU, voters, members=heads[0], people=heads[1])


def view(members: int | None, public: int | None, scores=None, heads=(None, None)) -> View:
    voters = {"members": members, "public": public, "related": 5}
    return view_of(GUIZHOU, scores or SCORES, voters, members=heads[0], people=heads[1])


@pytest.mark.parametrize(
    ("members", "public", "joined"),
    [
        (5, 5, frozenset()),
        (4, 5, BALLOTS),
        (5, 1, BALLOTS),
        (4, 1, BALLOTS),
        (3, 1, BALLOTS | {"related"}),
        (1, 1, BALLOTS | {"related"}),
        (40, 200, frozenset()),
    ],
)
def test_a_small_ballot_joins_the_others_and_if_need_be_the_related_units(members, public, joined) -> None:
    assert small(members, public) == joined


@pytest.mark.parametrize(
    ("heads", "joined"),
    [((3, 200), BALLOTS), ((30, 200), frozenset()), ((2, 2), BALLOTS | {"related"}), ((None, 200), BALLOTS)],
)
def test_without_a_number_of_voters_the_roster_decides(heads, joined) -> None:
    assert small(None, None, heads) == joined


def test_a_stated_number_outweighs_the_roster() -> None:
    assert small(4, 50, (40, 200)) == BALLOTS
    assert small(8, 50, (3, 200)) == frozenset()


def test_the_joint_line_has_only_joint_figures() -> None:
    found = view(3, 2)
    joint = found.line("members")
    assert joint is found.line("public")
    assert (joint.label, joint.weight, joint.voters, joint.score) == (JOINT_LABEL, 4000, 5, None)
    assert joint.points == Fraction(7781 * 2 + 7348 * 2, 10)
    assert [line.label for line in found.lines] == ["上级党组织评", "党支部自评", JOINT_LABEL, "相关单位评"]
    assert not found.shows("members")
    assert found.score("members") is None
    assert found.score("related") == 7339
    assert not found.shows_distribution("public")
    assert not found.history
    assert found.note


def test_of_a_large_group_everything_is_shown() -> None:
    found = view(30, 200)
    assert [line.score for line in found.lines] == [7278, 8225, 7781, 7348, 7339]
    assert found.shows_distribution("members")
    assert not found.shows_distribution("superior")
    assert found.history
    assert found.note == ""


def test_the_related_units_join_with_their_weight() -> None:
    joint = view(1, 1).line("related")
    assert (joint.sources, joint.weight, joint.voters) == (("members", "public", "related"), 6000, 7)


def test_an_unknown_number_keeps_the_joint_number_unknown() -> None:
    assert view(3, None, heads=(None, 50)).line("members").voters is None


def test_a_ballot_source_without_data_stays_out_of_the_line() -> None:
    scores = SCORES | {"public": None}
    found = view(3, None, scores)
    assert found.joined == {"members", "related"}
    assert found.line("public").points is None
    assert view(30, None, scores).joined == frozenset()


def test_spread_weights_stand_in_the_lines() -> None:
    spreading = replace(GUIZHOU, missing=Missing.SPREAD)
    scores = {key: score for key, score in SCORES.items() if key != "self"}
    found = view_of(spreading, scores, {"members": 3, "public": 9}, members=None, people=None)
    assert found.live == 9000
    result = grade(spreading, "农村", scores)
    assert sum((line.points or Fraction() for line in found.lines), Fraction()) == result.weighted


def test_a_single_ballot_source_cannot_hide_but_shows_no_distribution() -> None:
    scores = {"committee": (9000, 1), "self": (9000, 1), "ballot": (8000, 1)}
    found = view_of(KANGBAO, scores, {"ballot": 4}, members=3, people=1)
    assert found.joined == frozenset()
    assert found.score("ballot") == 8000
    assert not found.shows_distribution("ballot")
    assert not can_hide_ballots(KANGBAO)
    assert view_of(KANGBAO, scores, {"ballot": 5}, members=3, people=2).shows_distribution("ballot")


def test_a_box_poll_of_a_single_ballot_source_needs_five() -> None:
    assert "请改用纸质测评" in box_poll_fault(KANGBAO, 4)
    assert box_poll_fault(KANGBAO, 5) == ""
    assert box_poll_fault(GUIZHOU, 3) == ""
    assert [box_poll_counts(KANGBAO, n) for n in (0, 1, 4, 5)] == [False, False, False, True]
    assert [box_poll_counts(GUIZHOU, n) for n in (0, 1)] == [False, True]


def test_voters_are_told_before_they_vote() -> None:
    assert anonymity_note(4) == "本次测评仅 4 人，匿名性有限"
    assert anonymity_note(5) == ""


def test_remarks_from_ten() -> None:
    assert [remarks_shown(n) for n in (9, 10)] == [False, True]


@pytest.mark.parametrize(
    ("sizes", "hidden", "total_hidden"),
    [
        ([(3, True), (8, False), (40, False)], {"0", "1"}, False),
        ([(3, True), (2, True), (40, False)], {"0", "1"}, False),
        ([(30, False), (40, False)], set(), False),
        ([(3, True)], {"0"}, True),
    ],
)
def test_one_hidden_child_takes_the_next_smallest_along(sizes, hidden, total_hidden) -> None:
    found = hide_in_rollup([Child(str(n), size, is_small) for n, (size, is_small) in enumerate(sizes)])
    assert (found.hidden, found.total_hidden) == (hidden, total_hidden)


def test_means_leave_small_ones_out_and_say_so() -> None:
    found = mean_shown([((9000, 1), False), ((8000, 1), False), ((100, 1), True)])
    assert found.value == 8500
    assert found.words == "2个支部平均，另1个人数少，不计入"
    assert mean_shown([((100, 1), True)]).value is None


def test_the_explanation_adds_up_and_tells_no_score_of_a_joined_source() -> None:
    result = grade(GUIZHOU, "农村", SCORES)
    told = explain(GUIZHOU, result, view(3, 2))
    assert told.formula == "21.834 + 8.225 + 30.258 + 14.678 = 74.995"
    assert (told.total, told.because) == ("75.00", "75.00 不低于“较好”的线 75，所以是较好")
    assert [line.score for line in told.lines] == ["72.78", "82.25", "", "73.39"]
    assert "77.81" not in repr(told)
    assert "73.48" not in repr(told)


def test_the_explanation_marks_what_is_cut_for_the_eye() -> None:
    scores = {"committee": (9100, 1), "self": (9600, 1), "ballot": (358000, 42)}
    result = grade(KANGBAO, "农村", scores)
    told = explain(KANGBAO, result, view_of(KANGBAO, scores, {"ballot": 42}, members=20, people=40))
    assert told.lines[2].score == "≈85.24"
    assert told.lines[2].points == "≈25.571428…"
    assert told.notes == ("带≈的得分只为看着方便取了两位小数，总分按未取舍的得分计算",)
    assert told.rounding == "四舍五入到分，只在最后舍入一次"


def test_the_explanation_of_an_incomplete_file_names_what_is_missing() -> None:
    scores = SCORES | {"self": None}
    told = explain(GUIZHOU, grade(GUIZHOU, "农村", scores), view(30, 200, scores))
    assert told.notes[0] == "还缺党支部自评，暂不计总分"
    assert (told.total, told.formula, told.because) == ("—", "", "")


voter_numbers = st.integers(1, 12)


@given(st.tuples(*[voter_numbers] * 5), st.sampled_from([GUIZHOU, replace(GUIZHOU, missing=Missing.SPREAD)]))
def test_no_small_ballot_ever_stands_alone_and_the_lines_always_add_up(numbers, rules) -> None:
    voters = dict(zip(KEYS, numbers, strict=True))
    found = view_of(rules, SCORES, voters, members=None, people=None)
    for line in found.lines:
        ballots = BALLOTS & set(line.sources)
        if ballots and sum(voters[key] for key in ballots) < 5:
            assert line.joint
            assert "related" in line.sources
        if len(line.sources) == 1 and ballots:
            assert voters[line.sources[0]] >= 5
    assert (
        sum((line.points or Fraction() for line in found.lines), Fraction())
        == grade(rules, "农村", SCORES).weighted
    )
    assert sorted(key for line in found.lines for key in line.sources) == sorted(KEYS)


def test_members_marked_without_a_ballot_are_guarded_as_well() -> None:
    rules = scheme(
        source("上级评", SourceKind.SUPERIOR, 50),
        source("党员评", SourceKind.MEMBER, 25),
        ballot("群众评", 25, option_list(("好", 100), ("差", 0)), kind=SourceKind.PUBLIC),
    )
    assert small_sources(rules, {"党员评": 3, "群众评": 40}, members=None, people=None) == {
        "党员评",
        "群众评",
    }
