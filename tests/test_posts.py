"""Posts: granted, ended, handed over, stood in for; who may, where they can stand, and that reach follows at once."""

import datetime as dt
from typing import Never

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gradingsite.lib.refusal import Refused
from gradingsite.trail.models import Entry
from orgs import hooks
from orgs.actor import Actor
from orgs.models import Person, Post
from orgs.roles import Role
from orgs.services import posts
from orgs.services.accounts import set_enabled
from orgs.services.people import acting, reach_of, system_actor

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 4, 9)
DAY = dt.timedelta(days=1)


def security(village) -> Actor:
    return acting(Person.objects.get(username="security_admin"), on=TODAY)


def post_of(village, name) -> Post:
    return Post.objects.get(person=village.person[name])


def covers(person, organisation, on=TODAY) -> bool:
    fresh = Person.objects.get(pk=person.pk)
    return reach_of(fresh, on=on).covers(organisation.path, organisation.pk)


def grant(village, **more) -> Post:
    terms = {
        "person": village.person["nobody"],
        "role": Role.TOWNSHIP_CLERK,
        "organisation": village.org["旺草镇"],
        "from_on": TODAY,
        "by": security(village),
    }
    return posts.grant(**terms | more)


# Granting


def test_a_granted_post_gives_reach_from_its_first_day_to_its_last(village) -> None:
    grant(village, from_on=TODAY, to_on=TODAY + 2 * DAY)
    person, branch = village.person["nobody"], village.org["大村"]
    days = [TODAY - DAY, TODAY, TODAY + 2 * DAY, TODAY + 3 * DAY]
    assert [covers(person, branch, day) for day in days] == [False, True, True, False]
    assert not covers(person, village.org["河村"])


def test_a_grant_is_on_the_trail_with_its_ground(village) -> None:
    post = grant(village, why="镇党委申请")
    entry = Entry.objects.get(action="post.grant")
    assert (entry.why, entry.organisation_id) == ("镇党委申请", post.organisation_id)


@pytest.mark.parametrize("name", ["system", "audit", "county", "committee", "clerk", "nobody"])
def test_only_the_security_administrator_grants(village, name) -> None:
    by = acting(village.person[name], on=TODAY)
    with pytest.raises(PermissionDenied):
        grant(village, by=by)
    post = post_of(village, "clerk2")
    with pytest.raises(PermissionDenied):
        posts.end(post=post, on=TODAY, by=by)
    with pytest.raises(PermissionDenied):
        posts.hand_over(post=post, to=village.person["nobody"], on=TODAY, today=TODAY, by=by)
    with pytest.raises(PermissionDenied):
        posts.appoint_deputy(post=post, person=village.person["nobody"], from_on=TODAY, to_on=TODAY, by=by)
    with pytest.raises(PermissionDenied):
        posts.set_listed(post=post_of(village, "liaison"), organisations=[], by=by)


def test_nobody_grants_to_himself(village) -> None:
    with pytest.raises(Refused, match="自己"):
        grant(village, person=village.person["security"])


def test_an_administrator_holds_no_post(village) -> None:
    for name in ("system", "audit"):
        with pytest.raises(Refused, match="管理员"):
            grant(village, person=village.person[name])


def test_an_administrator_with_a_post_left_over_reaches_nothing(village) -> None:
    """Two acts at once could leave one behind: it must give nothing."""
    Person.objects.filter(username="clerk").update(admin_role="audit")
    assert not covers(village.person["clerk"], village.org["大村"])


def test_a_disabled_account_gets_no_post(village) -> None:
    set_enabled(person=village.person["nobody"], enabled=False, by=system_actor())
    with pytest.raises(Refused, match="停用"):
        grant(village, person=Person.objects.get(username="nobody"))


@pytest.mark.parametrize(
    ("role", "unit"),
    [
        (Role.BRANCH_SECRETARY, "旺草镇"),
        (Role.TOWNSHIP_CLERK, "大村"),
        (Role.COMMITTEE_SECRETARY, "大村"),
        (Role.LIAISON, "大村"),
        (Role.ORG_DEPARTMENT, "旺草镇"),
        (Role.ORG_DEPARTMENT, "县直机关工委"),
    ],
)
def test_roles_stand_only_where_they_can(village, role, unit) -> None:
    with pytest.raises(Refused) as refused:
        grant(village, role=role, organisation=village.org[unit])
    assert refused.value.field == "organisation"


def test_no_post_at_a_closed_organisation(village) -> None:
    village.org["大村"].is_active = False
    with pytest.raises(Refused, match="撤并"):
        grant(village, role=Role.BRANCH_SECRETARY, organisation=village.org["大村"])


def test_the_same_post_twice_at_one_time_is_refused(village) -> None:
    grant(village, to_on=TODAY + 9 * DAY)
    with pytest.raises(Refused, match="已经有"):
        grant(village, from_on=TODAY + 5 * DAY)
    grant(village, from_on=TODAY + 10 * DAY)
    assert Post.objects.filter(person=village.person["nobody"]).count() == 2


def test_the_database_keeps_two_open_posts_and_endless_deputies_out(village) -> None:
    post = post_of(village, "clerk")
    same = {"person": post.person, "role": post.role, "organisation": post.organisation, "from_on": TODAY}
    with pytest.raises(IntegrityError), transaction.atomic():
        Post.objects.create(**same)
    with pytest.raises(IntegrityError), transaction.atomic():
        Post.objects.create(**same | {"person": village.person["nobody"], "deputy_of": post})
    with pytest.raises(IntegrityError), transaction.atomic():
        Post.objects.create(**same | {"to_on": TODAY - DAY})


def test_a_liaison_lists_branches_of_the_own_township_only(village) -> None:
    unit, far = village.org["旺草镇"], village.org["河村"]
    with pytest.raises(Refused) as refused:
        grant(village, role=Role.LIAISON, organisation=unit, listed=[far])
    assert refused.value.field == "listed"
    assert not Post.objects.filter(person=village.person["nobody"]).exists()
    grant(village, role=Role.SUPERVISION_GROUP, organisation=village.org["绥山县"], listed=[far])
    assert covers(village.person["nobody"], far)


# Ending


def test_an_ended_post_is_gone_at_the_next_question(village) -> None:
    posts.end(post=post_of(village, "clerk"), on=TODAY, by=security(village))
    assert not covers(village.person["clerk"], village.org["大村"])
    assert covers(village.person["clerk"], village.org["大村"], TODAY - DAY)


def test_a_post_that_began_today_can_end_today(village) -> None:
    post = grant(village)
    posts.end(post=post, on=TODAY, by=security(village))
    assert not covers(village.person["nobody"], village.org["大村"])


def test_what_has_ended_does_not_end_again(village) -> None:
    post = post_of(village, "clerk")
    posts.end(post=post, on=TODAY, by=security(village))
    with pytest.raises(Refused, match="已经结束"):
        posts.end(post=post, on=TODAY + DAY, by=security(village))


def test_deputies_end_with_the_post(village) -> None:
    post, deputy = post_of(village, "committee"), village.person["nobody"]
    posts.appoint_deputy(post=post, person=deputy, from_on=TODAY, to_on=TODAY + 9 * DAY, by=security(village))
    assert covers(deputy, village.org["大村"])
    posts.end(post=post, on=TODAY + 2 * DAY, by=security(village))
    assert covers(deputy, village.org["大村"], TODAY + DAY)
    assert not covers(deputy, village.org["大村"], TODAY + 2 * DAY)


# Handover and deputies


def test_a_handover_passes_role_place_and_list_in_one_act(village) -> None:
    old = post_of(village, "liaison")
    heir = posts.hand_over(
        post=old, to=village.person["nobody"], on=TODAY, today=TODAY, by=security(village), why="调动"
    )
    assert (heir.role, heir.organisation, heir.handed_from) == (old.role, old.organisation, old)
    assert set(heir.listed.all()) == {village.org["大村"], village.org["中村"]}
    assert covers(village.person["nobody"], village.org["大村"])
    assert not covers(village.person["liaison"], village.org["大村"])
    assert Entry.objects.filter(action="post.hand_over", why="调动").count() == 1


passed_on = []


def note_handover(old, new, by) -> None:
    passed_on.append((old.person.username, new.person.username, by.person.username))


def test_what_is_open_passes_on_in_the_same_transaction(village, monkeypatch) -> None:
    monkeypatch.setattr(hooks, "_hand_over", [])
    passed_on.clear()
    hooks.when_handed_over("tests.test_posts.note_handover")
    terms = {"to": village.person["nobody"], "on": TODAY, "today": TODAY, "by": security(village)}

    def fails(old, new, by) -> Never:
        raise Refused("有一张表不能转交。")

    with pytest.raises(Refused):
        posts.hand_over(post=post_of(village, "clerk"), then=[fails], **terms)
    assert covers(village.person["clerk"], village.org["大村"])
    assert not covers(village.person["nobody"], village.org["大村"])
    passed_on.clear()
    posts.hand_over(post=post_of(village, "clerk"), **terms)
    assert passed_on == [("clerk", "nobody", "security_admin")]


def test_handovers_that_make_no_sense(village) -> None:
    by, person = security(village), village.person["nobody"]
    with pytest.raises(Refused, match="今天"):
        posts.hand_over(post=post_of(village, "clerk"), to=person, on=TODAY + DAY, today=TODAY, by=by)
    post = post_of(village, "clerk")
    with pytest.raises(Refused, match="同一个人"):
        posts.hand_over(post=post, to=village.person["clerk"], on=TODAY, today=TODAY, by=by)
    with pytest.raises(Refused, match="管理员"):
        posts.hand_over(
            post=post_of(village, "clerk"), to=village.person["audit"], on=TODAY, today=TODAY, by=by
        )
    assert covers(village.person["clerk"], village.org["大村"])


def test_a_deputy_stands_in_to_a_named_day_and_the_post_stays(village) -> None:
    post, person = post_of(village, "committee"), village.person["nobody"]
    last = TODAY + 6 * DAY
    deputy = posts.appoint_deputy(post=post, person=person, from_on=TODAY, to_on=last, by=security(village))
    assert deputy.deputy_of == post
    assert covers(person, village.org["大村"], last)
    assert not covers(person, village.org["大村"], last + DAY)
    assert covers(village.person["committee"], village.org["大村"])
    with pytest.raises(Refused, match="代理"):
        posts.appoint_deputy(
            post=deputy, person=village.person["clerk2"], from_on=TODAY, to_on=last, by=security(village)
        )


def test_a_new_list_replaces_the_old_for_the_post_and_its_deputies(village) -> None:
    post, person = post_of(village, "liaison"), village.person["nobody"]
    posts.appoint_deputy(post=post, person=person, from_on=TODAY, to_on=TODAY + DAY, by=security(village))
    posts.set_listed(post=post, organisations=[village.org["小村"]], by=security(village))
    for each in (person, village.person["liaison"]):
        assert covers(each, village.org["小村"])
        assert not covers(each, village.org["大村"])
    with pytest.raises(Refused, match="名单"):
        posts.set_listed(post=post_of(village, "clerk"), organisations=[], by=security(village))


# Pages of the security administrator


@pytest.fixture
def desk(client, village) -> Client:
    client.force_login(village.person["security"])
    return client


def test_granting_by_form(desk, village) -> None:
    person = village.person["nobody"]
    url = reverse("orgs:post_grant", args=[person.pk])
    assert desk.get(url).status_code == 200
    form = {"role": "liaison", "organisation": "520323102", "from_on": "2026年4月1日", "why": "镇党委申请"}
    wrong = desk.post(url, form | {"listed": "520323102001 999999"})
    assert (wrong.status_code, "没有代码为「999999」的组织" in wrong.text) == (422, True)
    answer = desk.post(url, form | {"listed": "５２０３２３１０２００１，520323102002"})
    assert answer.url == reverse("orgs:person", args=[person.pk])
    assert Post.objects.get(person=person).listed.count() == 2


def test_ending_handing_over_and_standing_in_by_form(desk, village) -> None:
    today = timezone.localdate().isoformat()
    post = post_of(village, "clerk")
    urls = {name: reverse(f"orgs:post_{name}", args=[post.pk]) for name in ("end", "hand_over", "deputy")}
    assert all(desk.get(url).status_code == 200 for url in urls.values())
    deputy = {"person": "nobody", "from_on": today, "to_on": today, "why": "出差"}
    assert desk.post(urls["deputy"], deputy).status_code == 302
    assert desk.post(urls["hand_over"], {"to": "zzz", "on": today, "why": "调动"}).status_code == 422
    assert desk.post(urls["hand_over"], {"to": "CLERK2", "on": today, "why": "调动"}).status_code == 422
    assert desk.post(urls["hand_over"], {"to": "office", "on": today, "why": "调动"}).status_code == 302
    heir = Post.objects.get(handed_from=post)
    assert (
        desk.post(reverse("orgs:post_end", args=[heir.pk]), {"on": today, "why": "撤职"}).status_code == 302
    )
    heir.refresh_from_db()
    assert heir.to_on < timezone.localdate()


def test_suggestions_help_to_find_people_and_units(desk) -> None:
    people = desk.get(reverse("orgs:person_options"), {"to": "支部书记"})
    assert 'value="secretary"' in people.text
    units = desk.get(reverse("orgs:organisation_options"), {"organisation": "旺草"})
    assert 'value="520323102"' in units.text


@pytest.mark.parametrize("name", ["system", "audit", "county", "committee"])
def test_post_pages_are_the_security_administrators(client, village, name) -> None:
    client.force_login(village.person[name])
    post = post_of(village, "clerk")
    for page in ("end", "hand_over", "deputy", "listed"):
        assert client.get(reverse(f"orgs:post_{page}", args=[post.pk])).status_code == 403
        assert client.post(reverse(f"orgs:post_{page}", args=[post.pk])).status_code == 403
    assert client.get(reverse("orgs:post_grant", args=[post.person_id])).status_code == 403


def test_a_listing_by_form(desk, village) -> None:
    post = post_of(village, "liaison")
    url = reverse("orgs:post_listed", args=[post.pk])
    assert "520323102001" in desk.get(url).text
    assert desk.post(url, {"organisations": "520323102003", "why": "调整"}).status_code == 302
    assert list(post.listed.all()) == [village.org["小村"]]


def test_the_persons_page_offers_only_what_the_reader_may_do(desk, client, village) -> None:
    page = desk.get(reverse("orgs:person", args=[village.person["clerk"].pk])).text
    assert "交接" in page
    assert "停用账号" not in page
    client.force_login(village.person["system"])
    page = client.get(reverse("orgs:person", args=[village.person["clerk"].pk])).text
    assert "停用账号" in page
    assert "交接" not in page
