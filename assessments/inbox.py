"""The inbox 「待办」: what waits for one person, read off the flow tables and the states (ui.md 1–3).

Every duty names the move of a flow it leads to and the party who makes it; a test holds both against the tables.
A constant number of queries, whatever the number of branches.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.timezone import localdate

from assessments import flow, places
from assessments.duties import (
    ASSIGN,
    CHASE_BELOW,
    CONFIRM_COUNTS,
    CONFIRM_FOR,
    CONFIRM_SELF,
    DRAFT,
    ENTER_COUNTS,
    FILL_FOR,
    FILL_SELF,
    FILL_SUPERIOR,
    NOTICE,
    RATE_FOR,
    REPORT,
    SIGN,
    Desk,
    Duty,
    Group,
    Item,
    item_due,
    read_desk,
)
from assessments.inbox_above import approving_items, rater_items, round_items
from assessments.models import Assessment, Round, Track
from assessments.rules import Method, NoticeTiming, Source, SourceKind, StepName
from assessments.services.rounds import step_label
from assessments.watching import Watch
from gradingsite.lib.days import due_words
from orgs.actor import Actor

ALONE = 2
NAMED = 3


def inbox_of(actor: Actor, today: dt.date) -> list[Item]:
    """Everything that waits for the person today, most pressing first."""
    reach = actor.reach
    if reach.everything or reach.admin_role or not reach.spans:
        return []
    rounds = list(Round.objects.within(reach).filter(status="open").select_related("scheme"))
    desk = Desk(actor, today, Watch(rounds, today))
    read_desk(desk, rounds)
    found = [
        *_by_track(desk),
        *_by_file(desk),
        *rater_items(desk),
        *approving_items(desk),
        *round_items(desk),
    ]
    return sorted(found, key=lambda item: (item.due_on is None, item.due_on or today, not item.late))


def count_of(actor: Actor) -> int:
    """How many things wait: the number beside 「待办」."""
    return len(inbox_of(actor, localdate()))


def grouped(items: Sequence[Item], today: dt.date) -> list[Group]:
    """逾期, 今日, 本周 (to Sunday) and 以后; groups without items are left out."""
    sunday = today + dt.timedelta(days=6 - today.weekday())
    piles: dict[str, list[Item]] = {"逾期": [], "今日": [], "本周": [], "以后": []}
    for item in items:
        if item.late:
            piles["逾期"].append(item)
        elif item.due_on == today:
            piles["今日"].append(item)
        elif item.due_on and item.due_on <= sunday:
            piles["本周"].append(item)
        else:
            piles["以后"].append(item)
    return [Group(label, held) for label, held in piles.items() if held]


@dataclass(frozen=True, slots=True)
class _Open:
    """A track that waits, before alike ones are put together."""

    duty: Duty
    track: Track
    source: Source
    due_on: dt.date | None


def _by_track(desk: Desk) -> list[Item]:
    waiting = []
    for track in desk.tracks:
        source = desk.rules(track.assessment).source(track.source)
        if source is None or track.assessment.status not in (flow.COLLECTING, flow.COMPUTED):
            continue
        duty = _duty_of(desk, track, source)
        if duty is None:
            continue
        step = duty.step or source.step()
        if duty.button == "催办":
            step = _awaited_step(track, source)
        due_on = desk.due(track.assessment, step)
        if track.returned_note and track.status == flow.OPEN:
            due_on = track.returned_due_on or track.assessment.returned_due_on or due_on
        if duty.button != "催办" or (due_on and due_on < desk.today):
            waiting.append(_Open(duty, track, source, due_on))
    piles: dict[tuple[object, ...], list[_Open]] = {}
    for one in waiting:
        alone = one.track.pk if one.track.returned_note and one.track.status == flow.OPEN else 0
        key = (one.duty, one.track.assessment.round_id, one.source.key, one.due_on, alone)
        piles.setdefault(key, []).append(one)
    return [item for pile in piles.values() for item in _track_items(desk, pile)]


def _awaited_step(track: Track, source: Source) -> StepName:
    """The step a waiting track stands at: a self-assessment handed in waits for its confirmation."""
    handed_in = track.status == flow.IN and source.kind is SourceKind.SELF
    return StepName.CONFIRM if handed_in else source.step()


def _duty_of(desk: Desk, track: Track, source: Source) -> Duty | None:
    """What a waiting track asks of this person, if anything."""
    parties = track.assessment.parties(desk.actor.reach)
    me, branch = desk.actor.person.pk, track.assessment.organisation_id
    kind, handed_in = source.kind, track.status == flow.IN
    mine = track.submitted_by_id == me
    if kind is SourceKind.SELF and handed_in:
        if "LIA" in parties and not mine:
            return CONFIRM_SELF
        if "CLK" in parties:
            return CHASE_BELOW if mine or branch in desk.with_liaison else CONFIRM_FOR
        return None
    if kind is SourceKind.SELF:
        if "SEC" in parties:
            return FILL_SELF
        if "CLK" in parties:
            return CHASE_BELOW if branch in desk.with_secretary else FILL_FOR
        return None
    if "CLK" not in parties:
        return None
    if source.method is Method.BALLOT:
        if handed_in:
            return CHASE_BELOW if mine else CONFIRM_COUNTS
        return ENTER_COUNTS
    if handed_in:
        return None
    if kind is SourceKind.SUPERIOR or source.is_anonymous():
        return FILL_SUPERIOR
    return _rating_duty(track)


def _rating_duty(track: Track) -> Duty:
    """What the clerk is asked where raters score: sheets on paper are the clerk's own work."""
    if track.has_papers:
        return RATE_FOR
    return CHASE_BELOW if track.has_sheets else ASSIGN


def _track_items(desk: Desk, pile: Sequence[_Open]) -> Iterable[Item]:
    """Alike tracks as one item, few ones each by itself."""
    if len(pile) <= ALONE:
        for one in pile:
            yield _item(
                desk, one.duty, f"{one.track.assessment.short_name}：{_matter(one)}", _cause(one), [one]
            )
        return
    names = "、".join(one.track.assessment.short_name for one in pile[:NAMED])
    more = f"等 {len(pile)} 个支部" if len(pile) > NAMED else ""
    yield _item(desk, pile[0].duty, f"{_matter(pile[0])}：{len(pile)} 个支部", f"{names}{more}", pile)


def _waits_for(one: _Open) -> str:
    if one.track.status != flow.IN:
        return "未提交"
    return "待包村干部确认" if one.source.kind is SourceKind.SELF else "票数待第二人复核"


def _matter(one: _Open) -> str:
    label = one.source.label
    if one.track.returned_note and one.track.status == flow.OPEN:
        return f"{label}退回重做"
    words = {
        FILL_SELF: "未提交",
        FILL_FOR: "待代录",
        FILL_SUPERIOR: "未录入",
        ENTER_COUNTS: "票数未录入",
        CONFIRM_SELF: "待确认",
        CONFIRM_FOR: "待确认",
        CONFIRM_COUNTS: "票数待第二人复核",
        ASSIGN: "未指定评分人",
        RATE_FOR: "待代录",
    }
    if one.duty is CHASE_BELOW:
        return f"{label}{_waits_for(one)}"
    return f"{label}{words[one.duty]}"


def _cause(one: _Open) -> str:
    """One line: why it waits, or what follows from it."""
    if one.track.returned_note and one.track.status == flow.OPEN:
        return f"退回事由：{one.track.returned_note}"
    name = one.track.assessment.short_name
    if one.duty in (FILL_SUPERIOR, ENTER_COUNTS, FILL_FOR):
        return f"缺这一张表，{name}不能评定"
    if one.duty is FILL_SELF:
        return "逐项打分，低于满分的写明事由"
    if one.duty is FILL_FOR:
        return "支部没有账号，由乡镇代录"
    if one.duty is CHASE_BELOW:
        return f"{_waits_for(one)}，{name}不能计分"
    if one.duty is RATE_FOR:
        return "评分单位没有账号，由乡镇凭纸质件代录"
    if one.duty is ASSIGN:
        return "指定评分人后，对方才能评分"
    return "确认后才计入得分" if one.duty is not CONFIRM_COUNTS else "须由录入人以外的人复核"


def _item(desk: Desk, duty: Duty, matter: str, cause: str, pile: Sequence[_Open]) -> Item:
    track = pile[0].track
    return item_due(desk, duty, matter, cause, _track_url(duty, pile[0], len(pile)), pile[0].due_on, track)


def _track_url(duty: Duty, one: _Open, number: int) -> str:
    """The form itself: the branch's own where there is one, else the page of all of them."""
    file, track = one.track.assessment, one.track
    if duty is CHASE_BELOW:
        step = _awaited_step(track, one.source)
        return places.chase_page(file.round_id, unit=file.deciding.code, step=step.value)
    if duty in (ASSIGN, RATE_FOR):
        return places.page(
            "assessments:raters", file.round_id, committee=file.deciding.code
        ) or places.file_page(file.pk)
    committee = "" if duty is FILL_SELF else file.deciding.code
    found = places.track_form(duty.step, file.round_id, committee, track, one.source, alone=number == 1)
    return found or places.file_page(file.pk)


def _by_file(desk: Desk) -> list[Item]:
    """Drafting, signing, noting the notice and reporting, one item a committee."""
    piles: dict[tuple[Duty, int, int, dt.date | None], list[Assessment]] = {}
    for file in desk.files:
        parties = file.parties(desk.actor.reach)
        duty = _file_duty(desk, file, parties)
        if duty and duty.step:
            due_on = file.returned_due_on or desk.due(file, duty.step)
            piles.setdefault((duty, file.round_id, file.deciding_id, due_on), []).append(file)
    return [_file_item(desk, duty, due_on, files) for (duty, _, _, due_on), files in piles.items()]


def _file_duty(desk: Desk, file: Assessment, parties: frozenset[str]) -> Duty | None:
    drafted = file.pk in desk.decisions
    if file.status == flow.COMPUTED:
        if drafted and "COM" in parties:
            return SIGN
        return DRAFT if not drafted and "CLK" in parties else None
    if file.status != flow.DECIDED:
        return None
    notice = desk.rules(file).notice
    before = notice is not None and notice.timing is NoticeTiming.BEFORE_REPORT
    if before and file.notice_from_on is None:
        return NOTICE if "CLK" in parties else None
    if "COM" in parties and (not before or (file.notice_to_on and file.notice_to_on < desk.today)):
        return REPORT
    return None


def _file_item(desk: Desk, duty: Duty, due_on: dt.date | None, files: Sequence[Assessment]) -> Item:
    first, number = files[0], len(files)
    names = "、".join(file.short_name for file in files[:NAMED]) + (
        f"等 {number} 个支部" if number > NAMED else ""
    )
    open_ones = sum(
        other.status == flow.COLLECTING and other.deciding_id == first.deciding_id for other in desk.files
    )
    returned = "退回后重新" if first.returned_due_on else ""
    matter = {
        DRAFT: f"{returned}拟定 {number} 个支部的等次",
        SIGN: f"{returned}评定 {number} 个支部的等次",
        NOTICE: f"登记 {number} 个支部的公示日期",
        REPORT: f"{returned}上报 {number} 个支部",
    }[duty]
    cause = names
    if duty is DRAFT:
        cause = (
            f"{number} 个已计分"
            + (f"，{open_ones} 个未齐" if open_ones else "")
            + "；会后录入会议日期和纪要号"
        )
    url = places.committee_form(duty.step, first.round_id, first.deciding.code) or places.files_page(
        first.round_id, unit=first.deciding.code
    )
    return item_due(desk, duty, matter, cause, url, due_on)


@dataclass(frozen=True, slots=True)
class Coming:
    """Something ahead, for an empty inbox."""

    day: dt.date
    words: str
    left: str


def coming_for(rounds: Sequence[Round], today: dt.date, *, most: int = 3) -> list[Coming]:
    """The next dates of the rounds: what comes next and when. The stages must be prefetched."""
    found = []
    for one in rounds:
        for stage in one.stages.all():
            if stage.due_on and stage.due_on >= today:
                label = step_label(stage.step)
                words = f"{label}截止" if stage.name in ("", label) else f"{label}截止（{stage.name}）"
                if len(rounds) > 1:
                    words = f"{one.name}：{words}"
                found.append(Coming(stage.due_on, words, due_words(today, stage.due_on)))
    return sorted(found, key=lambda one: one.day)[:most]
