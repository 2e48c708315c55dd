"""Addresses of grading, one module per subject."""

from django.urls import URLPattern

from assessments.urls import files, ledgers

app_name = "assessments"

urlpatterns: list[URLPattern] = [*files.patterns, *ledgers.patterns]
