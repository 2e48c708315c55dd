"""Ways through the tree as pages show them: breadcrumbs, and the path that tells namesakes apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from orgs.actor import Actor
from orgs.categories import Tier
from orgs.models import Organisation
from orgs.naming import initials
from orgs.reach import Reach
from orgs.roles import AdminRole


@dataclass(frozen=True)
class Crumb:
    """One level of a breadcrumb; without an address it is plain text."""

    label: str
    url: str = ""


def crumbs(organisation: Organisation, reach: Reach, *, last: str = "") -> list[Crumb]:
    """From the province down to the organisation; levels out of reach carry no address. One query.

    :param last: words of a page below the organisation; the organisation then is a link too.
    """
    above = Organisation.objects.filter(pk__in=organisation.ancestor_ids()).order_by("tree_id", "lft")
    found = [_crumb(unit, reach) for unit in above]
    if last:
        return [*found, _crumb(organisation, reach), Crumb(last)]
    return [*found, Crumb(organisation.short_name)]


def _crumb(unit: Organisation, reach: Reach) -> Crumb:
    if not reach.covers(unit.path, unit.pk):
        return Crumb(unit.short_name)
    return Crumb(unit.short_name, reverse("orgs:card", args=[unit.code]))


@dataclass(frozen=True)
class Hit:
    """A name with the part that was searched for: before it, it, after it."""

    before: str
    found: str
    after: str


def hit(name: str, words: str) -> Hit:
    """Where ``words`` (their first word) stand in a name, as written or as pinyin initials; nowhere: all before."""
    word = (words.split() or [""])[0].lower()
    at = name.lower().find(word) if word else -1
    if at < 0 and word and len(initials(name)) == len(name):
        at = initials(name).find(word)
    if at < 0 or not word:
        return Hit(name, "", "")
    return Hit(name[:at], name[at : at + len(word)], name[at + len(word) :])


def path_words(organisations: Iterable[Organisation], *, from_tier: Tier = Tier.COUNTY) -> dict[int, str]:
    """For each organisation the short names above it, 「绥阳县 / 教育工委」, by id; one query for all.

    :param from_tier: the highest tier named; what stands above it goes without saying.
    """
    wanted = list(organisations)
    ids = {pk for unit in wanted for pk in unit.ancestor_ids()}
    rows = Organisation.objects.filter(pk__in=ids, tier__gte=from_tier).order_by()
    names = dict(rows.values_list("pk", "short_name"))
    return {unit.pk: " / ".join(names[pk] for pk in unit.ancestor_ids() if pk in names) for unit in wanted}


def post_words(actor: Actor) -> list[str]:
    """The person's posts in words, 「旺草镇 乡镇党务干部」; for an administrator which of the three."""
    if actor.reach.admin_role:
        return [AdminRole(actor.reach.admin_role).label]
    ids = {span.organisation_id for span in actor.reach.spans}
    names = dict(Organisation.objects.filter(pk__in=ids).order_by().values_list("pk", "short_name"))
    return [f"{names.get(span.organisation_id, '')} {span.role.label}" for span in actor.reach.spans]
