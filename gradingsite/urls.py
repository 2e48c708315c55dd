"""All addresses of the site; each room brings its own."""

from django.urls import URLPattern, URLResolver, include, path

from gradingsite.home import home
from gradingsite.large_type import switch_large_type

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("", include("orgs.account_urls")),
    path("", include("orgs.urls")),
    path("", include("assessments.urls")),
    path("large-type/", switch_large_type, name="large_type"),
    path("files/", include("gradingsite.jobs.urls")),
    path("trail/", include("gradingsite.trail.urls")),
]
