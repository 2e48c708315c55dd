"""Posts: who has which authority where, from when to when. The security administrator's work (domain.md 1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from gradingsite.lib.refusal import Refused
from gradingsite.trail.services import record
from orgs.actor import Actor
from orgs.categories import Form, Tier
from orgs.hooks import hand_over_hooks
from orgs.models import Organisation, Person, Post, PostListing
from orgs.roles import AdminRole, Extent, Role
from orgs.services.accounts import demand

ONE_DAY = dt.timedelta(days=1)
Then = Callable[[Post, Post, Actor], None]


def placement_fault(role: Role, organisation: Organisation) -> str:
    """Why a post of the role can't stand at the organisation; empty when it can."""
    tier = Tier(organisation.tier)
    if role is Role.BRANCH_SECRETARY and tier is not Tier.BRANCH:
        return "支部书记只能设在党支部或党总支"
    if (
        role in (Role.COMMITTEE_SECRETARY, Role.TOWNSHIP_CLERK, Role.LIAISON)
        and not organisation.is_committee
    ):
        return f"{role.label}只能设在党委、工委或党组"
    if role is Role.ORG_DEPARTMENT and not (organisation.form == Form.COMMITTEE and tier <= Tier.COUNTY):
        return "组织部只能设在县级以上党委"
    return ""


@transaction.atomic
def grant(
    *,
    person: Person,
    role: Role,
    organisation: Organisation,
    from_on: dt.date,
    to_on: dt.date | None = None,
    title: str = "",
    listed: Iterable[Organisation] = (),
    by: Actor,
    why: str = "",
) -> Post:
    """Give a person a post from a day to a day (inclusive; open when None).

    :param listed: the organisations a LISTED role covers.
    :raises Refused: to oneself, to an administrator, to a disabled account, where the role can't stand, twice.
    """
    demand(by, AdminRole.SECURITY)
    post = Post(
        person=person, role=role, organisation=organisation, title=title, from_on=from_on, to_on=to_on
    )
    _store(post, by)
    if role.extent is Extent.LISTED:
        _list(post, listed)
    _record(by, "post.grant", post, after=_facts(post), why=why)
    return post


@transaction.atomic
def end(*, post: Post, on: dt.date, by: Actor, why: str = "") -> None:
    """End a post and its deputies: from the day ``on`` the person holds it no more (today: from the next request)."""
    demand(by, AdminRole.SECURITY)
    _refuse_own(post.person, by)
    if post.to_on is not None and post.to_on < on:
        raise Refused(f"这个职务到{_day(post.to_on)}已经结束。")
    before = _facts(post)
    _close(post, on)
    for deputy in post.deputies.filter(Q(to_on__gte=on)):
        _close(deputy, on)
    _record(by, "post.end", post, before=before, after=_facts(post), why=why)


@transaction.atomic
def hand_over(
    *,
    post: Post,
    to: Person,
    on: dt.date,
    today: dt.date,
    by: Actor,
    title: str = "",
    why: str = "",
    then: Iterable[Then] = (),
) -> Post:
    """Pass a post on in one act 「交接」: the old one ends, a new one with the same extent begins on the day ``on``.

    Open tasks and drafts pass on through ``then`` and the functions named in :mod:`orgs.hooks`.
    """
    demand(by, AdminRole.SECURITY)
    _refuse_own(post.person, by)
    if on > today:
        raise Refused("交接日期不能晚于今天。", remedy="到那一天再办交接，或请人代理。", field="on")
    if post.to_on is not None and post.to_on < on:
        raise Refused(f"这个职务到{_day(post.to_on)}已经结束，不能再交接。", remedy="请直接授予新职务。")
    if post.deputy_of_id is not None:
        raise Refused("代理职务不能交接。", remedy="请结束代理，另请一位代理。")
    if to.pk == post.person_id:
        raise Refused("接任的人和原来的人是同一个人。", field="to")
    before = _facts(post)
    final_day = post.to_on
    _close(post, on)
    for deputy in post.deputies.filter(to_on__gte=on):
        _close(deputy, on)
    heir = Post(
        person=to,
        role=post.role,
        organisation=post.organisation,
        title=title or post.title,
        from_on=on,
        to_on=final_day,
        handed_from=post,
    )
    _store(heir, by)
    _copy_listings(post, heir)
    for pass_on in (*hand_over_hooks(), *then):
        pass_on(post, heir, by)
    _record(by, "post.hand_over", heir, before=before, after=_facts(heir), why=why)
    return heir


@transaction.atomic
def appoint_deputy(
    *, post: Post, person: Person, from_on: dt.date, to_on: dt.date, by: Actor, why: str = ""
) -> Post:
    """Let somebody stand in 「代理」 with the same extent, to a named day; the post itself stays in force."""
    demand(by, AdminRole.SECURITY)
    _refuse_own(post.person, by)
    if post.deputy_of_id is not None:
        raise Refused("代理的职务不能再请人代理。")
    if person.pk == post.person_id:
        raise Refused("代理人和本人是同一个人。", field="person")
    if post.to_on is not None and to_on > post.to_on:
        raise Refused(f"这个职务到{_day(post.to_on)}为止，代理不能更久。", field="to_on")
    deputy = Post(
        person=person,
        role=post.role,
        organisation=post.organisation,
        title=post.title,
        from_on=from_on,
        to_on=to_on,
        deputy_of=post,
    )
    _store(deputy, by)
    _copy_listings(post, deputy)
    _record(by, "post.deputy", deputy, after=_facts(deputy), why=why)
    return deputy


@transaction.atomic
def set_listed(*, post: Post, organisations: Iterable[Organisation], by: Actor, why: str = "") -> None:
    """Replace what a LISTED post (and its deputies) covers."""
    demand(by, AdminRole.SECURITY)
    _refuse_own(post.person, by)
    if Role(post.role).extent is not Extent.LISTED:
        raise Refused(f"{Role(post.role).label}不按名单管组织。")
    chosen = list(organisations)
    before = sorted(post.listings.values_list("organisation__code", flat=True))
    for each in (post, *post.deputies.all()):
        each.listings.all().delete()
        _list(each, chosen)
    after = sorted(organisation.code for organisation in chosen)
    _record(by, "post.listed", post, before={"listed": before}, after={"listed": after}, why=why)


def _list(post: Post, organisations: Iterable[Organisation]) -> None:
    chosen = {organisation.pk: organisation for organisation in organisations}
    if Role(post.role) is Role.LIAISON:
        outside = [unit for unit in chosen.values() if not unit.path.startswith(post.organisation.path)]
        if outside:
            raise Refused(
                f"{outside[0].short_name}（{outside[0].code}）不在{post.organisation.short_name}下面，"
                "包村干部只能联系本乡镇的支部。",
                field="listed",
            )
    PostListing.objects.bulk_create(PostListing(post=post, organisation_id=pk) for pk in chosen)


def _copy_listings(source: Post, target: Post) -> None:
    ids = source.listings.values_list("organisation_id", flat=True)
    PostListing.objects.bulk_create(PostListing(post=target, organisation_id=pk) for pk in ids)


def _refuse_own(person: Person, by: Actor) -> None:
    if person.pk == by.person.pk:
        raise Refused("不能给自己授权，请另一位安全管理员办。")


def _store(post: Post, by: Actor) -> None:
    """Check and write a new post."""
    person = post.person
    _refuse_own(person, by)
    if person.admin_role:
        raise Refused(f"{person.name}是{AdminRole(person.admin_role).label}，管理员不能担任业务职务。")
    if not person.is_active:
        raise Refused(f"{person.name}的账号已停用，请先启用。")
    fault = placement_fault(Role(post.role), post.organisation)
    if fault:
        raise Refused(f"{fault}，{post.organisation.short_name}不合适。", field="organisation")
    if not post.organisation.is_active:
        raise Refused(f"{post.organisation.short_name}已经撤并，不能再设职务。", field="organisation")
    if post.to_on is not None and post.to_on < post.from_on:
        raise Refused("结束日期早于开始日期。", field="to_on")
    same = Post.objects.filter(person=person, role=post.role, organisation=post.organisation)
    overlapping = same.filter(Q(to_on__isnull=True) | Q(to_on__gte=post.from_on))
    if post.to_on is not None:
        overlapping = overlapping.filter(from_on__lte=post.to_on)
    if overlapping.exists():
        raise Refused(f"{person.name}在这段时间已经有{post.organisation.short_name}的这个职务。")
    try:
        with transaction.atomic():
            post.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"{person.name}已经有{post.organisation.short_name}的这个职务。") from error


def _close(post: Post, on: dt.date) -> None:
    """Last day is the day before ``on``; a post that was to begin later is one that never was: both days fall there."""
    post.to_on = on - ONE_DAY
    post.from_on = min(post.from_on, post.to_on)
    post.save(update_fields=["from_on", "to_on"])


def _facts(post: Post) -> dict[str, Any]:
    return {
        "person": post.person.name,
        "role": Role(post.role).label,
        "organisation": post.organisation.short_name,
        "from_on": post.from_on,
        "to_on": post.to_on,
    }


def _record(by: Actor, action: str, post: Post, *, why: str, before: Any = None, after: Any = None) -> None:
    record(
        by=by,
        action=action,
        obj=post,
        label=f"{post.person.name}：{post}",
        before=before,
        after=after,
        why=why,
        organisation_id=post.organisation_id,
    )


def _day(day: dt.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
