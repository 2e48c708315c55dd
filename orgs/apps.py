"""The organisation tree, the people and their posts, and who reaches what."""

from django.apps import AppConfig

from gradingsite.trail.wording import name_actions
from orgs.sections import add_own_sections
from orgs.wording import ACTIONS


class OrgsConfig(AppConfig):
    """Names this room's acts for the trail and its sections for the navigation."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "orgs"
    verbose_name = "组织与人员"

    def ready(self) -> None:
        """Called once by Django when all rooms are loaded."""
        name_actions(ACTIONS)
        add_own_sections()
