"""Every status × move × person, through ``move()``: allowed exactly where the table says (flow.md).

Who is which party to a thing is written down here by hand; what a party may do is read off the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from assessments import flow
from assessments.models import Poll, Round, Scheme
from assessments.rules import preset
from assessments.services.schemes import load_scheme
from gradingsite.lib.flow import Flow, Move
from gradingsite.lib.refusal import Conflict, Refused
from gradingsite.trail.models import Entry
from orgs.models import Passage
from orgs.services.moves import may, move, move_many, moves_for
from orgs.services.people import system_actor
from tests.matrix_world import planted
from tests.village import NOW, POSTS, TODAY, Village, open_grading

pytestmark = pytest.mark.django_db

DEPARTMENT = {"county": "DEP", "county2": "DEP"}
PARTIES: dict[str, dict[str, str]] = {
    "scheme": DEPARTMENT,
    "round": DEPARTMENT,
    "file": DEPARTMENT
    | {
        "secretary": "SEC", "liaison": "LIA", "clerk": "CLK", "clerk2": "CLK", "committee": "COM",
        "city": "UP", "province": "UP",
    },
}  # fmt: skip
PARTIES["track"] = PARTIES["file"] | {"rater": "RAT"}
PARTIES["poll"] = PARTIES["file"]
STRANGERS = [name for name, *_ in POSTS] + ["nobody", "system", "security", "audit"]
WITH_THE_COMMITTEE = (flow.COLLECTING, flow.COMPUTED, flow.DECIDED, flow.UNGRADED)
FLOWS = {each.name: each for each in (flow.FILE, flow.TRACK, flow.POLL, flow.ROUND, flow.SCHEME)}


@dataclass
class Stage:
    """The village with one thing of each kind, and everybody as an actor."""

    village: Village
    things: dict[str, Any] = field(default_factory=dict)
    actors: dict[str, Any] = field(default_factory=dict)

    def at(self, kind: str, status: str) -> Any:
        """The thing, put into a status as no service could."""
        thing = self.things[kind]
        type(thing)._base_manager.filter(pk=thing.pk).update(status=status)
        thing.status = status
        return thing


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker) -> Iterator[Stage]:
    with planted(django_db_blocker) as village:
        open_grading(village)
        found = Stage(
            village, actors={name: village.by(name) for name in STRANGERS} | {"SYS": system_actor()}
        )
        file = village.file("大村")
        type(file).objects.filter(pk=file.pk).update(decided_band=village.rules.bands[0].key)
        track = village.track("大村", "相关单位评")
        track.submitted_by = village.person["cadre"]
        track.save()
        track.sheets.create(assessment=file, source=track.source, rater=village.person["rater"], rater_no=7)
        public = village.track("大村", "群众评")
        poll = Poll.objects.create(
            track=public, assessment=public.assessment, source=public.source, group="x"
        )
        scheme, _ = load_scheme(
            document=preset("kangbao-2012"), organisation=village.org["绥山县"], by=system_actor(), now=NOW
        )
        round = Round.objects.create(
            scheme=scheme, organisation=village.org["绥山县"], name="乙", year=2027,
            created_by=village.person["county"], created_at=NOW,
        )  # fmt: skip
        found.things = {
            "file": village.file("大村"),
            "track": track,
            "poll": poll,
            "round": round,
            "scheme": scheme,
        }
        yield found


def held(kind: str, person: str, status: str) -> set[str]:
    """The parties by hand: who has the file now follows from its status (domain.md 4)."""
    if person == "SYS":
        return {"SYS"}
    found = {PARTIES[kind][person]} if person in PARTIES[kind] else set()
    if kind in ("file", "track", "poll"):
        below = kind != "file" or status in WITH_THE_COMMITTEE  # the tracks' file is collecting throughout
        if found & ({"CLK", "COM"} if below else {"DEP"}):
            found.add("HOLDER")
        if below and "DEP" in found:
            found.add("UP")
    if kind == "track" and person == "cadre":
        found.add("SUBMITTER")
    return found


def attempt(one: Flow, step: Move, thing: Any, actor: Any, status: str, **more: Any) -> type[Exception] | str:
    """What becomes of the move: the error, or the status the row then has. Nothing of it stays."""
    before = Passage.objects.count(), Entry.objects.count()
    try:
        with transaction.atomic():
            move(flow=one, name=step.name, obj=thing, by=actor, now=NOW, **more)
            landed = type(thing)._base_manager.values_list("status", flat=True).get(pk=thing.pk)
            written = Passage.objects.count() - before[0], Entry.objects.count() - before[1]
            transaction.set_rollback(True)
        assert written == (1, 1), step.name
        return landed
    except (PermissionDenied, Refused) as refusal:
        assert (Passage.objects.count(), Entry.objects.count()) == before
        return type(refusal)
    finally:
        thing.status = status


@pytest.mark.parametrize(
    ("kind", "status"), [(name, status) for name, one in FLOWS.items() for status in one.states]
)
def test_a_move_is_allowed_exactly_where_the_table_says(stage, kind, status) -> None:
    one, thing, wrong = FLOWS[kind], stage.at(kind, status), []
    for name, actor in stage.actors.items():
        for step in one.moves:
            party = name == "SYS" or bool(step.parties & held(kind, name, status))
            allowed = party and status in step.source
            expected = step.lands_in(status) if allowed else Conflict if party else PermissionDenied
            if party or name == "nobody" or may(flow=one, name=step.name, obj=thing, by=actor):
                found = attempt(one, step, thing, actor, status, note="事由", due_on=TODAY)
            else:
                found = PermissionDenied  # what move() asks first; tried with "nobody" all the way
            if found != expected:
                wrong.append((name, step.name, found, expected))
    assert wrong == []


@pytest.mark.parametrize("kind", FLOWS)
def test_a_reason_and_a_date_are_demanded_where_the_table_says(stage, kind) -> None:
    one = FLOWS[kind]
    for step in one.moves:
        thing = stage.at(kind, step.source[0])
        more = {"note": "事由", "due_on": TODAY}
        for key, needed, blank in (("note", step.needs_note, " "), ("due_on", step.needs_due, None)):
            found = attempt(one, step, thing, stage.actors["SYS"], step.source[0], **more | {key: blank})
            assert found == (Refused if needed else step.lands_in(step.source[0])), (step.name, key)


@pytest.mark.parametrize("kind", ["file", "track"])
def test_nobody_judges_an_entry_of_his_own(stage, kind, monkeypatch) -> None:
    """Each group the table excludes, one at a time, and the button is gone as well."""
    one, shut = FLOWS[kind], 0
    for step in one.moves:
        for group in step.other_than:
            thing = stage.at(kind, step.source[0])
            name = next(name for name in stage.actors if step.parties & held(kind, name, step.source[0]))
            actor = stage.actors[name]
            with monkeypatch.context() as patch:
                own = frozenset({actor.person.pk})
                patch.setattr(
                    type(thing),
                    "persons",
                    lambda self, asked, group=group, own=own: own if asked == group else frozenset(),
                )
                assert attempt(one, step, thing, actor, step.source[0], note="x", due_on=TODAY) is Refused
                assert step not in moves_for(flow=one, obj=thing, by=actor)
                patch.setattr(type(thing), "persons", lambda self, asked: frozenset())
                assert attempt(
                    one, step, thing, actor, step.source[0], note="x", due_on=TODAY
                ) == step.lands_in(step.source[0])
                assert step in moves_for(flow=one, obj=thing, by=actor)
            shut += 1
    assert shut == sum(len(step.other_than) for step in one.moves) > 0


@pytest.mark.parametrize("kind", ["file", "track", "poll"])
def test_the_buttons_are_the_moves_that_would_be_allowed(stage, kind) -> None:
    one = FLOWS[kind]
    for status in one.states:
        thing = stage.at(kind, status)
        for name, actor in stage.actors.items():
            shown = {step.name for step in moves_for(flow=one, obj=thing, by=actor)}
            parties = held(kind, name, status)
            allowed = {step.name for step in one.moves if status in step.source and step.parties & parties}
            own = {step.name for step in one.moves if name == "cadre" and "submitter" in step.other_than}
            assert shown == allowed - own, (status, name)


def test_many_at_once_ask_the_same_of_each(stage) -> None:
    """One file that isn't the actor's refuses the whole."""
    there = stage.village.file("河村")
    type(there).objects.filter(pk=there.pk).update(status=flow.DECIDED, decided_band="x")
    there.refresh_from_db()
    here = stage.at("file", flow.DECIDED)
    committee = stage.actors["committee"]
    with pytest.raises(PermissionDenied), transaction.atomic():
        move_many(flow=flow.FILE, name="report", objs=[here, there], by=committee, now=NOW)
    here.refresh_from_db()
    assert here.status == flow.DECIDED


# What no table may ever say, whatever else changes in it (domain.md 1, 3 and 4).
def moves_into(state: str) -> set[str]:
    return {step.name for step in flow.FILE.moves if step.target == state}


def test_only_the_approving_department_approves_and_only_what_was_reported() -> None:
    assert moves_into(flow.APPROVED) == {"approve"}
    step = flow.FILE.move("approve")
    assert (step.source, step.parties) == ((flow.REPORTED,), {"DEP"})
    assert set(step.other_than) == {"authors", "confirmers", "typists", "signers"}


def test_only_the_committee_secretary_decides_and_reports() -> None:
    assert {name for step in flow.FILE.moves if step.target == flow.DECIDED for name in [step.name]} == {
        "decide", "take_back_report", "return_report",
    }  # fmt: skip
    assert flow.FILE.move("decide").parties == flow.FILE.move("report").parties == {"COM"}
    assert flow.FILE.move("decide").other_than == ("drafter",)


def test_a_closed_file_has_no_way_out_and_every_other_state_has_one() -> None:
    outgoing = {state: {s.name for s in flow.FILE.moves if state in s.source} for state in flow.FILE.states}
    assert outgoing.pop(flow.TERMINATED) == set()
    assert all(outgoing.values())


def test_every_way_back_from_above_gives_its_reason_and_its_date() -> None:
    for step in flow.FILE.moves:
        if step.name.startswith("return_"):
            assert step.needs_note, step.name
            assert step.needs_due, step.name
            assert not step.parties & {"SEC", "LIA", "RAT", "SYS"}, step.name


def test_whoever_hands_in_does_not_confirm() -> None:
    assert "submitter" in flow.TRACK.move("confirm").other_than
    assert {"SEC", "RAT"} & flow.TRACK.move("confirm").parties == set()


def test_a_scheme_in_use_never_changes() -> None:
    assert not [step.name for step in flow.SCHEME.moves if "frozen" in step.source]
    assert Scheme._meta.get_field("status").editable is False
