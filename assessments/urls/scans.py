"""Addresses of scans."""

from django.urls import URLPattern, path

from assessments.views import scans

patterns: list[URLPattern] = [
    path("assessments/<int:pk>/scans/", scans.scans, name="scans"),
    path("scans/<int:pk>/", scans.download, name="scan"),
]
