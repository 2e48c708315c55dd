"""Addresses of single sheets and their confirmation."""

from django.urls import URLPattern, path

from assessments.views import sheets

patterns: list[URLPattern] = [
    path("sheets/<int:pk>/", sheets.sheet, name="sheet"),
    path("sheets/<int:pk>/take-back/", sheets.take_back, name="sheet_take_back"),
    path("rounds/<int:pk>/self/", sheets.own, name="self_sheet"),
    path("rounds/<int:pk>/confirm/", sheets.confirmations, name="confirmations"),
    path("tracks/<int:pk>/", sheets.track, name="track"),
    path("tracks/<int:pk>/confirm/", sheets.confirm, name="track_confirm"),
    path("tracks/<int:pk>/send-back/", sheets.send_back, name="track_send_back"),
    path("tracks/<int:pk>/seal/", sheets.seal, name="track_seal"),
]
