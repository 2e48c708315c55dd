"""Addresses of the score grid and of its files."""

from django.urls import URLPattern, path

from assessments.views import entry_files, grid

patterns: list[URLPattern] = [
    path("rounds/<int:pk>/grid/<slug:source>/", grid.show, name="grid"),
    path("rounds/<int:pk>/grid/<slug:source>/save/", grid.save, name="grid_save"),
    path("rounds/<int:pk>/grid/<slug:source>/submit/", grid.submit, name="grid_submit"),
    path("rounds/<int:pk>/guide/<slug:source>/", grid.guide, name="guide"),
    path("scores/", grid.enter, name="scores"),
    path("rounds/<int:pk>/grid/<slug:source>/files/", entry_files.entry_files, name="entry_files"),
    path("rounds/<int:pk>/grid/<slug:source>/files/template/", entry_files.template, name="entry_template"),
    path("rounds/<int:pk>/grid/<slug:source>/files/<str:token>/", entry_files.preview, name="entry_preview"),
    path(
        "rounds/<int:pk>/grid/<slug:source>/files/<str:token>/write/",
        entry_files.confirm,
        name="entry_confirm",
    ),
]
