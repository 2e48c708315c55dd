"""The frame: large type, error pages, refusals, the words in the address bar's tab."""

import re
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from gradingsite.context import NavItem, shell
from gradingsite.lib.refusal import Conflict, Refused
from orgs.models import Person

ERROR_PAGES = {
    "400.html": "请求看不懂",
    "403.html": "没有办这件事的权限",
    "403_csrf.html": "放得太久",
    "404.html": "没有这个页面",
    "500.html": "系统出错",
    "503.html": "正在维护",
}


class Outline(HTMLParser):
    """Counts the tags of a page and keeps the ids and the labels' targets."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.append(tag)
        if named.get("id"):
            self.ids.append(named["id"] or "")
        if tag == "label" and named.get("for"):
            self.labels.append(named["for"] or "")


def request_by(path: str = "/", **cookies: str) -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    request.COOKIES.update(cookies)
    return request


@pytest.mark.parametrize(("template", "words"), ERROR_PAGES.items())
def test_error_pages_are_chinese_and_name_someone(template, words) -> None:
    html = render_to_string(
        template, {"site_name": "本系统", "site_contact": "请联系何某，0851-26220000"}, request_by()
    )
    assert words in html
    assert "0851-26220000" in html
    assert 'lang="zh-CN"' in html
    assert Outline(html).tags.count("h1") == 1
    assert "Traceback" not in html


@pytest.mark.parametrize("template", ["400.html", "500.html", "503.html"])
def test_error_pages_render_with_nothing_at_hand(template) -> None:
    """Django renders these without a request: neither the database nor a session may be needed."""
    html = render_to_string(template)
    assert "请联系本单位系统管理员" in html
    assert "<title>" in html


def test_not_there_is_said_in_one_sentence(client, db) -> None:
    answer = client.get("/no-such-page/")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.content.decode()
    assert "不在您负责的范围里" in answer.content.decode()


def test_a_stale_form_is_explained(db) -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("large_type"))
    assert answer.status_code == 403
    assert "放得太久" in answer.content.decode()


def test_a_refusal_says_what_and_how(rf) -> None:
    page = render_to_string(
        "refused.html",
        {"refusal": Refused("扣分缺事由。", remedy="请补上事由。"), "conflict": False},
        request_by(),
    )
    assert "扣分缺事由。" in page
    assert "请补上事由。" in page
    fragment = render_to_string("refused_fragment.html", {"refusal": Refused("不行。"), "conflict": False})
    assert "<html" not in fragment
    assert 'role="alert"' in fragment


def test_a_conflict_shows_both_values() -> None:
    html = render_to_string(
        "refused_fragment.html", {"refusal": Conflict(mine="17.90", theirs="18.40"), "conflict": True}
    )
    assert "17.90" in html
    assert "18.40" in html


def test_a_refusal_is_escaped() -> None:
    html = render_to_string(
        "refused_fragment.html", {"refusal": Refused("<script>1</script>"), "conflict": False}
    )
    assert "<script" not in html


def test_large_type_is_switched_and_kept(client, db) -> None:
    answer = client.post(reverse("large_type"), {"next": "/files/"})
    assert answer.status_code == 302
    assert answer["Location"] == "/files/"
    assert client.cookies["large_type"].value == "1"
    assert client.cookies["large_type"]["samesite"] == "Lax"
    client.post(reverse("large_type"))
    assert client.cookies["large_type"].value == "0"


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "javascript:1"])
def test_large_type_leads_nowhere_else(client, db, elsewhere) -> None:
    assert client.post(reverse("large_type"), {"next": elsewhere})["Location"] == "/"


def test_large_type_is_never_switched_by_a_link(client, db) -> None:
    assert client.get(reverse("large_type")).status_code == 405


def test_the_page_is_drawn_large_by_the_server() -> None:
    assert shell(request_by(large_type="1"))["large_type"] is True
    assert shell(request_by())["large_type"] is False
    large = render_to_string("404.html", {"large_type": True})
    assert 'class="large"' in large
    assert "css/large" in large
    assert "css/large" not in render_to_string("404.html", {"large_type": False})


def frame(nav: list[NavItem]) -> str:
    return render_to_string(
        "404.html", {"shell": {"nav": nav, "home_url": "/"}, "site_name": "本系统"}, request_by()
    )


def test_the_navigation_marks_where_one_is_and_counts() -> None:
    html = frame([NavItem("待办", "/", count=9, current=True), NavItem("台账", "/ledgers/")])
    assert html.count('aria-current="page"') == 1
    assert re.search(r'aria-current="page">待办<span class="count">9</span>', html)
    assert 'href="/ledgers/"' in html


def test_a_section_that_is_not_there_is_not_shown() -> None:
    html = frame([NavItem("待办", "/")])
    for word in ("整改", "回头看", "述职"):
        assert word not in html


def test_every_label_has_its_input_and_ids_are_unique() -> None:
    signed_in = request_by()
    signed_in.user = Person(username="chen", name="陈某某")
    html = render_to_string(
        "404.html",
        {"shell": {"nav": [], "search_url": "/orgs/search/", "large_url": "/large-type/", "home_url": "/"}},
        signed_in,
    )
    assert 'for="site-search"' in html
    outline = Outline(html)
    assert set(outline.labels) <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))
    assert "跳到正文" in html
    assert "main" in outline.ids


def test_htmx_may_neither_evaluate_nor_leave(client, db) -> None:
    html = frame([])
    config = re.search(r"name=\"htmx-config\" content='([^']+)'", html)
    assert config
    for words in (
        '"allowEval":false',
        '"selfRequestsOnly":true',
        '"includeIndicatorStyles":false',
        '"historyCacheSize":0',
    ):
        assert words in config.group(1)
    assert "htmx-2.min" in html
