"""Addresses of raters: who is asked, one's own sheets."""

from django.urls import URLPattern, path

from assessments.views import raters

patterns: list[URLPattern] = [
    path("rounds/<int:pk>/mine/", raters.mine, name="mine"),
    path("rounds/<int:pk>/raters/", raters.raters, name="raters"),
    path("sheets/<int:pk>/release/", raters.release, name="sheet_release"),
]
