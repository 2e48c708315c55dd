"""The demo's two rounds: last year's finished, this year's with townships at different steps."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace

from assessments import flow
from assessments.models import Assessment, Round, Scheme
from assessments.rules import (
    Bound,
    Notice,
    NoticeTiming,
    Quota,
    QuotaScope,
    SchemeRules,
    SourceKind,
    Step,
    StepName,
    Strictness,
    preset_rules,
)
from assessments.services.approving import Seen, approve, return_tracks, take_up
from assessments.services.computing import compute_round
from assessments.services.deciding import (
    Draft,
    draft_decisions,
    note_notice,
    propose_ranks,
    report,
    sign_decisions,
)
from assessments.services.evidence import digests_of
from assessments.services.rounds import close_round, create_round, open_round
from assessments.services.schemes import load_scheme, rules_of
from gradingsite.demo.cast import Staff, free
from gradingsite.demo.marks import pour
from gradingsite.demo.scene import OPEN as SCENE
from gradingsite.demo.scene import set_scene
from orgs.models import Organisation, Person
from orgs.services.people import system_actor

ALL = frozenset(SourceKind)
NO_SUPERIOR = ALL - {SourceKind.SUPERIOR}

# Days from the day the demo is made to the end of each step.
DUE = {
    StepName.SURVEY: -12,
    StepName.SELF: -9,
    StepName.CONFIRM: -8,
    StepName.BALLOT: -5,
    StepName.SUPERIOR: -2,
    StepName.RELATED: -2,
    StepName.COMPUTE: -1,
    StepName.DECIDE: 1,
    StepName.NOTICE: 9,
    StepName.REPORT: 12,
    StepName.APPROVE: 16,
    StepName.RECTIFY: 60,
}


@dataclass(frozen=True)
class Clock:
    """The demo's days: ``now`` is when it is made."""

    now: dt.datetime
    today: dt.date

    def before(self, days: int) -> dt.datetime:
        """That many days ago, at the same hour."""
        return self.now - dt.timedelta(days=days)


def county_rules(year: int) -> SchemeRules:
    """The county's refinement of the Guizhou scheme: a notice before the report and quotas that warn."""
    base = preset_rules("guizhou-2012")
    steps: list[Step] = []
    for step in base.steps:
        if step.key is StepName.REPORT:
            steps.append(Step(key=StepName.NOTICE, stage="公示"))
        steps.append(step)
    return replace(
        base,
        code="suiyang",
        year=year,
        name="绥阳县基层党组织分类定级方案",
        issuer="中共绥阳县委组织部",
        refines="guizhou-2012",
        steps=tuple(steps),
        notice=Notice(timing=NoticeTiming.BEFORE_REPORT, working_days=5, circle="本支部和所在村（社区）、单位"),
        quotas=(
            Quota(key="worst", scope=QuotaScope.ROUND, bound=Bound.AT_LEAST, share=500, band="poor",
                  strictness=Strictness.WARN),
            Quota(key="best", scope=QuotaScope.ROUND, bound=Bound.AT_MOST, share=2000, band="very_good",
                  strictness=Strictness.WARN),
        ),
    )  # fmt: skip


def load_rules(clock: Clock) -> Scheme:
    """The county's scheme, loaded and ready."""
    county = Organisation.objects.get(code="520323000000")
    scheme, _ = load_scheme(
        document=county_rules(clock.today.year - 1).write(),
        organisation=county,
        by=system_actor(),
        now=clock.before(60),
    )
    return scheme


def start(*, scheme: Scheme, year: int, name: str, shift: int, clock: Clock) -> Round:
    """A round opened with dated steps; ``shift`` days are added to every date."""
    rules = rules_of(scheme)
    stages = []
    for step in rules.steps:
        due = clock.today + dt.timedelta(days=DUE[step.key] + shift)
        stages.append(
            {
                "step": step.key.value,
                "name": step.stage or step.key.label,
                "starts_on": due - dt.timedelta(days=3),
                "due_on": due,
            }
        )
    made = create_round(
        scheme=scheme,
        organisation=scheme.organisation,
        name=name,
        year=year,
        stages=stages,
        by=system_actor(),
        now=clock.before(20 - shift),
    )
    open_round(round=made, by=system_actor(), now=clock.before(20 - shift))
    return made


def finish_last_year(*, scheme: Scheme, staff: dict[int, Staff], clock: Clock) -> Round:
    """Last year's round: everything in, decided, reported, approved, closed."""
    made = start(
        scheme=scheme,
        year=clock.today.year - 1,
        name=f"{clock.today.year - 1}年度分类定级",
        shift=-365,
        clock=clock,
    )
    then = clock.before(365 - 3)
    files = list(made.assessments.in_order())
    dice = random.Random(made.year)
    pour(
        files=files,
        rules=rules_of(scheme),
        staff=staff,
        dice=dice,
        now=then - dt.timedelta(days=2),
        kinds=ALL,
    )
    compute_round(round=made, by=system_actor(), now=then - dt.timedelta(days=1))
    for unit in staff:
        decide(made, staff[unit], unit, then)
        send_up(made, staff[unit], unit, then, then + dt.timedelta(days=9))
    approve_all(made, list(staff), Person.objects.get(username="xianwei"), then + dt.timedelta(days=12))
    close_round(round=made, by=free(Person.objects.get(username="xianwei")), now=then + dt.timedelta(days=40))
    return made


def run_this_year(*, scheme: Scheme, staff: dict[int, Staff], clock: Clock) -> Round:
    """This year's round in mid-course: committees at different steps, some late, some returned, one approved."""
    made = start(
        scheme=scheme, year=clock.today.year, name=f"{clock.today.year}年度分类定级", shift=0, clock=clock
    )
    units = list(staff)
    dice = random.Random(made.year)
    rules = rules_of(scheme)
    files = list(made.assessments.in_order())
    late = _left_open(files, units)
    _pour_most(files, late, rules, staff, dice, clock)
    set_scene(made=made, now=clock.before(12) - dt.timedelta(hours=5))
    compute_round(round=made, by=system_actor(), now=clock.before(12) - dt.timedelta(hours=3))
    ahead = [unit for number, unit in enumerate(units) if number not in (0, 1, 2, 8, 10, 13, 19)]
    for unit in ahead:
        decide(made, staff[unit], unit, clock.before(12))
    for unit in ahead[2:]:
        send_up(made, staff[unit], unit, clock.before(11), clock.before(1))
    approve_all(made, ahead[-3:-2], Person.objects.get(username="xianwei"), clock.before(0))
    _return_one(made, ahead[-1], clock)
    return made


def _left_open(files: Iterable[Assessment], units: list[int]) -> dict[int, frozenset[SourceKind]]:
    """Files some sources of which aren't in yet, with what is in."""
    seen: dict[int, int] = {}
    left: dict[int, frozenset[SourceKind]] = {}
    behind = {units[number] for number in (0, 1, 2, 8, 10, 13, 19)}
    for file in files:
        seen[file.deciding_id] = seen.get(file.deciding_id, 0) + 1
        place = seen[file.deciding_id]
        if file.code in SCENE:
            left[file.pk] = ALL - {SCENE[file.code]}
        elif file.path_names.endswith("旺草镇"):
            continue
        elif file.deciding_id in behind and place in (3, 5, 6):
            kinds = {3: NO_SUPERIOR, 5: ALL - {SourceKind.PUBLIC}, 6: ALL - {SourceKind.SELF}}[place]
            left[file.pk] = frozenset(kinds)
    return left


def _pour_most(
    files: list[Assessment],
    late: dict[int, frozenset[SourceKind]],
    rules: SchemeRules,
    staff: dict[int, Staff],
    dice: random.Random,
    clock: Clock,
) -> None:
    whole = [file for file in files if file.pk not in late]
    pour(files=whole, rules=rules, staff=staff, dice=dice, now=clock.before(13), kinds=ALL)
    for kinds in sorted(set(late.values()), key=sorted):
        some = [file for file in files if late.get(file.pk) == kinds]
        pour(files=some, rules=rules, staff=staff, dice=dice, now=clock.before(13), kinds=kinds)


def decide(made: Round, workers: Staff, unit: int, at: dt.datetime) -> None:
    """Draft and sign what was computed for one committee's files; one branch is decided lower, with a reason."""
    files = list(made.assessments.filter(deciding=unit, status=flow.COMPUTED).in_order())
    if not files:
        return
    bands = {file.pk: file.band for file in files}
    order = [band.key for band in rules_of(made.scheme).bands]
    reasons: dict[int, str] = {}
    lowered = next((file for file in files if len(files) > 8 and file.band == order[2]), None)
    if lowered:
        bands[lowered.pk] = order[3]
        reasons[lowered.pk] = (
            "矛盾纠纷 3 件未办结，其中 2 件越级信访；上年目标未完成。结合平时工作，定低一档。"
        )
    ranks = propose_ranks(files=files, bands=bands)
    drafts = [Draft(file.pk, bands[file.pk], reasons.get(file.pk, ""), ranks[file.pk]) for file in files]
    draft_decisions(drafts=drafts, by=workers.clerk, now=at)
    sign_decisions(
        ids=[file.pk for file in files],
        meeting_on=at.date(),
        minutes_no=f"党纪要〔{at.year}〕7号",
        by=workers.secretary,
        now=at,
    )


def send_up(made: Round, workers: Staff, unit: int, posted: dt.datetime, at: dt.datetime) -> None:
    """Post the notice's dates and report one committee's decided files."""
    ids = list(made.assessments.filter(deciding=unit, status=flow.DECIDED).values_list("pk", flat=True))
    if not ids:
        return
    ended = min(posted + dt.timedelta(days=7), at - dt.timedelta(days=1))
    note_notice(ids=ids, from_on=posted.date(), to_on=ended.date(), by=workers.clerk, now=posted)
    committee = Organisation.objects.get(pk=unit)
    report(round=made, committee=committee, ids=ids, by=workers.secretary, now=at)


def approve_all(made: Round, units: list[int], official: Person, at: dt.datetime) -> None:
    """Approve everything these committees reported."""
    files = list(
        made.assessments.filter(deciding__in=units, status=flow.REPORTED).select_related("round__scheme")
    )
    digests = digests_of(files)
    take_up(ids=[file.pk for file in files], by=free(official), now=at)
    approve(seen={file.pk: Seen(file.version, digests[file.pk]) for file in files}, by=free(official), now=at)


def _return_one(made: Round, unit: int, clock: Clock) -> None:
    """One reported file goes back for one source."""
    file = made.assessments.filter(deciding=unit, status=flow.REPORTED).in_order().first()
    if file is not None:
        return_tracks(
            file=file,
            sources=["public"],
            note="群众票在单位办公室集中填写，请重新组织群众测评。",
            due_on=clock.today + dt.timedelta(days=5),
            by=free(Person.objects.get(username="xianwei")),
            now=clock.now,
        )
