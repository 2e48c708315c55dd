"""What a return offers and does: the steps that may go back, with what each has now, and what becomes of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assessments import flow
from assessments.models import Assessment
from assessments.rules import Method, StepName
from assessments.services.schemes import rules_of
from assessments.side_by_side import view_of_file
from gradingsite.lib.points import exact_text, eye_text
from orgs.reach import Reach

DECISION, PAPERS = "decision", "report"
PHRASES = ("参评率不足", "扣分缺事由", "步骤缺失", "材料不清")


@dataclass(frozen=True, slots=True)
class Choice:
    """One step that may be sent back: ``now``: what stands of it."""

    key: str
    label: str
    now: str
    ballots: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a return of some steps would do, in sentences, and the words on its button."""

    button: str
    effects: Sequence[str]


def may_return(file: Assessment, reach: Reach) -> bool:
    """Whether somebody may send something of the file back."""
    return reach.everything or bool(file.parties(reach) & {"HOLDER", "UP"})


def choices_of(file: Assessment, reach: Reach) -> list[Choice]:
    """The steps of the file that may go back now, sources first, in the scheme's order."""
    if file.status not in flow.RUNNING:
        return []
    rules = rules_of(file.round.scheme)
    view = view_of_file(rules, file, file.scores.all())
    found = []
    for source in rules.sources:
        line = view.line(source.key)
        shown = f"合并得 {exact_text(line.points)}" if line.joint else eye_text(line.score)
        ballots = line.voters if source.method is Method.BALLOT and not line.joint else None
        words = f"{shown}，有效 {ballots}" if ballots is not None else shown
        found.append(Choice(source.key, source.label, words, ballots))
    if file.status in (flow.DECIDED, flow.REPORTED, flow.APPROVED):
        band = rules.band(file.decided_band)
        found.append(Choice(DECISION, StepName.DECIDE.label, band.label if band else "—"))
    if file.status == flow.REPORTED and (reach.everything or file.parties(reach) & {"DEP", "UP"}):
        found.append(Choice(PAPERS, "上报材料", ""))
    return found


def plan_of(file: Assessment, choices: Sequence[Choice], ticked: Sequence[str]) -> Plan:
    """What sending these steps back does to the file and to the others."""
    chosen = [one for one in choices if one.key in ticked]
    sources = [one for one in chosen if one.key not in (DECISION, PAPERS)]
    every = [one for one in choices if one.key not in (DECISION, PAPERS)]
    if not chosen:
        return Plan("退回所选的步骤", ["先选要退回的步骤，其余不动"])
    effects = []
    for one in sources:
        kept = f"原 {one.ballots} 张有效票" if one.ballots else "原来的评分"
        effects.append(f"{one.label}：{kept}留档，标为“已作废重做”")
    if sources:
        rest = len(every) - len(sources)
        effects.append(f"其余 {rest} 项分数不动" if rest else "各项都要重做")
        if file.status in (flow.DECIDED, flow.REPORTED, flow.APPROVED):
            effects.append("补齐后重新计分、重新评定")
    elif any(one.key == DECISION for one in chosen):
        effects.append(f"各方分数不动，由{file.deciding.short_name}重新评定")
    else:
        effects.append("分数和评定不动，补好材料后再上报")
    if file.status == flow.APPROVED:
        effects.append("已核准的作废，补齐后重新核准")
    if file.notice_from_on and not all(one.key == PAPERS for one in chosen):
        effects.append("公示要重新做")
    if file.status == flow.REPORTED:
        others = (
            file.round.assessments.filter(deciding=file.deciding_id, status=flow.REPORTED)
            .exclude(pk=file.pk)
            .count()
        )
        effects.append(f"另外 {others} 个支部照常核准" if others else "这个党委没有别的支部在等核准")
    if len(chosen) == 1:
        return Plan(f"退回{chosen[0].label}这一步", effects)
    return Plan(f"退回{'、'.join(one.label for one in chosen)}这 {len(chosen)} 步", effects)
