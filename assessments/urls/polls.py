"""Addresses of the ballots."""

from django.urls import URLPattern, path

from assessments.views import polls

patterns: list[URLPattern] = [
    path("polls/", polls.current, name="polls_now"),
    path("rounds/<int:pk>/polls/", polls.index, name="polls"),
    path("tracks/<int:pk>/poll/", polls.poll, name="poll"),
]
