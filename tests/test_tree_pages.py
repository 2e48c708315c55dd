"""Pages of the tree: lazily drawn, searched, listed, exported; the card and the department's acts on it."""

import datetime as dt
from collections.abc import Callable
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from gradingsite.trail.models import Entry
from orgs import hooks
from orgs.categories import Form, Tier
from orgs.models import Organisation, OrganisationChange, Person, Post
from orgs.naming import pinyin_of
from orgs.navigation import crumbs, hit, path_words
from orgs.services.tree import Newcomer, insert
from orgs.views import tree as tree_views
from tests.village import Village

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def add_branches(village, parent, number, *, start=0) -> None:
    sector = village.org["大村"].sector_id
    insert(
        [
            Newcomer(
                code=f"99{parent.pk:04d}{start + each:05d}",
                full_name=f"中共{parent.short_name}第{start + each}支部",
                short_name=f"第{start + each}支部",
                pinyin=f"d{start + each}zb",
                category="党支部",
                tier=Tier.BRANCH,
                form=Form.BRANCH,
                sector_id=sector,
                parent=parent.pk,
            )
            for each in range(number)
        ]
    )


@pytest.fixture
def named(village) -> Village:
    for unit in Organisation.objects.all():
        Organisation.objects.filter(pk=unit.pk).update(pinyin=pinyin_of(unit.short_name, unit.full_name))
    return village


@pytest.fixture
def as_(client, village) -> Callable[[str], Client]:
    def sign_in(name) -> Client:
        client.force_login(village.person[name])
        return client

    return sign_in


# Tree


def test_the_tree_begins_at_ones_own_unit_and_opens_it(as_, village) -> None:
    page = as_("clerk").get(reverse("orgs:index"))
    root = page.context["branches"][0]
    assert (root.unit.short_name, root.unit.branch_count, root.is_open) == ("旺草镇", 3, True)
    assert [child.unit.short_name for child in root.children] == ["大村", "中村", "小村"]
    assert "蒲场镇" not in page.text
    assert "绥山县" in page.text
    assert reverse("orgs:card", args=["520323"]) not in page.text


def test_a_listed_post_sees_its_units_side_by_side_and_nothing_below(as_, village) -> None:
    page = as_("supervisor").get(reverse("orgs:index"))
    drawn = [(branch.unit.short_name, branch.unit.has_children) for branch in page.context["branches"]]
    assert sorted(drawn) == sorted([("蒲场镇", False), ("小村", False)])


def test_who_covers_nothing_is_told_so(as_, village) -> None:
    for name in ("nobody", "rater", "system"):
        page = as_(name).get(reverse("orgs:index"))
        assert "不管任何组织" in page.text


def test_the_card_opens_the_tree_down_to_its_unit(as_, village) -> None:
    page = as_("county").get(reverse("orgs:card", args=["520323901002"]))
    names, branch = [], page.context["branches"][0]
    while True:
        names.append(branch.unit.short_name)
        nearer = [child for child in branch.children if child.is_open or child.is_current]
        if not nearer:
            break
        branch = nearer[0]
    assert names == ["绥山县", "县直机关工委", "县委办总支", "县委办一支部"]
    assert 'aria-selected="true"' in page.text


def test_children_come_in_portions_of_two_hundred(as_, village) -> None:
    unit = village.org["蒲场镇"]
    add_branches(village, unit, 450)
    client = as_("county")
    seen, after, portions = [], 0, []
    while True:
        url = reverse("orgs:children", args=[unit.code])
        answer = client.get(url, {"after": after}, headers={"X-Requested-With": "tree"})
        branch = answer.context["branch"]
        portions.append(len(branch.children))
        seen += [child.unit.code for child in branch.children]
        if not branch.rest:
            break
        assert f"还有 {branch.rest} 个" in answer.text
        after = branch.after
    assert portions == [200, 200, 51]
    assert len(set(seen)) == 451


def test_a_far_child_is_drawn_although_its_portion_is_not(as_, village) -> None:
    unit = village.org["蒲场镇"]
    add_branches(village, unit, 300)
    last = Organisation.objects.filter(parent=unit).order_by("lft").last()
    page = as_("clerk_pu").get(reverse("orgs:card", args=[last.code]))
    root = page.context["branches"][0]
    assert root.children[-1].unit == last
    assert len(root.children) == 201
    assert page.text.count('role="treeitem"') == 203


def test_without_scripts_a_portion_is_a_page(as_, village) -> None:
    page = as_("county").get(reverse("orgs:children", args=["520323102"]))
    assert "<html" in page.text
    assert "大村" in page.text


def test_counts_and_queries_do_not_grow_with_the_branches(
    as_, village, django_assert_max_num_queries
) -> None:
    client = as_("county")
    client.get(reverse("orgs:index"))
    with django_assert_max_num_queries(20) as few:
        client.get(reverse("orgs:index"))
    add_branches(village, village.org["旺草镇"], 60)
    with django_assert_max_num_queries(len(few.captured_queries)):
        page = client.get(reverse("orgs:index"))
    assert page.context["branches"][0].unit.branch_count == 65


def test_a_closed_branch_is_neither_drawn_nor_counted(as_, village) -> None:
    Organisation.objects.filter(code="520323102001").update(is_active=False)
    root = as_("clerk").get(reverse("orgs:index")).context["branches"][0]
    assert root.unit.branch_count == 2
    assert len(root.children) == 2
    page = as_("clerk").get(reverse("orgs:card", args=["520323102001"]))
    assert "已撤并" in page.text


@pytest.mark.parametrize("page", ["card", "children"])
def test_out_of_reach_answers_like_an_unknown_code(as_, village, page) -> None:
    client = as_("clerk")
    for code in ("520323103", "520323", "520324101001", "0000000000"):
        answer = client.get(reverse(f"orgs:{page}", args=[code]))
        assert answer.status_code == 404
    assert "蒲场镇" not in client.get(reverse("orgs:card", args=["520323103"])).text


def test_htmx_gets_the_card_and_the_breadcrumb_alone(as_, village) -> None:
    answer = as_("clerk").get(reverse("orgs:card", args=["520323102001"]), headers=HTMX)
    assert "<html" not in answer.text
    assert 'hx-swap-oob="true"' in answer.text
    whole = HTMX | {"HX-History-Restore-Request": "true"}
    assert "<html" in as_("clerk").get(reverse("orgs:card", args=["520323102001"]), headers=whole).text


# Paths


def test_crumbs_link_only_what_is_in_reach(village, django_assert_num_queries) -> None:
    reach = village.by("clerk").reach
    with django_assert_num_queries(1):
        path = crumbs(village.org["大村"], reach)
    assert [(crumb.label, bool(crumb.url)) for crumb in path] == [
        ("贵山省", False),
        ("遵山市", False),
        ("绥山县", False),
        ("旺草镇", True),
        ("大村", False),
    ]
    deeper = crumbs(village.org["大村"], reach, last="改名")
    assert (deeper[-1].label, bool(deeper[-2].url)) == ("改名", True)


def test_paths_of_many_take_one_query(village, django_assert_num_queries) -> None:
    units = [village.org[name] for name in ("大村", "河村", "县委办一支部", "绥山县")]
    with django_assert_num_queries(1):
        words = path_words(units)
    assert words[units[0].pk] == "绥山县 / 旺草镇"
    assert words[units[2].pk] == "绥山县 / 县直机关工委 / 县委办总支"
    assert words[units[3].pk] == ""


# Search


@pytest.mark.parametrize(
    "q", ["大村", "dc", "DC", "520323102001", "旺草镇大村", "大村 旺草", "５２０３２３１０２００１"]
)
def test_search_by_name_code_and_initials(as_, named, q) -> None:
    page = as_("county").get(reverse("orgs:search"), {"q": q}, headers=HTMX)
    assert "大村" in page.text
    assert "绥山县 / 旺草镇" in page.text


def test_search_shows_nothing_out_of_reach(as_, named) -> None:
    answer = as_("clerk").get(reverse("orgs:search"), {"q": "河村"}, headers=HTMX)
    assert "520323103001" not in answer.text
    assert "没有找到" in answer.text
    assert answer.text == as_("clerk").get(reverse("orgs:search"), {"q": "河村"}, headers=HTMX).text
    options = as_("clerk").get(reverse("orgs:options"), {"parent": "蒲场"})
    assert "<option" not in options.text


def test_search_shows_the_nearest_first_and_says_how_many(as_, named) -> None:
    add_branches(named, named.org["蒲场镇"], 30)
    page = as_("county").get(reverse("orgs:search"), {"q": "支部"})
    assert len(page.context["rows"]) == 20
    assert page.context["count"] == 30 + 6  # the village's own six have it in their full names
    exact = as_("county").get(reverse("orgs:search"), {"q": "第1支部"})
    assert exact.context["rows"][0][0].short_name == "第1支部"


@pytest.mark.parametrize("q", ["%", "_", "'", "<script>", "\\", "x" * 500, "   "])
def test_search_takes_any_words(as_, named, q) -> None:
    answer = as_("county").get(reverse("orgs:search"), {"q": q})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert answer.context["count"] == 0


@pytest.mark.parametrize(
    ("name", "q", "found"),
    [
        ("第二小学支部", "dexx", "第二小学"),
        ("第二小学支部", "xx", "小学"),
        ("第二小学支部", "小学 教育", "小学"),
        ("A座支部", "a座", "A座"),
        ("第二小学支部", "520323", ""),
        ("大村", "", ""),
    ],
)
def test_the_part_searched_for_is_marked(name, q, found) -> None:
    marked = hit(name, q)
    assert marked.found == found
    assert marked.before + marked.found + marked.after == name


# List


def test_list_filters_pages_and_exports_the_same_rows(as_, village) -> None:
    add_branches(village, village.org["蒲场镇"], 60)
    client = as_("county")
    asked = {"unit": "520323103", "category": "党支部"}
    page = client.get(reverse("orgs:list"), asked)
    assert page.context["page"].paginator.count == 61
    assert len(page.context["rows"]) == 50
    assert len(client.get(reverse("orgs:list"), asked | {"page": 2}).context["rows"]) == 11
    file = client.get(reverse("orgs:list_export"), asked)
    sheet = load_workbook(BytesIO(file.content)).active
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == [unit.code for unit in page.context["page"].paginator.object_list]
    assert rows[0][:4] == ("520323103001", "中共绥山县蒲场镇河村支部委员会", "河村", "绥山县 / 蒲场镇")
    assert rows[0][7:9] == (30, 900)
    assert Entry.objects.filter(action="organisation.export").count() == 1


def test_list_of_closed_units_and_of_a_sector(as_, village) -> None:
    Organisation.objects.filter(code="520323102001").update(is_active=False)
    client = as_("county")

    def codes(**asked) -> set[str]:
        return {unit.code for unit, _ in client.get(reverse("orgs:list"), asked).context["rows"]}

    assert codes(active="gone") == {"520323102001"}
    assert "520323102001" not in codes()
    assert "520323102001" in codes(active="all")
    assert codes(sector=village.org["县委办一支部"].sector_id) == {"520323901001", "520323901002"}


def test_a_unit_out_of_reach_is_no_filter(as_, village) -> None:
    client = as_("clerk")
    unknown, outside = (
        client.get(reverse("orgs:list"), {"unit": code}) for code in ("520323199", "520323103")
    )
    assert not outside.context["rows"]
    said = [answer.context["form"].errors.as_text() for answer in (unknown, outside)]
    assert said[0].replace("520323199", "") == said[1].replace("520323103", "")
    assert client.get(reverse("orgs:list_export"), {"unit": "520323103"}).status_code == 404
    everything = client.get(reverse("orgs:list"), {"active": "all"})
    assert {unit.short_name for unit, _ in everything.context["rows"]} == {"旺草镇", "大村", "中村", "小村"}


def test_list_takes_the_same_queries_for_more_rows(as_, village, django_assert_max_num_queries) -> None:
    client = as_("county")
    with django_assert_max_num_queries(20) as few:
        client.get(reverse("orgs:list"))
    add_branches(village, village.org["旺草镇"], 40)
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(reverse("orgs:list"))


def test_words_that_look_like_formulas_stay_words(as_, village) -> None:
    Organisation.objects.filter(code="520323102001").update(secretary_name="=1+1", short_name="@SUM")
    file = as_("clerk").get(reverse("orgs:list_export"))
    cells = [cell for row in load_workbook(BytesIO(file.content)).active.iter_rows() for cell in row]
    assert {"=1+1", "@SUM"} <= {cell.value for cell in cells}
    assert not any(cell.data_type == "f" for cell in cells)


# The card


def test_the_card_shows_posts_changes_and_what_other_rooms_add(as_, village, monkeypatch) -> None:
    unit = village.org["大村"]
    OrganisationChange.objects.create(
        organisation=unit,
        kind=OrganisationChange.Kind.RENAMED,
        on=dt.date(2019, 3, 20),
        document_no="绥组〔2019〕3号",
        reason="并村",
        before={"full_name": "旧名"},
        after={"full_name": unit.full_name},
        by=Person.objects.system(),
        at=timezone.now(),
    )
    monkeypatch.setattr(hooks, "_card", [])
    hooks.show_on_card("tests.test_tree_pages.last_year")
    text = as_("secretary").get(reverse("orgs:card", args=[unit.code])).text
    for words in (unit.full_name, unit.code, "支部书记", "2019年3月20日", "由 旧名 改名", "绥组〔2019〕3号"):
        assert words in text
    assert "上年等次" in text
    assert "改名、移动" not in text


def last_year(organisation, actor) -> hooks.CardCell:
    return hooks.CardCell(facts=(("上年等次", "好"),))


# The department's acts


ACTS = ["add", "rename", "edit", "move", "merge", "dissolve"]
PAPER = {"on": "2026-04-01", "document_no": "绥组〔2026〕12号", "reason": "县委决定"}


@pytest.mark.parametrize("act", ACTS)
def test_only_departments_change_the_tree(as_, village, act) -> None:
    url = reverse(f"orgs:{act}", args=["520323102001"])
    for name in ("secretary", "clerk", "committee", "minister", "liaison", "leader"):
        assert as_(name).get(url).status_code == 403
        assert as_(name).post(url, PAPER).status_code == 403
    for name in ("other_county", "system", "security", "audit", "nobody", "clerk_pu"):
        assert as_(name).get(url).status_code == 404
    for name in ("county", "city", "province"):
        assert as_(name).get(url).status_code == 200


def test_renaming_needs_day_document_and_reason(as_, village) -> None:
    client = as_("county")
    url = reverse("orgs:rename", args=["520323102001"])
    lacking = client.post(url, {"full_name": "中共绥山县旺草镇大新村支部委员会"})
    assert lacking.status_code == 422
    assert set(lacking.context["form"].errors) == {"on", "document_no", "reason"}
    answer = client.post(url, PAPER | {"full_name": "中共绥山县旺草镇大新村支部委员会"})
    assert answer.url == reverse("orgs:card", args=["520323102001"])
    text = client.get(answer.url).text
    assert "大新村" in text
    assert "绥组〔2026〕12号" in text


def test_adding_offers_only_what_may_stand_there(as_, village) -> None:
    client = as_("county")
    url = reverse("orgs:add", args=["520323102"])
    offered = {value for value, _ in client.get(url).context["form"].fields["category"].choices}
    assert offered == {"党支部", "党总支"}
    form = PAPER | {
        "code": "５２０３２３１０２００９",
        "full_name": "中共绥山县旺草镇新村支部委员会",
        "category": "党支部",
        "sector": village.org["大村"].sector_id,
        "member_count": "１２人",
    }
    assert client.post(url, form).status_code == 302
    made = Organisation.objects.get(code="520323102009")
    assert (made.parent, made.member_count) == (village.org["旺草镇"], 12)
    again = client.post(url, form)
    assert (again.status_code, "已经有了" in again.text) == (422, True)


@pytest.mark.parametrize(
    ("act", "more", "named"),
    [
        ("move", {"parent": "520323103"}, "蒲场镇"),
        ("merge", {"into": "520323102002"}, "中村"),
        ("dissolve", {}, "大村"),
    ],
)
def test_what_cannot_be_taken_back_is_asked_twice(as_, village, act, more, named) -> None:
    client = as_("county")
    url = reverse(f"orgs:{act}", args=["520323102001"])
    before = Organisation.objects.filter(code="520323102001").values().get()
    asked = client.post(url, PAPER | more)
    assert asked.status_code == 200
    assert named in asked.text
    assert 'name="confirmed"' in asked.text
    assert Organisation.objects.filter(code="520323102001").values().get() == before
    assert client.post(url, PAPER | more | {"confirmed": "1"}).status_code == 302
    assert Organisation.objects.filter(code="520323102001").values().get() != before


def test_a_goal_out_of_the_departments_subtree_is_an_unknown_code(as_, village) -> None:
    client = as_("county")
    url = reverse("orgs:move", args=["520323102001"])
    answers = [
        client.post(url, PAPER | {"parent": code, "confirmed": "1"}) for code in ("520324101", "999999999")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert "没有代码为「520324101」的组织" in answers[0].text
    assert Organisation.objects.get(code="520323102001").parent == village.org["旺草镇"]


closed = []


def note_closing(organisation, successor, *, by, now) -> None:
    closed.append((organisation.code, successor.code if successor else None, by.person.username))


def test_other_rooms_hear_of_a_merge(as_, village, monkeypatch) -> None:
    monkeypatch.setattr(hooks, "_close", [])
    closed.clear()
    hooks.when_closed("tests.test_tree_pages.note_closing")
    url = reverse("orgs:merge", args=["520323102001"])
    as_("county").post(url, PAPER | {"into": "520323102002", "confirmed": "1"})
    assert closed == [("520323102001", "520323102002", "county")]


def test_correcting_shows_what_stands_and_writes_only_what_changed(as_, village) -> None:
    client = as_("county")
    url = reverse("orgs:edit", args=["520323102001"])
    initial = client.get(url).context["form"].initial
    form = {name: "" if value is None else getattr(value, "pk", value) for name, value in initial.items()}
    answer = client.post(url, form | {"secretary_name": "新书记", "reason": "换届"})
    assert answer.status_code == 302
    change = OrganisationChange.objects.get(organisation__code="520323102001")
    assert change.after == {"secretary_name": "新书记"}


def test_a_lapsed_department_post_changes_nothing(as_, village) -> None:
    client = as_("county")
    url = reverse("orgs:rename", args=["520323102001"])
    assert client.get(url).status_code == 200
    Post.objects.filter(person=village.person["county"]).update(to_on=dt.date(2025, 6, 1))
    assert client.post(url, PAPER | {"full_name": "新名支部"}).status_code == 404


def test_portions_are_what_the_pages_say() -> None:
    assert (tree_views.PORTION, tree_views.PAGE) == (200, 50)
