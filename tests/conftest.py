"""Fixtures for every test. Which database and broker are used is decided in tests/settings.py."""

from tests.trail_fixture import audit_admin, own_data_dir, sealed, trail_survives_flush, writer  # noqa: F401
from tests.village_fixture import grading, village  # noqa: F401
