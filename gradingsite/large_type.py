"""大字版: one switch per browser, kept in a cookie so that the server can render it without a flash."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from gradingsite.context import LARGE_TYPE_COOKIE

TWO_YEARS = 2 * 365 * 24 * 3600


@login_not_required
@require_POST
def switch_large_type(request: HttpRequest) -> HttpResponse:
    """Turn large type on or off in this browser and go back to the page one came from."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    on = request.COOKIES.get(LARGE_TYPE_COOKIE) == "1"
    response = HttpResponseRedirect(back)
    response.set_cookie(
        LARGE_TYPE_COOKIE,
        "0" if on else "1",
        max_age=TWO_YEARS,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response
