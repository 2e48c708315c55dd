"""Addresses of grading, one module per subject."""

from django.urls import URLPattern

from assessments.urls import (
    approving,
    deciding,
    files,
    grid,
    imports,
    ledgers,
    polls,
    raters,
    rounds,
    scans,
    schemes,
    sheets,
)

app_name = "assessments"

urlpatterns: list[URLPattern] = [
    *approving.patterns,
    *deciding.patterns,
    *files.patterns,
    *grid.patterns,
    *imports.patterns,
    *ledgers.patterns,
    *polls.patterns,
    *raters.patterns,
    *rounds.patterns,
    *scans.patterns,
    *schemes.patterns,
    *sheets.patterns,
]
