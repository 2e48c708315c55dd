"""Addresses of grading, one module per subject."""

from django.urls import URLPattern

from assessments.urls import files, imports, ledgers, rounds, schemes

app_name = "assessments"

urlpatterns: list[URLPattern] = [
    *files.patterns,
    *imports.patterns,
    *ledgers.patterns,
    *rounds.patterns,
    *schemes.patterns,
]
