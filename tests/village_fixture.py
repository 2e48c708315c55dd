"""Fixtures of the village. Imported by conftest.py."""

import pytest

from tests.village import Village, open_grading, plant


@pytest.fixture
def village(db) -> Village:
    """Organisations, people, posts."""
    return plant()


@pytest.fixture
def grading(village) -> Village:
    """The village with an open round under guizhou-2012."""
    return open_grading(village)
