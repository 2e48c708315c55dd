"""Reach: what one person covers, as a value read once per request.

A post in a SUBTREE role covers every organisation whose ``path`` begins with the post's own; an OWN role covers just
its organisation; a LISTED role the organisations listed for the post. Related raters (ASSIGNED) cover no organisation:
they reach only the sheets given to them. Paths are strings of ancestor ids, ``/1/12/345/``, compared as a range, which
one index answers on both databases and which never goes stale when a neighbour is inserted, as lft/rght do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from orgs.roles import Extent, Role


def path_range(path: str) -> tuple[str, str]:
    """Half-open range of the paths at and below ``path`` (which ends with a slash; ``0`` follows ``/``)."""
    return path, path[:-1] + "0"


def at_or_below(path: str, field: str = "path") -> Q:
    """Condition: the row's ``field`` is ``path`` itself or below it."""
    low, high = path_range(path)
    return Q(**{f"{field}__gte": low, f"{field}__lt": high})


NOTHING = Q(pk__in=())


@dataclass(frozen=True)
class Span:
    """One post seen as authority: a role at an organisation and what it covers today."""

    post_id: int
    role: Role
    organisation_id: int
    path: str
    listed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Reach:
    """Everything one person covers. ``everything`` is the software itself and the command line, never a person."""

    person_id: int
    spans: tuple[Span, ...] = ()
    admin_role: str = ""
    everything: bool = False

    def of_roles(self, roles: Iterable[Role]) -> tuple[Span, ...]:
        """The spans whose role is one of ``roles``."""
        wanted = frozenset(roles)
        return tuple(span for span in self.spans if span.role in wanted)

    def holds(self, role: Role, organisation_id: int) -> bool:
        """Whether a post of ``role`` stands exactly at the organisation."""
        return any(span.role is role and span.organisation_id == organisation_id for span in self.spans)

    def holds_any(self, roles: Iterable[Role]) -> bool:
        """Whether some post carries one of ``roles``, wherever it stands."""
        return bool(self.of_roles(roles))

    def lists(self, role: Role, organisation_id: int) -> bool:
        """Whether a post of ``role`` lists the organisation."""
        return any(span.role is role and organisation_id in span.listed for span in self.spans)

    def listed_ids(self) -> frozenset[int]:
        """Organisations reached one by one: listed ones and one's own in an OWN role."""
        ids: set[int] = set()
        for span in self.spans:
            if span.role.extent is Extent.LISTED:
                ids |= span.listed
            elif span.role.extent is Extent.OWN:
                ids.add(span.organisation_id)
        return frozenset(ids)

    def subtree_spans(self) -> tuple[Span, ...]:
        """The spans that cover a whole subtree."""
        return tuple(span for span in self.spans if span.role.extent is Extent.SUBTREE)

    def organisations(self, field: str = "path", key: str = "pk", roles: Iterable[Role] | None = None) -> Q:
        """Condition on an organisation: ``field`` names its path, ``key`` its id; ``roles`` narrows to those posts."""
        if self.everything:
            return Q()
        spans = self.spans if roles is None else self.of_roles(roles)
        narrowed = Reach(self.person_id, spans)
        condition = (
            Q(**{f"{key}__in": sorted(narrowed.listed_ids())})
            if narrowed.listed_ids()
            else Q(**{f"{key}__in": ()})
        )
        for span in narrowed.subtree_spans():
            condition |= at_or_below(span.path, field)
        return condition

    def covers(self, path: str, organisation_id: int, roles: Iterable[Role] | None = None) -> bool:
        """Whether the organisation with this ``path`` is covered (by a post in one of ``roles``, when given)."""
        if self.everything:
            return True
        narrowed = Reach(self.person_id, self.spans if roles is None else self.of_roles(roles))
        return organisation_id in narrowed.listed_ids() or any(
            path.startswith(span.path) for span in narrowed.subtree_spans()
        )
