"""Test-only: the trail's triggers are lifted while a test runner empties the tables. Imported by conftest.py.

A transactional test ends with ``flush``, which is TRUNCATE on PostgreSQL and DELETE on SQLite: exactly what the
triggers refuse.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, models  # noqa: F401 - the module below can only be imported after it
from django.db.backends.base.operations import BaseDatabaseOperations

from gradingsite.trail import sealing, triggers
from orgs.categories import SECTORS
from orgs.models import Person, Sector
from tests.trail_world import NOW, found, write


@pytest.fixture(scope="session", autouse=True)
def trail_survives_flush() -> Iterator[None]:
    """Wrap the one function through which every flush empties tables; what migrations had put there comes back."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def flush_without_triggers(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        standing = triggers.installed(self.connection)
        if standing:
            triggers.remove(self.connection)
        try:
            flush(self, sql_list)
        finally:
            if standing:
                triggers.install(self.connection)
        Sector.objects.bulk_create(
            (Sector(name=name, order=order) for order, name in enumerate(SECTORS, 1)), ignore_conflicts=True
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush_without_triggers)
        yield


@pytest.fixture
def own_data_dir(settings, tmp_path) -> Path:
    """Anchors of one test are none of another's business."""
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def writer(db) -> Person:
    return Person.objects.create(username="clerk", name="陈办", password="!", must_change_password=False)


@pytest.fixture
def audit_admin(db) -> Person:
    return Person.objects.create(
        username="auditor", name="审计", admin_role="audit", password="!", must_change_password=False
    )


@pytest.fixture
def sealed(writer) -> list[int]:
    """Five sealed entries, anchored after the third and the fifth; the triggers lifted."""
    entries = [entry for number in range(3) for entry in write(writer, object_id=number)]
    sealing.seal(now=NOW)
    entries += [entry for number in range(3, 5) for entry in write(writer, object_id=number)]
    sealing.seal(now=NOW)
    assert found() is None
    triggers.remove(connection)  # as a superuser would; the test's own transaction puts them back
    return [entry.pk for entry in entries]
