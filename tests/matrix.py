"""Rules the matrices share: who covers what, written down by hand and not asked of the code under test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from tests.village import Village, plant


@contextmanager
def planted(blocker: Any) -> Iterator[Village]:
    """One village for a whole module, in a transaction that is rolled back at the module's end."""
    with blocker.unblock(), transaction.atomic():
        yield plant()
        transaction.set_rollback(True)
