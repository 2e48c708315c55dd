"""The ledgers on screen and as files, signed in as those who send them up."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from assessments import ledgers
from tests.village import FULL, fill

NAMES = list(ledgers.LABELS)


@pytest.mark.parametrize("name", NAMES)
def test_a_ledger_shows_its_columns_and_rows(grading, client, name) -> None:
    fill(grading, "大村", FULL)
    client.force_login(grading.person["county"])
    page = client.get(f"/ledgers/{grading.round.pk}/{name}/520323/")
    assert page.status_code == 200
    text = page.content.decode()
    assert ledgers.LABELS[name] in text
    assert "填报单位（盖章）：中共绥山县委员会" in text


def test_the_total_and_band_are_those_of_the_file(grading, client) -> None:
    fill(grading, "大村", FULL)
    client.force_login(grading.person["clerk"])
    text = client.get(f"/ledgers/{grading.round.pk}/grading/520323102/").content.decode()
    assert "92.60" in text
    assert "河村" not in text


@pytest.mark.parametrize("name", NAMES)
def test_the_download_is_what_one_sees(grading, client, name) -> None:
    fill(grading, "大村", FULL)
    client.force_login(grading.person["county"])
    answer = client.post(f"/ledgers/{grading.round.pk}/{name}/520323/file/", {"ending": "xlsx"})
    sheet = load_workbook(BytesIO(answer.getvalue())).worksheets[0]
    words = {str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value}
    assert any(ledgers.LABELS[name] in word for word in words)
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows
    assert sheet.merged_cells.ranges


@pytest.mark.parametrize(
    ("person", "code", "status"),
    [
        ("county", "520323", 200),
        ("clerk", "520323102", 200),
        ("clerk", "520323", 404),
        ("clerk", "520323103", 404),
        ("other_county", "520323", 404),
        ("city", "5203", 200),
        ("audit", "520323", 404),
    ],
)
def test_only_organisations_in_reach(grading, client, person, code, status) -> None:
    client.force_login(grading.person[person])
    assert client.get(f"/ledgers/{grading.round.pk}/grading/{code}/").status_code == status
    answer = client.post(f"/ledgers/{grading.round.pk}/grading/{code}/file/", {"ending": "csv"})
    assert answer.status_code == status


def test_an_unknown_ledger_is_not_there(grading, client) -> None:
    client.force_login(grading.person["county"])
    assert client.get(f"/ledgers/{grading.round.pk}/nothing/520323/").status_code == 404


def test_the_way_in_leads_to_ones_own_unit(grading, client) -> None:
    client.force_login(grading.person["clerk"])
    assert client.get("/ledgers/").url == f"/ledgers/{grading.round.pk}/grading/520323102/"
