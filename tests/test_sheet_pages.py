"""One sheet as a form, confirmation, sending back, sealing, raters: pages without scripts."""

from __future__ import annotations

import pytest
from django.test import Client

from assessments.models import Sheet
from assessments.services.sheets import assign_raters
from tests.village import NOW, Village, scan

SELF, RELATED, SUPERIOR = "党支部自评", "相关单位评", "上级党组织评"


def client_of(village: Village, name: str) -> Client:
    client = Client()
    client.force_login(village.person[name])
    return client


def sheet_of(village: Village, branch: str = "大村", label: str = SELF) -> Sheet:
    return village.track(branch, label).sheets.get(status="draft")


def posted(
    village: Village,
    branch: str = "大村",
    *,
    short: int = 0,
    reason: str = "",
    do: str = "save",
    seen: str = "",
) -> dict[str, str]:
    """A filled-in form; the first indicator ``short`` hundredths below its full points."""
    data = {"do": do}
    for number, leaf in enumerate(village.rules.sector(village.file(branch).sector).leaves()):
        points = leaf.points - (short if not number else 0)
        data[f"points-{leaf.key}"] = f"{points // 100}.{points % 100:02d}"
        data[f"seen-{leaf.key}"] = seen
        data[f"reason-{leaf.key}"] = reason if not number else ""
    return data


def ask_rater(village: Village, branch: str = "大村") -> Sheet:
    track = village.track(branch, RELATED)
    raters = [(village.person["rater"], "信访局", None), (village.person["rater2"], "环保局", None)]
    return assign_raters(track=track, raters=raters, by=village.by("clerk"), now=NOW)[0]


def test_the_secretary_lands_on_the_own_sheet(grading: Village) -> None:
    client = client_of(grading, "secretary")
    page = client.get(f"/rounds/{grading.round.pk}/self/", follow=True)
    assert page.redirect_chain[-1][0] == f"/sheets/{sheet_of(grading).pk}/"
    assert "书记履职、班子配备、带头作用" in page.content.decode()


def test_a_draft_is_saved_with_gaps(grading: Village) -> None:
    client, sheet = client_of(grading, "secretary"), sheet_of(grading)
    data = posted(grading, short=100) | {"points-thinking": ""}
    page = client.post(f"/sheets/{sheet.pk}/", data, follow=True).content.decode()
    assert "已保存，还没有提交" in page
    sheet.refresh_from_db()
    assert sheet.lines["leader"]["points"] == 1900
    assert "thinking" not in sheet.lines


def test_handing_in_names_each_gap_beside_its_field_and_on_top(grading: Village) -> None:
    client, sheet = client_of(grading, "secretary"), sheet_of(grading)
    data = posted(grading, short=100, do="hand_in") | {"points-thinking": ""}
    answer = client.post(f"/sheets/{sheet.pk}/", data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2 处要改" in page
    assert 'href="#id_reason-leader"' in page
    assert 'id="id_reason-leader_fault"' in page
    assert "扣了 1.00 分，写明事由" in page
    assert "没有打分，满分 10" in page
    assert 'value="19.00"' in page, "what was typed stays"


def test_handed_in_confirmed_sealed(grading: Village) -> None:
    client, sheet = client_of(grading, "secretary"), sheet_of(grading)
    client.post(f"/sheets/{sheet.pk}/", posted(grading, short=100, reason="班子缺一人", do="hand_in"))
    track = grading.track("大村", SELF)
    assert track.status == "in"
    liaison = client_of(grading, "liaison")
    listed = liaison.get(f"/rounds/{grading.round.pk}/confirm/").content.decode()
    assert "去确认" in listed
    assert "99.00" in listed
    assert "确认大村的自评" in liaison.get(f"/sheets/{sheet.pk}/").content.decode()
    liaison.post(f"/tracks/{track.pk}/confirm/")
    assert grading.track("大村", SELF).status == "confirmed"
    assert "纸质件已加盖公章" in client.get(f"/sheets/{sheet.pk}/").content.decode()
    client.post(f"/tracks/{track.pk}/seal/")
    assert grading.track("大村", SELF).sealed_at


def test_taken_back_before_confirmation(grading: Village) -> None:
    client, sheet = client_of(grading, "secretary"), sheet_of(grading)
    client.post(f"/sheets/{sheet.pk}/", posted(grading, do="hand_in"))
    assert "撤回修改" in client.get(f"/sheets/{sheet.pk}/").content.decode()
    client.post(f"/sheets/{sheet.pk}/take-back/")
    assert grading.track("大村", SELF).status == "open"


def test_sent_back_with_a_reason_the_branch_reads(grading: Village) -> None:
    client, sheet = client_of(grading, "secretary"), sheet_of(grading)
    client.post(f"/sheets/{sheet.pk}/", posted(grading, do="hand_in"))
    track = grading.track("大村", SELF)
    liaison = client_of(grading, "liaison")
    assert liaison.post(f"/tracks/{track.pk}/send-back/", {"note": " "}).status_code == 422
    assert grading.track("大村", SELF).status == "in"
    liaison.post(f"/tracks/{track.pk}/send-back/", {"note": "工作业绩没有依据"})
    page = client.get(f"/rounds/{grading.round.pk}/self/", follow=True).content.decode()
    assert "退回修改：" in page
    assert "工作业绩没有依据" in page
    assert 'value="20.00"' in page, "what stood is there to be mended"


def test_staff_filling_in_for_a_branch_need_the_signed_paper(grading: Village) -> None:
    client, sheet = client_of(grading, "clerk"), sheet_of(grading, "小村")
    assert "上传扫描件" in client.get(f"/sheets/{sheet.pk}/").content.decode()
    page = client.post(f"/sheets/{sheet.pk}/", posted(grading, "小村", do="hand_in")).content.decode()
    assert "代录要先上传" in page
    scan(grading, grading.file("小村"), "self")
    sheet.refresh_from_db()
    client.post(f"/sheets/{sheet.pk}/", posted(grading, "小村", do="hand_in", seen="") | {
        f"seen-{key}": f"{line['points'] // 100}.{line['points'] % 100:02d}" for key, line in sheet.lines.items()
    })  # fmt: skip
    assert grading.track("小村", SELF).status == "in"
    assert grading.track("小村", SELF).on_behalf


def test_a_change_by_somebody_else_is_not_overwritten(grading: Village) -> None:
    sheet = sheet_of(grading, "大村", SUPERIOR)
    client_of(grading, "clerk").post(f"/sheets/{sheet.pk}/", posted(grading, short=100, reason="甲"))
    answer = client_of(grading, "clerk2").post(
        f"/sheets/{sheet.pk}/", posted(grading, short=500, reason="乙")
    )
    assert answer.status_code == 422
    assert "刚被" in answer.content.decode()
    sheet.refresh_from_db()
    assert sheet.lines["leader"]["points"] == 1900


@pytest.mark.parametrize(
    ("name", "label", "status"),
    [("secretary", SELF, 200), ("secretary", SUPERIOR, 403), ("liaison", SELF, 200), ("liaison", SUPERIOR, 403),
     ("clerk", SELF, 200), ("county", SUPERIOR, 200), ("secretary2", SELF, 404), ("clerk_pu", SELF, 404),
     ("other_county", SELF, 404), ("rater", SELF, 404), ("nobody", SELF, 404), ("cadre", SELF, 404)],
)  # fmt: skip
def test_who_reads_a_sheet(grading: Village, name: str, label: str, status: int) -> None:
    answer = client_of(grading, name).get(f"/sheets/{sheet_of(grading, '大村', label).pk}/")
    assert answer.status_code == status


def test_a_reader_cannot_write(grading: Village) -> None:
    sheet = sheet_of(grading)
    client_of(grading, "county").post(f"/sheets/{sheet.pk}/", posted(grading))
    sheet.refresh_from_db()
    assert sheet.lines == {}


def test_the_rater_finds_the_sheets_asked_for_and_no_others(grading: Village) -> None:
    sheet = ask_rater(grading)
    client = client_of(grading, "rater")
    page = client.get(f"/rounds/{grading.round.pk}/mine/").content.decode()
    assert f"/sheets/{sheet.pk}/" in page
    assert "中村" not in page
    assert client.get(f"/sheets/{sheet.pk}/").status_code == 200
    other = grading.track("大村", RELATED).sheets.get(rater=grading.person["rater2"])
    assert client.get(f"/sheets/{other.pk}/").status_code == 404
    grid = client.get(f"/rounds/{grading.round.pk}/grid/{sheet.source}/").content.decode()
    assert grid.count("data-editable") == 1
    assert "综合得分" not in grid


def test_a_stranger_releases_nobody(grading: Village) -> None:
    sheet = ask_rater(grading)
    assert (
        client_of(grading, "secretary").post(f"/sheets/{sheet.pk}/release/", {"note": "不评"}).status_code
        == 403
    )
    assert (
        client_of(grading, "clerk_pu").post(f"/sheets/{sheet.pk}/release/", {"note": "不评"}).status_code
        == 404
    )


def test_a_track_leads_to_its_form(grading: Village) -> None:
    client = client_of(grading, "clerk")
    own = client.get(f"/tracks/{grading.track('大村', SELF).pk}/")
    assert own.url == f"/sheets/{sheet_of(grading).pk}/"
    assert client.get(f"/tracks/{grading.track('大村', '党员评').pk}/").url.endswith("/poll/")
    assert "/grid/" in client.get(f"/tracks/{grading.track('大村', RELATED).pk}/").url
