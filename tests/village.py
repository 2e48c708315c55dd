"""The village: one small named world every test may ask for.

绥山县 with two townships and a county work committee; branches of 3, 8 and 40 members; another county beside it with a
township and a branch, whose people must see nothing of the first; people named for their posts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from assessments.models import Assessment, Round, Scan, Scheme
from assessments.rules import preset
from assessments.services.deciding import Draft, draft_decisions, report, sign_decisions
from assessments.services.polls import Counts, confirm_counts, enter_counts
from assessments.services.rounds import create_round, open_round
from assessments.services.schemes import load_scheme, rules_of
from assessments.services.sheets import Cell, asked_of, assign_raters, confirm, hand_in, save_cells
from orgs.actor import Actor
from orgs.categories import CATEGORIES
from orgs.models import Organisation, Person, Post, PostListing, Sector, StoredFile
from orgs.roles import Role
from orgs.services.people import acting, system_actor
from orgs.services.tree import Newcomer, insert

TODAY = dt.date(2026, 4, 9)
NOW = dt.datetime(2026, 4, 9, 1, 30, tzinfo=dt.UTC)  # 09:30 in Shanghai
PASSWORD = "Cunzi-2026-ok"

# code, full name, short name, category, parent, sector, secretary, members, people
ROWS: list[tuple[str, str, str, str, str | None, str, str, int | None, int | None]] = [
    ("52", "中共贵山省委员会", "贵山省", "省级党委", None, "", "省甲", None, None),
    ("5203", "中共遵山市委员会", "遵山市", "市级党委", "52", "", "市甲", None, None),
    ("520323", "中共绥山县委员会", "绥山县", "县级党委", "5203", "", "县甲", None, None),
    ("520323102", "中共绥山县旺草镇委员会", "旺草镇", "乡镇党委", "520323", "", "镇甲", None, None),
    (
        "520323102001",
        "中共绥山县旺草镇大村支部委员会",
        "大村",
        "党支部",
        "520323102",
        "农村",
        "村甲",
        40,
        1200,
    ),
    ("520323102002", "中共绥山县旺草镇中村支部委员会", "中村", "党支部", "520323102", "农村", "村乙", 8, 300),
    ("520323102003", "中共绥山县旺草镇小村支部", "小村", "党支部", "520323102", "农村", "村丙", 3, 60),
    ("520323103", "中共绥山县蒲场镇委员会", "蒲场镇", "乡镇党委", "520323", "", "镇乙", None, None),
    (
        "520323103001",
        "中共绥山县蒲场镇河村支部委员会",
        "河村",
        "党支部",
        "520323103",
        "农村",
        "村丁",
        30,
        900,
    ),
    (
        "520323901",
        "中共绥山县直属机关工作委员会",
        "县直机关工委",
        "县直党（工）委",
        "520323",
        "",
        "工甲",
        None,
        None,
    ),
    (
        "520323901001",
        "中共绥山县委办公室总支部委员会",
        "县委办总支",
        "党总支",
        "520323901",
        "机关事业单位",
        "总甲",
        None,
        None,
    ),
    (
        "520323901002",
        "中共绥山县委办公室第一支部委员会",
        "县委办一支部",
        "党支部",
        "520323901001",
        "机关事业单位",
        "支甲",
        20,
        30,
    ),
    ("520324", "中共道山县委员会", "道山县", "县级党委", "5203", "", "县乙", None, None),
    ("520324101", "中共道山县玉溪镇委员会", "玉溪镇", "乡镇党委", "520324", "", "镇丙", None, None),
    (
        "520324101001",
        "中共道山县玉溪镇东村支部委员会",
        "东村",
        "党支部",
        "520324101",
        "农村",
        "东甲",
        25,
        700,
    ),
]

# name, role, organisation, listed branches
POSTS: list[tuple[str, Role, str, tuple[str, ...]]] = [
    ("secretary", Role.BRANCH_SECRETARY, "520323102001", ()),
    ("secretary2", Role.BRANCH_SECRETARY, "520323102002", ()),
    ("liaison", Role.LIAISON, "520323102", ("520323102001", "520323102002")),
    ("clerk", Role.TOWNSHIP_CLERK, "520323102", ()),
    ("clerk2", Role.TOWNSHIP_CLERK, "520323102", ()),
    ("clerk_pu", Role.TOWNSHIP_CLERK, "520323103", ()),
    ("rater", Role.RELATED_RATER, "520323", ()),
    ("rater2", Role.RELATED_RATER, "520323", ()),
    ("committee", Role.COMMITTEE_SECRETARY, "520323102", ()),
    ("committee_pu", Role.COMMITTEE_SECRETARY, "520323103", ()),
    ("minister", Role.COMMITTEE_SECRETARY, "520323", ()),
    ("county", Role.ORG_DEPARTMENT, "520323", ()),
    ("county2", Role.ORG_DEPARTMENT, "520323", ()),
    ("city", Role.ORG_DEPARTMENT, "5203", ()),
    ("province", Role.ORG_DEPARTMENT, "52", ()),
    ("supervisor", Role.SUPERVISION_GROUP, "520323", ("520323103", "520323102003")),
    ("leader", Role.CONTACT_LEADER, "520323", ("520323102001",)),
    ("cadre", Role.LEADING_CADRE, "520323102", ()),
    ("office", Role.UNIT_OFFICE, "520323102", ()),
    ("other_county", Role.ORG_DEPARTMENT, "520324", ()),
    ("other_clerk", Role.TOWNSHIP_CLERK, "520324101", ()),
    ("other_secretary", Role.BRANCH_SECRETARY, "520324101001", ()),
]


@dataclass
class Village:
    """Handles on the world: ``org["旺草镇"]``, ``person["clerk"]``, ``by("clerk")``."""

    org: dict[str, Organisation] = field(default_factory=dict)
    person: dict[str, Person] = field(default_factory=dict)
    scheme: Scheme | None = None
    round: Round | None = None

    def by(self, name: str) -> Actor:
        """The person with the reach of the village's today."""
        return acting(self.person[name], on=TODAY)

    def file(self, short_name: str) -> Assessment:
        """The branch's file in the village's round, fresh from the database."""
        return Assessment.objects.select_related("round__scheme").get(round=self.round, short_name=short_name)

    def track(self, short_name: str, source: str) -> Any:
        """A track of the branch's file by the label of its source."""
        file = self.file(short_name)
        key = next(one.key for one in self.rules.sources if one.label == source)
        track = file.tracks.get(source=key)
        track.assessment = file
        return track

    @property
    def rules(self) -> Any:
        """The round's rules."""
        assert self.scheme is not None
        return rules_of(self.scheme)


def plant() -> Village:
    """Organisations, people and posts. Passwords are all ``PASSWORD`` and need no change."""
    village = Village()
    sectors = {name: Sector.objects.get_or_create(name=name)[0] for name in ("农村", "机关事业单位")}
    insert(_newcomers(sectors))
    for organisation in Organisation.objects.select_related("sector"):
        village.org[organisation.short_name] = organisation
    by_code = {organisation.code: organisation for organisation in village.org.values()}
    for name, role, code, listed in POSTS:
        person = _person(name, role.label)
        village.person[name] = person
        post = Post.objects.create(
            person=person, role=role, organisation=by_code[code], from_on=dt.date(2025, 1, 1)
        )
        PostListing.objects.bulk_create(PostListing(post=post, organisation=by_code[one]) for one in listed)
    for kind in ("system", "security", "audit"):
        village.person[kind] = _person(f"{kind}_admin", kind, admin_role=kind)
    village.person["nobody"] = _person("nobody", "无职务")
    return village


def _person(username: str, name: str, **more: Any) -> Person:
    person = Person(username=username, name=name, must_change_password=False, password_changed_at=NOW, **more)
    person.set_password(PASSWORD)
    person.save()
    return person


def _newcomers(sectors: dict[str, Sector]) -> list[Newcomer]:
    made: dict[str, Newcomer] = {}
    for code, full, short, category, parent, sector, secretary, members, people in ROWS:
        tier, form = CATEGORIES[category]
        made[code] = Newcomer(
            code=code,
            full_name=full,
            short_name=short,
            pinyin="",
            category=category,
            tier=tier,
            form=form,
            sector_id=sectors[sector].pk if sector else None,
            secretary_name=secretary,
            member_count=members,
            people_count=people,
            parent=made[parent] if parent else None,
        )
    return list(made.values())


def open_grading(
    village: Village,
    code: str = "guizhou-2012",
    name: str = "2026年度分类定级",
    document: dict[str, Any] | None = None,
) -> Village:
    """A round of 绥山县 under a preset (or a document of one's own), open, with nothing filled in."""
    by = system_actor()
    county = village.org["绥山县"]
    village.scheme, _ = load_scheme(document=document or preset(code), organisation=county, by=by, now=NOW)
    village.round = create_round(
        scheme=village.scheme, organisation=village.org["绥山县"], name=name, year=2026, by=by, now=NOW
    )
    open_round(round=village.round, by=by, now=NOW)
    village.scheme.refresh_from_db()
    return village


def fill(village: Village, short_name: str, points: dict[str, int], *, voters: int = 20) -> Assessment:
    """Bring one file's sources in through the services: ``points`` maps a source's label to its score in hundredths.

    Itemised sources lose the difference to 100 on their first indicators, with reasons; ballots get ``voters`` votes
    for one option that is worth the score, else a mean is taken.
    """
    for label, score in points.items():
        track = village.track(short_name, label)
        source = village.rules.source(track.source)
        if source.method.value == "ballot":
            _vote(village, track, source, score, voters)
        else:
            _mark(village, track, source, score)
    return village.file(short_name)


def _vote(village: Village, track: Any, source: Any, score: int, voters: int) -> None:
    option = next(one for one in source.options if one.points == score)
    counts = Counts(
        voters, voters, voters, 0, 0, {one.key: voters if one is option else 0 for one in source.options}
    )
    clerks = _clerks(village, track)
    enter_counts(
        track=track, counts=counts, held_on=TODAY, counting_staff="周某、陈某", by=clerks[0], now=NOW
    )
    track.refresh_from_db()
    confirm_counts(track=track, by=clerks[1], now=NOW)


def _clerks(village: Village, track: Any) -> tuple[Actor, Actor]:
    if village.org["旺草镇"].pk == track.assessment.deciding_id:
        return village.by("clerk"), village.by("clerk2")
    return system_actor(), system_actor()


def _mark(village: Village, track: Any, source: Any, score: int) -> None:
    writer = _clerks(village, track)[0]
    if source.kind.value == "self" and track.assessment.short_name == "大村":
        writer = village.by("secretary")
    if source.kind.value == "related":
        assign_raters(
            track=track,
            raters=[(village.person["rater"], "纪检", None)],
            by=_clerks(village, track)[0],
            now=NOW,
        )
        writer = village.by("rater")
    sheet = track.sheets.get(status="draft")
    sheet.track = track
    sheet.assessment = track.assessment
    lost = 10000 - score
    cells = []
    for key, full in asked_of(sheet).items():
        off = min(lost, full)
        lost -= off
        cells.append(Cell(sheet.pk, key, None, full - off, "记录不全" if off else None))
    save_cells(cells=cells, by=writer, now=NOW)
    if source.kind.value == "self" and not writer.is_system and track.assessment.short_name != "大村":
        scan(village, track.assessment, "self")
    track.refresh_from_db()
    hand_in(track=track, by=writer, now=NOW)
    if source.kind.value == "self":
        track.refresh_from_db()
        confirm(track=track, by=_confirmer(village, track), now=NOW)


def _confirmer(village: Village, track: Any) -> Actor:
    if track.assessment.short_name in ("大村", "中村"):
        return village.by("liaison")
    return (
        village.by("clerk2") if track.assessment.deciding_id == village.org["旺草镇"].pk else system_actor()
    )


def scan(village: Village, file: Assessment, step: str) -> None:
    """A scan of the signed paper at a step, as staff would add it."""
    stored = StoredFile.objects.create(
        organisation=file.organisation,
        purpose="scan",
        name="自评表.png",
        content_type="image/png",
        size=10,
        sha256="0" * 64,
        path=f"scans/{file.pk}-{step}",
        by=village.person["clerk"],
        at=NOW,
    )
    Scan.objects.create(assessment=file, step=step, file=stored)


FULL = {"上级党组织评": 9200, "党支部自评": 9800, "党员评": 10000, "群众评": 9000, "相关单位评": 8600}


def decided(village: Village, short_name: str, band: str = "") -> Assessment:
    """Fill a file of 旺草镇, draft and sign its decision."""
    file = fill(village, short_name, FULL)
    chosen = band or file.band
    reason = "结合平时工作" if chosen != file.band else ""
    draft_decisions(drafts=[Draft(file.pk, chosen, reason, 1)], by=village.by("clerk"), now=NOW)
    sign_decisions(
        ids=[file.pk], meeting_on=TODAY, minutes_no="旺党纪要〔2026〕7号", by=village.by("committee"), now=NOW
    )
    return village.file(short_name)


def reported(village: Village, short_name: str) -> Assessment:
    """A decided file sent up by the committee secretary."""
    file = decided(village, short_name)
    assert village.round is not None
    report(
        round=village.round,
        committee=village.org["旺草镇"],
        ids=[file.pk],
        by=village.by("committee"),
        now=NOW,
    )
    return village.file(short_name)
