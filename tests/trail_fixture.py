"""Test-only: the trail's triggers are lifted while a test runner empties the tables. Imported by conftest.py.

A transactional test ends with ``flush``, which is TRUNCATE on PostgreSQL and DELETE on SQLite: exactly what the
triggers refuse.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import models  # noqa: F401 - the module below can only be imported after it
from django.db.backends.base.operations import BaseDatabaseOperations

from gradingsite.trail import triggers


@pytest.fixture(scope="session", autouse=True)
def trail_survives_flush() -> Iterator[None]:
    """Wrap the one function through which every flush empties tables."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def flush_without_triggers(self: BaseDatabaseOperations, sql_list: list[str]) -> Any:
        standing = triggers.installed(self.connection)
        if not standing:
            return flush(self, sql_list)
        triggers.remove(self.connection)
        try:
            return flush(self, sql_list)
        finally:
            triggers.install(self.connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush_without_triggers)
        yield
