"""The things an address can be about, one per scope: own, sibling, parent, other county, and pairs that don't belong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from assessments.models import Round, Sheet
from assessments.rules import preset
from assessments.services.rounds import create_round, open_round
from assessments.services.schemes import load_scheme
from gradingsite.jobs.models import Job
from orgs.services.people import system_actor
from tests.matrix_people import (
    BRANCHES,
    IN_THE_OTHER_ROUND,
    IN_THE_ROUND,
    OTHER,
    PARTIES,
    PEOPLE,
    READ,
    covering,
    parties,
)
from tests.village import FULL, NOW, Village, fill, open_grading, plant, reported, scan


@dataclass(frozen=True)
class Thing:
    """One thing a page can be about: its part of the address, who reaches it, who is which party to it."""

    scope: str
    kwargs: dict[str, Any]
    reach: frozenset[str]
    parties: dict[str, frozenset[str]] = field(default_factory=dict)
    query: str = ""

    def lets(self, only: str, name: str) -> bool:
        """Whether a person in reach has the role for it; ``only`` empty means everybody in reach."""
        words = only.split()
        return not words or any(name in self.parties.get(word, {word}) for word in words)


@contextmanager
def planted(blocker: Any) -> Iterator[Village]:
    """One village for a whole module, in a transaction that is rolled back at the module's end."""
    with blocker.unblock(), transaction.atomic():
        yield plant()
        transaction.set_rollback(True)


@dataclass
class World:
    """The village with a round running in both counties and the things pages are about."""

    village: Village
    rounds: dict[str, Round] = field(default_factory=dict)

    def things(self, kind: str) -> list[Thing]:
        """Things of a kind, one per scope."""
        if kind in KINDS:
            return KINDS[kind](self)
        return [thing for each in kind.split() for thing in KINDS[each](self)]

    def file(self, branch: str) -> Any:
        """The file of a branch, in whichever round it stands."""
        return self.rounds["other" if branch in OTHER else "own"].assessments.get(short_name=branch)


def settle(village: Village) -> World:
    """大村 reported, 中村 computed, the rest collecting; the neighbouring county has a round of its own."""
    open_grading(village)
    by, county = system_actor(), village.org["道山县"]
    scheme, _ = load_scheme(document=preset("guizhou-2012"), organisation=county, by=by, now=NOW)
    other = create_round(scheme=scheme, organisation=county, name="道山轮次", year=2026, by=by, now=NOW)
    open_round(round=other, by=by, now=NOW)
    reported(village, "大村")
    fill(village, "中村", FULL)
    assert village.round is not None
    return World(village, {"own": village.round, "other": other})


def _organisations(world: World) -> list[Thing]:
    scopes = {
        "own": "大村",
        "cousin": "河村",
        "parent": "旺草镇",
        "above": "绥山县",
        "other": "东村",
    }
    return [
        Thing(scope, {"code": world.village.org[name].code}, covering(name)) for scope, name in scopes.items()
    ]


FILES = {"own": "大村", "sibling": "中村", "cousin": "河村", "other": "东村"}


def _files(world: World) -> list[Thing]:
    return [
        Thing(scope, {"pk": world.file(name).pk}, covering(name), parties(name))
        for scope, name in FILES.items()
    ]


def _tracks(world: World) -> list[Thing]:
    return [
        Thing(scope, {"pk": world.file(name).tracks.get(source="self").pk}, covering(name), parties(name))
        for scope, name in FILES.items()
    ]


def _ballots(world: World) -> list[Thing]:
    return [
        Thing(scope, {"pk": world.file(name).tracks.get(source="members").pk}, covering(name), parties(name))
        for scope, name in FILES.items()
    ]


def _scans(world: World) -> list[Thing]:
    """A self-assessment's signed paper of each file."""
    found = []
    for scope, name in FILES.items():
        if not world.file(name).scans.filter(step="self").exists():
            scan(world.village, world.file(name), "self")
        held = world.file(name).scans.filter(step="self").first()
        found.append(Thing(scope, {"pk": held.pk}, covering(name), parties(name)))
    return found


def _sheets(world: World) -> list[Thing]:
    found = []
    for scope, name in FILES.items():
        sheet = Sheet.objects.filter(assessment=world.file(name), source="superior").first()
        assert sheet is not None
        found.append(Thing(scope, {"pk": sheet.pk}, covering(name), parties(name)))
    own = Sheet.objects.filter(assessment=world.file("大村"), rater=world.village.person["rater"]).first()
    assert own is not None
    mine = {"MINE": frozenset({"rater"})}
    return [*found, Thing("rated", {"pk": own.pk}, covering("大村") | {"rater"}, parties("大村") | mine)]


def _rounds(world: World) -> list[Thing]:
    return [
        Thing("own", {"pk": world.rounds["own"].pk}, IN_THE_ROUND, {"DEP": frozenset({"county"})}),
        Thing(
            "other",
            {"pk": world.rounds["other"].pk},
            IN_THE_OTHER_ROUND,
            {"DEP": frozenset({"other_county"})},
        ),
    ]


def _units(world: World) -> list[Thing]:
    """A round and an organisation of it; the last two belong together in no way."""
    org, own, other = world.village.org, world.rounds["own"].pk, world.rounds["other"].pk
    found = [
        Thing(scope, {"pk": own, "code": org[name].code}, covering(name) & IN_THE_ROUND)
        for scope, name in (("own", "大村"), ("cousin", "河村"), ("above", "绥山县"))
    ]
    return [
        *found,
        Thing("other", {"pk": other, "code": org["东村"].code}, covering("东村")),
        Thing("crossed", {"pk": own, "code": org["东村"].code}, frozenset()),
        Thing("crossed back", {"pk": other, "code": org["大村"].code}, frozenset()),
    ]


def _desks(world: World) -> list[Thing]:
    """A round and a deciding committee of it: reached by whoever covers a file of the committee."""
    org, own, other = world.village.org, world.rounds["own"].pk, world.rounds["other"].pk
    found = []
    for scope, pk, name in (("own", own, "旺草镇"), ("cousin", own, "蒲场镇"), ("other", other, "玉溪镇")):
        reach = frozenset().union(*(covering(branch) for branch, above in BRANCHES.items() if above == name))
        found.append(
            Thing(scope, {"pk": pk, "code": org[name].code}, reach, PARTIES[name] | {"READ": READ[name]})
        )
    return [
        *found,
        Thing("crossed", {"pk": own, "code": org["玉溪镇"].code}, frozenset()),
        Thing("crossed back", {"pk": other, "code": org["旺草镇"].code}, frozenset()),
    ]


def _committees(world: World) -> list[Thing]:
    """The same with the committee named behind the question mark."""
    return [
        replace(one, kwargs={"pk": one.kwargs["pk"]}, query=f"?committee={one.kwargs['code']}")
        for one in _desks(world)
    ]


def _rated(world: World) -> list[Thing]:
    """A round without a committee: the rater's own sheets, the first committee for those who read one."""
    readers = READ["旺草镇"] | READ["蒲场镇"]
    roles = {"READ": readers, "RAT": frozenset({"rater"})}
    return [Thing("rated", {"pk": world.rounds["own"].pk}, IN_THE_ROUND, roles)]


def _self(world: World) -> list[Thing]:
    """A round as the secretary of a branch in it sees it."""
    secretaries = frozenset({"secretary", "secretary2"})
    return [Thing("own", {"pk": world.rounds["own"].pk}, IN_THE_ROUND, {"SEC": secretaries})]


def _any_round(world: World) -> list[Thing]:
    return [Thing("", {}, IN_THE_ROUND | IN_THE_OTHER_ROUND)]


def _schemes(world: World) -> list[Thing]:
    """A scheme is read by its issuer's line: below it, and above it."""
    own, other = world.rounds["own"].scheme_id, world.rounds["other"].scheme_id
    return [
        Thing("own", {"pk": own}, IN_THE_ROUND, {"DEP": frozenset({"county"})}),
        Thing("other", {"pk": other}, IN_THE_OTHER_ROUND, {"DEP": frozenset({"other_county"})}),
    ]


def _people(world: World) -> list[Thing]:
    return [Thing("clerk", {"pk": world.village.person["clerk"].pk}, frozenset(PEOPLE))]


def _posts(world: World) -> list[Thing]:
    return [Thing("liaison", {"pk": world.village.person["liaison"].posts.get().pk}, frozenset(PEOPLE))]


def _jobs(world: World) -> list[Thing]:
    job, _ = Job.objects.get_or_create(
        kind="export_ledger", owner=world.village.person["clerk"], label="台账", defaults={"params": {}}
    )
    return [Thing("clerk", {"pk": job.pk}, frozenset({"clerk"}))]


KINDS: dict[str, Callable[[World], list[Thing]]] = {
    "": lambda world: [Thing("", {}, frozenset(PEOPLE))],
    "organisation": _organisations,
    "file": _files,
    "track": _tracks,
    "ballot": _ballots,
    "scan": _scans,
    "sheet": _sheets,
    "round": _rounds,
    "unit": _units,
    "committee": _committees,
    "desk": _desks,
    "rated": _rated,
    "self": _self,
    "any round": _any_round,
    "scheme": _schemes,
    "person": _people,
    "post": _posts,
    "job": _jobs,
}
