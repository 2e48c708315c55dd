"""Addresses of the ledgers."""

from django.urls import URLPattern, path

from assessments.views import ledgers

patterns: list[URLPattern] = [
    path("ledgers/", ledgers.index, name="ledgers"),
    path("rounds/<int:pk>/ledgers/<slug:name>/<str:code>/", ledgers.show, name="ledger"),
    path("rounds/<int:pk>/ledgers/<slug:name>/<str:code>/file/", ledgers.download, name="ledger_file"),
]
