"""The background jobs' Django app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    """Loads the kinds of job with the apps."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "gradingsite.jobs"
    label = "jobs"
    verbose_name = "后台任务"

    def ready(self) -> None:
        """Load every app's ``tasks`` module, so that each process knows every kind of job."""
        autodiscover_modules("tasks")
