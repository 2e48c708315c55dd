"""What the pages of schemes read: which schemes concern a person, the sets a quota counts, versions beside one another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from assessments.models import Scheme
from assessments.rules import QuotaScope, SchemeRules, preset_codes, preset_rules
from assessments.services.rounds import deciding_committee
from orgs.categories import Tier
from orgs.models import Organisation
from orgs.reach import Reach
from orgs.roles import Role


@dataclass(frozen=True)
class Group:
    """Schemes that stand in the same relation to the person looking."""

    title: str
    note: str
    schemes: list[Scheme]


def own_organisations(reach: Reach) -> QuerySet[Organisation]:
    """Where one issues schemes: the committees in whose organisation department one serves."""
    ids = [span.organisation_id for span in reach.of_roles([Role.ORG_DEPARTMENT])]
    return Organisation.objects.filter(pk__in=ids).order_by("tier", "tree_id", "lft")


def groups(reach: Reach) -> list[Group]:
    """The newest version of every scheme one may read: one's own, those above, those shared, those below."""
    own = set(own_organisations(reach).values_list("pk", flat=True))
    found: dict[str, list[Scheme]] = {"own": [], "above": [], "shared": [], "below": []}
    schemes = Scheme.objects.within(reach).latest().select_related("organisation", "refines__organisation")
    for scheme in schemes.defer("document", "refines__document")[:500]:
        found[_relation(scheme, own, reach)].append(scheme)
    titles = (
        ("own", "本单位的方案", ""),
        ("above", "上级的方案", "可以细化成本单位的方案"),
        ("shared", "各单位共用的方案", "可以细化成本单位的方案"),
        ("below", "下级的方案", ""),
    )
    return [
        Group(title, note, found[key]) for key, title, note in titles if found[key] or (key == "own" and own)
    ]


def _relation(scheme: Scheme, own: set[int], reach: Reach) -> str:
    if scheme.organisation is None:
        return "shared"
    if scheme.organisation_id in own:
        return "own"
    return "below" if reach.covers(scheme.organisation.path, scheme.organisation.pk) else "above"


def presets() -> list[SchemeRules]:
    """The schemes that ship with the software, to start from."""
    return [preset_rules(code) for code in preset_codes()]


def versions(scheme: Scheme) -> QuerySet[Scheme]:
    """All versions of a scheme, newest first."""
    same = Scheme.objects.filter(code=scheme.code, organisation=scheme.organisation_id)
    return same.defer("document").order_by("-version")


def refinable_for(scheme: Scheme, reach: Reach) -> list[Organisation]:
    """The committees for which the person may refine a scheme: below its issuer, without one of the same code."""
    found = own_organisations(reach)
    if scheme.organisation is not None:
        found = found.filter(path__startswith=scheme.organisation.path).exclude(pk=scheme.organisation_id)
    having = Scheme.objects.filter(code=scheme.code).values("organisation")
    return list(found.exclude(pk__in=having.exclude(organisation=None)))


def sizes_of(organisation: Organisation | None, rules: SchemeRules) -> dict[QuotaScope, Any]:
    """How many branches the sets of each scope hold today. Empty above a county: counting would outlast the page."""
    if organisation is None or organisation.tier < Tier.COUNTY:
        return {}
    rows = Organisation.objects.below(organisation).active().select_related("sector").only(
        "path", "form", "tier", "sector__name"
    )  # fmt: skip
    known = {row.pk: row for row in rows}
    graded = [row for row in known.values() if row.form in {str(form) for form in rules.graded_forms}]
    committees: Counter[int] = Counter()
    for row in graded:
        committee = deciding_committee(row, known)
        if committee is not None:
            committees[committee.pk] += 1
    sectors = Counter(row.sector.name for row in graded if row.sector)
    return {
        QuotaScope.COMMITTEE: sorted(set(committees.values())),
        QuotaScope.ROUND: [len(graded)] if graded else [],
        QuotaScope.SECTOR: sorted(set(sectors.values())),
    }
