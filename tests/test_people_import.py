"""Import of people: what each row would do, all or nothing, passwords once, nothing beyond the administrator's power."""

import os
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from gradingsite.lib.reading import read_tables
from gradingsite.lib.refusal import Refused
from gradingsite.trail.models import Entry
from orgs import people_import
from orgs.models import Organisation, Person, Post
from orgs.people_import import HEADINGS, Plan, Verdict, plan_people, write_people
from orgs.services.people import acting
from tests.village import TODAY, Village

pytestmark = pytest.mark.django_db

NEW = ["张三", "zhangsan", "13800000001", "支部书记", "520323102003", "", "2026-04-01"]
LIAISON = ["李四", "lisi", "", "包村干部", "520323102", "520323102001，520323102002", "2026年4月1日"]


def xlsx(*rows, head=HEADINGS, before=()) -> bytes:
    book = Workbook()
    for row in (*before, head, *rows):
        book.active.append(list(row))
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def plan(village: Village, *rows, by="system", **more) -> Plan:
    return plan_people(read_tables(xlsx(*rows, **more)), by=acting(village.person[by], on=TODAY), today=TODAY)


def write(village: Village, *rows) -> list:
    by = acting(village.person["system"], on=TODAY)
    return write_people(plan(village, *rows), by=by, now=timezone.now())


def verdicts(planned: Plan) -> list[str]:
    return [row.verdict.value for row in planned.rows]


def test_new_people_with_their_posts(village) -> None:
    made = write(village, NEW, LIAISON)
    assert [one.person.username for one in made] == ["zhangsan", "lisi"]
    assert all(one.person.check_password(one.password) for one in made)
    assert all(Person.objects.get(pk=one.person.pk).must_change_password for one in made)
    post = Post.objects.get(person__username="lisi")
    assert {unit.short_name for unit in post.listed.all()} == {"大村", "中村"}
    assert post.from_on.isoformat() == "2026-04-01"
    assert Entry.objects.filter(action="people.import").get().after["新增"] == 2
    assert Entry.objects.filter(action="post.grant").count() == 2


def test_the_same_file_twice_changes_nothing(village) -> None:
    write(village, NEW, LIAISON)
    again = plan(village, NEW, LIAISON)
    assert verdicts(again) == ["unchanged", "unchanged"]
    before = list(Person.objects.values()), list(Post.objects.values())
    assert write(village, NEW, LIAISON) == []
    assert (list(Person.objects.values()), list(Post.objects.values())) == before


def test_changes_are_named_before_they_are_made(village) -> None:
    write(village, NEW, LIAISON)
    phone = [*NEW[:2], "13900000002", *NEW[3:]]
    listed = [*LIAISON[:5], "520323102003", LIAISON[6]]
    planned = plan(village, phone, listed)
    assert verdicts(planned) == ["changed", "changed"]
    assert "13800000001" in planned.rows[0].notes[0]
    assert "2 个改为 1 个" in planned.rows[1].notes[0]
    write(village, phone, listed)
    assert Person.objects.get(username="zhangsan").phone == "13900000002"
    assert [unit.short_name for unit in Post.objects.get(person__username="lisi").listed.all()] == ["小村"]


def test_several_posts_of_one_person(village) -> None:
    second = [*NEW[:3], "包村干部", "520323102", "520323102001", ""]
    made = write(village, NEW, second)
    assert len(made) == 1
    assert Post.objects.filter(person=made[0].person).count() == 2


def test_a_person_without_a_post(village) -> None:
    write(village, ["王五", "wangwu", "", "", "", "", ""])
    assert Person.objects.get(username="wangwu").posts.count() == 0


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({0: ""}, "姓名", "姓名"),
        ({1: ""}, "用户名", "用户名"),
        ({1: "有 中文"}, "用户名", "字母"),
        ({3: "村长"}, "职务", "没有“村长”这种职务"),
        ({3: ""}, "职务", "没有填职务"),
        ({4: ""}, "组织代码", "没有填组织代码"),
        ({4: "999999999"}, "组织代码", "没有代码为"),
        ({4: "520323102"}, "组织代码", "支部书记只能设在"),
        ({5: "520323102001"}, "联系支部代码", "不按名单"),
        ({6: "下个月"}, "起始日期", "不是日期"),
        ({6: "2026-02-30"}, "起始日期", "不是日期"),
    ],
)
def test_refused_rows_name_column_reason_and_place(village, change, column, words) -> None:
    row = [change.get(place, value) for place, value in enumerate(NEW)]
    refused = plan(village, row).rows[0]
    assert (refused.verdict, refused.column, refused.number) == (Verdict.REFUSED, column, 2)
    assert words in refused.reason


@pytest.mark.parametrize(
    ("listed", "words"), [("", "要填联系哪些组织"), ("520323103001", "不在本乡镇"), ("404404", "没有代码为")]
)
def test_a_liaisons_list(village, listed, words) -> None:
    row = plan(village, [*LIAISON[:5], listed, ""]).rows[0]
    assert (row.verdict, row.column) == (Verdict.REFUSED, "联系支部代码")
    assert words in row.reason


def test_rows_that_contradict_each_other(village) -> None:
    planned = plan(village, NEW, NEW, ["张三丰", *NEW[1:3], "包村干部", "520323102", "520323102001", ""])
    assert verdicts(planned) == ["new", "refused", "refused"]
    assert "第 2 行重复" in planned.rows[1].reason
    assert planned.rows[2].column == "姓名"


def test_what_hangs_on_a_refused_person_is_refused(village) -> None:
    second = [*NEW[:3], "包村干部", "520323102", "520323102001", ""]
    planned = plan(village, [*NEW[:4], "999999999", "", ""], second)
    assert verdicts(planned) == ["refused", "refused"]
    assert "第 2 行" in planned.rows[1].reason


def test_an_import_gives_nobody_what_he_may_not_have(village) -> None:
    own = ["系统", "system_admin", "", "组织部", "520323", "", ""]
    Person.objects.filter(username="system_admin").update(name="系统")
    admin = ["审计", "audit_admin", "", "组织部", "520323", "", ""]
    Person.objects.filter(username="audit_admin").update(name="审计")
    other = ["别人", "clerk", "", "组织部", "520323", "", ""]
    Person.objects.filter(username="nobody").update(is_active=False)
    gone = ["无职务", "nobody", "", "组织部", "520323", "", ""]
    planned = plan(village, own, admin, other, gone)
    assert verdicts(planned) == ["refused"] * 4
    assert [row.column for row in planned.rows] == ["用户名", "职务", "用户名", "用户名"]


@pytest.mark.parametrize("name", ["security", "audit", "county", "clerk"])
def test_only_the_system_administrator_imports(village, name) -> None:
    with pytest.raises(PermissionDenied):
        plan(village, NEW, by=name)


def test_headings_are_found_wherever_they_stand_and_loosely_named(village) -> None:
    planned = plan(
        village,
        ["13800000001", "ｚｈａｎｇｓａｎ", " 张 三 ", "书记", 520323102003],
        head=["联系电话", "用户名（必填）", "姓 名", "岗位", "单位代码"],
        before=[["绥山县人员表"], []],
    )
    row = planned.rows[0]
    assert (row.name, row.username, row.verdict) == ("张三", "zhangsan", Verdict.NEW)
    assert (row.organisation, row.from_on) == (village.org["小村"], TODAY)


def test_a_file_without_the_headings_is_refused_with_a_remedy(village) -> None:
    with pytest.raises(Refused, match="表头"):
        plan(village, ["a", "b"], head=["甲", "乙"])


def test_a_closed_organisation_is_as_good_as_unknown(village) -> None:
    Organisation.objects.filter(code="520323102003").update(is_active=False)
    row = plan(village, NEW).rows[0]
    assert "没有代码为" in row.reason


def test_all_or_nothing(village, monkeypatch) -> None:
    def breaks(*args, **kwargs) -> None:
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr(people_import, "set_listed", breaks)
    monkeypatch.setattr(people_import, "record", breaks)
    planned = plan(village, NEW, LIAISON)
    with pytest.raises(RuntimeError):
        write_people(planned, by=acting(village.person["system"], on=TODAY), now=timezone.now())
    assert not Person.objects.filter(username__in=["zhangsan", "lisi"]).exists()


def test_planning_takes_the_same_queries_for_more_rows(village, django_assert_max_num_queries) -> None:
    rows = [[f"人{n}", f"person{n}", "", "支部书记", "520323102003", "", ""] for n in range(100)]
    with django_assert_max_num_queries(8):
        plan(village, *rows)


# Pages


@pytest.fixture
def desk(client, village, own_data_dir) -> Client:
    client.force_login(village.person["system"])
    return client


def upload(desk, content, name="people.xlsx") -> str:
    file = SimpleUploadedFile(name, content)
    return desk.post(reverse("orgs:people_import"), {"file": file}).url


def test_upload_preview_confirm_and_passwords_once(desk, village) -> None:
    where = upload(desk, xlsx(NEW, LIAISON, [*NEW[:1], "坏名", *NEW[2:]]))
    page = desk.get(where)
    assert "导入 2 行" in page.text
    assert "不能导入" in page.text
    assert not Person.objects.filter(username="zhangsan").exists()
    done = desk.post(where + "confirm/", {"as": "page"})
    password = done.context["made"][0].password
    assert password in done.text
    assert desk.get(where).status_code == 404
    assert desk.post(where + "confirm/").status_code == 404


def test_a_long_preview_shows_the_refused_first_and_says_what_it_leaves_out(desk) -> None:
    rows = [[f"人{n}", f"person{n}", "", "支部书记", "520323102003", "", ""] for n in range(240)]
    where = upload(desk, xlsx(*rows, ["无名", "", "", "", "", "", ""]))
    page = desk.get(where)
    assert page.context["rows"][0].verdict is Verdict.REFUSED
    assert len(page.context["rows"]) == 200
    assert "另有 41 行没有列出" in page.text
    assert len(page.content) < 150_000
    assert "导入 240 行" in page.text


def test_files_nobody_confirmed_are_cleared_by_the_next_upload(desk, own_data_dir) -> None:
    upload(desk, xlsx(NEW))
    (left,) = (own_data_dir / "cache").glob("people-*")
    old = own_data_dir / "cache" / "people-forgotten"
    old.write_bytes(b"x")
    os.utime(old, (0, 0))
    upload(desk, xlsx(LIAISON))
    assert not old.exists()
    assert not left.exists()


def test_passwords_as_a_workbook(desk, village) -> None:
    where = upload(desk, xlsx(NEW))
    file = desk.post(where + "confirm/", {"as": "xlsx"})
    rows = list(load_workbook(BytesIO(file.content)).active.iter_rows(min_row=2, values_only=True))
    assert rows[0][:2] == ("张三", "zhangsan")
    assert Person.objects.get(username="zhangsan").check_password(rows[0][2])


def test_files_that_are_no_tables(desk) -> None:
    for content in (b"", b"%PDF-1.7", b"\xd0\xcf\x11\xe0old excel"):
        file = SimpleUploadedFile("people.xlsx", content)
        answer = desk.post(reverse("orgs:people_import"), {"file": file})
        assert answer.status_code == 422
    where = upload(desk, xlsx(["a", "b"], head=["甲", "乙"]))
    assert desk.get(where, follow=True).redirect_chain[0][0] == reverse("orgs:people_import")


def test_a_preview_belongs_to_the_session_that_made_it(desk, village) -> None:
    where = upload(desk, xlsx(NEW))
    other = Client()
    other.force_login(village.person["system"])
    assert other.get(where).status_code == 404
    assert other.post(where + "confirm/").status_code == 404
    for name in ("security", "county", "audit"):
        other.force_login(village.person[name])
        assert other.get(where).status_code == 403
        assert other.get(reverse("orgs:people_import")).status_code == 403


def test_the_template_can_be_read_back(desk, village) -> None:
    content = desk.get(reverse("orgs:people_import_template")).content
    planned = plan_people(read_tables(content), by=acting(village.person["system"], on=TODAY), today=TODAY)
    assert planned.rows[0].column == "组织代码"  # its example names an organisation that is not here
