"""Addresses of the trail."""

from django.urls import path

from gradingsite.trail import views

app_name = "trail"
urlpatterns = [
    path("", views.entry_list, name="list"),
    path("export/", views.entry_export, name="export"),
]
