"""What every request passes through, each piece by itself and all of them on a site of three views."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from gradingsite import middleware, urls
from gradingsite.lib.refusal import Conflict, Refused

NOW = datetime(2026, 4, 10, 9, 0, tzinfo=UTC)


@login_not_required
def refusing(request: HttpRequest) -> HttpResponse:
    raise Refused("已过截止日期，不能再填。", remedy="请联系镇党委。")


@login_not_required
def conflicting(request: HttpRequest) -> HttpResponse:
    raise Conflict(mine="95", theirs="93")


def inner(request: HttpRequest) -> HttpResponse:
    return HttpResponse("inner")


urlpatterns = [
    path("", inner, name="home"),
    path("sign-in/", refusing, name="sign_in"),
    path("refusing/", refusing),
    path("conflicting/", conflicting),
    *urls.urlpatterns,  # the frame links to pages of the site
]


@pytest.fixture
def site(settings: object) -> Client:
    settings.ROOT_URLCONF = __name__
    return Client()


class Someone(AnonymousUser):
    """A signed-in person, as far as the middleware asks."""

    is_authenticated = True


def a_request(**kept: str) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = Someone()
    request.session = SessionStore()
    request.session.update(kept)
    request.htmx = False
    return request


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[datetime], None]]:
    def stand_at(now: datetime) -> None:
        monkeypatch.setattr(middleware.timezone, "now", lambda: now)

    stand_at(NOW)
    return stand_at


# --- health


@pytest.mark.django_db
def test_health_is_answered_whatever_the_host_and_without_https(settings: object) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get("/healthz", headers={"host": "10.9.8.7"})
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_health_says_when_the_database_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise DatabaseError("secret address")

    monkeypatch.setattr(connection, "cursor", broken)
    answer = Client().get("/healthz")
    assert answer.status_code == 503
    assert b"secret" not in answer.content


# --- uploads


@pytest.mark.parametrize(
    ("length", "status"), [("1000", 200), ("1001", 413), ("-1", 413), ("ten", 413), ("", 200)]
)
def test_a_body_that_is_too_long_is_refused_unread(settings: object, length: str, status: int) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    request = RequestFactory().post("/")
    request.META["CONTENT_LENGTH"] = length
    assert middleware.upload_limit(inner)(request).status_code == status


# --- sessions


def test_a_session_in_use_goes_on(clock: Callable) -> None:
    request = a_request()
    for minute in range(0, 11 * 60, 29):
        clock(NOW + timedelta(minutes=minute))
        middleware.session_limits(inner)(request)
        assert request.user.is_authenticated


def test_half_an_hour_without_a_request_ends_the_session(clock: Callable) -> None:
    request = a_request()
    middleware.session_limits(inner)(request)
    clock(NOW + timedelta(minutes=31))
    middleware.session_limits(inner)(request)
    assert not request.user.is_authenticated
    assert middleware.SIGNED_IN_AT not in request.session


def test_twelve_hours_end_the_session_whatever_is_done(clock: Callable) -> None:
    request = a_request(
        **{
            middleware.SIGNED_IN_AT: (NOW - timedelta(hours=12, minutes=1)).isoformat(),
            middleware.SEEN_AT: NOW.isoformat(),
        }
    )
    middleware.session_limits(inner)(request)
    assert not request.user.is_authenticated


def test_the_time_of_use_is_written_once_a_minute_at_most(clock: Callable) -> None:
    request = a_request()
    middleware.session_limits(inner)(request)
    clock(NOW + timedelta(seconds=59))
    middleware.session_limits(inner)(request)
    assert request.session[middleware.SEEN_AT] == NOW.isoformat()
    clock(NOW + timedelta(seconds=60))
    middleware.session_limits(inner)(request)
    assert request.session[middleware.SEEN_AT] != NOW.isoformat()


def test_signed_in_pages_are_kept_nowhere() -> None:
    answer = middleware.no_store(inner)(a_request())
    assert "no-store" in answer["Cache-Control"]
    stranger = a_request()
    stranger.user = AnonymousUser()
    assert "Cache-Control" not in middleware.no_store(inner)(stranger)


# --- sign-in and refusals


def test_a_page_of_its_own_needs_a_signed_in_person(site: Client) -> None:
    answer = site.get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


def test_a_fragment_is_told_instead_of_sent_to_another_page(site: Client) -> None:
    answer = site.get("/", headers={"hx-request": "true"})
    assert answer.status_code == 401
    assert "请重新登录" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "status"), [("/refusing/", 422), ("/conflicting/", 409)])
def test_a_refusal_is_a_page_with_a_sentence(site: Client, address: str, status: int) -> None:
    answer = site.get(address, headers={"referer": "http://testserver/form/"})
    text = answer.content.decode()
    assert answer.status_code == status
    assert "<html" in text
    assert 'href="http://testserver/form/"' in text


@pytest.mark.django_db
def test_a_refusal_in_a_fragment_is_the_sentence_alone(site: Client) -> None:
    answer = site.get("/refusing/", headers={"hx-request": "true"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "<html" not in text
    assert "已过截止日期，不能再填。" in text
    assert "请联系镇党委。" in text


@pytest.mark.django_db
def test_a_conflict_shows_both_values(site: Client) -> None:
    text = site.get("/conflicting/", headers={"hx-request": "true"}).content.decode()
    assert text.index("您填的") < text.index(">95<") < text.index("现在是") < text.index(">93<")


@pytest.mark.parametrize("referer", ["https://elsewhere.example/", "javascript:alert(1)", ""])
def test_the_way_back_never_leaves_the_site(referer: str) -> None:
    request = RequestFactory().get("/", headers={"referer": referer})
    assert middleware.back_url(request) == "/"


@pytest.mark.django_db
def test_every_answer_bears_the_strict_headers(site: Client) -> None:
    answer = site.get("/refusing/")
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
