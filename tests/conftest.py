"""Fixtures for every test. Which database and broker are used is decided in tests/settings.py."""

from tests.trail_fixture import trail_survives_flush  # noqa: F401
