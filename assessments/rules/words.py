"""The closed vocabularies of a grading scheme: an English value for code, a Chinese label for files and screens."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """A value with the Chinese label by which a scheme's file and the screens name it."""

    label: str

    def __new__(cls, value: str, label: str) -> Self:
        """A member from its value and label."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class SourceKind(Word):
    """Who stands behind a source 「评价主体」 (domain.md 3.2)."""

    SELF = "self", "自评"
    MEMBER = "member", "党员"
    PUBLIC = "public", "群众"
    SUPERIOR = "superior", "上级"
    RELATED = "related", "相关单位"
    PEER = "peer", "互评"
    OTHER = "other", "其他"


class Method(Word):
    """How a source gives its score (domain.md 3.2)."""

    ITEMISED = "itemised", "逐项打分"
    OVERALL = "overall", "总分"
    BALLOT = "ballot", "投票"


class Denominator(Word):
    """What the votes of a ballot are divided by (domain.md 5, schemes.md)."""

    VALID = "valid", "有效票"
    CAST = "cast", "收回票"
    EXPECTED = "expected", "应到人数"


class People(Word):
    """Whom a voter group or a participation rule means."""

    MEMBERS = "members", "党员"
    PUBLIC = "public", "群众"
    ALL = "all", "党员和群众"
    OTHER = "other", "其他人员"


class Manner(Word):
    """How an indicator is scored (schemes.md)."""

    ADD = "add", "计分"
    DEDUCT = "deduct", "从满分扣"
    GRADED = "graded", "按档给分"


class Missing(Word):
    """What happens when a source has no data (domain.md 5)."""

    INCOMPLETE = "incomplete", "不计总分"
    SPREAD = "spread", "权重按比例分给其他主体"


class Glyph(Word):
    """The shape a band is drawn with, best to worst (mockups, Bands)."""

    RING_DOT = "ring_dot", "环点"
    DISC = "disc", "实心圆"
    HALF = "half", "半圆"
    RING = "ring", "空心圆"
    CROSS = "cross", "叉"


class QuotaScope(Word):
    """The set of branches a quota counts (domain.md 3.4)."""

    COMMITTEE = "committee", "同一党委评定的支部"
    ROUND = "round", "本轮次全部支部"
    SECTOR = "sector", "本轮次同一领域的支部"


class Bound(Word):
    """Whether a quota is a floor or a ceiling."""

    AT_LEAST = "at_least", "至少"
    AT_MOST = "at_most", "至多"


class Strictness(Word):
    """Whether an unmet rule stops the next step or is only pointed out."""

    BLOCK = "block", "拦截"
    WARN = "warn", "提醒"


class AwardLevel(Word):
    """Who awards a star (domain.md 3.5)."""

    CITY = "city", "市委"
    COUNTY = "county", "县委"
    COMMITTEE = "committee", "评定党委"


class RuleStep(Word):
    """The step a participation rule watches (domain.md 3.6)."""

    SURVEY = "survey", "摸底"
    BALLOT = "ballot", "测评"


class Base(Word):
    """What a participation share is taken of (domain.md 3.6)."""

    ROSTER = "roster", "在册人数"
    PRESENT = "present", "在村、在岗人数"


class AdjustmentKind(Word):
    """Which way an adjustment goes (domain.md 3.7)."""

    BONUS = "bonus", "加分"
    PENALTY = "penalty", "扣分"


class Effect(Word):
    """What a veto or direct rule does (domain.md 3.7)."""

    SET_BAND = "set_band", "直接定为"
    CAP_BAND = "cap_band", "最高只能定为"
    CAP_STAR = "cap_star", "最高只能评为"


class Combine(Word):
    """How the scores of several periods become one (schemes.md)."""

    MEAN = "mean", "平均"
    WEIGHTED = "weighted", "加权平均"
    LAST = "last", "取最后一期"


class NoticeTiming(Word):
    """Where the public notice stands (domain.md 3.8)."""

    BEFORE_REPORT = "before_report", "上报前"
    AFTER_APPROVAL = "after_approval", "核准后"


class StepName(Word):
    """The steps of a file, in the order and words of the screens (domain.md 4)."""

    SURVEY = "survey", "摸底"
    SELF = "self", "自评"
    CONFIRM = "confirm", "确认"
    BALLOT = "ballot", "测评"
    SUPERIOR = "superior", "上级评"
    RELATED = "related", "相关评"
    COMPUTE = "compute", "计分"
    DECIDE = "decide", "评定"
    NOTICE = "notice", "公示"
    REPORT = "report", "上报"
    APPROVE = "approve", "核准"
    RECTIFY = "rectify", "整改"


class GradedForm(Word):
    """The forms of organisation that can be graded; the values are those of the organisation tree."""

    BRANCH = "branch", "党支部"
    GENERAL_BRANCH = "general_branch", "党总支"


class RulePart(Word):
    """The parts of a scheme that the issuing level fixes or leaves open to the level below (domain.md 3)."""

    INDICATORS = "indicators", "指标"
    OWN_INDICATORS = "own_indicators", "个性指标"
    SOURCES = "sources", "评价主体"
    WEIGHTS = "weights", "权重"
    OPTIONS = "options", "投票选项"
    BANDS = "bands", "等次"
    QUOTAS = "quotas", "配额"
    STARS = "stars", "评星"
    PARTICIPATION = "participation", "参与率"
    ADJUSTMENTS = "adjustments", "加分扣分"
    VETOES = "vetoes", "一票否决"
    STEPS = "steps", "步骤"
    NOTICE = "notice", "公示"
