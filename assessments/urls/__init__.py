"""Addresses of grading, one module per subject."""

from django.urls import URLPattern

app_name = "assessments"

urlpatterns: list[URLPattern] = []
