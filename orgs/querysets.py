"""Questions asked of accounts and of the tree that pages share; each a fixed number of queries."""

from __future__ import annotations

import datetime as dt

from django.db.models import Case, Exists, F, Func, IntegerField, OuterRef, Prefetch, Q, Subquery, Value, When
from django.db.models.functions import Concat, Length, Substr
from django.db.models.query import QuerySet

from orgs.categories import Form
from orgs.models import Organisation, Person, Post
from orgs.models.people import SYSTEM_USERNAME
from orgs.reach import Reach
from orgs.roles import AdminRole


def people(
    *, q: str = "", role: str = "", state: str = "", today: dt.date, now: dt.datetime
) -> QuerySet[Person]:
    """Accounts that fit the filter, by name, with ``held`` (posts in force today) and ``is_locked``."""
    held = Post.objects.held_on(today).select_related("organisation").order_by("pk")
    found = (
        Person.objects.exclude(username=SYSTEM_USERNAME)
        .annotate(is_locked=Case(When(locked_until__gt=now, then=Value(1)), default=Value(0)))
        .prefetch_related(Prefetch("posts", queryset=held, to_attr="held"))
        .order_by("name", "pk")
    )
    for word in q.split():
        found = found.filter(
            Q(name__icontains=word) | Q(username__icontains=word) | Q(phone__startswith=word)
        )
    if role in set(AdminRole):
        found = found.filter(admin_role=role)
    elif role:
        found = found.filter(Exists(Post.objects.held_on(today).filter(person=OuterRef("pk"), role=role)))
    conditions = {
        "on": Q(is_active=True),
        "off": Q(is_active=False),
        "locked": Q(is_locked=1),
        "new": Q(is_active=True, must_change_password=True),
    }
    return found.filter(conditions[state]) if state in conditions else found


def _branches_below() -> QuerySet[Organisation]:
    """How many branches in being are at and below an outer organisation: one range of one index."""
    end = Concat(Substr(OuterRef("path"), 1, Length(OuterRef("path")) - 1), Value("0"))
    below = Organisation.objects.filter(
        form=Form.BRANCH, is_active=True, path__gte=OuterRef("path"), path__lt=end
    ).order_by()
    return below.annotate(number=Func(F("pk"), function="COUNT")).values("number")


def nodes(reach: Reach) -> QuerySet[Organisation]:
    """Organisations in being and in reach, in the tree's order, each with ``has_children`` and ``branch_count``.

    Children are those in reach. The count is None where the reach doesn't cover what is below; where it does, asking
    for the reach again would only mislead the database's choice of an index.
    """
    children = Organisation.objects.active().within(reach).filter(parent=OuterRef("pk")).order_by()
    count = Subquery(_branches_below(), output_field=IntegerField())
    subtrees = Reach(reach.person_id, reach.subtree_spans(), everything=reach.everything)
    covered = subtrees.organisations() or Q(pk__isnull=False)
    return (
        Organisation.objects.active()
        .within(reach)
        .annotate(branch_count=Case(When(covered, then=count), default=None), has_children=Exists(children))
        .in_order()
    )


def roots(reach: Reach) -> list[Organisation]:
    """Where the person's tree begins: what is in reach while its parent is not."""
    ids = {span.organisation_id for span in reach.subtree_spans()} | reach.listed_ids()
    found = nodes(reach).filter(pk__in=ids) if not reach.everything else nodes(reach).filter(parent=None)
    return [unit for unit in found if not _has_parent_in(reach, unit)]


def _has_parent_in(reach: Reach, unit: Organisation) -> bool:
    if unit.parent_id is None:
        return False
    return reach.covers(unit.path.removesuffix(f"{unit.pk}/"), unit.parent_id)


def found_by(words: str, *, reach: Reach) -> QuerySet[Organisation]:
    """Organisations in being and in reach that match; those whose short name or code begins so come first."""
    first = words.split()[0] if words.split() else ""
    nearness = Case(
        When(Q(code=first) | Q(short_name=first), then=Value(0)),
        When(Q(short_name__startswith=first) | Q(pinyin__startswith=first.lower()), then=Value(1)),
        default=Value(2),
    )
    return (
        Organisation.objects.active().within(reach).search(words).order_by(nearness, "tier", "tree_id", "lft")
    )


def listed_organisations(
    *,
    reach: Reach,
    q: str = "",
    unit: Organisation | None = None,
    category: str = "",
    sector: object = None,
    active: str = "",
) -> QuerySet[Organisation]:
    """Organisations in reach that fit the filter of the list page, in the tree's order."""
    found = Organisation.objects.within(reach).select_related("sector").search(q).in_order()
    if unit is not None:
        found = found.below(unit)
    if category:
        found = found.filter(category=category)
    if sector:
        found = found.filter(sector=sector)
    return found if active == "all" else found.filter(is_active=active != "gone")
