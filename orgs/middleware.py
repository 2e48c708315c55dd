"""Who is asking: the actor read afresh for each request, and what stands before any other page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from orgs.actor import Actor
from orgs.navigation import post_words
from orgs.sections import navigation
from orgs.services.people import acting

Handler = Callable[[HttpRequest], HttpResponseBase]

# What a person may open before the first password is changed.
BEFORE_PASSWORD = frozenset({"change_password", "sign_out", "sign_in", "large_type"})


class ActorMiddleware:
    """Sets ``request.actor``; signs out the disabled; leads to the change of the first password.

    The actor is read from the database once in a request, when first asked for: a post withdrawn a moment ago gives
    no authority (security.md). For a request without a person it is None.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Attach the actor and pass on."""
        if not request.user.is_authenticated and SESSION_KEY in request.session:
            # Disabled, or the password changed elsewhere: nothing of the session may live on.
            logout(request)
        request.actor = None
        if request.user.is_authenticated:
            request.actor = SimpleLazyObject(lambda: actor_of(request))
            request.nav = SimpleLazyObject(lambda: navigation(request))
            request.post_words = SimpleLazyObject(lambda: post_words(request.actor))
            request.unit_words = SimpleLazyObject(lambda: next(iter(request.post_words), ""))
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Lead a person with a handed-out password to its change, whatever page was asked for."""
        match = request.resolver_match
        if not request.user.is_authenticated or not request.user.must_change_password:
            return None
        if match is not None and match.view_name in BEFORE_PASSWORD:
            return None
        where = reverse("change_password")
        if request.htmx:
            return HttpResponse(headers={"HX-Redirect": where})
        return HttpResponseRedirect(where)


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person with the reach of today."""
    return acting(request.user, on=timezone.localdate())
