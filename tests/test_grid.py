"""The score grid on the server: what it shows, what a save does, what it costs, who may."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assessments.entry_grid import grid_of
from assessments.models import Sheet
from tests.village import Village, fill

FULL = {"党支部自评": 9800, "党员评": 10000, "群众评": 9000, "相关单位评": 8600}


def source(village: Village, label: str = "上级党组织评") -> Any:
    return next(one for one in village.rules.sources if one.label == label)


def address(village: Village, name: str = "", label: str = "上级党组织评", town: str = "520323102") -> str:
    return f"/rounds/{village.round.pk}/grid/{source(village, label).key}/{name}?committee={town}"


def client_of(village: Village, name: str) -> Client:
    client = Client()
    client.force_login(village.person[name])
    return client


def sheet_of(village: Village, branch: str, label: str = "上级党组织评") -> Sheet:
    return village.track(branch, label).sheets.get(status="draft")


def cell(sheet: Sheet, key: str = "leader", value: str = "20", **more: Any) -> dict[str, Any]:
    return {"sheet": sheet.pk, "key": key, "seen": None, "value": value, **more}


def save(client: Client, village: Village, cells: list[dict[str, Any]], whole: bool = False) -> Any:
    body = json.dumps({"whole": whole, "cells": cells})
    return client.post(
        address(village, "save/"), body, content_type="application/json", headers={"HX-Request": "true"}
    )


def full_sheet(village: Village, branch: str, short: int = 0) -> list[dict[str, Any]]:
    """Every cell at its full points, the first ``short`` hundredths lower with a reason."""
    sheet = sheet_of(village, branch)
    sector = village.rules.sector(village.file(branch).sector)
    cells = []
    for leaf in sector.leaves():
        points = leaf.points - (short if not cells else 0)
        reason = {"reason": "记录不全"} if points < leaf.points else {}
        cells.append(cell(sheet, leaf.key, f"{points // 100}.{points % 100:02d}", **reason))
    return cells


def test_the_page_groups_branches_by_sector_with_their_full_points(grading: Village) -> None:
    page = client_of(grading, "clerk").get(address(grading)).content.decode()
    assert "大村" in page
    assert "小村" in page
    assert "河村" not in page, "another committee's branch"
    assert "满分 20" in page
    assert 'aria-disabled="true"' in page
    assert "还差 21 处" in page


def test_a_saved_cell_answers_with_sum_and_what_is_left(grading: Village) -> None:
    client = client_of(grading, "clerk")
    told = save(client, grading, [cell(sheet_of(grading, "大村"), value="18.5", reason="缺记录")]).json()
    assert told["cells"][0] | {"at": ""} == {
        "sheet": sheet_of(grading, "大村").pk,
        "key": "leader",
        "state": "saved",
        "value": "18.50",
        "reason": "缺记录",
        "by": "乡镇党务干部",
        "at": "",
    }
    assert told["rows"][0]["sum"] == "18.50"
    assert "还差 6 项" in told["rows"][0]["verdict"]
    assert sheet_of(grading, "大村").lines["leader"]["points"] == 1850


@pytest.mark.parametrize("value", ["18分", "1e1", "20.01", "-1", "1.005", "十八", "=1+1", "18,5"])
def test_what_is_no_number_in_range_is_refused_and_nothing_written(grading: Village, value: str) -> None:
    told = save(client_of(grading, "clerk"), grading, [cell(sheet_of(grading, "大村"), value=value)]).json()
    assert told["cells"][0]["state"] == "refused"
    assert told["cells"][0]["words"]
    assert sheet_of(grading, "大村").lines == {}


def test_full_width_digits_are_taken(grading: Village) -> None:
    save(client_of(grading, "clerk"), grading, [cell(sheet_of(grading, "大村"), value="１２．５")])
    assert sheet_of(grading, "大村").lines["leader"]["points"] == 1250


def test_the_second_editor_gets_a_conflict_with_what_stands(grading: Village) -> None:
    save(client_of(grading, "clerk"), grading, [cell(sheet_of(grading, "大村"), value="18.4")])
    told = save(client_of(grading, "clerk2"), grading, [cell(sheet_of(grading, "大村"), value="17.9")]).json()
    assert told["cells"][0]["state"] == "conflict"
    assert told["cells"][0]["value"] == "18.40"
    assert sheet_of(grading, "大村").lines["leader"]["points"] == 1840


def test_one_bad_cell_leaves_the_others_of_an_autosave_saved(grading: Village) -> None:
    cells = [cell(sheet_of(grading, "大村"), value="20"), cell(sheet_of(grading, "中村"), value="99")]
    told = save(client_of(grading, "clerk"), grading, cells).json()
    assert [one["state"] for one in told["cells"]] == ["saved", "refused"]
    assert sheet_of(grading, "大村").total == 2000


def test_a_paste_is_written_whole_or_not_at_all(grading: Village) -> None:
    cells = [cell(sheet_of(grading, "大村"), value="20"), cell(sheet_of(grading, "中村"), value="99")]
    told = save(client_of(grading, "clerk"), grading, cells, whole=True).json()
    assert {one["state"] for one in told["cells"]} == {"refused"}
    assert sheet_of(grading, "大村").lines == {}
    assert sheet_of(grading, "中村").lines == {}
    cells[1]["value"] = "9"
    told = save(client_of(grading, "clerk"), grading, cells, whole=True).json()
    assert {one["state"] for one in told["cells"]} == {"saved"}


def test_a_sheet_of_another_committee_is_not_there(grading: Village) -> None:
    stranger = sheet_of(grading, "河村")
    assert save(client_of(grading, "clerk"), grading, [cell(stranger)]).status_code == 404
    assert stranger.lines == {}


def test_the_county_reads_the_grid_and_writes_nothing(grading: Village) -> None:
    client = client_of(grading, "county")
    assert b"data-editable" not in client.get(address(grading)).content
    assert save(client, grading, [cell(sheet_of(grading, "大村"))]).status_code == 403
    assert sheet_of(grading, "大村").lines == {}


@pytest.mark.parametrize(
    ("name", "status"),
    [("clerk", 200), ("committee", 200), ("county", 200), ("clerk_pu", 404), ("secretary", 403), ("liaison", 403), ("rater", 404),
     ("other_county", 404), ("nobody", 404)],
)  # fmt: skip
def test_who_opens_the_grid(grading: Village, name: str, status: int) -> None:
    assert client_of(grading, name).get(address(grading)).status_code == status


def test_ballots_have_no_grid(grading: Village) -> None:
    assert client_of(grading, "clerk").get(address(grading, label="党员评")).status_code == 404


def test_nonsense_is_refused_in_words(grading: Village) -> None:
    client = client_of(grading, "clerk")
    for body in ("", "[]", "{", '{"cells": []}', '{"cells": [1]}', '{"cells": [{"sheet": "x"}]}'):
        answer = client.post(address(grading, "save/"), body, content_type="application/json")
        assert answer.status_code == 422, body


def test_the_total_is_the_one_that_computing_finds(grading: Village) -> None:
    client = client_of(grading, "clerk")
    fill(grading, "大村", FULL)
    told = save(client, grading, full_sheet(grading, "大村", 800)).json()
    row = told["rows"][0]
    assert row["gaps"] == 0
    assert row["total"] != "—"
    client.post(address(grading, "submit/"))
    file = grading.file("大村")
    assert row["total"] == f"{file.total // 100}.{file.total % 100:02d}"
    assert grading.rules.band(file.band).label in row["verdict"]


def test_no_total_while_a_source_is_missing(grading: Village) -> None:
    fill(grading, "大村", {label: points for label, points in FULL.items() if label != "群众评"})
    told = save(client_of(grading, "clerk"), grading, full_sheet(grading, "大村")).json()
    assert told["rows"][0]["total"] == "—"
    assert "未齐" in told["rows"][0]["verdict"]


def test_submit_hands_in_what_is_filled_in_and_leaves_the_rest(grading: Village) -> None:
    client = client_of(grading, "clerk")
    save(client, grading, full_sheet(grading, "大村"))
    save(client, grading, [cell(sheet_of(grading, "中村"))])
    page = client.post(address(grading, "submit/"), follow=True).content.decode()
    assert "已提交 1 个支部" in page
    assert grading.track("大村", "上级党组织评").status == "confirmed"
    assert grading.track("中村", "上级党组织评").status == "open"


def test_a_deduction_without_a_reason_is_a_gap(grading: Village) -> None:
    cells = full_sheet(grading, "大村", 100)
    del cells[0]["reason"]
    told = save(client_of(grading, "clerk"), grading, cells).json()
    assert told["rows"][0]["gaps"] == 1
    assert "缺 1 条事由" in told["rows"][0]["verdict"]


def test_handed_in_rows_are_locked(grading: Village) -> None:
    client = client_of(grading, "clerk")
    save(client, grading, full_sheet(grading, "大村"))
    client.post(address(grading, "submit/"))
    sheet = grading.track("大村", "上级党组织评").sheets.get()
    told = save(client, grading, [cell(sheet, value="1", seen="20.00")]).json()
    assert told["cells"][0]["state"] == "refused"
    assert "已经交了" in told["cells"][0]["words"]


def test_the_grid_costs_the_same_for_one_branch_and_for_three(grading: Village) -> None:
    counts = []
    for code in ("大村", ""):
        ids = [sheet_of(grading, code).pk] if code else None
        committee, by = grading.org["旺草镇"], grading.by("clerk")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            grid = grid_of(
                round=grading.round, source=source(grading), by=by, committee=committee, sheet_ids=ids
            )
        counts.append((len(grid.rows), len(queries) - (ids is None)))
    assert counts[0][0] == 1
    assert counts[1][0] == 3
    assert counts[0][1] == counts[1][1]


def test_recent_reasons_stand_newest_first(grading: Village) -> None:
    client = client_of(grading, "clerk")
    save(client, grading, [cell(sheet_of(grading, "大村"), value="18", reason="缺记录")])
    grid = grid_of(
        round=grading.round, source=source(grading), by=grading.by("clerk"), committee=grading.org["旺草镇"]
    )
    assert grid.recent == {"leader": ["缺记录"]}


def test_the_guide_is_the_schemes_own_words(grading: Village) -> None:
    page = (
        client_of(grading, "clerk")
        .get(f"/rounds/{grading.round.pk}/guide/{source(grading).key}/")
        .content.decode()
    )
    assert "书记履职、班子配备、带头作用" in page
