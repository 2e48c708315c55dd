"""Addresses of the import of scores."""

from django.urls import URLPattern, path

from assessments.views import imports

patterns: list[URLPattern] = [
    path("rounds/<int:pk>/import/", imports.upload, name="import_upload"),
    path("rounds/<int:pk>/import/<str:token>/", imports.preview, name="import_preview"),
    path("rounds/<int:pk>/import/<str:token>/report/", imports.report, name="import_report"),
    path("rounds/<int:pk>/import/<str:token>/confirm/", imports.confirm, name="import_confirm"),
]
