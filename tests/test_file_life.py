"""A file from collecting to approved and back, through the services alone (flow.md, file and track)."""

from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied

from assessments import flow
from assessments.models import Approval, Assessment, Decision, Sheet
from assessments.services.approving import (
    Seen,
    approve,
    return_decision,
    return_report,
    return_tracks,
    take_up,
)
from assessments.services.deciding import (
    Draft,
    correct_decision,
    draft_decisions,
    note_notice,
    report,
    sign_decisions,
    take_back_report,
)
from assessments.services.evidence import digests_of
from assessments.services.sheets import (
    Cell,
    assign_raters,
    confirm,
    hand_in,
    save_cells,
    send_back,
    take_back,
)
from gradingsite.demo.rounds import county_rules
from gradingsite.lib.refusal import Conflict, Refused
from orgs.models import Passage
from tests.village import FULL, NOW, TODAY, decided, fill, open_grading, reported, scan

DUE = TODAY.replace(day=20)


def seen(file: Assessment) -> dict[int, Seen]:
    return {file.pk: Seen(file.version, digests_of([file])[file.pk])}


def source_key(grading, label: str) -> str:
    return next(one.key for one in grading.rules.sources if one.label == label)


def test_the_worked_example_of_guizhou_is_computed_when_the_last_source_is_in(grading) -> None:
    file = fill(grading, "大村", FULL)
    assert (file.status, file.total) == (flow.COMPUTED, 9260)  # 27.6 + 9.8 + 20 + 18 + 17.2
    assert grading.rules.band(file.band).label == "好"
    assert file.version > 1


def test_a_file_goes_all_the_way_to_approved(grading) -> None:
    file = reported(grading, "大村")
    assert file.status == flow.REPORTED
    take_up(ids=[file.pk], by=grading.by("county"), now=NOW)
    approve(seen=seen(grading.file("大村")), by=grading.by("county"), now=NOW)
    file = grading.file("大村")
    assert file.status == flow.APPROVED
    names = list(Passage.objects.of(file).values_list("name", flat=True))
    assert names[-4:] == ["decide", "report", "take_up", "approve"]
    assert Approval.objects.get(assessment=file).version == file.version


def test_an_override_needs_its_reason(grading) -> None:
    file = fill(grading, "大村", FULL)
    other = next(band.key for band in grading.rules.bands if band.key != file.band)
    with pytest.raises(Refused, match="事由"):
        draft_decisions(drafts=[Draft(file.pk, other)], by=grading.by("clerk"), now=NOW)
    draft_decisions(drafts=[Draft(file.pk, other, "越级信访两件")], by=grading.by("clerk"), now=NOW)
    sign_decisions(ids=[file.pk], meeting_on=TODAY, minutes_no="1号", by=grading.by("committee"), now=NOW)
    assert grading.file("大村").decided_band == other


def test_the_approval_carries_the_version_it_saw(grading) -> None:
    file = reported(grading, "大村")
    stale = {file.pk: Seen(file.version - 1, digests_of([file])[file.pk])}
    with pytest.raises(Conflict):
        approve(seen=stale, by=grading.by("county"), now=NOW)
    with pytest.raises(Conflict):
        approve(
            seen={file.pk: replace(seen(file)[file.pk], digest="0" * 64)}, by=grading.by("county"), now=NOW
        )
    assert grading.file("大村").status == flow.REPORTED


def test_nobody_approves_ones_own_entry(grading) -> None:
    file = reported(grading, "大村")
    county = grading.by("county")
    grading.file("大村").tracks.filter(source=source_key(grading, "党员评")).update(
        submitted_by=county.person
    )
    with pytest.raises(Refused, match="经手"):
        approve(seen=seen(grading.file("大村")), by=county, now=NOW)
    approve(seen=seen(file), by=grading.by("county2"), now=NOW)
    assert grading.file("大村").status == flow.APPROVED


def test_others_have_no_part_in_approving(grading) -> None:
    file = reported(grading, "大村")
    for name in ("clerk", "committee", "secretary", "liaison", "city", "other_county", "leader", "minister"):
        with pytest.raises(PermissionDenied):
            approve(seen=seen(file), by=grading.by(name), now=NOW)


def test_a_return_reopens_only_what_is_named(grading) -> None:
    file = reported(grading, "大村")
    public = source_key(grading, "群众评")
    return_tracks(
        file=file, sources=[public], note="票在办公室填写", due_on=DUE, by=grading.by("county"), now=NOW
    )
    file = grading.file("大村")
    assert (file.status, file.total, file.decided_band) == (flow.COLLECTING, None, "")
    states = dict(file.tracks.values_list("source", "status"))
    assert states.pop(public) == flow.OPEN
    assert set(states.values()) == {flow.CONFIRMED}
    assert Decision.objects.filter(assessment=file, superseded_at=None).count() == 0
    assert Decision.objects.filter(assessment=file).count() == 1
    fill(grading, "大村", {"群众评": 8000})
    assert grading.file("大村").total == 9060


def test_returning_the_decision_leaves_sources_alone(grading) -> None:
    file = reported(grading, "大村")
    return_decision(file=file, note="纪要缺签字", due_on=DUE, by=grading.by("county"), now=NOW)
    file = grading.file("大村")
    assert (file.status, file.total) == (flow.COMPUTED, 9260)


def test_returning_the_papers_keeps_the_decision(grading) -> None:
    file = reported(grading, "大村")
    return_report(file=file, note="报告没有盖章", due_on=DUE, by=grading.by("county"), now=NOW)
    file = grading.file("大村")
    assert (file.status, bool(file.decided_band)) == (flow.DECIDED, True)
    report(
        round=grading.round,
        committee=grading.org["旺草镇"],
        ids=[file.pk],
        by=grading.by("committee"),
        now=NOW,
    )


def test_a_return_needs_reason_date_and_authority(grading) -> None:
    file = reported(grading, "大村")
    public = source_key(grading, "群众评")
    with pytest.raises(Refused, match="事由"):
        return_tracks(file=file, sources=[public], note=" ", due_on=DUE, by=grading.by("county"), now=NOW)
    with pytest.raises(PermissionDenied):
        return_tracks(file=file, sources=[public], note="x", due_on=DUE, by=grading.by("clerk"), now=NOW)
    with pytest.raises(PermissionDenied):
        return_tracks(
            file=file, sources=[public], note="x", due_on=DUE, by=grading.by("other_county"), now=NOW
        )
    return_tracks(file=file, sources=[public], note="市里抽查", due_on=DUE, by=grading.by("city"), now=NOW)
    assert grading.file("大村").status == flow.COLLECTING


def test_a_correction_after_approval_voids_it(grading) -> None:
    file = reported(grading, "大村")
    approve(seen=seen(file), by=grading.by("county"), now=NOW)
    correct_decision(
        file=grading.file("大村"), meeting_on=TODAY, minutes_no="旺党纪要〔2026〕8号", wording="", note="文号写错",
        by=grading.by("committee"), now=NOW,
    )  # fmt: skip
    file = grading.file("大村")
    assert (file.status, file.approval_void) == (flow.REPORTED, True)
    assert Approval.objects.get(assessment=file).void_at == NOW
    approve(seen=seen(file), by=grading.by("county"), now=NOW)
    assert not grading.file("大村").approval_void


def test_a_report_can_be_taken_back_until_it_is_taken_up(grading) -> None:
    file = reported(grading, "大村")
    take_back_report(ids=[file.pk], by=grading.by("committee"), now=NOW)
    assert grading.file("大村").status == flow.DECIDED
    report(
        round=grading.round,
        committee=grading.org["旺草镇"],
        ids=[file.pk],
        by=grading.by("committee"),
        now=NOW,
    )
    take_up(ids=[file.pk], by=grading.by("county"), now=NOW)
    with pytest.raises(Refused, match="接收"):
        take_back_report(ids=[file.pk], by=grading.by("committee"), now=NOW)


def test_marks_are_locked_once_decided(grading) -> None:
    decided(grading, "大村")
    track = grading.track("大村", "上级党组织评")
    with pytest.raises(Refused, match="锁定"):
        send_back(track=track, note="再看", by=grading.by("clerk"), now=NOW)


def test_a_sheet_sent_back_is_kept_and_the_total_is_void(grading) -> None:
    file = fill(grading, "大村", FULL)
    track = grading.track("大村", "上级党组织评")
    send_back(track=track, note="活动阵地打错", by=grading.by("clerk2"), now=NOW)
    file = grading.file("大村")
    assert (file.status, file.total) == (flow.COLLECTING, None)
    sheets = Sheet.objects.filter(assessment=file, source=track.source).order_by("pk")
    assert [sheet.status for sheet in sheets] == ["superseded", "draft"]
    assert sheets[1].lines == sheets[0].lines


def test_a_deduction_without_reason_is_not_handed_in(grading) -> None:
    track = grading.track("大村", "上级党组织评")
    sheet = track.sheets.get()
    clerk = grading.by("clerk")
    keys = [leaf.key for leaf in grading.rules.sector("农村").leaves()]
    full = {leaf.key: leaf.points for leaf in grading.rules.sector("农村").leaves()}
    save_cells(cells=[Cell(sheet.pk, key, None, full[key]) for key in keys[1:]], by=clerk, now=NOW)
    with pytest.raises(Refused, match="没有打分"):
        hand_in(track=track, by=clerk, now=NOW)
    save_cells(cells=[Cell(sheet.pk, keys[0], None, full[keys[0]] - 100)], by=clerk, now=NOW)
    with pytest.raises(Refused, match="没有写事由"):
        hand_in(track=track, by=clerk, now=NOW)
    save_cells(
        cells=[Cell(sheet.pk, keys[0], full[keys[0]] - 100, full[keys[0]] - 100, "缺记录")], by=clerk, now=NOW
    )
    hand_in(track=track, by=clerk, now=NOW)
    track.refresh_from_db()
    assert track.status == flow.CONFIRMED


def test_a_stale_cell_is_a_conflict_with_both_values(grading) -> None:
    sheet = grading.track("大村", "上级党组织评").sheets.get()
    key = grading.rules.sector("农村").leaves()[0].key
    save_cells(cells=[Cell(sheet.pk, key, None, 1500, "甲")], by=grading.by("clerk"), now=NOW)
    with pytest.raises(Conflict) as caught:
        save_cells(cells=[Cell(sheet.pk, key, None, 1600, "乙")], by=grading.by("clerk2"), now=NOW)
    assert (caught.value.mine, caught.value.theirs) == (1600, 1500)


@pytest.mark.parametrize("points", [-1, 2001])
def test_points_stay_within_the_indicator(grading, points) -> None:
    sheet = grading.track("大村", "上级党组织评").sheets.get()
    key = grading.rules.sector("农村").leaves()[0].key
    with pytest.raises(Refused):
        save_cells(cells=[Cell(sheet.pk, key, None, points)], by=grading.by("clerk"), now=NOW)


def test_the_liaison_confirms_and_staff_do_not_where_one_is_posted(grading) -> None:
    track = grading.track("大村", "党支部自评")
    sheet = track.sheets.get()
    cells = [Cell(sheet.pk, leaf.key, None, leaf.points) for leaf in grading.rules.sector("农村").leaves()]
    save_cells(cells=cells, by=grading.by("secretary"), now=NOW)
    hand_in(track=track, by=grading.by("secretary"), now=NOW)
    track = grading.track("大村", "党支部自评")
    with pytest.raises(Refused, match="包村干部"):
        confirm(track=track, by=grading.by("clerk"), now=NOW)
    take_back(track=track, by=grading.by("secretary"), now=NOW)
    hand_in(track=track, by=grading.by("secretary"), now=NOW)
    confirm(track=grading.track("大村", "党支部自评"), by=grading.by("liaison"), now=NOW)
    assert grading.track("大村", "党支部自评").status == flow.CONFIRMED


def test_staff_hand_in_for_offices_without_waiting_for_a_rater_with_an_account(grading) -> None:
    track = grading.track("大村", "相关单位评")
    clerk, rater = grading.by("clerk"), grading.by("rater")
    raters = [(grading.person["rater"], "纪检", None), (None, "信访", None)]
    mine, office = assign_raters(track=track, raters=raters, by=clerk, now=NOW)
    leaves = grading.rules.sector("农村").leaves()
    save_cells(cells=[Cell(office.pk, leaf.key, None, leaf.points) for leaf in leaves], by=clerk, now=NOW)
    scan(grading, grading.file("大村"), "related")
    hand_in(track=track, by=clerk, now=NOW)
    assert grading.track("大村", "相关单位评").status == flow.OPEN
    save_cells(cells=[Cell(mine.pk, leaf.key, None, leaf.points) for leaf in leaves], by=rater, now=NOW)
    hand_in(track=track, by=rater, now=NOW)
    assert grading.track("大村", "相关单位评").status == flow.CONFIRMED


def test_a_notice_lasts_the_schemes_working_days(village) -> None:
    grading = open_grading(village, document=county_rules(2026).write())
    file = decided(grading, "大村")
    clerk = grading.by("clerk")
    thursday = TODAY  # 9 April 2026; the fifth working day after posting is the next Thursday
    with pytest.raises(Refused, match="5 个工作日，最早到 2026年4月16日"):
        note_notice(ids=[file.pk], from_on=thursday, to_on=TODAY.replace(day=15), by=clerk, now=NOW)
    note_notice(ids=[file.pk], from_on=thursday, to_on=TODAY.replace(day=16), by=clerk, now=NOW)
    with pytest.raises(Refused, match="期满后才能上报"):
        report(
            round=grading.round,
            committee=grading.org["旺草镇"],
            ids=[file.pk],
            by=grading.by("committee"),
            now=NOW,
        )
