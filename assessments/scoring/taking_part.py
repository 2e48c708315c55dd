"""Counts of a ballot and participation (domain.md 3.6, 5)."""

from __future__ import annotations

from dataclasses import dataclass

from assessments.rules.document import ParticipationRule, Source
from assessments.scoring.inputs import BallotCounts
from gradingsite.lib.points import FULL_WEIGHT, format_percent, format_weight
from gradingsite.lib.refusal import Refused


@dataclass(frozen=True, slots=True)
class Participation:
    """A participation rule against the figures; ``words`` say it with its numbers."""

    required: int
    base: int
    took_part: int
    met: bool
    words: str


def participation(rule: ParticipationRule, base: int | None, took_part: int) -> Participation:
    """Whether enough took part: ``took_part`` (收回 of a ballot, heard in a survey) of the rule's own ``base``.

    The share is compared exactly; with fewer than the rule's headcount everyone must take part. Without a base nothing
    can be met. Raises :class:`Refused` for an open share.
    """
    if rule.share is None:
        raise Refused("参与率的最低比例还没有填，请先填好方案")
    people = rule.people.label
    if not base:
        return Participation(0, 0, took_part, False, f"{people}的{rule.base.label}没有填，不能判断参与率")
    everyone = rule.all_below is not None and base < rule.all_below
    required = base if everyone else -(-rule.share * base // FULL_WEIGHT)
    wanted = (
        f"不足{rule.all_below}人须全部参加"
        if everyone
        else f"须达到{format_weight(rule.share)}，即{required}人"
    )
    met = took_part >= required
    return Participation(
        required=required,
        base=base,
        took_part=took_part,
        met=met,
        words=f"{people}{rule.base.label}{base}人，参加{took_part}人（{format_percent(took_part, base)}），{wanted}"
        + ("" if met else f"，还差{required - took_part}人"),
    )


def check_counts(source: Source, counts: BallotCounts) -> list[str]:
    """What is wrong with a ballot's counts, in Chinese: 应到 ≥ 发出 ≥ 收回 = 有效 + 弃权 + 无效. Empty when right."""
    named = {"应到": counts.expected, "发出": counts.issued, "收回": counts.returned}
    named |= {"弃权": counts.blank, "无效": counts.invalid}
    named |= {f"「{option.label}」票": counts.options.get(option.key) for option in source.options}
    faults = [f"{name}没有填" for name, number in named.items() if number is None]
    faults += [f"{name}不能是负数" for name, number in named.items() if number is not None and number < 0]
    strange = set(counts.options) - {option.key for option in source.options}
    faults += [f"没有「{key}」这个选项" for key in sorted(strange)]
    if faults or counts.expected is None or counts.issued is None or counts.returned is None:
        return faults
    if counts.issued > counts.expected:
        faults.append(f"发出{counts.issued}大于应到{counts.expected}")
    if counts.returned > counts.issued:
        faults.append(f"收回{counts.returned}大于发出{counts.issued}")
    if counts.cast() != counts.returned:
        valid = sum(counts.options.values())
        faults.append(
            f"有效{valid} + 弃权{counts.blank} + 无效{counts.invalid} = {counts.cast()}，应等于收回{counts.returned}"
        )
    return faults
