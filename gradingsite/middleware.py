"""What every request passes through: the health probe, the upload limit, session time limits, sign-in, refusals."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from gradingsite.lib.refusal import Conflict, Refused

Handler = Callable[[HttpRequest], HttpResponseBase]

PLAIN_TEXT = "text/plain; charset=utf-8"
HEALTH_PATH = "/healthz"
SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
# Writing the session on every click would make each read of a page a write; a minute's error is no matter.
SEEN_AT_STEP = timedelta(minutes=1)


def site_words(request: HttpRequest) -> dict[str, object]:
    """What every template may name: the site, whom to ask, and whether this is the demo or plain http."""
    return {
        "site_name": settings.SITE_NAME,
        "site_contact": settings.SITE_CONTACT,
        "site_demo": settings.SITE_DEMO,
        "site_plain_http": settings.SITE_PLAIN_HTTP,
    }


def health(get_response: Handler) -> Handler:
    """Answer ``/healthz``: 200 when the database answers, else 503. It tells nothing else."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path != HEALTH_PATH:
            return get_response(request)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError:
            return HttpResponse("database does not answer\n", status=503, content_type="text/plain")
        return HttpResponse("ok\n", content_type="text/plain")

    return middleware


def upload_limit(get_response: Handler) -> Handler:
    """Refuse a body longer than UPLOAD_MAX_BYTES before anything of it is read."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) <= settings.UPLOAD_MAX_BYTES:
            return get_response(request)
        megabytes = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
        return HttpResponse(
            f"上传的文件超过 {megabytes} MB，请分成几个文件再上传。",
            status=413,
            content_type="text/plain; charset=utf-8",
        )

    return middleware


def session_limits(get_response: Handler) -> Handler:
    """Sign a person out after 30 minutes without a request, and 12 hours after signing in whatever he does."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            now = timezone.now()
            if has_run_out(request, now=now):
                logout(request)
            else:
                note_seen(request, now=now)
        return get_response(request)

    return middleware


def has_run_out(request: HttpRequest, *, now: datetime) -> bool:
    """Whether the session is past its idle or its absolute limit at ``now``."""
    signed_in_at = read_time(request, SIGNED_IN_AT) or now
    seen_at = read_time(request, SEEN_AT) or now
    return now - seen_at > settings.SESSION_IDLE_LIMIT or now - signed_in_at > settings.SESSION_ABSOLUTE_LIMIT


def note_seen(request: HttpRequest, *, now: datetime) -> None:
    """Keep when this session began and when it was last used, to the minute."""
    if SIGNED_IN_AT not in request.session:
        request.session[SIGNED_IN_AT] = now.isoformat()
    seen_at = read_time(request, SEEN_AT)
    if seen_at is None or now - seen_at >= SEEN_AT_STEP:
        request.session[SEEN_AT] = now.isoformat()


def read_time(request: HttpRequest, name: str) -> datetime | None:
    """The time kept in the session under ``name``, if any."""
    kept = request.session.get(name)
    return datetime.fromisoformat(kept) if kept else None


def no_store(get_response: Handler) -> Handler:
    """Keep signed-in pages out of every cache, so that nothing is left behind the back button after signing out."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        signed_in = request.user.is_authenticated
        response = get_response(request)
        if signed_in or request.user.is_authenticated:
            add_never_cache_headers(response)
        return response

    return middleware


def back_url(request: HttpRequest) -> str:
    """The page of this site the request came from, else the home page."""
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        return referer
    return "/"


class SignInRequired(LoginRequiredMiddleware):
    """Every view needs a signed-in person unless marked ``login_not_required``; a fragment is told so with 401.

    A redirect would be followed by the browser unseen and swap the sign-in page into a table cell.
    """

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        """Answer 401 to htmx, else redirect to the sign-in page with the way back."""
        if not request.htmx:
            return super().handle_no_permission(request, view_func)
        return HttpResponse("登录已超时，请重新登录后再试。", status=401, content_type=PLAIN_TEXT)


class RefusedAsPage:
    """Show a rule's refusal as a sentence: 409 when the row changed meanwhile, else 422."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; refusals are met in ``process_exception``."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Render ``refused.html``, or ``refused_fragment.html`` for htmx; any other exception goes on its way."""
        if not isinstance(exception, Refused):
            return None
        conflict = isinstance(exception, Conflict)
        return render(
            request,
            "refused_fragment.html" if request.htmx else "refused.html",
            {"refusal": exception, "conflict": conflict, "back_url": back_url(request)},
            status=409 if conflict else 422,
        )
