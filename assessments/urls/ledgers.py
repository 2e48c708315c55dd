"""Addresses of the ledgers."""

from django.urls import URLPattern, path

from assessments.views import ledgers

patterns: list[URLPattern] = [
    path("ledgers/", ledgers.index, name="ledgers"),
    path("ledgers/<int:pk>/<slug:name>/<str:code>/", ledgers.show, name="ledger"),
    path("ledgers/<int:pk>/<slug:name>/<str:code>/file/", ledgers.download, name="ledger_file"),
]
