"""Where a file stands, step by step, from plain facts."""

import datetime as dt

import pytest

from assessments import flow
from assessments.rules import SourceKind, StepName, preset_rules
from assessments.steps import FileFacts, State, TrackFact, fold_seven, is_late, steps_of

TODAY = dt.date(2026, 4, 9)
RULES = preset_rules("guizhou-2012")
KEYS = {source.kind: source.key for source in RULES.sources}


def facts(status: str = flow.COLLECTING, **tracks: TrackFact) -> FileFacts:
    held = {key: TrackFact(flow.CONFIRMED) for key in KEYS.values()}
    held |= {KEYS[SourceKind(kind)]: fact for kind, fact in tracks.items()}
    return FileFacts(status=status, tracks=held)


def states(found) -> dict[StepName, State]:
    return {step.key: step.state for step in found}


def test_open_sources_are_all_now_and_what_follows_waits() -> None:
    found = states(
        steps_of(RULES, facts(self=TrackFact(flow.OPEN), superior=TrackFact(flow.OPEN)), {}, TODAY)
    )
    assert found[StepName.SELF] is State.NOW
    assert found[StepName.CONFIRM] is State.AHEAD
    assert found[StepName.SUPERIOR] is State.NOW
    assert found[StepName.BALLOT] is State.DONE
    assert found[StepName.DECIDE] is State.AHEAD


def test_a_self_assessment_handed_in_waits_for_its_confirmation() -> None:
    found = states(steps_of(RULES, facts(self=TrackFact(flow.IN)), {}, TODAY))
    assert (found[StepName.SELF], found[StepName.CONFIRM]) == (State.DONE, State.NOW)


@pytest.mark.parametrize(("due", "state"), [(TODAY, State.NOW), (TODAY - dt.timedelta(days=1), State.LATE)])
def test_a_step_is_late_only_after_the_end_of_its_day(due, state) -> None:
    found = steps_of(RULES, facts(superior=TrackFact(flow.OPEN)), {"superior": due}, TODAY)
    assert states(found)[StepName.SUPERIOR] is state
    assert is_late(found) is (state is State.LATE)


def test_a_returned_track_says_so_and_has_its_own_deadline() -> None:
    later = TODAY + dt.timedelta(days=3)
    track = TrackFact(flow.OPEN, returned=True, due_on=later)
    found = steps_of(RULES, facts(public=track), {"ballot": TODAY - dt.timedelta(days=9)}, TODAY)
    ballot = next(step for step in found if step.key is StepName.BALLOT)
    assert (ballot.state, ballot.due_on) == (State.RETURNED, later)


@pytest.mark.parametrize(
    ("status", "now"),
    [
        (flow.COLLECTING, StepName.COMPUTE),
        (flow.COMPUTED, StepName.DECIDE),
        (flow.DECIDED, StepName.REPORT),
        (flow.REPORTED, StepName.APPROVE),
    ],
)
def test_each_status_awaits_one_step(status, now) -> None:
    found = steps_of(RULES, facts(status), {}, TODAY)
    assert [step.key for step in found if step.current] == [now]


def test_an_approved_file_has_everything_done() -> None:
    assert all(step.done for step in steps_of(RULES, facts(flow.APPROVED), {}, TODAY))


def test_folding_keeps_the_worst_of_its_parts() -> None:
    found = fold_seven(
        steps_of(RULES, facts(self=TrackFact(flow.IN), related=TrackFact(flow.OPEN)), {}, TODAY)
    )
    held = states(found)
    assert (held[StepName.SELF], held[StepName.SUPERIOR]) == (State.NOW, State.NOW)
    assert StepName.NOTICE not in held
