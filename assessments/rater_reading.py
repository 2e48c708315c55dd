"""What the pages of raters show: one's own sheets, and who is asked for the sheets of a committee's branches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, Q

from assessments import flow
from assessments.facts import due_of
from assessments.models import Assessment, Round, Sheet, Track
from assessments.rules import SchemeRules, Source, SourceKind
from assessments.services.schemes import rules_of
from assessments.services.sheets import gaps_of
from orgs.actor import Actor
from orgs.models import Post
from orgs.roles import Role

RATED = (SourceKind.RELATED, SourceKind.PEER, SourceKind.OTHER)
OPEN_FILES = (flow.COLLECTING, flow.COMPUTED)


def rated_sources(rules: SchemeRules) -> tuple[Source, ...]:
    """The sources whose sheets are asked of raters."""
    return tuple(one for one in rules.sources if one.kind in RATED and not one.is_anonymous())


@dataclass(frozen=True)
class ToRate:
    """A sheet in a rater's list. ``note``: why it was sent back."""

    sheet: Sheet
    source: str
    source_label: str
    status: str
    gaps: int
    note: str
    due_on: dt.date | None
    late: bool


def to_rate(round: Round, by: Actor, *, today: dt.date) -> list[ToRate]:
    """The sheets one is asked for as a rater, open ones first; two queries."""
    rules, due = rules_of(round.scheme), due_of(round)
    sheets = (
        Sheet.objects.current()
        .filter(assessment__round=round, rater=by.person.pk)
        .select_related("track", "assessment__deciding")
        .order_by("assessment__position", "pk")
    )
    found = []
    for sheet in sheets:
        sheet.assessment.round = round
        sheet.track.assessment = sheet.assessment
        source = rules.source(sheet.source)
        open_now = sheet.status == "draft"
        due_on = due.get(source.step().value) if source and open_now else None
        if open_now and sheet.track.returned_note:
            due_on = sheet.track.returned_due_on or sheet.assessment.returned_due_on or due_on
        gaps = len(gaps_of(sheet)) if open_now else 0
        late = due_on is not None and due_on < today
        label = source.label if source else sheet.source
        note = sheet.track.returned_note
        found.append(ToRate(sheet, sheet.source, label, sheet.status, gaps, note, due_on, late))
    return sorted(found, key=lambda row: row.status != "draft")


@dataclass(frozen=True)
class AskedSheet:
    """A sheet asked for: what it is called, and who fills it in where that isn't the same."""

    sheet: Sheet
    name: str
    person: str

    @classmethod
    def of(cls, sheet: Sheet) -> AskedSheet:
        """``sheet.rater`` is read."""
        person = sheet.rater.name if sheet.rater else ""
        name = "导入" if sheet.imported else sheet.rater_label or person or "未写名称"
        return cls(sheet, name, "" if person == name else person or "代录")


@dataclass(frozen=True)
class Asked:
    """One source of one branch: the sheets still out, and those in or released."""

    file: Assessment
    track: Track
    source: Source
    waiting: Sequence[AskedSheet]
    done: Sequence[AskedSheet]
    released: Sequence[AskedSheet]
    may_release: bool

    @property
    def number(self) -> int:
        """How many are asked."""
        return len(self.waiting) + len(self.done)

    @property
    def state(self) -> str:
        """``none`` asked, ``waiting`` for some, all ``done``."""
        if self.track.status == flow.CONFIRMED:
            return "done"
        return "waiting" if self.number else "none"


def asked_in(round: Round, by: Actor, committee_id: int) -> list[Asked]:
    """Who is asked for which branch of a committee: nobody yet first, then those waited for. Three queries."""
    sources = {one.key: one for one in rated_sources(rules_of(round.scheme))}
    files = round.assessments.within(by.reach).filter(deciding=committee_id).counted()
    sheets = Sheet.objects.current().select_related("rater").order_by("rater_no")
    tracks = (
        Track.objects.filter(source__in=sources, assessment__in=files.order_by().values("pk"))
        .select_related("assessment")
        .prefetch_related(Prefetch("sheets", queryset=sheets, to_attr="current_sheets"))
        .order_by("assessment__position", "pk")
    )
    found = []
    for track in tracks:
        piles = {
            status: [AskedSheet.of(one) for one in track.current_sheets if one.status == status]
            for status in ("draft", "in_force", "released")
        }
        file = track.assessment
        staff = "CLK" in file.parties(by.reach) and file.status in OPEN_FILES and round.status == "open"
        may_release = staff and len(piles["draft"]) + len(piles["in_force"]) > 1
        found.append(
            Asked(
                file,
                track,
                sources[track.source],
                waiting=piles["draft"],
                done=piles["in_force"],
                released=piles["released"],
                may_release=may_release,
            )
        )
    order = {"none": 0, "waiting": 1, "done": 2}
    return sorted(found, key=lambda row: order[row.state])


@dataclass(frozen=True)
class Candidate:
    """Somebody who may be asked: a person with the unit he stands for, which names the sheet."""

    person_id: int
    name: str
    unit: str


def open_files(round: Round, by: Actor, committee_id: int) -> list[Assessment]:
    """The committee's branches whose raters can still be changed, in order."""
    files = round.assessments.within(by.reach).filter(deciding=committee_id, status__in=OPEN_FILES)
    return list(files.in_order())


def candidates(committee_path: str, today: dt.date) -> list[Candidate]:
    """People posted as raters on the day, at the committee or at one above it; one query."""
    ids = [int(part) for part in committee_path.strip("/").split("/")]
    posts = (
        Post.objects.held_on(today)
        .filter(Q(organisation__in=ids), role=Role.RELATED_RATER)
        .select_related("person", "organisation")
        .order_by("person__name", "pk")
    )
    found: dict[int, Candidate] = {}
    for post in posts:
        unit = post.title.removesuffix("评分人") or post.organisation.short_name
        found.setdefault(post.person_id, Candidate(post.person_id, post.person.name, unit))
    return list(found.values())
