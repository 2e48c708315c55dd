"""Addresses of rounds, their progress and their files."""

from django.urls import URLPattern, path

from assessments.views import rounds

patterns: list[URLPattern] = [
    path("progress/", rounds.progress, name="progress"),
    path("rounds/", rounds.index, name="rounds"),
    path("rounds/add/", rounds.create, name="round_add"),
    path("rounds/<int:pk>/", rounds.show, name="round"),
    path("rounds/<int:pk>/dates/", rounds.dates, name="round_dates"),
    path("rounds/<int:pk>/open/", rounds.open_round, name="round_open"),
    path("rounds/<int:pk>/close/", rounds.close_round, name="round_close"),
    path("rounds/<int:pk>/admit/", rounds.admit, name="round_admit"),
    path("rounds/<int:pk>/files/", rounds.files, name="round_files"),
    path("rounds/<int:pk>/files/export/", rounds.files_export, name="round_files_export"),
    path("rounds/<int:pk>/chase/", rounds.chase, name="chase"),
]
