"""Filling in with Excel: the template, what a file would do, writing it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.test_grid import address, client_of, full_sheet, save, sheet_of
from tests.village import Village


def template(village: Village, client: Client, label: str = "上级党组织评") -> Any:
    answer = client.get(address(village, "files/template/", label))
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    return openpyxl.load_workbook(BytesIO(answer.content))


def upload(village: Village, client: Client, book: Any, label: str = "上级党组织评") -> Any:
    stream = BytesIO()
    book.save(stream)
    file = SimpleUploadedFile("填报表.xlsx", stream.getvalue())
    return client.post(address(village, "files/", label), {"file": file}, follow=True)


def column(sheet: Any, words: str) -> int:
    return next(cell.column for cell in sheet[1] if cell.value == words)


def test_the_template_carries_codes_as_text_and_checks_each_cell(grading: Village) -> None:
    sheet = template(grading, client_of(grading, "clerk")).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [
        "520323102001",
        "520323102002",
        "520323102003",
    ]
    assert sheet["A2"].number_format == "@"
    assert len(sheet.data_validations.dataValidation) >= 4
    assert "带头人扣分事由" in [cell.value for cell in sheet[1]]


def test_a_filled_template_is_shown_then_written(grading: Village) -> None:
    client = client_of(grading, "clerk")
    save(
        client,
        grading,
        [
            {
                "sheet": sheet_of(grading, "中村").pk,
                "key": "leader",
                "seen": None,
                "value": "19",
                "reason": "甲",
            }
        ],
    )
    book = template(grading, client)
    sheet = book.active
    place = column(sheet, "带头人")
    assert sheet.cell(3, place).value == 19
    sheet.cell(2, place).value = 18.5
    sheet.cell(2, place + 1).value = "班子缺一人"
    sheet.cell(3, place).value = "17"
    page = upload(grading, client, book)
    words = page.content.decode()
    assert "新录入 1" in words
    assert "改动 1" in words
    assert "不写 0" in words
    assert sheet_of(grading, "大村").lines == {}, "nothing is written before it is confirmed"
    client.post(page.redirect_chain[-1][0].replace("/?", "/write/?"))
    line = sheet_of(grading, "大村").lines["leader"]
    assert (line["points"], line["reason"]) == (1850, "班子缺一人")
    assert sheet_of(grading, "中村").lines["leader"]["points"] == 1700


@pytest.mark.parametrize(
    ("value", "why"), [("18分", "不带单位"), (20.5, "20"), ("=1+1", "公式"), (1.005, "两位小数")]
)
def test_a_bad_cell_is_named_and_holds_the_file_back(grading: Village, value: Any, why: str) -> None:
    client = client_of(grading, "clerk")
    book = template(grading, client)
    place = column(book.active, "带头人")
    book.active.cell(2, place).value = value
    book.active.cell(3, place).value = 20
    page = upload(grading, client, book)
    assert "不写 1" in page.content.decode()
    assert why in page.content.decode()
    where = page.redirect_chain[-1][0].replace("/?", "/write/?")
    assert client.post(where).status_code == 422
    assert sheet_of(grading, "中村").lines == {}
    client.post(where, {"accept_valid": "1"})
    assert sheet_of(grading, "中村").lines["leader"]["points"] == 2000
    assert sheet_of(grading, "大村").lines == {}


def test_strangers_doubles_and_locked_rows_are_refused(grading: Village) -> None:
    client = client_of(grading, "clerk")
    book = template(grading, client)
    save(client, grading, full_sheet(grading, "小村"))
    client.post(address(grading, "submit/"))
    sheet, place = book.active, column(book.active, "带头人")
    for row, code in ((2, "520323103001"), (3, "520323102002"), (4, "520323102003")):
        sheet.cell(row, 1).value = code
        sheet.cell(row, place).value = 1
    sheet.cell(5, 1).value = "520323102002"
    sheet.cell(5, place).value = 2
    words = upload(grading, client, book).content.decode()
    assert "不在本表里" in words
    assert "前面已有一行" in words
    assert "已经交了" in words
    assert "不写 3" in words


def test_what_is_no_template_is_refused_at_once(grading: Village) -> None:
    client = client_of(grading, "clerk")
    answer = client.post(
        address(grading, "files/"), {"file": SimpleUploadedFile("a.xlsx", b"not a table at all")}
    )
    assert answer.status_code == 422
    assert "表头" in answer.content.decode()


def test_counts_of_ballots_come_in_by_file(grading: Village) -> None:
    client = client_of(grading, "clerk")
    book = template(grading, client, "党员评")
    sheet = book.active
    values = {
        "应到": 40,
        "发出": 38,
        "收回": 38,
        "弃权": 0,
        "无效": 1,
        "测评日期": "2026年4月8日",
        "计票人": "周某、陈某",
    }
    source = next(one for one in grading.rules.sources if one.label == "党员评")
    values |= {option.label: 37 if not number else 0 for number, option in enumerate(source.options)}
    for words, value in values.items():
        sheet.cell(2, column(sheet, words)).value = value
        sheet.cell(3, column(sheet, words)).value = value
    sheet.cell(3, column(sheet, "无效")).value = 5
    page = upload(grading, client, book, "党员评")
    words = page.content.decode()
    assert "应等于收回38" in words
    assert "不写 1" in words
    client.post(page.redirect_chain[-1][0].replace("/?", "/write/?"), {"accept_valid": "1"})
    assert grading.track("大村", "党员评").status == "in"
    assert grading.track("中村", "党员评").status == "open"
    assert all(
        row[3].value is None for row in template(grading, client, "党员评").active.iter_rows(min_row=2)
    )


@pytest.mark.parametrize(
    ("name", "status"),
    [("clerk", 200), ("county", 403), ("clerk_pu", 404), ("secretary", 404), ("nobody", 404)],
)
def test_who_gets_the_template(grading: Village, name: str, status: int) -> None:
    found = client_of(grading, name).get(address(grading, "files/template/")).status_code
    assert found == status or (name == "secretary" and found == 403)


def test_an_upload_is_its_owners_alone(grading: Village) -> None:
    client = client_of(grading, "clerk")
    book = template(grading, client)
    book.active.cell(2, column(book.active, "带头人")).value = 20
    where = upload(grading, client, book).redirect_chain[-1][0]
    assert client_of(grading, "clerk2").get(where).status_code == 404
    assert client_of(grading, "clerk2").post(where.replace("/?", "/write/?")).status_code == 404
