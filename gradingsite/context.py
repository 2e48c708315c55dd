"""What the frame of every page needs: the navigation of this person, the links of the top bar, the size of type."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

LARGE_TYPE_COOKIE = "large_type"


@dataclass(frozen=True)
class NavItem:
    """One entry of the navigation: its word, its address, how much waits behind it, whether one is there."""

    label: str
    url: str
    count: int = 0
    current: bool = False


def shell(request: HttpRequest) -> dict[str, object]:
    """The frame's words: ``shell`` and ``large_type``.

    The navigation is what the view's middleware has put on the request as ``request.nav`` (a list of `NavItem`),
    because which sections a person has depends on posts, which only the rooms above know.
    """
    return {
        "large_type": request.COOKIES.get(LARGE_TYPE_COOKIE) == "1",
        "shell": {
            "nav": getattr(request, "nav", ()),
            "unit": getattr(request, "unit_words", ""),
            "posts": getattr(request, "post_words", ()),
            "home_url": "/",
            "search_url": reverse("orgs:search"),
            "large_url": reverse("large_type"),
            "sign_in_url": reverse("sign_in"),
            "sign_out_url": reverse("sign_out"),
            "menu": [
                {"label": "我的文件", "url": reverse("jobs:list")},
                {"label": "修改密码", "url": reverse("change_password")},
            ],
        },
    }
