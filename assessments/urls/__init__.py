"""Addresses of grading, one module per subject."""

from django.urls import URLPattern

from assessments.urls import deciding, files, grid, imports, ledgers, polls, rounds, schemes, sheets

app_name = "assessments"

urlpatterns: list[URLPattern] = [
    *deciding.patterns,
    *files.patterns,
    *grid.patterns,
    *imports.patterns,
    *ledgers.patterns,
    *polls.patterns,
    *rounds.patterns,
    *schemes.patterns,
    *sheets.patterns,
]
