"""Addresses of single sheets, confirmation, raters and scans."""

from django.urls import URLPattern, path

from assessments.views import scans, sheets

patterns: list[URLPattern] = [
    path("sheets/<int:pk>/", sheets.sheet, name="sheet"),
    path("sheets/<int:pk>/take-back/", sheets.take_back, name="sheet_take_back"),
    path("sheets/<int:pk>/release/", sheets.release, name="sheet_release"),
    path("rounds/<int:pk>/self/", sheets.own, name="self_sheet"),
    path("rounds/<int:pk>/confirm/", sheets.confirmations, name="confirmations"),
    path("rounds/<int:pk>/mine/", sheets.mine, name="mine"),
    path("rounds/<int:pk>/raters/", sheets.raters, name="raters"),
    path("tracks/<int:pk>/", sheets.track, name="track"),
    path("tracks/<int:pk>/confirm/", sheets.confirm, name="track_confirm"),
    path("tracks/<int:pk>/send-back/", sheets.send_back, name="track_send_back"),
    path("tracks/<int:pk>/seal/", sheets.seal, name="track_seal"),
    path("assessments/<int:pk>/scans/", scans.scans, name="scans"),
    path("scans/<int:pk>/", scans.download, name="scan"),
]
