"""Registers the room with Django."""

from django.apps import AppConfig


class RectificationConfig(AppConfig):
    """The room's name and label."""

    name = "rectification"
    verbose_name = "整改提升"
