"""The inbox: who is asked for what, in which order, with which words, and how many queries it takes."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments import duties, flow
from assessments.inbox import count_of, grouped, inbox_of
from assessments.inbox_above import folded
from assessments.models import Assessment, Round, RoundStage, Track
from assessments.services.approving import return_tracks, take_up
from assessments.services.deciding import Draft, draft_decisions
from assessments.services.polls import Counts, enter_counts
from assessments.services.sheets import Cell, asked_of, assign_raters, hand_in, save_cells
from tests.village import FULL, NOW, TODAY, decided, fill, open_grading, reported

pytestmark = pytest.mark.django_db


def due(world, **days: int) -> None:
    """Give steps a deadline, in days from the village's today."""
    for step, shift in days.items():
        RoundStage.objects.filter(round=world.round, step=step).update(
            due_on=TODAY + dt.timedelta(days=shift)
        )


def matters(world, name: str) -> list[str]:
    """What waits for one person of the village."""
    return [item.matter for item in inbox_of(world.by(name), TODAY)]


def kinds(world, name: str) -> set[duties.Duty]:
    """The kinds of duties that wait for one person."""
    return {item.duty for item in inbox_of(world.by(name), TODAY)}


def test_every_duty_is_a_move_its_party_may_make() -> None:
    """The inbox offers nothing the flow tables forbid."""
    named = [duty for duty in duties.DUTIES if duty.move]
    assert len(named) >= 10
    for duty in named:
        assert duty.party in duty.flow.move(duty.move).parties, duty


def test_what_waits_at_the_beginning(grading) -> None:
    """A fresh round asks the secretary for the self-assessment and the staff for what is theirs."""
    assert matters(grading, "secretary") == ["大村：党支部自评未提交"]
    assert kinds(grading, "liaison") == set()
    assert {duties.FILL_SUPERIOR, duties.ENTER_COUNTS, duties.ASSIGN, duties.FILL_FOR} <= kinds(
        grading, "clerk"
    )
    assert kinds(grading, "committee") == set()
    assert kinds(grading, "county") == set()
    assert inbox_of(grading.by("nobody"), TODAY) == []
    assert inbox_of(grading.by("other_clerk"), TODAY) == []


def test_self_assessment_goes_to_the_liaison(grading) -> None:
    """Handed in: no longer the secretary's, now the liaison's, and not the staff's while nothing is late."""
    track = grading.track("大村", "党支部自评")
    fill_self(grading, track)
    assert matters(grading, "secretary") == []
    assert matters(grading, "liaison") == ["大村：党支部自评待确认"]
    assert not [item for item in inbox_of(grading.by("clerk"), TODAY) if "自评待包村" in item.matter]
    due(grading, confirm=-1)
    chased = [item for item in inbox_of(grading.by("clerk"), TODAY) if item.duty is duties.CHASE_BELOW]
    assert [item.matter for item in chased] == ["大村：党支部自评待包村干部确认"]
    assert chased[0].late


def fill_self(world, track) -> None:
    """The secretary fills in full points and hands in."""
    sheet = track.sheets.get(status="draft")
    sheet.track, sheet.assessment = track, track.assessment
    cells = [Cell(sheet.pk, key, None, full, None) for key, full in asked_of(sheet).items()]
    save_cells(cells=cells, by=world.by("secretary"), now=NOW)
    hand_in(track=track, by=world.by("secretary"), now=NOW)


def test_counts_wait_for_a_second_person(grading) -> None:
    """Whoever typed the counts is not asked to confirm them; a colleague is."""
    track = grading.track("大村", "群众评")
    options = {option.key: 0 for option in grading.rules.source(track.source).options}
    options[next(iter(options))] = 20
    counts = Counts(20, 20, 20, 0, 0, options)
    enter_counts(
        track=track, counts=counts, held_on=TODAY, counting_staff="周某", by=grading.by("clerk"), now=NOW
    )
    assert duties.CONFIRM_COUNTS not in kinds(grading, "clerk")
    assert duties.CONFIRM_COUNTS in kinds(grading, "clerk2")


def test_rater_is_asked_for_each_round_once(grading) -> None:
    """Open sheets of a rater are one item with their number, gone when handed in."""
    for name in ("大村", "中村"):
        assign_raters(
            track=grading.track(name, "相关单位评"),
            raters=[(grading.person["rater"], "纪检", None)],
            by=grading.by("clerk"),
            now=NOW,
        )
    assert matters(grading, "rater") == ["给 2 个支部评分"]
    assert matters(grading, "rater2") == []


def test_the_clerk_is_asked_for_the_sheets_of_offices_without_an_account(grading) -> None:
    """A paper sheet is the clerk's own work, not somebody to chase; the button opens the raters with it on top."""
    track = grading.track("大村", "相关单位评")
    raters = [(grading.person["rater"], "信访", None), (None, "纪检", None)]
    assign_raters(track=track, raters=raters, by=grading.by("clerk"), now=NOW)
    item = next(item for item in inbox_of(grading.by("clerk"), TODAY) if item.duty is duties.RATE_FOR)
    assert item.matter == "大村：相关单位评待代录"
    assert f"/rounds/{grading.round.pk}/raters/" in item.url
    track.sheets.filter(rater=None).update(status="superseded")
    assert duties.RATE_FOR not in kinds(grading, "clerk"), "the rater with an account is to be chased"


def test_from_draft_to_approval(grading) -> None:
    """A computed file is drafted by staff, signed by the secretary; a decided one waits for its notice."""
    file = fill(grading, "大村", FULL)
    assert duties.DRAFT in kinds(grading, "clerk")
    assert duties.SIGN not in kinds(grading, "committee")
    draft_decisions(drafts=[Draft(file.pk, file.band, "", 1)], by=grading.by("clerk"), now=NOW)
    assert duties.DRAFT not in kinds(grading, "clerk")
    assert matters(grading, "committee") == ["评定 1 个支部的等次"]


def test_decided_files_wait_for_notice_or_report(grading) -> None:
    """Who posts the notice follows the scheme; the report is the secretary's."""
    decided(grading, "大村")
    before = grading.rules.notice is not None and grading.rules.notice.timing.value == "before_report"
    assert (duties.NOTICE in kinds(grading, "clerk")) is before
    assert (duties.REPORT in kinds(grading, "committee")) is not before


def test_county_takes_up_then_approves(grading) -> None:
    """A report is to be taken up first, then approved, one item a committee."""
    file = reported(grading, "大村")
    items = [item for item in inbox_of(grading.by("county"), TODAY) if item.matter.startswith("旺草镇")]
    assert [item.duty for item in items] == [duties.TAKE_UP]
    take_up(ids=[file.pk], by=grading.by("county"), now=NOW)
    assert duties.APPROVE in kinds(grading, "county")
    assert kinds(grading, "other_county") == set()


def test_returned_track_carries_its_reason_and_date(grading) -> None:
    """A returned source is an item of its own, with the reason and the date of the return."""
    file = reported(grading, "大村")
    source = grading.track("大村", "上级党组织评").source
    due_on = TODAY + dt.timedelta(days=3)
    return_tracks(
        file=file, sources=[source], note="扣分没有事由", due_on=due_on, by=grading.by("county"), now=NOW
    )
    item = next(one for one in inbox_of(grading.by("clerk"), TODAY) if "退回重做" in one.matter)
    assert (item.due_on, item.late) == (due_on, False)
    assert "扣分没有事由" in item.cause
    later = next(
        one
        for one in inbox_of(grading.by("clerk"), due_on + dt.timedelta(days=1))
        if "退回重做" in one.matter
    )
    assert later.late


def test_late_today_week_and_later(grading) -> None:
    """A deadline ends with its day; the week ends on Sunday."""
    due(grading, self=-1, superior=0, ballot=3, related=4)
    items = inbox_of(grading.by("clerk"), TODAY)
    by_label = {group.label: {item.duty for item in group.items} for group in grouped(items, TODAY)}
    assert duties.FILL_FOR in by_label["逾期"]
    assert duties.FILL_SUPERIOR in by_label["今日"]
    assert duties.ENTER_COUNTS in by_label["本周"]  # Thursday the 9th + 3 is Sunday
    assert duties.ASSIGN in by_label["以后"]
    assert items[0].late


def test_count_equals_the_list(grading, monkeypatch) -> None:
    """The number beside 「待办」 is the length of the list."""
    monkeypatch.setattr("assessments.inbox.localdate", lambda: TODAY)
    actor = grading.by("clerk")
    assert count_of(actor) == len(inbox_of(actor, TODAY)) > 0


def test_closed_round_asks_nothing(grading) -> None:
    """Nothing waits in a round that isn't open."""
    Round.objects.filter(pk=grading.round.pk).update(status="closed")
    assert matters(grading, "clerk") == []


def test_queries_do_not_grow(village) -> None:
    """As many queries for a township with all its files open as with one."""
    world = open_grading(village)
    with CaptureQueriesContext(connection) as many:
        inbox_of(world.by("clerk"), TODAY)
    gone = Assessment.objects.filter(round=world.round, deciding=world.org["旺草镇"]).exclude(
        short_name="大村"
    )
    gone.update(status=flow.TERMINATED)
    Track.objects.filter(assessment__in=gone).update(status=flow.CONFIRMED)
    with CaptureQueriesContext(connection) as few:
        inbox_of(world.by("clerk"), TODAY)
    assert len(few) == len(many) <= 14


@pytest.mark.parametrize(("units", "left"), [(6, 6), (7, 1)])
def test_many_reports_become_one_item(units, left) -> None:
    """More than six reports to take up are one item with the page of all; what else waits stays."""
    reports = [
        duties.Item(duties.TAKE_UP, f"第{number}镇：3 个支部", "已上报，等接收", "/", fold_url="/all/")
        for number in range(units)
    ]
    other = duties.Item(duties.CHASE, "第九镇：1 个支部逾期", "自评", "/")
    found = folded([*reports, other])
    assert len(found) == left + 1
    assert other in found
    assert (f"接收 {units} 个单位的上报" in {item.matter for item in found}) is (left == 1)
