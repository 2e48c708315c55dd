"""Rules the matrices share: who covers what and who may do what, written down by hand, not asked of the code under test.

A new address is one line in ``RULES``: what it is about, whether it is a page, a form or a button, and whom it lets in.
Capitals are parties to the thing at hand (flow.md: SEC LIA CLK COM DEP UP RAT), small words are people of the village.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.matrix_people import DEPARTMENTS, READERS, STAFF


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
