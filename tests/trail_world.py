"""What the tests of the trail share: a few entries, raw SQL past the ORM, the check."""

import datetime as dt

from django.db import connection

from gradingsite.trail import sealing
from gradingsite.trail.models import Entry
from gradingsite.trail.services import record

NOW = dt.datetime(2026, 4, 10, 9, 21, tzinfo=dt.UTC)


def write(by, number=1, **changes) -> list[Entry]:
    """A few entries in which every column holds something."""
    values = {
        "action": "sheet.submit",
        "kind": "assessments.sheet",
        "object_id": 77,
        "label": "萝柏村支部自评",
        "before": {"status": "draft", "points": 1800},
        "after": {"status": "submitted", "points": 1850},
        "why": "补报",
        "organisation_id": 5,
    } | changes
    return [record(by=by, **values) for _ in range(number)]


def sql(statement, *values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def found() -> sealing.Fault | None:
    """The check's fault, as the command would find it after sealing."""
    return sealing.cut_off() or sealing.verify().fault
