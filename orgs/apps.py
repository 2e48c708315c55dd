"""The organisation tree, the people and their posts, and who reaches what."""

from django.apps import AppConfig

from gradingsite.trail.wording import name_actions
from orgs.wording import ACTIONS


class OrgsConfig(AppConfig):
    """Names this room's acts for the trail when it is loaded."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "orgs"
    verbose_name = "组织与人员"

    def ready(self) -> None:
        """Give the acts their Chinese words."""
        name_actions(ACTIONS)
