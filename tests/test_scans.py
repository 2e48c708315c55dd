"""Scans of signed papers: by content, by step, by party; never lost, never shown in the page, no way around reach."""

import hashlib
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile

from assessments.models import Round, Scan
from assessments.services.scans import LARGEST, store_scan
from gradingsite.lib.refusal import Refused
from gradingsite.trail.models import Entry
from orgs.models import StoredFile
from tests.village import FULL, NOW, fill

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
CONTENTS = {"png": PNG, "jpg": b"\xff\xd8\xff\xe0" + b"1" * 40, "pdf": b"%PDF-1.7\n" + b"2" * 40}


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def upload(content: bytes = PNG, name: str = "自评表.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def keep(grading, person: str = "clerk", step: str = "self", branch: str = "大村", **more) -> Scan:
    return store_scan(
        assessment=grading.file(branch), step=step, upload=upload(**more), by=grading.by(person), now=NOW
    )


def get(client, grading, name: str, where: str):  # noqa: ANN201
    client.force_login(grading.person[name])
    return client.get(where)


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_scan_is_kept_by_what_it_holds_under_a_random_name(grading, data_dir, kind) -> None:
    scan = keep(grading, content=CONTENTS[kind], name="../../etc/自评 表.exe")
    assert scan.file.name == f"自评 表.{kind}"
    assert scan.file.sha256 == hashlib.sha256(CONTENTS[kind]).hexdigest()
    place = data_dir / scan.file.path
    assert place.read_bytes() == CONTENTS[kind]
    assert scan.file.path.startswith("files/2026/")
    assert "自评" not in scan.file.path
    assert Entry.objects.filter(action="scan.add", object_id=str(scan.pk)).exists()


@pytest.mark.parametrize("content", [b"<html><script>", b"GIF89a", b"PK\x03\x04", b"", b" %PDF-1.7"])
def test_other_content_is_refused_whatever_its_name(grading, content) -> None:
    with pytest.raises(Refused, match="PNG、JPG 或 PDF"):
        keep(grading, content=content, name="自评表.png")
    assert not StoredFile.objects.exists()


def test_more_than_ten_megabytes_are_refused(grading, data_dir) -> None:
    with pytest.raises(Refused, match="10 MB"):
        keep(grading, content=PNG + b"0" * LARGEST)
    assert not list(data_dir.rglob("*.*"))


@pytest.mark.parametrize(
    ("person", "step", "may"),
    [
        ("secretary", "self", True),
        ("secretary", "confirm", True),
        ("secretary", "ballot", False),
        ("secretary", "approve", False),
        ("clerk", "ballot", True),
        ("clerk", "decide", True),
        ("county", "approve", True),
        ("county", "self", False),
        ("liaison", "self", False),
        ("committee", "decide", False),
        ("secretary2", "self", False),
        ("clerk_pu", "self", False),
        ("other_county", "approve", False),
    ],
)
def test_who_may_add_a_paper_of_which_step(grading, person, step, may) -> None:
    if may:
        assert keep(grading, person, step).step == step
    else:
        with pytest.raises(PermissionDenied):
            keep(grading, person, step)


def test_a_step_the_scheme_does_not_have_is_refused(grading) -> None:
    with pytest.raises(Refused, match="没有这个环节"):
        keep(grading, step="notice")


def test_nothing_is_added_to_a_closed_round(grading) -> None:
    Round.objects.filter(pk=grading.round.pk).update(status="closed")
    with pytest.raises(Refused, match="已经结束"):
        keep(grading)


def test_a_step_takes_twenty_and_no_more(grading) -> None:
    for _ in range(20):
        keep(grading)
    with pytest.raises(Refused, match="20 个"):
        keep(grading)


def test_it_comes_back_as_an_attachment_and_the_download_is_recorded(grading, client) -> None:
    scan = keep(grading)
    answer = get(client, grading, "county", f"/scans/{scan.pk}/")
    assert answer.content == PNG
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert Entry.objects.filter(action="scan.download", object_id=str(scan.pk)).count() == 1


def test_a_file_that_was_tampered_with_is_not_handed_out(grading, client, data_dir) -> None:
    scan = keep(grading)
    (data_dir / scan.file.path).write_bytes(b"\x89PNG\r\n\x1a\nother")
    answer = get(client, grading, "clerk", f"/scans/{scan.pk}/")
    assert answer.status_code == 422
    assert "已损坏" in answer.content.decode()


def test_a_path_leading_out_of_the_data_folder_is_not_followed(grading, client, data_dir) -> None:
    scan = keep(grading)
    StoredFile.objects.filter(pk=scan.file_id).update(path="../secret")
    (data_dir.parent / "secret").write_bytes(PNG)
    assert get(client, grading, "clerk", f"/scans/{scan.pk}/").status_code == 422


@pytest.mark.parametrize(
    ("person", "self_status", "ballot_status"),
    [
        ("secretary", 200, 403),
        ("liaison", 200, 403),
        ("clerk", 200, 200),
        ("county", 200, 403),
        ("leader", 403, 403),
        ("secretary2", 404, 404),
        ("clerk_pu", 404, 404),
        ("other_county", 404, 404),
    ],
)
def test_who_opens_a_paper_before_the_file_is_computed(
    grading, client, person, self_status, ballot_status
) -> None:
    own, ballot = keep(grading), keep(grading, step="ballot")
    assert get(client, grading, person, f"/scans/{own.pk}/").status_code == self_status
    assert get(client, grading, person, f"/scans/{ballot.pk}/").status_code == ballot_status


@pytest.mark.parametrize(("voters", "status"), [(3, 403), (30, 200)])
def test_the_tally_sheet_of_a_small_ballot_is_open_to_the_two_who_handled_it(
    grading, client, voters, status
) -> None:
    fill(grading, "大村", FULL, voters=voters)
    scan = keep(grading, step="ballot")
    for name in ("clerk", "clerk2"):
        assert get(client, grading, name, f"/scans/{scan.pk}/").status_code == 200
    for name in ("county", "committee", "city"):
        assert get(client, grading, name, f"/scans/{scan.pk}/").status_code == status
        page = get(client, grading, name, f"/assessments/{scan.assessment_id}/scans/").content.decode()
        assert (f"/scans/{scan.pk}/" in page) == (status == 200)


def test_the_page_takes_a_scan_and_goes_back_where_one_came_from(grading, client) -> None:
    client.force_login(grading.person["clerk"])
    where = f"/assessments/{grading.file('大村').pk}/scans/"
    back = f"/rounds/{grading.round.pk}/polls/"
    answer = client.post(where, {"step": "ballot", "file": upload(), "next": back})
    assert answer.url == back
    away = client.post(where, {"step": "ballot", "file": upload(), "next": "https://elsewhere.example/"})
    assert away.url == where
    page = client.get(where).content.decode()
    assert page.count('href="/scans/') == 2
    assert "测评" in page


def test_the_page_says_what_is_wrong_with_a_file(grading, client) -> None:
    client.force_login(grading.person["secretary"])
    where = f"/assessments/{grading.file('大村').pk}/scans/"
    answer = client.post(where, {"step": "self", "file": upload(b"GIF89a")})
    assert answer.status_code == 422
    assert "只收 PNG、JPG 或 PDF" in answer.content.decode()
    assert client.post(where, {"step": "ballot", "file": upload()}).status_code == 422
    assert not Scan.objects.exists()
