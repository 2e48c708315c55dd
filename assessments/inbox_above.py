"""The inbox of raters and of the level above: open sheets, reports to take up and approve, whom to chase."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.db.models import Count

from assessments import flow, places
from assessments.duties import (
    AFTER_NOTICE,
    APPROVE,
    CHASE,
    OPEN_ROUND,
    RATE,
    TAKE_UP,
    Desk,
    Item,
    held_at,
    item_due,
)
from assessments.models import Assessment, Round, Sheet
from assessments.rules import NoticeTiming, StepName
from assessments.steps import State, StepState
from assessments.watching import PATTERN, pattern_of
from orgs.roles import Role

ONE_BY_ONE = 6


def rater_items(desk: Desk) -> list[Item]:
    """A rater's open sheets, one item a round; sent-back ones by themselves."""
    mine = Sheet.objects.filter(
        rater=desk.actor.person.pk,
        status="draft",
        track__status=flow.OPEN,
        assessment__status__in=(flow.COLLECTING, flow.COMPUTED),
        assessment__round__status="open",
    ).order_by()
    rows = mine.values(
        "assessment__round", "assessment__round__name", "track__returned_due_on", "track__source"
    )
    found = []
    for row in rows.annotate(n=Count("pk")):
        round_id = row["assessment__round"]
        due_on = row["track__returned_due_on"] or desk.watch.due.get(round_id, {}).get(StepName.RELATED.value)
        returned = "退回重评" if row["track__returned_due_on"] else "给"
        url = places.rater_form(round_id, row["track__source"]) or places.page("assessments:rounds")
        words = f"{returned} {row['n']} 个支部{'' if returned != '给' else '评分'}"
        found.append(item_due(desk, RATE, words, row["assessment__round__name"], url, due_on))
    return found


def approving_items(desk: Desk) -> list[Item]:
    """The approving side, from counts by committee: to take up, to approve, to chase; one query."""
    committees = held_at(desk.actor.reach, Role.ORG_DEPARTMENT)
    if not committees or not desk.watch.rounds:
        return []
    files = Assessment.objects.filter(
        round__in=desk.watch.rounds, approving__in=committees, status__in=flow.RUNNING
    )
    rows = (
        desk.watch.watched(files)
        .order_by("deciding__lft")
        .values("deciding__code", "deciding__short_name", "notice_from_on", *PATTERN)
        .annotate(n=Count("pk"), taken=Count("taken_up_at"))
    )
    units: dict[tuple[int, str], list[dict[str, object]]] = {}
    for row in rows:
        units.setdefault((row["round_id"], row["deciding__code"]), []).append(row)
    found: list[Item] = []
    for (round_id, code), held in units.items():
        found += _unit_items(desk, round_id, code, held)
    return folded(found)


def folded(items: list[Item]) -> list[Item]:
    """Many reports to take up become one item: one page takes up all of them."""
    piles: dict[str, list[Item]] = {}
    for item in items:
        if item.duty is TAKE_UP and item.fold_url:
            piles.setdefault(item.fold_url, []).append(item)
    for url, pile in piles.items():
        if len(pile) > ONE_BY_ONE:
            names = "、".join(item.matter.split("：")[0] for item in pile[:3])
            matter, cause = f"接收 {len(pile)} 个单位的上报", f"{names}等已上报"
            items = [item for item in items if item not in pile]
            items.append(replace(pile[0], matter=matter, cause=cause, url=url))
    return items


def _unit_items(desk: Desk, round_id: int, code: str, rows: Sequence[dict[str, object]]) -> Iterable[Item]:
    name = str(rows[0]["deciding__short_name"])
    reported = sum(int(str(row["n"])) for row in rows if row["status"] == flow.REPORTED)
    taken = sum(int(str(row["taken"])) for row in rows if row["status"] == flow.REPORTED)
    due_on = desk.watch.due[round_id].get(StepName.APPROVE.value)
    if reported:
        duty = APPROVE if taken == reported else TAKE_UP
        url = places.approve_form(round_id, code) or places.files_page(
            round_id, unit=code, step="approve", status="open"
        )
        cause = "已接收，等核准" if duty is APPROVE else "已上报，等接收"
        item = item_due(desk, duty, f"{name}：{reported} 个支部", cause, url, due_on)
        yield replace(item, fold_url=places.page("assessments:approve", round_id))
    late = _late_steps(desk, rows)
    if late:
        returned = all(mending for _, _, mending in late.values())
        number = sum(count for _, count, _ in late.values())
        words = "退回未改" if returned else f"{number} 个支部逾期"
        order = list(StepName)
        steps = sorted(late.values(), key=lambda one: order.index(one[0].key))
        parts = "、".join(f"{step.label} {count} 个" if count > 1 else step.label for step, count, _ in steps)
        due = min((step.due_on for step, _, _ in late.values() if step.due_on), default=None)
        yield item_due(desk, CHASE, f"{name}：{words}", parts, places.chase_page(round_id, unit=code), due)
    notice = desk.watch.rules[round_id].notice
    bare = sum(
        int(str(row["n"])) for row in rows if row["status"] == flow.APPROVED and row["notice_from_on"] is None
    )
    if bare and notice and notice.timing is NoticeTiming.AFTER_APPROVAL:
        url = places.approve_form(round_id, code) or places.files_page(round_id, unit=code)
        due = desk.watch.due[round_id].get(StepName.NOTICE.value)
        yield item_due(desk, AFTER_NOTICE, f"{name}：登记 {bare} 个支部的公示日期", "核准后公示", url, due)


def _late_steps(desk: Desk, rows: Sequence[dict[str, object]]) -> dict[StepName, tuple[StepState, int, bool]]:
    """By step below the county how many branches are late in it first, and whether all of them were sent back."""
    found: dict[StepName, tuple[StepState, int, bool]] = {}
    for row in rows:
        pattern = pattern_of(row)
        for step in desk.watch.steps(pattern):
            if step.state is State.LATE and step.key is not StepName.APPROVE:
                _, number, returned = found.get(step.key, (step, 0, True))
                mending = pattern.returned_due_on is not None
                found[step.key] = (step, number + int(str(row["n"])), returned and mending)
                break
    return found


def round_items(desk: Desk) -> list[Item]:
    """Rounds in preparation that the person may open."""
    own = held_at(desk.actor.reach, Role.ORG_DEPARTMENT)
    if not own:
        return []
    drafts = Round.objects.filter(organisation__in=own, status="draft").prefetch_related("stages")
    found = []
    for one in drafts:
        due_on = next((stage.starts_on for stage in one.stages.all() if stage.starts_on), None)
        url = places.page("assessments:round", one.pk)
        found.append(item_due(desk, OPEN_ROUND, f"{one.name}还没有开始", "核对方案和名册后开始", url, due_on))
    return found
