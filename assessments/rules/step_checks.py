"""Do a scheme's steps hang together with its sources and its public notice (domain.md 3.8, 4)?"""

from __future__ import annotations

from collections.abc import Iterator

from assessments.rules.compare import Fault
from assessments.rules.document import SchemeRules
from assessments.rules.words import NoticeTiming, SourceKind, StepName

NEEDED = (StepName.COMPUTE, StepName.DECIDE, StepName.REPORT, StepName.APPROVE)
MOST_NOTICE_DAYS = 60


def step_order(rules: SchemeRules) -> tuple[StepName, ...]:
    """The steps in the order they are gone through: 公示 after 核准 where the notice follows approval."""
    order = list(StepName)
    if rules.notice is not None and rules.notice.timing is NoticeTiming.AFTER_APPROVAL:
        order.remove(StepName.NOTICE)
        order.insert(order.index(StepName.APPROVE) + 1, StepName.NOTICE)
    return tuple(order)


def step_faults(rules: SchemeRules) -> Iterator[Fault]:
    """Steps missing, doubled, out of order, or without the source or notice they stand for."""
    keys = [step.key for step in rules.steps]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            yield Fault(f"steps.{index}.key", f"步骤「{key.label}」写了两次", "请删去一个")
    order = step_order(rules)
    for index, (before, after) in enumerate(zip(keys, keys[1:], strict=False), start=1):
        if order.index(after) < order.index(before):
            yield Fault(
                f"steps.{index}.key", f"步骤「{after.label}」排在「{before.label}」后面，次序不对", "请调换"
            )
    for needed in NEEDED:
        if needed not in keys:
            yield Fault("steps", f"没有「{needed.label}」这一步", "请补上")
    yield from _against_sources(rules, keys)
    yield from _against_notice(rules, keys)


def _against_sources(rules: SchemeRules, keys: list[StepName]) -> Iterator[Fault]:
    wanted = {source.step(): source.label for source in rules.sources}
    for step in (StepName.SELF, StepName.BALLOT, StepName.SUPERIOR, StepName.RELATED):
        if step in wanted and step not in keys:
            yield Fault(
                "steps", f"有评价主体「{wanted[step]}」，却没有「{step.label}」这一步", "请补上这一步"
            )
        if step in keys and step not in wanted:
            yield Fault(
                "steps", f"有「{step.label}」这一步，却没有对应的评价主体", "请删去这一步，或加上评价主体"
            )
    if StepName.CONFIRM in keys and not any(source.kind is SourceKind.SELF for source in rules.sources):
        yield Fault("steps", "有「确认」这一步，却没有自评", "请删去这一步")
    if rules.survey_gates and StepName.SURVEY not in keys:
        yield Fault("survey_gates", "要求摸底完成后才能计分，却没有「摸底」这一步", "请补上这一步")


def _against_notice(rules: SchemeRules, keys: list[StepName]) -> Iterator[Fault]:
    if rules.notice is None:
        if StepName.NOTICE in keys:
            yield Fault("notice", "有「公示」这一步，却没有写公示的时间和天数", "请填写公示，或删去这一步")
        return
    if StepName.NOTICE not in keys:
        yield Fault("steps", "写了公示，却没有「公示」这一步", "请补上这一步")
    days = rules.notice.working_days
    if days is not None and not 1 <= days <= MOST_NOTICE_DAYS:
        yield Fault("notice.working_days", f"公示{days}个工作日不合适", f"请填1到{MOST_NOTICE_DAYS}")
