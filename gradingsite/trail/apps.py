"""The audit trail's Django app."""

from django.apps import AppConfig


class TrailConfig(AppConfig):
    """Who did what."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "gradingsite.trail"
    label = "trail"
    verbose_name = "审计记录"
