"""The organisation tree, the people and their posts, and who reaches what."""

from django.apps import AppConfig


class OrgsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "orgs"
    verbose_name = "组织与人员"
