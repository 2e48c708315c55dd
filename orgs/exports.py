"""Lists as files: the rows a page shows, all pages, as text that Excel takes for text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

import xlsxwriter
from django.db.models.query import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from gradingsite.trail.services import record
from orgs.actor import Actor
from orgs.models import Organisation, Person
from orgs.navigation import path_words

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK = 2000

ORGANISATION_COLUMNS = (
    ("组织代码", 22),
    ("规范全称", 44),
    ("简称", 22),
    ("所在路径", 34),
    ("组织类别", 16),
    ("领域", 14),
    ("书记姓名", 12),
    ("党员数", 9),
    ("群众数", 9),
    ("状态", 9),
)
PEOPLE_COLUMNS = (("姓名", 14), ("用户名", 20), ("电话", 18), ("管理员", 14), ("职务", 60), ("状态", 16))
PASSWORD_COLUMNS = (("姓名", 14), ("用户名", 20), ("初始密码", 20))


def workbook(title: str, columns: Iterable[tuple[str, int]], rows: Iterable[Iterable[Any]]) -> bytes:
    """One sheet with a heading row; words stay words, whole numbers numbers; memory doesn't grow with the rows.

    :param columns: heading and width in characters.
    """
    stream = BytesIO()
    with xlsxwriter.Workbook(stream, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(title)
        head = book.add_format({"bold": True, "border": 1, "align": "center", "text_wrap": True})
        for number, (words, width) in enumerate(columns):
            sheet.set_column(number, number, width)
            sheet.write_string(0, number, words, head)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_paper(9)
        for row, values in enumerate(rows, start=1):
            for column, value in enumerate(values):
                if isinstance(value, int):
                    sheet.write_number(row, column, value)
                elif value not in (None, ""):
                    sheet.write_string(row, column, str(value))
    return stream.getvalue()


def download(content: bytes, name: str) -> HttpResponse:
    """An Excel file as an attachment."""
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


def organisations_file(found: QuerySet[Organisation], *, by: Actor, asked: dict[str, str]) -> HttpResponse:
    """The list of organisations as a file; the export goes to the trail."""
    content = workbook("组织名单", ORGANISATION_COLUMNS, _organisation_rows(found))
    record(by=by, action="organisation.export", kind="orgs.organisation", label="组织名单", after=asked)
    return download(content, f"组织名单{_stamp()}.xlsx")


def _organisation_rows(found: QuerySet[Organisation]) -> Iterator[tuple[Any, ...]]:
    """In portions, each with its paths."""
    portion: list[Organisation] = []
    for unit in found.iterator(chunk_size=CHUNK):
        portion.append(unit)
        if len(portion) == CHUNK:
            yield from _with_paths(portion)
            portion = []
    yield from _with_paths(portion)


def _with_paths(portion: list[Organisation]) -> Iterator[tuple[Any, ...]]:
    words = path_words(portion)
    for unit in portion:
        yield (
            unit.code,
            unit.full_name,
            unit.short_name,
            words[unit.pk],
            unit.category,
            unit.sector.name if unit.sector else "",
            unit.secretary_name,
            unit.member_count,
            unit.people_count,
            "在册" if unit.is_active else "已撤并",
        )


def people_file(found: QuerySet[Person], *, by: Actor, asked: dict[str, str]) -> HttpResponse:
    """The list of accounts as a file; the export goes to the trail."""
    rows = (
        (
            person.name,
            person.username,
            person.phone,
            person.get_admin_role_display(),
            "；".join(str(post) for post in person.held),
            "启用" if person.is_active else "停用",
        )
        for person in found
    )
    content = workbook("人员", PEOPLE_COLUMNS, rows)
    record(by=by, action="people.export", kind="orgs.person", label="人员名单", after=asked)
    return download(content, f"人员名单{_stamp()}.xlsx")


def passwords_file(rows: Iterable[tuple[str, str, str]]) -> HttpResponse:
    """Name, user name and initial password of new accounts, handed out once."""
    return download(workbook("初始密码", PASSWORD_COLUMNS, rows), f"初始密码{_stamp()}.xlsx")


def _stamp() -> str:
    now: dt.datetime = timezone.localtime()
    return f"{now:%Y%m%d%H%M}"
