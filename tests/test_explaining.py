"""Why this grade, in words: every number on the page follows from the one before it (domain.md 5)."""

from __future__ import annotations

from dataclasses import replace

from assessments.explaining import FOOT, Explanation, explain
from assessments.rules import (
    Adjustment,
    AdjustmentKind,
    Effect,
    Missing,
    SchemeRules,
    SourceKind,
    Veto,
    preset_rules,
)
from assessments.scoring import AdjustmentMark, Stored, grade
from assessments.smallgroups import view_of
from tests.scheme_parts import scheme, source

KANGBAO = preset_rules("kangbao-2012")
PLUS = Adjustment(key="plus", label="表彰", kind=AdjustmentKind.BONUS, cap=300)
MINUS = Adjustment(key="minus", label="迟报", kind=AdjustmentKind.PENALTY)
RULES = scheme(adjustments=(PLUS, MINUS))


def told(
    rules: SchemeRules,
    scores: dict[str, Stored],
    marks: list[AdjustmentMark] | None = None,
    ticks: tuple[str, ...] = (),
) -> Explanation:
    result = grade(rules, "农村", scores, marks or (), ticks)
    return explain(rules, result, view_of(rules, result.scores(), {"ballot": 42}, members=30, people=60))


def test_a_plain_total_has_a_formula_and_nothing_else() -> None:
    found = told(RULES, {"上级评": (8550, 1)})
    assert found.formula == "85.5 = 85.5"
    assert (found.adjustments, found.vetoes, found.notes) == ((), (), ())
    assert (found.total, found.rounding) == ("85.50", "正好两位小数，不用舍入")
    assert found.because == "85.50 不低于“较好”的线 80，所以是较好"
    assert (found.lines[0].score, found.lines[0].weight, found.lines[0].points) == ("85.50", "100%", "85.5")


def test_the_lowest_band_is_explained_from_above() -> None:
    assert told(RULES, {"上级评": (5999, 1)}).because == "59.99 低于“一般”的线 60，所以是较差"


def test_one_bonus_or_one_penalty_is_added_in_sight() -> None:
    bonus = told(RULES, {"上级评": (8000, 1)}, [AdjustmentMark("plus", 200)])
    assert bonus.adjustments == ("加分「表彰」+2", "80 + 2 = 82")
    penalty = told(RULES, {"上级评": (8000, 1)}, [AdjustmentMark("minus", 150)])
    assert penalty.adjustments == ("扣分「迟报」−1.5", "80 − 1.5 = 78.5")


def test_caps_and_clamping_are_said() -> None:
    capped = replace(RULES, penalty_cap=100)
    marks = [AdjustmentMark("plus", 500), AdjustmentMark("minus", 250)]
    assert told(capped, {"上级评": (9900, 1)}, marks).adjustments == (
        "加分「表彰」+3（报5，单项最多3）",
        "扣分「迟报」−2.5",
        "扣分合计2.5，最多1",
        "99 + 3 − 1 = 101，超过100，按100计",
    )
    assert told(capped, {"上级评": (9000, 1)}, [AdjustmentMark("minus", 100)]).adjustments == (
        "扣分「迟报」−1",
        "90 − 1 = 89",
    )


def test_an_item_inside_a_source_is_already_in_its_score() -> None:
    rules = scheme(
        source("基础分", SourceKind.SUPERIOR, 70),
        source("评价分", SourceKind.OTHER, 30),
        adjustments=(replace(MINUS, source="基础分"),),
    )
    found = told(rules, {"基础分": (9500, 1), "评价分": (9000, 1)}, [AdjustmentMark("minus", 500)])
    assert found.formula == "63 + 27 = 90"
    assert found.adjustments == ("扣分「迟报」−5，计入评价主体得分",)


def test_spread_weights_stand_in_the_lines_and_in_words() -> None:
    rules = replace(KANGBAO, missing=Missing.SPREAD)
    found = told(rules, {"committee": (9000, 1), "ballot": (8000, 1)})
    assert [line.weight for line in found.lines] == ["50%÷80%", "20%", "30%÷80%"]
    assert [line.points for line in found.lines] == ["56.25", "—", "30"]
    assert found.formula == "56.25 + 30 = 86.25"
    assert found.notes[0].startswith("缺自评，按方案把权重按比例分给其他主体")


def test_only_cut_figures_call_for_the_foot() -> None:
    scores = {"committee": (9100, 1), "self": (9600, 1)}
    assert FOOT in told(KANGBAO, scores | {"ballot": (358000, 42)}).notes
    assert FOOT not in told(KANGBAO, scores | {"ballot": (8000, 1)}).notes


def test_vetoes_are_told_with_cause_and_effect() -> None:
    vetoes = (
        Veto(key="case", label="违纪", effect=Effect.SET_BAND, band="poor"),
        Veto(key="low", label="测评低", effect=Effect.CAP_STAR, star="two", source="ballot", below=6000),
    )
    rules = replace(KANGBAO, vetoes=vetoes)
    found = told(rules, {"committee": (9900, 1), "self": (9900, 1), "ballot": (5000, 1)}, ticks=("case",))
    assert found.vetoes == (
        "违纪（已认定有此情形）：直接定为较差",
        "测评低（党员群众测评低于60.00分）：最高只能评为二星级",
    )
    assert found.because == "84.30 不低于“较好”的线 80，所以是较好"
