"""Loading, editing, checking, freezing and revising schemes: the document is the scheme (domain.md 3)."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from assessments.flow import SCHEME
from assessments.models import Scheme
from assessments.rules import Fault, SchemeRules, check, refinement_faults
from gradingsite.lib.refusal import Conflict, Refused
from gradingsite.trail.services import record
from orgs.actor import Actor
from orgs.models import Organisation
from orgs.roles import Role
from orgs.services.moves import move


def rules_of(scheme: Scheme) -> SchemeRules:
    """The typed rules of a scheme. Read once per version and digest."""
    return _read(scheme.pk, scheme.digest)


@lru_cache(maxsize=64)
def _read(pk: int, digest: str) -> SchemeRules:
    return SchemeRules.read(Scheme.objects.values_list("document", flat=True).get(pk=pk))


def load_scheme(
    *, document: dict[str, Any], organisation: Organisation | None, by: Actor, now: dt.datetime
) -> tuple[Scheme, bool]:
    """Take a document in as a scheme of ``organisation`` (None: shared). Gives it and whether anything was written.

    The same document again changes nothing; another under the same code becomes the next version. A document without
    faults or open values is ready for use at once, else it stays a draft.
    """
    rules = SchemeRules.read(document)
    _may_write(organisation, by)
    with transaction.atomic():
        latest = (
            Scheme.objects.filter(code=rules.code, organisation=organisation).order_by("-version").first()
        )
        if latest and latest.digest == rules.digest():
            return latest, False
        scheme = Scheme.objects.create(
            code=rules.code,
            name=rules.name,
            year=rules.year or now.year,
            organisation=organisation,
            version=latest.version + 1 if latest else 1,
            document=rules.write(),
            digest=rules.digest(),
            created_by=by.person,
            created_at=now,
        )
        record(
            by=by,
            action="scheme.load",
            obj=scheme,
            after={"digest": scheme.digest},
            organisation_id=scheme.home_id() or None,
        )
        if not check(rules):
            move(flow=SCHEME, name="check", obj=scheme, by=_office(scheme, by), now=now)
    return scheme, True


def refine(*, scheme: Scheme, organisation: Organisation, by: Actor, now: dt.datetime) -> Scheme:
    """Start a draft of one's own from another's scheme (Hubei 一(一))."""
    _may_write(organisation, by)
    if Scheme.objects.filter(code=scheme.code, organisation=organisation).exists():
        raise Refused("本单位已有这个方案，请在它的基础上修订。")
    with transaction.atomic():
        draft = Scheme.objects.create(
            code=scheme.code,
            name=scheme.name,
            year=scheme.year,
            organisation=organisation,
            refines=scheme,
            document=scheme.document,
            digest=scheme.digest,
            created_by=by.person,
            created_at=now,
        )
        record(
            by=by,
            action="scheme.refine",
            obj=draft,
            after={"from": scheme.pk},
            organisation_id=organisation.pk,
        )
    return draft


def save_document(
    *, scheme: Scheme, document: dict[str, Any], seen_digest: str, by: Actor, now: dt.datetime
) -> Scheme:
    """Write a draft's rules. Raises Conflict when somebody saved meanwhile, Refused when it is frozen or malformed."""
    if scheme.status == "frozen":
        raise Refused("方案已启用并冻结，请先「修订」生成新的一版。")
    rules = SchemeRules.read(document)
    if scheme.refines_id:
        parent = rules_of(scheme.refines)
        old = {fault.path for fault in refinement_faults(parent, rules_of(scheme))}
        fresh = [fault for fault in refinement_faults(parent, rules) if fault.path not in old]
        if fresh:
            raise Refused(f"{fresh[0].message}。{fresh[0].remedy}。")
    with transaction.atomic():
        before = Scheme.objects.select_for_update().values_list("digest", flat=True).get(pk=scheme.pk)
        move(
            flow=SCHEME,
            name="edit",
            obj=scheme,
            by=by,
            now=now,
            changes={
                "document": rules.write(),
                "digest": rules.digest(),
                "name": rules.name,
                "year": rules.year or scheme.year,
            },
            details={"before": before, "digest": rules.digest()},
        )
        if before != seen_digest:
            raise Conflict("这份方案刚被别人改过，请刷新后再改。")
    return scheme


def mark_ready(*, scheme: Scheme, by: Actor, now: dt.datetime) -> None:
    """Declare a draft usable. Raises Refused naming the first faults."""
    _refuse_faults(scheme)
    move(flow=SCHEME, name="check", obj=scheme, by=by, now=now)


def faults_of(scheme: Scheme) -> list[Fault]:
    """Everything that keeps a scheme from being used, also what it changed against the scheme it refines."""
    rules = rules_of(scheme)
    fixed = refinement_faults(rules_of(scheme.refines), rules) if scheme.refines else []
    return [*check(rules), *fixed]


def put_to_use(*, scheme: Scheme, by: Actor, now: dt.datetime) -> None:
    """「启用并冻结」 by its issuer. Raises Refused naming the first faults, PermissionDenied for anybody else."""
    if not by.is_system and "DEP" not in scheme.parties(by.reach):
        raise PermissionDenied("scheme.freeze")
    if scheme.status == "frozen":
        raise Refused("方案已经启用。")
    freeze_for_use(scheme=scheme, by=by, now=now)


def draft_for(*, document: dict[str, Any], organisation: Organisation) -> Scheme | None:
    """The unfinished version that a document of the same code would be written over, if there is one."""
    latest = Scheme.objects.filter(code=SchemeRules.read(document).code, organisation=organisation)
    newest = latest.order_by("-version").first()
    return newest if newest and newest.status != "frozen" else None


def take_in(
    *, document: dict[str, Any], organisation: Organisation, by: Actor, now: dt.datetime
) -> tuple[Scheme, bool]:
    """Take a file in: over the unfinished version of the same code, else as a new scheme or version."""
    _may_write(organisation, by)
    draft = draft_for(document=document, organisation=organisation)
    if draft is None:
        return load_scheme(document=document, organisation=organisation, by=by, now=now)
    if draft.digest == SchemeRules.read(document).digest():
        return draft, False
    return save_document(scheme=draft, document=document, seen_digest=draft.digest, by=by, now=now), True


def freeze_for_use(*, scheme: Scheme, by: Actor, now: dt.datetime) -> None:
    """Freeze a scheme as a round opens with it; a shared or superior's scheme is frozen by the software."""
    if scheme.status == "frozen":
        return
    _refuse_faults(scheme)
    office = _office(scheme, by)
    if scheme.status == "draft":
        move(flow=SCHEME, name="check", obj=scheme, by=office, now=now)
    move(flow=SCHEME, name="freeze", obj=scheme, by=office, now=now)


def revise(*, scheme: Scheme, by: Actor, now: dt.datetime) -> Scheme:
    """Start the next version of a frozen scheme as a draft."""
    if scheme.status != "frozen":
        raise Refused("方案还没有启用，可以直接修改。")
    _may_write(scheme.organisation, by)
    latest = Scheme.objects.filter(code=scheme.code, organisation=scheme.organisation).order_by("-version")[0]
    if latest.status != "frozen":
        raise Refused(f"第 {latest.version} 版还是草稿，请在它上面改。")
    with transaction.atomic():
        draft = Scheme.objects.create(
            code=scheme.code,
            name=scheme.name,
            year=scheme.year,
            organisation=scheme.organisation,
            refines=scheme.refines,
            version=latest.version + 1,
            document=scheme.document,
            digest=scheme.digest,
            created_by=by.person,
            created_at=now,
        )
        record(
            by=by,
            action="scheme.revise",
            obj=draft,
            after={"from": scheme.version},
            organisation_id=draft.home_id() or None,
        )
    return draft


def _refuse_faults(scheme: Scheme) -> None:
    faults = faults_of(scheme)
    if faults:
        first = "；".join(fault.message for fault in faults[:3])
        raise Refused(f"方案还有 {len(faults)} 处要改：{first}")


def _may_write(organisation: Organisation | None, by: Actor) -> None:
    if by.is_system:
        return
    if organisation is None or not by.reach.holds(Role.ORG_DEPARTMENT, organisation.pk):
        raise PermissionDenied("scheme.write")


def _office(scheme: Scheme, by: Actor) -> Actor:
    """Who stands for the scheme's status: its issuer if that is the actor, else the software on the actor's behalf."""
    return by if by.is_system or "DEP" in scheme.parties(by.reach) else by.as_software()
