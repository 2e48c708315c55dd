"""The sections of the site's navigation: each room names its own in ``AppConfig.ready()``, a person sees the useful ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from gradingsite.context import NavItem
from orgs.roles import AdminRole

if TYPE_CHECKING:
    from orgs.actor import Actor


@dataclass(frozen=True)
class Section:
    """One entry of the navigation.

    :param order: place from left to right; 待办 10, 进度 20, 核准 30, 方案 40, 整改 50, 回头看 60, 述职 70, 台账 80,
        组织 90, 人员 95, 留痕 99.
    :param shown: whether this actor has a use for it.
    :param prefix: addresses that belong to it; its own when empty.
    :param views: view names that belong to it wherever their addresses stand; they count before any prefix.
    :param count: dotted path of ``f(actor) -> int``: how much waits behind it.
    """

    order: int
    label: str
    url_name: str
    shown: Callable[[Actor], bool]
    prefix: str = ""
    count: str = ""
    views: frozenset[str] = frozenset()


_sections: dict[str, Section] = {}


def add_section(section: Section) -> None:
    """Put a section in the navigation; one of the same label is replaced."""
    _sections[section.label] = section


def navigation(request: HttpRequest, known: Mapping[str, int] | None = None) -> list[NavItem]:
    """What the person asking sees on top of every page.

    :param known: counts the page has worked out already, by the name of the section's address.
    """
    counted = known or {}
    found = []
    match = request.resolver_match
    asked = match.view_name if match else ""
    owner = next((section for section in _sections.values() if asked in section.views), None)
    for section in sorted(_sections.values(), key=lambda section: section.order):
        try:
            url = reverse(section.url_name)
        except NoReverseMatch:
            continue
        if section.shown(request.actor):
            prefix = section.prefix or url
            here = request.path == url if prefix == "/" else request.path.startswith(prefix)
            if owner is not None:
                here = section is owner
            found.append(
                NavItem(
                    section.label,
                    url,
                    _count(section, request, counted),
                    here,
                )
            )
    return found


def _count(section: Section, request: HttpRequest, known: Mapping[str, int]) -> int:
    if section.url_name in known or not section.count:
        return known.get(section.url_name, 0)
    number: int = import_string(section.count)(request.actor)
    return number


def has_reach(actor: Actor) -> bool:
    """Whether the actor covers any organisation."""
    return actor.reach.everything or bool(actor.reach.subtree_spans() or actor.reach.listed_ids())


def is_official(actor: Actor) -> bool:
    """Whether the actor holds any post: work may wait even where no organisation is covered."""
    return actor.reach.everything or bool(actor.reach.spans)


def is_one_of(*roles: AdminRole) -> Callable[[Actor], bool]:
    """Whether the actor is one of these administrators."""
    return lambda actor: actor.reach.admin_role in roles


def add_own_sections() -> None:
    """This room's sections, and the trail's, which knows no persons."""
    add_section(Section(90, "组织", "orgs:index", has_reach, prefix="/orgs/"))
    keepers = is_one_of(AdminRole.SYSTEM, AdminRole.SECURITY)
    add_section(Section(95, "人员", "orgs:people", keepers, prefix="/people/"))
    add_section(Section(99, "留痕", "trail:list", is_one_of(AdminRole.AUDIT)))
