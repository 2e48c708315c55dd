"""「我的文件」: the page, the fragment, cancelling and downloading; another person's job is a page that isn't there."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gradingsite.jobs import kinds, services
from gradingsite.jobs.kinds import Result, job_kind
from gradingsite.jobs.models import Job
from gradingsite.trail.models import Entry
from orgs.models import Person

pytestmark = pytest.mark.usefixtures("own_data_dir")

NAME = "旺草镇 整改台账.xlsx"


def clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture(autouse=True)
def no_broker(monkeypatch) -> None:
    monkeypatch.setattr(services, "nudge", lambda job_id, *, after=0: None)
    monkeypatch.setattr(kinds, "_KINDS", {})
    job_kind("test", label="测试")(lambda job, progress: Result(name=NAME, content="内容".encode()))


@pytest.fixture
def job(writer) -> Job:
    return services.start(kind="test", label="旺草镇整改台账", params={}, by=writer, total=220)


@pytest.fixture
def done(job) -> Job:
    return services.run_now(job, clock=clock)


@pytest.fixture
def other(db) -> Person:
    return Person.objects.create(username="other", name="别人", password="!", must_change_password=False)


def page_of(client, **query) -> str:
    return client.get(reverse("jobs:list"), query).content.decode()


def words_of(answer) -> str:
    """The page without what differs by request: the form token and the address asked for."""
    return re.sub(r'name="(csrfmiddlewaretoken|next)" value="[^"]*"', "", answer.content.decode())


def test_an_empty_list_says_where_files_come_from(client, other) -> None:
    client.force_login(other)
    html = page_of(client)
    assert "还没有文件" in html
    assert "<table" not in html


def test_a_person_sees_the_own_jobs_alone(client, job, other) -> None:
    client.force_login(other)
    assert "旺草镇整改台账" not in page_of(client)
    client.force_login(job.owner)
    assert "旺草镇整改台账" in page_of(client)


def test_every_state_is_drawn_and_only_what_is_under_way_asks_again(client, job) -> None:
    client.force_login(job.owner)
    now = clock()
    for values, words, polls in (
        ({}, "排队中", True),
        ({"state": "running", "done": 137}, "137 / 220", True),
        ({"state": "running", "done": 137, "total": None}, "已处理 137", True),
        ({"state": "running", "attempts": 2}, "第 2 次尝试", True),
        (
            {"state": "failed", "finished_at": now, "error": "旺草镇没有可导出的支部。"},
            "没有可导出的支部",
            False,
        ),
        ({"state": "cancelled", "finished_at": now}, "已取消", False),
        ({"state": "done", "finished_at": now, "note": "新增 3 个"}, "新增 3 个", False),
        ({"state": "done", "finished_at": now, "result_name": NAME}, "已过期", False),
    ):
        Job.objects.filter(pk=job.pk).update(
            **{"state": "queued", "finished_at": None, "total": 220} | values
        )
        html = page_of(client)
        assert words in html, values
        assert ("every 2s" in html) is polls, values
        assert (reverse("jobs:cancel", args=[job.pk]) in html) is polls, values
        fragment = client.get(reverse("jobs:progress", args=[job.pk]), headers={"HX-Request": "true"})
        assert words in fragment.content.decode()
        assert ("every 2s" in fragment.content.decode()) is polls
        assert "<html" not in fragment.content.decode()


def test_the_bar_holds_how_many_of_how_many(client, job) -> None:
    client.force_login(job.owner)
    Job.objects.filter(pk=job.pk).update(state="running", done=137)
    assert 'value="137" max="220"' in page_of(client)


def test_the_fragment_without_htmx_leads_to_the_list(client, job) -> None:
    client.force_login(job.owner)
    assert client.get(reverse("jobs:progress", args=[job.pk])).url == reverse("jobs:list")


def test_the_owner_downloads_under_the_chinese_name_and_the_trail_knows(client, done) -> None:
    client.force_login(done.owner)
    answer = client.get(reverse("jobs:download", args=[done.pk]))
    assert b"".join(answer.streaming_content).decode() == "内容"
    assert answer["Content-Disposition"] == (
        "attachment; filename*=utf-8''%E6%97%BA%E8%8D%89%E9%95%87%20%E6%95%B4%E6%94%B9%E5%8F%B0%E8%B4%A6.xlsx"
    )
    assert "no-store" in answer["Cache-Control"]
    assert Entry.objects.get(action="job.download").after == {"file": NAME}


@pytest.mark.parametrize(("name", "method"), [("progress", "get"), ("cancel", "post"), ("download", "get")])
def test_anothers_job_is_not_there(client, done, other, audit_admin, name, method) -> None:
    for person in (other, audit_admin):
        client.force_login(person)
        theirs, nobodys = (
            getattr(client, method)(reverse(f"jobs:{name}", args=[pk])) for pk in (done.pk, 999999)
        )
        assert theirs.status_code == nobodys.status_code == 404
        assert words_of(theirs) == words_of(nobodys)
    assert not Entry.objects.filter(action="job.download").exists()


def test_nobody_signed_in_gets_nothing(client, done) -> None:
    for name, args in (("list", []), ("progress", [done.pk]), ("download", [done.pk])):
        assert client.get(reverse(f"jobs:{name}", args=args)).status_code == 302


def test_cancelling_is_a_form_and_a_fragment(client, job) -> None:
    client.force_login(job.owner)
    address = reverse("jobs:cancel", args=[job.pk])
    assert client.get(address).status_code == 405
    assert client.post(address).url == reverse("jobs:list")
    assert Job.objects.get().state == "cancelled"
    again = client.post(address, headers={"HX-Request": "true"})
    assert again.status_code == 422
    Job.objects.update(state="queued", finished_at=None)
    assert "已取消" in client.post(address, headers={"HX-Request": "true"}).content.decode()


def test_an_expired_file_is_refused_with_a_sentence(client, done) -> None:
    client.force_login(done.owner)
    services.reap(now=done.expires_at)
    answer = client.get(reverse("jobs:download", args=[done.pk]))
    assert answer.status_code == 422
    assert "文件已过期" in answer.content.decode()
    assert "已过期" in page_of(client)


def test_a_file_not_ready_is_refused_with_a_sentence(client, job) -> None:
    client.force_login(job.owner)
    assert "没有可下载的文件" in client.get(reverse("jobs:download", args=[job.pk])).content.decode()


def test_the_list_is_paged_newest_first_at_constant_cost(client, writer) -> None:
    client.force_login(writer)
    page_of(client)
    costs = []
    for number in (1, 50):
        for n in range(number):
            services.start(kind="test", label=f"第{number}-{n}份", params={}, by=writer)
        with CaptureQueriesContext(connection) as queries:
            html = page_of(client)
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert "第50-49份" in html
    assert "第1-0份" not in html
    assert "第1-0份" in page_of(client, page=2)
