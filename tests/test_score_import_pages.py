"""Taking scores in from a file in the browser: upload, preview, confirm; never outside one's reach."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from assessments.imports.uploads import kept

GOOD = "组织代码,上级党组织评,党支部自评\n520323102001,92,98\n520323102002,81.5,90\n"


def send(client, grading, text: str, name: str = "分数.csv"):  # noqa: ANN201
    file = SimpleUploadedFile(name, text.encode("utf-8-sig"))
    return client.post(f"/rounds/{grading.round.pk}/import/", {"file": file})


def test_a_file_is_shown_first_and_written_when_confirmed(grading, client) -> None:
    client.force_login(grading.person["clerk"])
    where = send(client, grading, GOOD).url
    page = client.get(where).content.decode()
    assert "新录入 4 项" in page
    assert grading.track("大村", "上级党组织评").status == "open"
    answer = client.post(f"{where}confirm/")
    assert "新录入 <b>4</b> 项" in answer.content.decode()
    assert grading.track("大村", "上级党组织评").status == "confirmed"
    assert kept(where.rstrip("/").split("/")[-1]) is None


def test_a_refused_row_names_itself_and_stops_the_file(grading, client) -> None:
    client.force_login(grading.person["clerk"])
    where = send(client, grading, GOOD.replace("81.5", "100.01")).url
    page = client.get(where + "?show=refused").content.decode()
    assert "520323102002" in page
    assert client.post(f"{where}confirm/").status_code == 422
    assert grading.track("大村", "上级党组织评").status == "open"
    client.post(f"{where}confirm/", {"accept_valid": "1"})
    assert grading.track("大村", "上级党组织评").status == "confirmed"
    assert grading.track("中村", "党支部自评").status == "open"


def test_another_townships_branch_answers_like_an_unknown_code(grading, client) -> None:
    client.force_login(grading.person["clerk"])
    pages = []
    for code in ("520323103001", "520399999999"):
        where = send(client, grading, f"组织代码,上级党组织评\n{code},90\n").url
        pages.append(client.get(where + "?show=refused").content.decode())
    reasons = [page[page.index('<td class="wrap">') :].split("</td>")[0] for page in pages]
    assert reasons[0].replace("520323103001", "") == reasons[1].replace("520399999999", "")


@pytest.mark.parametrize("person", ["clerk2", "county", "other_clerk"])
def test_an_upload_is_its_owners_alone(grading, client, person) -> None:
    client.force_login(grading.person["clerk"])
    where = send(client, grading, GOOD).url
    client.force_login(grading.person[person])
    assert client.get(where).status_code == 404
    assert client.post(f"{where}confirm/").status_code == 404


@pytest.mark.parametrize(("person", "status"), [("secretary", 403), ("liaison", 403), ("other_clerk", 404)])
def test_only_staff_take_scores_in(grading, client, person, status) -> None:
    client.force_login(grading.person[person])
    assert client.get(f"/rounds/{grading.round.pk}/import/").status_code == status


def test_what_is_no_table_gets_a_plain_message(grading, client) -> None:
    client.force_login(grading.person["clerk"])
    page = send(client, grading, "<html><table><tr><td>1</td></tr></table></html>", "分数.xls")
    assert page.status_code == 200
    assert "另存为" in page.content.decode()
