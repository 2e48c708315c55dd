"""The eight columns of an organisation list as a django-import-export resource: what is exported imports as unchanged."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from django.db.models.query import QuerySet
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import IntegerWidget

from gradingsite.lib.refusal import Refused
from orgs.exports import workbook
from orgs.imports.rows import COLUMNS
from orgs.models import Organisation

WIDTHS = {"code": 22, "full_name": 46, "parent_code": 22, "category": 18}
FORMULA_MARKS = "=+-@＝＋－＠\t\r"
CHUNK = 2_000

_WHOLE = IntegerWidget(coerce_to_string=False)


class OrganisationResource(ModelResource):
    """Rows of the eight columns, one organisation at a time; the import has its own set-based way (``orgs.imports``)."""

    code = Field("code", COLUMNS["code"])
    full_name = Field("full_name", COLUMNS["full_name"])
    parent_code = Field("parent__code", COLUMNS["parent_code"])
    category = Field("category", COLUMNS["category"])
    sector = Field("sector__name", COLUMNS["sector"])
    secretary_name = Field("secretary_name", COLUMNS["secretary_name"])
    member_count = Field("member_count", COLUMNS["member_count"], widget=_WHOLE)
    people_count = Field("people_count", COLUMNS["people_count"], widget=_WHOLE)

    class Meta:
        model = Organisation
        fields: ClassVar[list[str]] = list(COLUMNS)
        export_order: ClassVar[list[str]] = list(COLUMNS)

    def lines(self, found: QuerySet[Organisation]) -> Iterator[list[Any]]:
        """The columns' values, parents before children, read in portions."""
        fields = [self.fields[name] for name in COLUMNS]
        rows = found.select_related("parent", "sector").order_by("tree_id", "lft")
        for unit in rows.iterator(chunk_size=CHUNK):
            yield [field.export(unit) for field in fields]


def write_list(found: QuerySet[Organisation], out: Path) -> int:
    """Write an organisation list to an .xlsx or .csv file; gives the number of rows. Raises Refused for other endings."""
    written = 0

    def counted() -> Iterator[list[Any]]:
        nonlocal written
        for line in OrganisationResource().lines(found):
            written += 1
            yield line

    ending = out.suffix.lower()
    if ending == ".xlsx":
        columns = [(heading, WIDTHS.get(key, 12)) for key, heading in COLUMNS.items()]
        out.write_bytes(workbook("组织名单", columns, counted()))
    elif ending == ".csv":
        with out.open("w", encoding="utf-8-sig", newline="") as file:
            _write_csv(file, counted())
    else:
        raise Refused("文件名要以 .xlsx 或 .csv 结尾。")
    return written


def _write_csv(file: Any, lines: Iterator[list[Any]]) -> None:
    writer = csv.writer(file)
    writer.writerow(COLUMNS.values())
    writer.writerows([safe(value) for value in line] for line in lines)


def safe(value: object) -> object:
    """Text that Excel would take for a formula gets an apostrophe, which the import takes off again."""
    if isinstance(value, str) and value and value[0] in FORMULA_MARKS:
        return f"'{value}"
    return value


def template() -> bytes:
    """An empty list to fill in: the eight headings."""
    columns = [(heading, WIDTHS.get(key, 12)) for key, heading in COLUMNS.items()]
    return workbook("组织名单", columns, ())
