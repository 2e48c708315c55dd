"""Chasing 「催办」: a text naming what is late, and whom to send it to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from assessments.models import Round
from assessments.register import FileLine
from assessments.steps import State, StepState
from gradingsite.lib.days import due_words, short_date
from orgs.models import Post
from orgs.roles import Role

WHO = {
    "self": Role.BRANCH_SECRETARY,
    "confirm": Role.LIAISON,
    "ballot": Role.TOWNSHIP_CLERK,
    "superior": Role.TOWNSHIP_CLERK,
    "compute": Role.TOWNSHIP_CLERK,
    "notice": Role.TOWNSHIP_CLERK,
    "decide": Role.COMMITTEE_SECRETARY,
    "report": Role.COMMITTEE_SECRETARY,
}


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to send the text to."""

    name: str
    role: str
    unit: str
    phone: str


def late_step(line: FileLine, step: str) -> StepState | None:
    """The late step meant: the asked one, else the first late one."""
    late = [one for one in line.steps if one.state is State.LATE]
    return next((one for one in late if one.key.value == step), late[0] if late else None)


def text_for(round: Round, lines: Sequence[FileLine], step: str, today: dt.date) -> str:
    """The text to copy; a paragraph for each unit. Empty when nobody is late."""
    paragraphs: dict[tuple[str, str, dt.date | None], list[str]] = {}
    for line in lines:
        found = late_step(line, step)
        if found:
            key = (line.file.deciding.short_name, found.label, found.due_on)
            paragraphs.setdefault(key, []).append(line.file.short_name)
    return "\n".join(
        f"{unit}：{round.name}的「{label}」应于{short_date(due_on)}完成，已{due_words(today, due_on).replace(' ', '')}，"
        f"还有{len(names)}个支部没有完成：{'、'.join(names)}。请抓紧办理，办完后在系统中提交。"
        for (unit, label, due_on), names in paragraphs.items()
    )


def contacts_of(lines: Sequence[FileLine], step: str, today: dt.date) -> list[Contact]:
    """Who is to act on these: the holders of the awaited role; one query."""
    role = WHO.get(step)
    if role is None or not lines:
        return []
    held = Post.objects.held_on(today).filter(role=role).select_related("person", "organisation").distinct()
    if role is Role.LIAISON:
        held = held.filter(listings__organisation__in=[line.file.organisation_id for line in lines])
    elif role is Role.BRANCH_SECRETARY:
        held = held.filter(organisation__in=[line.file.organisation_id for line in lines])
    else:
        held = held.filter(organisation__in={line.file.deciding_id for line in lines})
    return [
        Contact(post.person.name, role.label, post.organisation.short_name, post.person.phone)
        for post in held[:100]
    ]
