"""Signing in, lock-out, passwords, the three administrators, and what a withdrawn authority does at once."""

import datetime as dt
import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gradingsite.lib.refusal import Refused
from gradingsite.trail.models import Entry
from orgs import auth
from orgs.actor import Actor
from orgs.models import OldPassword, Person, Post
from orgs.passwords import CharacterClassesValidator, classes_in, hash_to_hand_out, make_password_to_hand_out
from orgs.services.accounts import (
    create_person,
    reset_password,
    set_admin_role,
    set_enabled,
    set_password,
)
from orgs.services.people import acting, system_actor
from tests.village import PASSWORD, Village

pytestmark = pytest.mark.django_db


def sign_in(client, username="clerk", password=PASSWORD, **more) -> HttpResponse:
    return client.post(reverse("sign_in"), {"username": username, "password": password, **more})


def try_at(username, password, now) -> str:
    try:
        return auth.sign_in(username=username, password=password, now=now).username
    except Refused as refusal:
        return str(refusal)


# Signing in


def test_right_password_opens_a_session_and_is_recorded(client, village) -> None:
    answer = sign_in(client)
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(village.person["clerk"].pk)
    entry = Entry.objects.get(action="sign_in")
    assert entry.actor == village.person["clerk"]


def test_user_name_does_not_depend_on_case_or_blanks(village) -> None:
    assert try_at("  CLERK ", PASSWORD, timezone.now()) == "clerk"


def test_next_leads_back_inside_the_site_only(client, village) -> None:
    assert sign_in(client, next="/orgs/list/").url == "/orgs/list/"
    client.logout()
    assert "evil" not in sign_in(client, next="https://evil.example/").url
    client.logout()
    assert "evil" not in sign_in(client, next="//evil.example/").url


def test_known_and_unknown_names_read_the_same_all_the_way_into_the_lock(village) -> None:
    now = timezone.now()
    known = [try_at("clerk", "wrong", now) for _ in range(7)]
    unknown = [try_at("nobody-has-this", "wrong", now) for _ in range(7)]
    assert known[0] == "用户名或密码不对，还可试 4 次。"
    assert known[3] == "用户名或密码不对，还可试 1 次。"
    assert "15 分钟" in known[4]
    # The trail's clock dates the failures of an unknown name: a moment later than ``now`` rounds up.
    assert [words.replace("16", "15") for words in unknown] == known


def test_lock_holds_for_the_right_password_and_ends_after_fifteen_minutes(village) -> None:
    now = timezone.now()
    for _ in range(5):
        try_at("clerk", "wrong", now)
    assert "已暂停登录" in try_at("clerk", PASSWORD, now + dt.timedelta(minutes=14))
    assert try_at("clerk", PASSWORD, now + dt.timedelta(minutes=15, seconds=1)) == "clerk"
    assert Person.objects.get(username="clerk").failures == 0


def test_after_the_lock_there_are_five_tries_again_for_both(village) -> None:
    now = timezone.now()
    for name in ("clerk", "nobody-has-this"):
        for _ in range(5):
            try_at(name, "wrong", now)
        assert try_at(name, "wrong", now + dt.timedelta(minutes=16)) == "用户名或密码不对，还可试 4 次。"


def test_four_failures_then_success_begin_anew(village) -> None:
    now = timezone.now()
    for _ in range(4):
        try_at("clerk", "wrong", now)
    assert try_at("clerk", PASSWORD, now) == "clerk"
    assert try_at("clerk", "wrong", now) == "用户名或密码不对，还可试 4 次。"


def test_an_attempt_is_counted_before_its_password_is_looked_at(village, monkeypatch) -> None:
    """Many at once get five guesses: the sixth finds the lock although no check has come back yet."""
    now = timezone.now()
    looked_at = []

    def check(self, password) -> bool:
        looked_at.append(password)
        if len(looked_at) < 20:
            try_at("clerk", "wrong", now)
        return False

    monkeypatch.setattr(Person, "check_password", check)
    try_at("clerk", "wrong", now)
    assert len(looked_at) == auth.LIMIT


def test_the_name_of_an_unknown_person_is_not_kept(village) -> None:
    try_at("my-password-by-mistake", "x", timezone.now())
    entry = Entry.objects.get(action="sign_in.failed")
    assert "my-password" not in f"{entry.object_id}{entry.object_label}{entry.after}"
    assert entry.actor is None


def test_a_disabled_account_reads_like_an_unknown_one(village) -> None:
    Person.objects.filter(username="clerk").update(is_active=False)
    assert try_at("clerk", PASSWORD, timezone.now()) == "用户名或密码不对，还可试 4 次。"


def test_the_software_cannot_sign_in(village) -> None:
    system_actor()
    assert "不对" in try_at("system", "!", timezone.now())


def test_a_wrong_password_is_answered_on_the_page_without_the_password(client, village) -> None:
    answer = sign_in(client, password="Wrong-secret-1")
    assert answer.status_code == 422
    assert "还可试 4 次" in answer.text
    assert "Wrong-secret-1" not in answer.text


def test_signing_in_takes_a_new_session(client, village) -> None:
    client.get(reverse("sign_in"))
    sign_in(client)
    first = client.session.session_key
    sign_in(client, username="county")
    assert client.session.session_key != first
    assert client.session["_auth_user_id"] == str(village.person["county"].pk)


def test_signed_in_person_is_not_asked_again(client, village) -> None:
    client.force_login(village.person["clerk"])
    assert client.get(reverse("sign_in")).status_code == 302


def test_sign_out_needs_post_and_ends_the_session(client, village) -> None:
    client.force_login(village.person["clerk"])
    assert client.get(reverse("sign_out")).status_code == 405
    assert client.post(reverse("sign_out")).status_code == 302
    assert "_auth_user_id" not in client.session
    assert Entry.objects.filter(action="sign_out", actor=village.person["clerk"]).count() == 1


def test_pages_lead_to_the_sign_in(client, village) -> None:
    answer = client.get(reverse("orgs:index"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("sign_in"))


# What takes effect at the next request


def test_a_disabled_person_is_signed_out_at_the_next_request(client, village) -> None:
    client.force_login(village.person["county"])
    assert client.get(reverse("orgs:index")).status_code == 200
    set_enabled(person=village.person["county"], enabled=False, by=acting_as(village, "system"))
    answer = client.get(reverse("orgs:index"))
    assert answer.url.startswith(reverse("sign_in"))
    assert "_auth_user_id" not in client.session
    set_enabled(person=village.person["county"], enabled=True, by=acting_as(village, "system"))
    assert client.get(reverse("orgs:index")).status_code == 302


def test_a_withdrawn_post_gives_nothing_at_the_next_request(client, village) -> None:
    client.force_login(village.person["clerk"])
    card = reverse("orgs:card", args=["520323102001"])
    assert client.get(card).status_code == 200
    Post.objects.filter(person=village.person["clerk"]).update(to_on=dt.date(2025, 6, 1))
    assert client.get(card).status_code == 404


def test_a_reset_password_ends_open_sessions(client, village) -> None:
    client.force_login(village.person["clerk"])
    reset_password(person=village.person["clerk"], by=acting_as(village, "system"), now=timezone.now())
    assert client.get(reverse("orgs:index")).status_code == 302


def test_a_handed_out_password_must_be_changed_before_anything_else(client, village) -> None:
    made = create_person(
        username="newcomer", name="新来的", by=acting_as(village, "system"), now=timezone.now()
    )
    sign_in(client, "newcomer", made.password)
    change = reverse("change_password")
    assert client.get(reverse("orgs:index")).url == change
    assert client.get(reverse("orgs:list")).url == change
    fragment = client.get(reverse("orgs:search"), headers={"HX-Request": "true"})
    assert fragment["HX-Redirect"] == change
    page = client.get(change)
    assert page.status_code == 200
    new = "Xin-mima-2026"
    answer = client.post(change, {"old_password": made.password, "new_password": new, "again": new})
    assert answer.status_code == 302
    assert client.get(reverse("orgs:index")).status_code == 200
    assert try_at("newcomer", new, timezone.now()) == "newcomer"


# Passwords


@pytest.mark.parametrize(
    ("password", "classes"),
    [
        ("abcdefghij", 1),
        ("abcdefghiJ", 2),
        ("abcdefghJ1", 3),
        ("abcdefgJ1!", 4),
        ("密码abcdefgh1", 3),
        ("", 0),
    ],
)
def test_classes_of_characters(password, classes) -> None:
    assert classes_in(password) == classes


def test_two_classes_are_too_few() -> None:
    with pytest.raises(ValidationError):
        CharacterClassesValidator().validate("abcdefghij12")
    CharacterClassesValidator().validate("abcdefghiJ12")


@pytest.mark.parametrize("password", ["Short-1", "alllowercase12", "Password123"])
def test_weak_passwords_are_refused(village, password) -> None:
    person = village.person["clerk"]
    with pytest.raises(Refused):
        set_password(person=person, password=password, now=timezone.now(), by=acting_as(village, "clerk"))


def test_none_of_the_last_five_comes_back(village) -> None:
    person, by, now = village.person["clerk"], acting_as(village, "clerk"), timezone.now()
    for number in range(1, 5):
        set_password(person=person, password=f"Mima-2026-no{number}", now=now, by=by)
    for used in (PASSWORD, "Mima-2026-no1", "Mima-2026-no4"):
        with pytest.raises(Refused, match="最近五次"):
            set_password(person=person, password=used, now=now, by=by)
    set_password(person=person, password="Mima-2026-no5", now=now, by=by)
    set_password(person=person, password=PASSWORD, now=now, by=by)
    assert OldPassword.objects.filter(person=person).count() == 5


def test_handed_out_passwords_meet_the_rules_and_differ() -> None:
    made = {make_password_to_hand_out() for _ in range(200)}
    assert len(made) == 200
    assert all(classes_in(password) == 4 and len(password) == 12 for password in made)
    assert not any(sign in password for password in made for sign in "0O1lI")


def test_a_handed_out_hash_is_renewed_at_the_first_sign_in(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    kept = hash_to_hand_out("Abc-123-xyz")
    person = Person.objects.create(username="quick", name="快", password=kept)
    auth.sign_in(username="quick", password="Abc-123-xyz", now=timezone.now())
    person.refresh_from_db()
    assert int(person.password.split("$")[1]) > int(kept.split("$")[1])


def test_own_password_needs_the_old_one_and_twice_the_new(client, village) -> None:
    client.force_login(village.person["clerk"])
    url = reverse("change_password")
    new = "Xin-mima-2026"
    wrong = client.post(url, {"old_password": "no", "new_password": new, "again": new})
    assert (wrong.status_code, "现在的密码不对" in wrong.text) == (422, True)
    differing = client.post(url, {"old_password": PASSWORD, "new_password": new, "again": new + "1"})
    assert "不一样" in differing.text
    assert client.post(url, {"old_password": PASSWORD, "new_password": new, "again": new}).status_code == 302
    assert client.get(reverse("orgs:index")).status_code == 200


# Accounts and administrators


def acting_as(village, name) -> Actor:
    return acting(Person.objects.get(pk=village.person[name].pk), on=timezone.localdate())


@pytest.mark.parametrize("name", ["security", "audit", "county", "committee", "secretary", "nobody"])
def test_only_the_system_administrator_keeps_accounts(village, name) -> None:
    by, now = acting_as(village, name), timezone.now()
    with pytest.raises(PermissionDenied):
        create_person(username="abc", name="某", by=by, now=now)
    with pytest.raises(PermissionDenied):
        reset_password(person=village.person["clerk"], by=by, now=now)
    with pytest.raises(PermissionDenied):
        set_enabled(person=village.person["clerk"], enabled=False, by=by)


@pytest.mark.parametrize("username", ["ab", "有中文", "has blank", "-lead", "a" * 61])
def test_user_names_that_cannot_stand(village, username) -> None:
    with pytest.raises(Refused) as refused:
        create_person(username=username, name="某", by=acting_as(village, "system"), now=timezone.now())
    assert refused.value.field == "username"


def test_user_names_that_differ_in_case_are_one(village) -> None:
    with pytest.raises(Refused, match="已经有人用了"):
        create_person(username="Clerk", name="某", by=acting_as(village, "system"), now=timezone.now())


def test_nobody_disables_himself(village) -> None:
    with pytest.raises(Refused):
        set_enabled(person=village.person["system"], enabled=False, by=acting_as(village, "system"))


def test_the_system_administrator_cannot_take_over_another_administrator(village) -> None:
    with pytest.raises(Refused, match="管理员的密码"):
        reset_password(person=village.person["security"], by=acting_as(village, "system"), now=timezone.now())


def test_three_administrators_exclude_each_other(village) -> None:
    by, today = acting_as(village, "security"), timezone.localdate()
    with pytest.raises(Refused, match="三员不能兼任"):
        set_admin_role(person=village.person["audit"], admin_role="system", by=by, today=today)
    with pytest.raises(Refused, match="自己"):
        set_admin_role(person=village.person["security"], admin_role="", by=by, today=today)
    with pytest.raises(Refused, match="职务"):
        set_admin_role(person=village.person["clerk"], admin_role="system", by=by, today=today)
    set_admin_role(person=village.person["nobody"], admin_role="audit", by=by, today=today)
    assert Person.objects.get(username="nobody").admin_role == "audit"
    with pytest.raises(PermissionDenied):
        set_admin_role(
            person=village.person["clerk2"], admin_role="audit", by=acting_as(village, "system"), today=today
        )


def test_first_administrators_come_from_the_command_line(capsys) -> None:
    call_command("create_administrator", "root-admin", name="管甲", role="security")
    password = capsys.readouterr().out.rsplit("：", 1)[1].strip()
    assert Person.objects.get(username="root-admin").admin_role == "security"
    assert try_at("root-admin", password, timezone.now()) == "root-admin"
    with pytest.raises(CommandError, match="已经有人用了"):
        call_command("create_administrator", "root-admin", name="管乙", role="system")
    call_command("create_administrator", "root-admin", reset=True)
    assert password not in capsys.readouterr().out


# The demo


@pytest.fixture
def demo(settings, tmp_path, village) -> Village:
    settings.SITE_DEMO = True
    settings.DATA_DIR = tmp_path
    rows = [{"username": "clerk", "role": "乡镇党务干部", "unit": "旺草镇"}]
    (tmp_path / "demo-accounts.json").write_text(json.dumps(rows), encoding="utf-8")
    return village


def test_demo_offers_one_click_per_role(client, demo) -> None:
    page = client.get(reverse("sign_in")).text
    assert "乡镇党务干部" in page
    assert client.post(reverse("demo_sign_in"), {"username": "clerk"}).status_code == 302
    assert client.session["_auth_user_id"] == str(demo.person["clerk"].pk)


def test_demo_signs_in_none_but_the_listed(client, demo) -> None:
    assert client.post(reverse("demo_sign_in"), {"username": "county"}).status_code == 404


def test_outside_the_demo_there_is_no_such_door(client, demo, settings) -> None:
    settings.SITE_DEMO = False
    assert client.post(reverse("demo_sign_in"), {"username": "clerk"}).status_code == 404
    assert "演示" not in client.get(reverse("sign_in")).text
    with pytest.raises(Refused):
        auth.sign_in_as_shown(username="clerk", now=timezone.now())


# Pages of the system administrator


@pytest.fixture
def keeper(client, village) -> Client:
    client.force_login(village.person["system"])
    return client


def test_list_finds_filters_and_exports_the_same_rows(keeper, village) -> None:
    page = keeper.get(reverse("orgs:people"), {"q": "clerk"})
    assert [row.username for row in page.context["page"]] == ["clerk", "clerk2", "clerk_pu", "other_clerk"]
    security = keeper.get(reverse("orgs:people"), {"role": "security"})
    assert [row.username for row in security.context["page"]] == ["security_admin"]
    assert "系统（命令行）" not in keeper.get(reverse("orgs:people")).text
    answer = keeper.get(reverse("orgs:people_export"), {"q": "clerk"})
    assert answer["Content-Disposition"].startswith("attachment")
    assert Entry.objects.filter(action="people.export").count() == 1


def test_list_takes_the_same_queries_for_more_people(keeper, village, django_assert_max_num_queries) -> None:
    for number in range(30):
        Person.objects.create(username=f"more{number}", name=f"人{number}")
    with django_assert_max_num_queries(12):
        keeper.get(reverse("orgs:people"))


def test_a_new_account_shows_its_password_once(keeper, village) -> None:
    answer = keeper.post(reverse("orgs:person_add"), {"username": "ｎｅｗ.one", "name": "新", "phone": ""})
    made = answer.context["made"][0]
    assert made.person.username == "new.one"
    assert made.password in answer.text
    assert made.password not in keeper.get(reverse("orgs:person", args=[made.person.pk])).text
    again = keeper.post(reverse("orgs:person_add"), {"username": "NEW.one", "name": "新", "phone": ""})
    assert (again.status_code, "已经有人用了" in again.text) == (422, True)


def test_disable_and_reset_ask_first(keeper, village) -> None:
    person = village.person["clerk"]
    for name in ("orgs:person_disable", "orgs:person_reset"):
        page = keeper.get(reverse(name, args=[person.pk]))
        assert person.name in page.text
        person.refresh_from_db()
        assert person.is_active
        assert person.check_password(PASSWORD)
    assert keeper.post(reverse("orgs:person_reset", args=[person.pk])).context["made"][0].password
    keeper.post(reverse("orgs:person_disable", args=[person.pk]))
    person.refresh_from_db()
    assert not person.is_active
    keeper.post(reverse("orgs:person_enable", args=[person.pk]))
    person.refresh_from_db()
    assert person.is_active


@pytest.mark.parametrize("name", ["audit", "county", "secretary"])
def test_people_pages_are_for_their_administrators(client, village, name) -> None:
    client.force_login(village.person[name])
    assert client.get(reverse("orgs:people")).status_code == 403
    assert client.get(reverse("orgs:person", args=[village.person["clerk"].pk])).status_code == 403


def test_the_security_administrator_sees_accounts_but_does_not_keep_them(client, village) -> None:
    client.force_login(village.person["security"])
    assert client.get(reverse("orgs:people")).status_code == 200
    assert client.get(reverse("orgs:person_add")).status_code == 403
    assert client.post(reverse("orgs:person_reset", args=[village.person["clerk"].pk])).status_code == 403
