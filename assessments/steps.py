"""Where a file stands: the steps of the screens, one pure function for pages, lists and ledgers (domain.md 4).

The sources run side by side while a file is collecting; what follows is the file's own line. A step is late when the
end of its day has passed and it isn't done. 摸底 and 整改 are steps of rooms of their own and are left out here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assessments import flow
from assessments.rules import SchemeRules, StepName

ELSEWHERE = frozenset({StepName.SURVEY, StepName.RECTIFY})
SOURCE_STEPS = (StepName.SELF, StepName.CONFIRM, StepName.BALLOT, StepName.SUPERIOR, StepName.RELATED)
FOLDED = (
    StepName.SELF,
    StepName.BALLOT,
    StepName.SUPERIOR,
    StepName.DECIDE,
    StepName.NOTICE,
    StepName.REPORT,
    StepName.APPROVE,
)
FOLDED_INTO = {
    StepName.CONFIRM: StepName.SELF,
    StepName.RELATED: StepName.SUPERIOR,
    StepName.COMPUTE: StepName.SUPERIOR,
}
AWAITED = {
    StepName.SELF: "支部书记",
    StepName.CONFIRM: "包村干部",
    StepName.BALLOT: "乡镇党务干部",
    StepName.SUPERIOR: "乡镇党务干部",
    StepName.RELATED: "相关单位",
    StepName.COMPUTE: "系统",
    StepName.DECIDE: "党（工）委书记",
    StepName.NOTICE: "乡镇党务干部",
    StepName.REPORT: "党（工）委书记",
    StepName.APPROVE: "县委组织部",
}
ORDER = (flow.COLLECTING, flow.COMPUTED, flow.DECIDED, flow.REPORTED, flow.APPROVED)


class State(StrEnum):
    """How a step stands."""

    DONE = "done"
    NOW = "now"
    LATE = "late"
    RETURNED = "returned"
    AHEAD = "todo"

    @property
    def label(self) -> str:
        """The Chinese word beside the mark."""
        return {"done": "完成", "now": "进行中", "late": "逾期", "returned": "退回", "todo": "未到"}[
            self.value
        ]


@dataclass(frozen=True, slots=True)
class TrackFact:
    """What a step asks of a track: its status, and whether it was sent back and is open again."""

    status: str
    returned: bool = False
    due_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the steps ask of a file. ``returned_due_on`` is set while something sent back is being mended."""

    status: str
    tracks: Mapping[str, TrackFact]
    notice_to_on: dt.date | None = None
    returned_due_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class StepState:
    """One step of one file: its state, its deadline, and who is awaited while it isn't done."""

    key: StepName
    label: str
    state: State
    due_on: dt.date | None
    awaited: str

    @property
    def done(self) -> bool:
        """Whether the step is done."""
        return self.state is State.DONE

    @property
    def current(self) -> bool:
        """Whether somebody is to act on it now."""
        return self.state in (State.NOW, State.LATE, State.RETURNED)


def shown_steps(rules: SchemeRules) -> tuple[StepName, ...]:
    """The steps of the scheme that screens of grading show, in order."""
    return tuple(step.key for step in rules.steps if step.key not in ELSEWHERE)


def steps_of(
    rules: SchemeRules, facts: FileFacts, due: Mapping[str, dt.date | None], today: dt.date
) -> list[StepState]:
    """The steps of one file on a day. ``due``: step key to the end date of its stage in the round."""
    found: list[StepState] = []
    for key in shown_steps(rules):
        done = _done(rules, key, facts, today)
        returned = _returned(rules, key, facts)
        deadline = _deadline(rules, key, facts, returned) or due.get(key.value)
        open_now = _is_open(key, facts, found)
        state = _state(done, returned, open_now, deadline, today)
        found.append(StepState(key, key.label, state, deadline, AWAITED[key]))
    return found


def fold_seven(steps: Sequence[StepState]) -> list[StepState]:
    """The seven steps of unit tables; a folded step takes the worst of its parts."""
    worst = [State.RETURNED, State.LATE, State.NOW, State.AHEAD, State.DONE]
    folded = []
    for key in FOLDED:
        parts = [step for step in steps if FOLDED_INTO.get(step.key, step.key) is key]
        if parts:
            chosen = min(parts, key=lambda step: worst.index(step.state))
            dues = [step.due_on for step in parts if step.due_on]
            folded.append(
                StepState(key, key.label, chosen.state, max(dues) if dues else None, chosen.awaited)
            )
    return folded


def is_late(steps: Sequence[StepState]) -> bool:
    """Whether some step of the file is late."""
    return any(step.state is State.LATE for step in steps)


def _reached(status: str, wanted: str) -> bool:
    return status in ORDER and ORDER.index(status) >= ORDER.index(wanted)


def _sources_of(rules: SchemeRules, key: StepName) -> list[str]:
    kind = StepName.SELF if key is StepName.CONFIRM else key
    return [source.key for source in rules.sources if source.step() is kind]


def _done(rules: SchemeRules, key: StepName, facts: FileFacts, today: dt.date) -> bool:
    if key in SOURCE_STEPS:
        wanted = (flow.IN, flow.CONFIRMED) if key is StepName.SELF else (flow.CONFIRMED,)
        sources = _sources_of(rules, key)
        return all(facts.tracks[one].status in wanted for one in sources if one in facts.tracks)
    if key is StepName.NOTICE:
        return facts.notice_to_on is not None and facts.notice_to_on < today
    wanted_status = {
        StepName.COMPUTE: flow.COMPUTED,
        StepName.DECIDE: flow.DECIDED,
        StepName.REPORT: flow.REPORTED,
        StepName.APPROVE: flow.APPROVED,
    }[key]
    return _reached(facts.status, wanted_status)


def _returned(rules: SchemeRules, key: StepName, facts: FileFacts) -> bool:
    if key in SOURCE_STEPS and key is not StepName.CONFIRM:
        tracks = [facts.tracks[one] for one in _sources_of(rules, key) if one in facts.tracks]
        return any(track.returned and track.status == flow.OPEN for track in tracks)
    waiting = {flow.COMPUTED: StepName.DECIDE, flow.DECIDED: StepName.REPORT}
    return facts.returned_due_on is not None and waiting.get(facts.status) is key


def _deadline(rules: SchemeRules, key: StepName, facts: FileFacts, returned: bool) -> dt.date | None:
    if not returned:
        return None
    dues = [facts.tracks[one].due_on for one in _sources_of(rules, key) if one in facts.tracks]
    given = [due for due in dues if due]
    return max(given) if given else facts.returned_due_on


def _is_open(key: StepName, facts: FileFacts, before: Sequence[StepState]) -> bool:
    """Whether somebody can act on the step now: sources side by side, the rest one after the other."""
    if facts.status not in ORDER:
        return False
    if key is StepName.CONFIRM:
        return all(step.done for step in before if step.key is StepName.SELF)
    if key in SOURCE_STEPS:
        return facts.status in (flow.COLLECTING, flow.COMPUTED)
    return all(step.done for step in before)


def _state(done: bool, returned: bool, open_now: bool, due: dt.date | None, today: dt.date) -> State:
    if done:
        return State.DONE
    if not open_now:
        return State.AHEAD
    if due is not None and due < today:
        return State.LATE
    return State.RETURNED if returned else State.NOW
