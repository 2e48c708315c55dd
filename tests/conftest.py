"""Fixtures for every test. Which database and broker are used is decided in tests/settings.py."""

from hypothesis import settings as hypothesis_settings

from tests.scheme_desk import county, desk  # noqa: F401
from tests.trail_fixture import audit_admin, own_data_dir, sealed, trail_survives_flush, writer  # noqa: F401
from tests.village_fixture import grading, village  # noqa: F401

# How long an example takes depends on who else uses the machine: never a reason to fail.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")
