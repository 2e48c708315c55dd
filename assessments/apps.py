"""Grading: schemes, rounds, sheets, polls, computing, deciding, approving."""

from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "assessments"
    verbose_name = "分类定级"
