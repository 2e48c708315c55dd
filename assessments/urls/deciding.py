"""Addresses of a committee's session."""

from django.urls import URLPattern, path

from assessments.views import deciding

patterns: list[URLPattern] = [
    path("decide/", deciding.now, name="decisions"),
    path("rounds/<int:pk>/decide/", deciding.show, name="decide"),
    path("rounds/<int:pk>/decide/quotas/", deciding.quotas, name="decide_quotas"),
    path("rounds/<int:pk>/decide/minutes/", deciding.minutes, name="decide_minutes"),
    path("rounds/<int:pk>/decide/<slug:name>/", deciding.act, name="decide_act"),
]
