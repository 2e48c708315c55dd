"""Registers the room with Django."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """The room's name and label."""

    name = "reviews"
    verbose_name = "回头看与评议"
