"""Rules the matrices share: who covers what and who may do what, written down by hand, not asked of the code under test.

A new address is one line in ``RULES``: what it is about, whether it is a page, a form or a button, and whom it lets in.
Capitals are parties to the thing at hand (flow.md: SEC LIA CLK COM DEP UP RAT), small words are people of the village.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver

from assessments.models import Round, Sheet
from assessments.rules import preset
from assessments.services.rounds import create_round, open_round
from assessments.services.schemes import load_scheme
from gradingsite.jobs.models import Job
from orgs.services.people import system_actor
from tests.village import FULL, NOW, Village, fill, open_grading, plant, reported, scan

# One of each kind of person; a second one at the same place is there for "other than", not for reach.
PEOPLE = (
    "secretary", "secretary2", "liaison", "clerk", "clerk_pu", "rater", "committee", "minister", "county", "city",
    "province", "supervisor", "leader", "cadre", "office", "other_county", "other_clerk", "system", "security",
    "audit", "nobody",
)  # fmt: skip

WANGCAO = frozenset({"旺草镇", "大村", "中村", "小村"})
PUCHANG = frozenset({"蒲场镇", "河村"})
OTHER = frozenset({"道山县", "玉溪镇", "东村"})
COUNTY = WANGCAO | PUCHANG | {"绥山县", "县直机关工委", "县委办总支", "县委办一支部"}
CITY = COUNTY | OTHER | {"遵山市"}
COVERS: dict[str, frozenset[str]] = {
    "secretary": frozenset({"大村"}),
    "secretary2": frozenset({"中村"}),
    "liaison": frozenset({"大村", "中村"}),
    "clerk": WANGCAO,
    "committee": WANGCAO,
    "clerk_pu": PUCHANG,
    "committee_pu": PUCHANG,
    "minister": COUNTY,
    "county": COUNTY,
    "city": CITY,
    "province": CITY | {"贵山省"},
    "supervisor": frozenset({"蒲场镇", "小村"}),
    "leader": frozenset({"大村"}),
    "cadre": frozenset({"旺草镇"}),
    "office": frozenset({"旺草镇"}),
    "other_county": OTHER,
    "other_clerk": frozenset({"玉溪镇", "东村"}),
    "other_secretary": frozenset({"东村"}),
}
BRANCHES = {"大村": "旺草镇", "中村": "旺草镇", "小村": "旺草镇", "河村": "蒲场镇", "东村": "玉溪镇"}
ABOVE = {"旺草镇": "绥山县", "蒲场镇": "绥山县", "绥山县": "遵山市", "玉溪镇": "道山县", "道山县": "遵山市"}
# Parties to the files of a committee; SEC and LIA go by the branch.
PARTIES: dict[str, dict[str, frozenset[str]]] = {
    "旺草镇": {"CLK": frozenset({"clerk"}), "COM": frozenset({"committee"}), "DEP": frozenset({"county"})},
    "蒲场镇": {
        "CLK": frozenset({"clerk_pu"}),
        "COM": frozenset({"committee_pu"}),
        "DEP": frozenset({"county"}),
    },
    "玉溪镇": {"CLK": frozenset({"other_clerk"}), "COM": frozenset(), "DEP": frozenset({"other_county"})},
}
SECRETARIES = {"大村": "secretary", "中村": "secretary2", "东村": "other_secretary"}
IN_THE_ROUND = frozenset(PEOPLE) - {
    "other_county", "other_clerk", "other_secretary", "system", "security", "audit", "nobody",
}  # fmt: skip
IN_THE_OTHER_ROUND = frozenset({"city", "province", "other_county", "other_clerk", "other_secretary"})
STAFF = "clerk clerk_pu other_clerk"
READERS = f"{STAFF} committee committee_pu minister"
DEPARTMENTS = "county city province other_county"


def covering(unit: str) -> frozenset[str]:
    """Who covers an organisation or the file of a branch."""
    return frozenset(name for name, units in COVERS.items() if unit in units)


def hidden_from(name: str) -> frozenset[str]:
    """Short names a person may not read: neither covered, nor above what is, nor of a file he rates."""
    seen = set(COVERS.get(name, ())) | ({"大村", "中村"} if name == "rater" else set())
    for unit in list(seen):
        while unit := BRANCHES.get(unit) or ABOVE.get(unit, ""):
            seen.add(unit)
    return (frozenset(BRANCHES) | set(BRANCHES.values()) | {"道山县"}) - seen


def parties(branch: str) -> dict[str, frozenset[str]]:
    """Who is which party to a branch's file."""
    found = dict(PARTIES[BRANCHES[branch]])
    found["SEC"] = frozenset({SECRETARIES[branch]}) if branch in SECRETARIES else frozenset()
    found["LIA"] = frozenset({"liaison"}) if branch in ("大村", "中村") else frozenset()
    found["UP"] = frozenset({"city", "province"})
    below = (
        frozenset() if branch == "大村" else found["CLK"] | found["COM"]
    )  # 大村 is reported, the rest held below
    found["RETURNING"] = found["DEP"] | found["UP"] | below
    found["RAT"] = frozenset({"rater"}) if branch in ("大村", "中村") else frozenset()
    return found


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


@dataclass(frozen=True)
class Rule:
    """What one address answers. ``methods`` are those it knows; ``only`` may see, ``acts`` may post.

    ``state_first``: where the thing stands is asked before the role, so that somebody in reach may be refused, too.
    ``leaks``: accounts and posts, where an administrator reads the names of units he doesn't cover.
    ``by_token`` addresses name a file one has just uploaded: whoever else asks finds nothing.
    """

    methods: str
    about: str = ""
    only: str = ""
    acts: str = ""
    fixed: dict[str, Any] = field(default_factory=dict)
    by_token: bool = False
    signed_out: bool = False
    leaks: bool = False
    state_first: bool = False


def page(about: str = "", only: str = "", *, leaks: bool = False, **fixed: Any) -> Rule:
    """An address that is only read."""
    return Rule("GET", about, only, only, fixed, leaks=leaks)


def button(about: str = "", only: str = "", *, state_first: bool = False, **fixed: Any) -> Rule:
    """An address that is only posted to."""
    return Rule("POST", about, only, only, fixed, state_first=state_first)


def form(about: str = "", only: str = "", acts: str = "", *, leaks: bool = False, **fixed: Any) -> Rule:
    """A page with its form; ``acts`` where fewer may post than may see."""
    return Rule("GET POST", about, only, acts or only, fixed, leaks=leaks)


def by_token(methods: str, about: str = "", **fixed: Any) -> Rule:
    """An address naming a file just uploaded."""
    return Rule(methods, about, fixed=fixed, by_token=True)


def signed_out(methods: str) -> Rule:
    """An address for those not signed in."""
    return Rule(methods, signed_out=True)


RULES: dict[str, Rule] = {
    "sign_in": signed_out("GET POST"),
    "demo_sign_in": signed_out("POST"),
    "large_type": signed_out("POST"),
    "sign_out": button(),
    "change_password": form(),
    # organisations
    "orgs:index": page(),
    "orgs:search": page(),
    "orgs:options": page(),
    "orgs:list": page(),
    "orgs:list_export": page(),
    "orgs:card": page("organisation"),
    "orgs:children": page("organisation"),
    "orgs:add": form("organisation", DEPARTMENTS),
    "orgs:rename": form("organisation", DEPARTMENTS),
    "orgs:edit": form("organisation", DEPARTMENTS),
    "orgs:move": form("organisation", DEPARTMENTS),
    "orgs:merge": form("organisation", DEPARTMENTS),
    "orgs:dissolve": form("organisation", DEPARTMENTS),
    "orgs:import": form("", DEPARTMENTS),
    "orgs:import_template": page("", DEPARTMENTS),
    "orgs:import_preview": by_token("GET"),
    "orgs:import_marked": by_token("GET"),
    "orgs:import_confirm": by_token("POST"),
    # accounts and posts
    "orgs:people": page("", "system security", leaks=True),
    "orgs:people_export": page("", "system security", leaks=True),
    "orgs:person_add": form("", "system"),
    "orgs:person_options": page("", "security", leaks=True),
    "orgs:organisation_options": page("", "security", leaks=True),
    "orgs:people_import": form("", "system"),
    "orgs:people_import_template": page("", "system"),
    "orgs:people_import_preview": by_token("GET"),
    "orgs:people_import_confirm": by_token("POST"),
    "orgs:person": page("person", "system security", leaks=True),
    "orgs:person_edit": form("person", "system"),
    "orgs:person_reset": form("person", "system"),
    "orgs:person_disable": form("person", "system"),
    "orgs:person_enable": button("person", "system"),
    "orgs:person_admin_role": form("person", "security", leaks=True),
    "orgs:post_grant": form("person", "security", leaks=True),
    "orgs:post_end": form("post", "security", leaks=True),
    "orgs:post_hand_over": form("post", "security", leaks=True),
    "orgs:post_deputy": form("post", "security", leaks=True),
    "orgs:post_listed": form("post", "security", leaks=True),
    # grading
    "home": page(),
    "assessments:why": page("file"),
    "assessments:progress": page(),
    "assessments:rounds": page(),
    "assessments:round_add": form("", DEPARTMENTS),
    "assessments:round": page("round"),
    "assessments:round_dates": form("round", "DEP"),
    "assessments:round_open": form("round", "DEP"),
    "assessments:round_close": form("round", "DEP"),
    "assessments:round_admit": form("round", "DEP"),
    "assessments:round_files": page("round"),
    "assessments:round_files_export": page("round"),
    "assessments:chase": page("round", f"{READERS} {DEPARTMENTS}"),
    "assessments:scores": page("any round"),
    "assessments:grid": page("committee rated", "READ RAT", source="related"),
    "assessments:grid_save": button("committee rated", "READ RAT", source="related"),
    "assessments:grid_submit": button("committee rated", "READ RAT", source="related"),
    "assessments:guide": page("round", source="related"),
    "assessments:entry_files": form("committee", "CLK", source="superior"),
    "assessments:entry_template": page("committee", "CLK", source="superior"),
    "assessments:entry_preview": by_token("GET", "committee", source="superior"),
    "assessments:entry_confirm": by_token("POST", "committee", source="superior"),
    "assessments:sheet": form("sheet", "CLK COM DEP UP MINE", "CLK MINE"),
    "assessments:sheet_take_back": button("sheet", "SUBMITTER", state_first=True),
    "assessments:sheet_release": button("sheet", "CLK"),
    "assessments:self_sheet": page("self", "SEC"),
    "assessments:confirmations": page("round", f"liaison {READERS} {DEPARTMENTS}"),
    "assessments:mine": page("round"),
    "assessments:raters": form("round", f"{STAFF} {DEPARTMENTS}", f"{STAFF} DEP"),
    "assessments:track": page("track"),
    "assessments:track_confirm": button("track", "LIA CLK", state_first=True),
    "assessments:track_send_back": button("track", "LIA CLK COM", state_first=True),
    "assessments:track_seal": button("track", "SEC CLK"),
    "assessments:approve": page("round", DEPARTMENTS),
    "assessments:approvals": page("any round"),
    "assessments:decisions": page("any round"),
    "assessments:leniency": page("round", DEPARTMENTS),
    "assessments:approve_committee": page("desk", DEPARTMENTS),
    "assessments:take_up": button("desk", "DEP"),
    "assessments:approve_files": button("desk", "DEP"),
    "assessments:approve_notice": form("desk", "DEP"),
    "assessments:return": form("file", "RETURNING"),
    "assessments:return_effects": page("file", "RETURNING"),
    "assessments:ungraded": form("file", "DEP"),
    "assessments:decide": form("committee", "READ", "CLK"),
    "assessments:decide_quotas": page("committee", "READ"),
    "assessments:decide_minutes": page("committee", "READ"),
    "assessments:decide_act": form("committee", "COM", name="sign"),
    "assessments:ledgers": page(),
    "assessments:ledger": page("unit", name="grading"),
    "assessments:ledger_file": button("unit", name="grading"),
    "assessments:polls_now": page("", f"{READERS} {DEPARTMENTS}"),
    "assessments:polls": page("round", f"{READERS} {DEPARTMENTS}"),
    "assessments:poll": form("ballot", "CLK COM DEP UP minister", "CLK"),
    "assessments:scans": form("file", "SEC LIA CLK COM DEP UP minister", "SEC CLK DEP"),
    "assessments:scan": page("scan", "SEC LIA CLK COM DEP UP minister"),
    "assessments:import_upload": form("round", f"{STAFF} {DEPARTMENTS}"),
    "assessments:import_preview": by_token("GET", "round"),
    "assessments:import_report": by_token("GET", "round"),
    "assessments:import_confirm": by_token("POST", "round"),
    "assessments:schemes": page(),
    "assessments:scheme_import": form("", DEPARTMENTS),
    "assessments:scheme_start": button("", DEPARTMENTS, code="kangbao-2012"),
    "assessments:scheme": page("scheme"),
    "assessments:scheme_file": page("scheme"),
    "assessments:scheme_compare": page("scheme"),
    "assessments:scheme_refine": button("scheme", DEPARTMENTS),
    "assessments:scheme_revise": button("scheme", "DEP"),
    "assessments:scheme_freeze": form("scheme", "DEP"),
    "assessments:scheme_edit": page("scheme", "DEP"),
    "assessments:scheme_sectors": button("scheme", "DEP"),
    "assessments:scheme_part": button("scheme", "DEP", key="bands"),
    # files of one's own and the trail
    "jobs:list": page(),
    "jobs:progress": page("job"),
    "jobs:cancel": button("job"),
    "jobs:download": page("job"),
    "trail:list": page("", "audit", leaks=True),
    "trail:export": page("", "audit", leaks=True),
}


def addresses(resolver: Any = None, spaces: tuple[str, ...] = ()) -> Iterator[str]:
    """Names of every address the resolver knows; one without a name is given by its path."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from addresses(entry, inner)
        elif isinstance(entry, URLPattern):
            yield ":".join((*spaces, entry.name or f"<{entry.pattern}>"))


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


READ = {
    "旺草镇": frozenset({"clerk", "committee", "minister", "county", "city", "province"}),
    "蒲场镇": frozenset({"clerk_pu", "committee_pu", "minister", "county", "city", "province"}),
    "玉溪镇": frozenset({"other_clerk", "other_county", "city", "province"}),
}


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
