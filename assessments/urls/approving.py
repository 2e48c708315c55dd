"""Addresses of approving and returning."""

from django.urls import URLPattern, path

from assessments.views import approving

patterns: list[URLPattern] = [
    path("approve/", approving.now, name="approvals"),
    path("rounds/<int:pk>/leniency/", approving.leniency, name="leniency"),
    path("rounds/<int:pk>/approve/", approving.index, name="approve"),
    path("rounds/<int:pk>/approve/<str:code>/", approving.desk, name="approve_committee"),
    path("rounds/<int:pk>/approve/<str:code>/take-up/", approving.take_up, name="take_up"),
    path("rounds/<int:pk>/approve/<str:code>/confirm/", approving.approve, name="approve_files"),
    path("rounds/<int:pk>/approve/<str:code>/notice/", approving.notice, name="approve_notice"),
    path("assessments/<int:pk>/return/", approving.send_back, name="return"),
    path("assessments/<int:pk>/return/effects/", approving.return_effects, name="return_effects"),
    path("assessments/<int:pk>/ungraded/", approving.ungraded, name="ungraded"),
]
