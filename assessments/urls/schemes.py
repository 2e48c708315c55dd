"""Addresses of schemes."""

from django.urls import URLPattern, path

from assessments.views import scheme_editing, schemes

patterns: list[URLPattern] = [
    path("schemes/", schemes.index, name="schemes"),
    path("schemes/import/", schemes.upload, name="scheme_import"),
    path("schemes/samples/<slug:code>/", schemes.start, name="scheme_start"),
    path("schemes/<int:pk>/", schemes.show, name="scheme"),
    path("schemes/<int:pk>/file/", schemes.export, name="scheme_file"),
    path("schemes/<int:pk>/compare/", schemes.compare_versions, name="scheme_compare"),
    path("schemes/<int:pk>/refine/", schemes.refine, name="scheme_refine"),
    path("schemes/<int:pk>/revise/", schemes.revise, name="scheme_revise"),
    path("schemes/<int:pk>/freeze/", schemes.freeze, name="scheme_freeze"),
    path("schemes/<int:pk>/edit/", scheme_editing.edit, name="scheme_edit"),
    path("schemes/<int:pk>/sectors/", scheme_editing.sectors, name="scheme_sectors"),
    path("schemes/<int:pk>/parts/<slug:key>/", scheme_editing.part, name="scheme_part"),
]
