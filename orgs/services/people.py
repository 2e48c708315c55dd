"""Accounts, posts, handover and deputies; and the reach that follows from posts."""

from __future__ import annotations

import datetime as dt

from orgs.actor import Actor
from orgs.models import Person, Post, PostListing
from orgs.reach import Reach, Span
from orgs.roles import Extent, Role


def reach_of(person: Person, *, on: dt.date) -> Reach:
    """What the person covers on the day: two queries, whatever the number of posts. Administrators cover nothing."""
    if not person.is_active or person.admin_role:
        return Reach(person_id=person.pk, admin_role=person.admin_role if person.is_active else "")
    rows = list(
        Post.objects.filter(person=person)
        .held_on(on)
        .order_by("pk")
        .values_list("pk", "role", "organisation_id", "organisation__path")
    )
    wanted = [pk for pk, role, _, _ in rows if Role(role).extent is Extent.LISTED]
    listed: dict[int, set[int]] = {}
    if wanted:
        for post_id, organisation_id in PostListing.objects.filter(post__in=wanted).values_list(
            "post_id", "organisation_id"
        ):
            listed.setdefault(post_id, set()).add(organisation_id)
    spans = tuple(
        Span(pk, Role(role), organisation_id, path, frozenset(listed.get(pk, ())))
        for pk, role, organisation_id, path in rows
    )
    return Reach(person_id=person.pk, spans=spans)


def acting(person: Person, *, on: dt.date, via: str = "web") -> Actor:
    """The person with today's reach."""
    return Actor(person, reach_of(person, on=on), via)


def system_actor(*, via: str = "command") -> Actor:
    """The software itself; authority over everything, owner of nothing."""
    person = Person.objects.system()
    return Actor(person, Reach(person_id=person.pk, everything=True), via)
