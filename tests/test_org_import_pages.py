"""The import as a department does it: upload, look, confirm."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from gradingsite.jobs.models import Job
from gradingsite.jobs.services import run_now
from gradingsite.trail.models import Entry
from orgs.imports import preview as previews
from orgs.imports import uploads
from orgs.models import Organisation
from tests.org_lists import HEAD, xlsx
from tests.village import NOW

pytestmark = pytest.mark.django_db

NEW = ("520323102004", "中共绥山县旺草镇新村支部", "520323102", "党支部", "农村", "新甲", 9, 100)
CHANGED = ("520323102001", "中共绥山县旺草镇大村支部委员会", "520323102", "党支部", "农村", "村甲", 41, 1200)
BAD = ("520323102005", "中共绥山县旺草镇坏村支部", "520323102", "党支部", "两新", "坏甲", 9, 100)


@pytest.fixture
def as_(client, village) -> Callable[[str], Client]:
    def sign_in(name) -> Client:
        client.force_login(village.person[name])
        return client

    return sign_in


def upload(client, rows, name="名单.xlsx") -> str:
    """Upload and give the preview's address."""
    answer = client.post(reverse("orgs:import"), {"file": SimpleUploadedFile(name, xlsx(rows))})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def token_of(address) -> str:
    return re.search(r"/orgs/import/([^/]+)/", address)[1]


def digest_in(page) -> str:
    return re.search(r'name="digest" value="([0-9a-f]{64})"', page.content.decode())[1]


def test_a_department_uploads_looks_and_writes(as_, village) -> None:
    client = as_("county")
    address = upload(client, [NEW, CHANGED])
    page = client.get(address)
    words = page.content.decode()
    assert "还没有写入" in words
    assert "写入 2 行" in words
    assert "新增 1" in words
    assert "修改 1" in words
    assert not Organisation.objects.filter(code=NEW[0]).exists()
    changes = client.get(address, {"show": "changed"}).content.decode()
    assert re.search(r"党员数：<del>40</del> 改为 41", changes)
    done = client.post(f"{address}confirm/", {"digest": digest_in(page)}, follow=True)
    assert "导入完成：新增 1 个，修改 1 个" in done.content.decode()
    assert Organisation.objects.get(code=NEW[0]).parent == village.org["旺草镇"]
    assert (
        Entry.objects.filter(action="organisation.import", actor_id=village.person["county"].pk).count() == 1
    )
    assert uploads.content_of(token_of(address)) is None


def test_refused_rows_are_shown_first_with_place_reason_and_remedy(as_) -> None:
    page = as_("county").get(upload(as_("county"), [NEW, BAD])).content.decode()
    assert re.search(r'aria-current="true">\s*不通过 1', page)
    assert all(
        words in page for words in ("第 3 行", "E 列", "没有「两新」这个领域", "请填：", "只写入可用的行")
    )
    assert NEW[0] not in page


def test_refused_rows_need_the_tick(as_) -> None:
    client = as_("county")
    address = upload(client, [NEW, BAD])
    digest = digest_in(client.get(address))
    refused = client.post(f"{address}confirm/", {"digest": digest})
    assert refused.status_code == 422
    assert not Organisation.objects.filter(code=NEW[0]).exists()
    client.post(f"{address}confirm/", {"digest": digest, "accept": "1"})
    assert Organisation.objects.filter(code__in=[NEW[0], BAD[0]]).count() == 1


def test_what_changed_since_the_preview_is_a_conflict(as_, village) -> None:
    client = as_("county")
    address = upload(client, [CHANGED])
    digest = digest_in(client.get(address))
    Organisation.objects.filter(code=CHANGED[0]).update(member_count=39)
    assert client.post(f"{address}confirm/", {"digest": digest}).status_code == 409
    assert Organisation.objects.get(code=CHANGED[0]).member_count == 39
    assert client.post(f"{address}confirm/", {"digest": "0" * 64}).status_code == 409


def test_the_file_comes_back_with_comments(as_) -> None:
    client = as_("county")
    address = upload(client, [NEW, BAD])
    answer = client.get(f"{address}marked/")
    assert "attachment" in answer["Content-Disposition"]
    sheet = load_workbook(BytesIO(answer.content)).active
    assert "两新" in sheet["E3"].comment.text
    assert sheet["E2"].comment is None


def test_the_template_is_a_list_that_imports(as_) -> None:
    sheet = load_workbook(BytesIO(as_("county").get(reverse("orgs:import_template")).content)).active
    assert tuple(cell.value for cell in sheet[1]) == HEAD


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "旧版 Excel"),
        (b"<html><table>", "网页"),
        (b"a,b\r\n1,2\r\n", "没有找到表头"),
    ],
)
def test_what_is_no_list_is_said_beside_the_field(as_, content, words) -> None:
    answer = as_("county").post(reverse("orgs:import"), {"file": SimpleUploadedFile("名单.xls", content)})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_html_in_a_cell_is_shown_as_text(as_) -> None:
    client = as_("county")
    address = upload(client, [(*NEW[:5], "<script>alert(1)</script>", *NEW[6:])], name="<b>.xlsx")
    page = client.get(address, {"show": "new"}).content.decode()
    assert "<script>alert" not in page
    assert "<b>.xlsx" not in page


@pytest.mark.parametrize("name", ["clerk", "committee", "secretary", "minister", "system", "audit", "nobody"])
def test_others_are_kept_out(as_, village, name) -> None:
    client = as_(name)
    for address in (reverse("orgs:import"), reverse("orgs:import_template")):
        assert client.get(address).status_code == 403
    assert client.post(reverse("orgs:import"), {}).status_code == 403


def test_another_persons_file_does_not_exist(as_) -> None:
    address = upload(as_("county"), [NEW])
    digest = digest_in(as_("county").get(address))
    other = as_("county2")
    assert other.get(address).status_code == 404
    assert other.get(f"{address}marked/").status_code == 404
    assert other.post(f"{address}confirm/", {"digest": digest}).status_code == 404
    own = as_("county")
    for token in ("1", "../x", f"{own.session['_auth_user_id']}-{'0' * 48}"):
        assert own.get(f"/orgs/import/{token}/").status_code == 404


def test_a_confirmation_is_a_post(as_) -> None:
    client = as_("county")
    address = upload(client, [NEW])
    assert client.get(f"{address}confirm/").status_code == 405


def test_another_countys_rows_stay_out(as_, village) -> None:
    foreign = (
        "520324101001",
        "中共道山县玉溪镇东村支部委员会",
        "520324101",
        "党支部",
        "农村",
        "改了",
        25,
        700,
    )
    client = as_("county")
    address = upload(client, [foreign, NEW])
    client.post(f"{address}confirm/", {"digest": digest_in(client.get(address)), "accept": "1"})
    assert Organisation.objects.get(code=foreign[0]).secretary_name == "东甲"
    assert Organisation.objects.filter(code=NEW[0]).exists()


def test_a_large_list_goes_to_a_job_that_bears_being_run_twice(as_, village, monkeypatch) -> None:
    monkeypatch.setattr(previews, "SMALL", 1)
    monkeypatch.setattr("orgs.views.imports.SMALL", 1)
    client = as_("county")
    address = upload(client, [NEW, CHANGED])
    answer = client.post(f"{address}confirm/", {"digest": digest_in(client.get(address))})
    assert answer["Location"] == reverse("jobs:list")
    assert not Organisation.objects.filter(code=NEW[0]).exists()
    kept = uploads.content_of(token_of(address))
    job = run_now(Job.objects.get(), clock=lambda: NOW)
    assert (job.state, job.note) == ("done", "新增 1 个，修改 1 个，不变 0 个，不通过 0 行，跳过 0 行。")
    assert Organisation.objects.filter(code=NEW[0]).count() == 1
    uploads._write(token_of(address), kept)
    again = previews.confirm(
        token_of(address), digest="0" * 64, accept_valid=False, by=village.by("county"), now=NOW
    )
    assert (again.new, again.changed) == (0, 0)


def test_kept_files_are_for_their_owner_and_go_after_a_day(as_) -> None:
    address = upload(as_("county"), [NEW])
    path = uploads._folder() / token_of(address)
    assert path.stat().st_mode & 0o077 == 0
    uploads.discard_old(now=path.stat().st_mtime + uploads.KEPT_SECONDS - 5)
    assert path.exists()
    uploads.discard_old(now=path.stat().st_mtime + uploads.KEPT_SECONDS + 5)
    assert not path.exists()
    assert as_("county").get(address).status_code == 404


def test_pages_hold_fifty_rows(as_) -> None:
    rows = [(f"5203231025{number:02d}", f"中共绥山县旺草镇{number}村支部", *NEW[2:]) for number in range(60)]
    client = as_("county")
    address = upload(client, rows)
    assert client.get(address).content.decode().count("5203231025") == 50
    assert client.get(address, {"page": "2"}).content.decode().count("5203231025") == 10
