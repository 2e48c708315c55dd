"""Opening, extending and closing a round: the scheme and the roster are frozen when it opens (domain.md 4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localdate

from assessments import flow
from assessments.models import Assessment, RosterUnit, Round, RoundStage, Scheme, Sheet, Track
from assessments.rules import Method, SchemeRules, SourceKind, StepName
from assessments.services.schemes import freeze_for_use, rules_of
from gradingsite.lib.refusal import Refused
from gradingsite.trail.services import record
from orgs.actor import Actor
from orgs.categories import COMMITTEES, Form, Tier
from orgs.models import Organisation
from orgs.reach import at_or_below
from orgs.roles import Role
from orgs.services.moves import move

OWN_SHEET = (SourceKind.SELF, SourceKind.SUPERIOR)


def create_round(
    *,
    scheme: Scheme,
    organisation: Organisation,
    name: str,
    year: int,
    stages: Sequence[Mapping[str, object]] = (),
    by: Actor,
    now: dt.datetime,
) -> Round:
    """A round in preparation. ``stages``: ``step, name, starts_on, due_on`` in order; else the scheme's steps.

    Raises PermissionDenied unless ``by`` serves in the committee's organisation department.
    """
    if not by.is_system and not by.reach.holds(Role.ORG_DEPARTMENT, organisation.pk):
        raise PermissionDenied("round.create")
    if organisation.form != Form.COMMITTEE or organisation.tier > Tier.TOWNSHIP:
        raise Refused("定级轮次由党委组织，请选择省、市、县或乡镇党委。", field="organisation")
    with transaction.atomic():
        found = Round.objects.create(
            scheme=scheme,
            organisation=organisation,
            name=name,
            year=year,
            created_by=by.person,
            created_at=now,
        )
        rows = stages or [{"step": step.key.value, "name": step.stage} for step in rules_of(scheme).steps]
        set_stages(round=found, stages=rows, by=by)
        record(
            by=by,
            action="round.create",
            obj=found,
            after={"name": name, "year": year},
            organisation_id=organisation.pk,
        )
    return found


def set_stages(*, round: Round, stages: Iterable[Mapping[str, object]], by: Actor) -> None:
    """Replace the dated steps of a round that isn't closed."""
    if round.status == "closed":
        raise Refused("轮次已结束，日期不能再改。")
    if not by.is_system and "DEP" not in round.parties(by.reach):
        raise PermissionDenied("round.stages")
    before = list(round.stages.values("step", "starts_on", "due_on"))
    round.stages.all().delete()
    rows = [RoundStage(round=round, order=order, **stage) for order, stage in enumerate(stages)]
    for row in rows:
        if row.starts_on and row.due_on and row.due_on < row.starts_on:
            raise Refused(f"「{row.name}」的截止日期早于开始日期。", field=row.step)
    RoundStage.objects.bulk_create(rows)
    record(
        by=by,
        action="round.stages",
        obj=round,
        before={"stages": [{key: str(value or "") for key, value in row.items()} for row in before]},
        after={"stages": [{"step": row.step, "due_on": str(row.due_on or "")} for row in rows]},
        organisation_id=round.organisation_id,
    )


def open_round(*, round: Round, by: Actor, now: dt.datetime) -> int:
    """Freeze scheme and roster and open one file per graded branch. Gives the number of files.

    Raises Refused when the scheme has faults or open values, or a branch's sector isn't in it.
    """
    with transaction.atomic():
        freeze_for_use(scheme=round.scheme, by=by, now=now)
        rules = rules_of(round.scheme)
        ancestors = Organisation.objects.filter(pk__in=round.organisation.ancestor_ids())
        inside = Organisation.objects.filter(at_or_below(round.organisation.path)).active()
        rows = list((ancestors | inside).select_related("sector").in_order())
        graded = [row for row in rows if row.form in rules.graded_forms]
        move(
            flow=flow.ROUND,
            name="open",
            obj=round,
            by=by,
            now=now,
            changes={"opened_at": now},
            details={"files": len(graded)},
        )
        units = [_unit(round, row, position) for position, row in enumerate(rows)]
        RosterUnit.objects.bulk_create(units, batch_size=500)
        by_id = {row.pk: row for row in rows}
        _open_files(round, rules, graded, by_id, {unit.organisation_id: unit.position for unit in units})
    return len(graded)


def admit(
    *, round: Round, organisation: Organisation, reason: str, by: Actor, now: dt.datetime
) -> Assessment:
    """Take a new branch into a running round 「补入」, by the county, with a reason."""
    rules = rules_of(round.scheme)
    if round.assessments.filter(organisation=organisation).exists():
        raise Refused("该支部已在本轮次中。")
    if organisation.form not in rules.graded_forms or not organisation.is_active:
        raise Refused("只能补入在册的、本方案定级的支部。")
    if not organisation.path.startswith(round.organisation.path):
        raise Refused("没有找到这个支部，请核对组织代码。")
    with transaction.atomic():
        move(
            flow=flow.ROUND,
            name="admit",
            obj=round,
            by=by,
            now=now,
            note=reason,
            details={"organisation": organisation.code},
        )
        known = {unit.organisation_id: unit for unit in round.units.all()}
        last = max((unit.position for unit in known.values()), default=0)
        rows = list(
            Organisation.objects.filter(pk__in=[*organisation.ancestor_ids(), organisation.pk])
            .select_related("sector")
            .in_order()
        )
        fresh = [_unit(round, row, last + 1 + extra) for extra, row in enumerate(rows) if row.pk not in known]
        RosterUnit.objects.bulk_create(fresh)
        positions = {unit.organisation_id: unit.position for unit in [*known.values(), *fresh]}
        _open_files(round, rules, [organisation], {row.pk: row for row in rows}, positions, admitted=reason)
    return round.assessments.get(organisation=organisation)


def close_round(*, round: Round, by: Actor, now: dt.datetime) -> None:
    """Close a round: every file approved, terminated or ungraded, every notice ended (domain.md 4, Closing)."""
    left = round.assessments.exclude(status__in=[flow.APPROVED, flow.TERMINATED, flow.UNGRADED]).count()
    if left:
        raise Refused(f"还有 {left} 个支部没有核准，不能结束本轮次。")
    running = round.assessments.filter(notice_to_on__gte=localdate(now)).count()
    if running:
        raise Refused(f"还有 {running} 个支部在公示期内，公示期满后再结束。")
    move(flow=flow.ROUND, name="close", obj=round, by=by, now=now, changes={"closed_at": now})


def deciding_committee(branch: Organisation, known: Mapping[int, Organisation]) -> Organisation | None:
    """The nearest 党委/工委/党组 of township tier above, else of any tier; 总支 are passed over."""
    above = [
        known[pk] for pk in reversed(branch.ancestor_ids()) if pk in known and known[pk].form in COMMITTEES
    ]
    return next((unit for unit in above if unit.tier == Tier.TOWNSHIP), above[0] if above else None)


def approving_committee(deciding: Organisation, known: Mapping[int, Organisation]) -> Organisation | None:
    """The nearest 县委, 市委 or 省委 above the deciding committee."""
    above = (known[pk] for pk in reversed(deciding.ancestor_ids()) if pk in known)
    return next((unit for unit in above if unit.form == Form.COMMITTEE and unit.tier <= Tier.COUNTY), None)


def _unit(round: Round, row: Organisation, position: int) -> RosterUnit:
    return RosterUnit(
        round=round,
        organisation=row,
        code=row.code,
        full_name=row.full_name,
        short_name=row.short_name,
        tier=row.tier,
        form=row.form,
        path=row.path,
        position=position,
    )


def _open_files(
    round: Round,
    rules: SchemeRules,
    graded: Sequence[Organisation],
    known: Mapping[int, Organisation],
    positions: Mapping[int, int],
    admitted: str = "",
) -> None:
    """One file, its tracks and the sheets everybody fills, for each branch."""
    _refuse_unknown_sectors(rules, graded)
    files = Assessment.objects.bulk_create(
        [_file(round, row, known, positions[row.pk], admitted) for row in graded], batch_size=500
    )
    tracks = Track.objects.bulk_create(
        [Track(assessment=file, source=source.key) for file in files for source in rules.sources],
        batch_size=500,
    )
    kinds = {source.key: source for source in rules.sources}
    Sheet.objects.bulk_create(
        [
            Sheet(track=track, assessment_id=track.assessment_id, source=track.source)
            for track in tracks
            if kinds[track.source].kind in OWN_SHEET and kinds[track.source].method is not Method.BALLOT
        ],
        batch_size=500,
    )


def _refuse_unknown_sectors(rules: SchemeRules, graded: Sequence[Organisation]) -> None:
    strays = [row for row in graded if rules.sector(row.sector.name if row.sector else "") is None]
    if strays:
        names = "、".join(row.short_name for row in strays[:5]) + ("等" if len(strays) > 5 else "")
        raise Refused(f"{names} {len(strays)} 个支部的领域在方案里没有指标，请先改支部的领域或补方案。")


def _file(
    round: Round, row: Organisation, known: Mapping[int, Organisation], position: int, admitted: str
) -> Assessment:
    deciding = deciding_committee(row, known)
    approving = approving_committee(deciding, known) if deciding else None
    if deciding is None or approving is None:
        raise Refused(f"{row.full_name}上面没有评定或核准的党委，请先核对组织树。")
    names = [known[pk].short_name for pk in row.ancestor_ids() if pk in known]
    return Assessment(
        round=round,
        organisation=row,
        code=row.code,
        full_name=row.full_name,
        short_name=row.short_name,
        sector=row.sector.name if row.sector else "",
        secretary_name=row.secretary_name,
        member_count=row.member_count,
        people_count=row.people_count,
        path=row.path,
        path_names=" / ".join(names),
        position=position,
        deciding=deciding,
        approving=approving,
        admitted_reason=admitted,
    )


def change_dates(*, round: Round, stages: Iterable[Mapping[str, object]], by: Actor) -> None:
    """Replace the dates of a round's steps, all or none. Raises Refused naming the step at fault."""
    with transaction.atomic():
        set_stages(round=round, stages=stages, by=by)


def graded_branches(round: Round) -> int:
    """How many branches would get a file if the round were opened now."""
    rules = rules_of(round.scheme)
    inside = Organisation.objects.filter(at_or_below(round.organisation.path)).active()
    return inside.filter(form__in=list(rules.graded_forms)).count()


def step_label(key: str) -> str:
    """The word of a step as all screens write it."""
    return next(step.label for step in StepName if step.value == key)
