"""Grading: schemes, rounds, sheets, polls, computing, deciding, approving."""

from django.apps import AppConfig

from orgs.hooks import show_on_card, when_closed, when_handed_over


class AssessmentsConfig(AppConfig):
    """Wires grading into the rooms below it."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "assessments"
    verbose_name = "分类定级"

    def ready(self) -> None:
        """Tell the rooms below what grading adds to them."""
        when_handed_over("assessments.services.upkeep.pass_on_sheets")
        when_closed("assessments.services.upkeep.terminate_files")
        show_on_card("assessments.cards.grades_cell")
