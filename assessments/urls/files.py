"""Addresses of a branch's file."""

from django.urls import URLPattern, path

from assessments.views import files

patterns: list[URLPattern] = [path("assessments/<int:pk>/", files.why, name="why")]
