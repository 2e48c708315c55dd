"""Schemes on pages: what a county official does from a sample to a frozen version, without scripts."""

from __future__ import annotations

import re

import pytest

from assessments.models import Scheme
from assessments.rules import preset
from assessments.services.schemes import load_scheme, put_to_use
from orgs.services.people import system_actor
from tests.scheme_desk import Desk, fields, words
from tests.village import NOW

# --- the list and where a scheme comes from


def test_a_sample_becomes_a_draft_of_ones_own(village, county) -> None:
    assert "用它起草" in county.get("/schemes/").content.decode()
    answer = county.post("/schemes/samples/county-notice-2012/")
    scheme = Scheme.objects.get(organisation=village.org["绥山县"])
    assert (scheme.code, scheme.status, scheme.version) == ("county-notice-2012", "draft", 1)
    assert answer.url == f"/schemes/{scheme.pk}/edit/"
    page = county.get(answer.url)
    assert page.content.decode().count('title="文件未定，请填写"') > 10
    assert f"还差{len(page.context['faults'])}处" in words(page)
    Desk(county, scheme).save("basics", name="绥山县方案")
    assert county.post("/schemes/samples/county-notice-2012/").url == f"/schemes/{scheme.pk}/"
    assert [one.name for one in Scheme.objects.all()] == ["绥山县方案"]


def test_the_list_tells_ones_own_from_those_above_shared_and_below(village, client) -> None:
    by = system_actor()
    for code, place in (("guizhou-2012", "绥山县"), ("kangbao-2012", "贵山省"), ("zunyi-5-2-x", None)):
        load_scheme(document=preset(code), organisation=village.org[place] if place else None, by=by, now=NOW)
    client.force_login(village.person["county"])
    groups = {one.title: [s.code for s in one.schemes] for one in client.get("/schemes/").context["groups"]}
    assert groups == {
        "本单位的方案": ["guizhou-2012"],
        "上级的方案": ["kangbao-2012"],
        "各单位共用的方案": ["zunyi-5-2-x"],
    }
    client.force_login(village.person["city"])
    groups = {one.title: [s.code for s in one.schemes] for one in client.get("/schemes/").context["groups"]}
    assert groups["下级的方案"] == ["guizhou-2012"]


def test_the_full_text_says_every_rule_in_words(village, county) -> None:
    scheme, _ = load_scheme(
        document=preset("kangbao-2012"), organisation=village.org["绥山县"], by=village.by("county"), now=NOW
    )
    text = words(county.get(f"/schemes/{scheme.pk}/"))
    for said in (
        "党委评定上级逐项打分50%",
        "好100分、较好60分、一般30分、较差10分；除以有效票",
        "较差至少5%，进位取整",
        "“好”里五星级至多20%",
        "好：四星级，择优五星级",
        "测评：党员和群众不少于30%（按在村、在岗人数），少于20人须全部参加；不满足时拦截",
        "上报前公示5个工作日，在一定范围内",
        "自评基层党组织自评，3月30日至4月1日，须传签章件",
    ):
        assert said in text, said


# --- editing


@pytest.mark.parametrize(
    "part",
    [
        "sectors", "sources", "bands", "quotas", "stars", "adjustments", "vetoes", "basics", "steps", "notice",
        "participation", "periods", "open_parts",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "code", ["guizhou-2012", "kangbao-2012", "zunyi-5-2-x", "hubei-three-classes", "qiannan-five"]
)
def test_saving_a_section_untouched_changes_nothing(village, county, code, part) -> None:
    scheme, _ = load_scheme(
        document=preset(code), organisation=village.org["绥山县"], by=village.by("county"), now=NOW
    )
    before = scheme.digest
    assert Desk(county, scheme).save(part).digest() == before


def test_weights_over_100_are_told_once_on_top_and_once_where_they_stand(desk) -> None:
    desk.save("sources", sources__3__weight="25")
    text = desk.open().content.decode()
    assert text.count("评价主体：权重加总105%，多5%") == 2
    assert 'href="/schemes/' in text.split("评价主体：权重加总105%，多5%")[0][-200:]
    assert 'id="part-sources"' in text
    assert 'fill="url(#fill-over)"' in text
    assert re.search(r'aria-disabled="true" data-first="[^"]+" href="[^"]+#part-sources">启用并冻结', text)
    assert "还差 1 处" in text


def test_quotas_that_exclude_each_other_are_found_on_todays_committees(desk) -> None:
    desk.send("quotas", "add quotas")
    for share, bound in (("5", "at_least"), ("４％", "at_most")):
        page = desk.send("quotas", "add quotas")
        place = len(desk.rules.quotas)
        more = {
            f"quotas.{place}.band": "poor",
            f"quotas.{place}.share": share,
            f"quotas.{place}.bound": bound,
        }
        assert desk.send("quotas", page=page, **more).status_code == 302
    assert [one.share for one in desk.rules.quotas] == [500, 400]
    page = desk.open()
    assert "配额：差至少5%与差至多4%不能同时满足" in words(page)
    assert "进位取整，3个支部至少1个" in words(page)
    assert "舍去取整，3个支部至多0个" in words(page)
    assert re.search(r'id="at-quotas-1-share"[^>]*aria-invalid="true"', page.content.decode())


def test_indicators_are_added_moved_renamed_and_dropped(desk) -> None:
    page = desk.send("sectors", "add sectors.0.indicators")
    assert len(desk.rules.sectors[0].indicators) == 7, "adding a row saves nothing yet"
    new = {"sectors.0.indicators.7.label": "特色 工作", "sectors.0.indicators.7.points": "5"}
    desk.send(
        "sectors",
        page=page,
        **new,
        sectors__0__indicators__0__points="１５",
        sectors__0__indicators__1__label="思路",
    )
    found = desk.rules.sectors[0].indicators
    assert (found[7].key, found[7].label, found[7].points) == ("特色工作", "特色 工作", 500)
    assert (found[0].points, found[1].key, found[1].label) == (1500, "thinking", "思路")
    page = desk.send("sectors", "up sectors.0.indicators.7")
    desk.send("sectors", page=page)
    assert [one.key for one in desk.rules.sectors[0].indicators][6:] == ["特色工作", "response"]
    page = desk.send("sectors", "drop sectors.0.indicators.6")
    desk.send("sectors", page=page)
    assert "特色工作" not in [one.key for one in desk.rules.sectors[0].indicators]
    assert "农村的指标加总95，少5" in words(desk.open())


def test_second_level_indicators_and_graded_answers(desk) -> None:
    page = desk.send("sectors", "add sectors.0.indicators.0.children")
    page = desk.send("sectors", "add sectors.0.indicators.0.children", page=page)
    start = "sectors.0.indicators.0.children"
    typed = {
        f"{start}.0.label": "书记",
        f"{start}.0.points": "12",
        f"{start}.1.label": "班子",
        f"{start}.1.points": "8",
    }
    desk.send("sectors", page=page, **typed)
    assert [(one.label, one.points) for one in desk.rules.sectors[0].indicators[0].children] == [
        ("书记", 1200),
        ("班子", 800),
    ]
    page = desk.send("sectors", f"add {start}.0.answers")
    page = desk.send("sectors", f"add {start}.0.answers", page=page)
    graded = {
        f"{start}.0.manner": "graded",
        f"{start}.0.answers.0.label": "优",
        f"{start}.0.answers.0.points": "12",
    }
    graded |= {f"{start}.0.answers.1.label": "差", f"{start}.0.answers.1.points": "0"}
    desk.send("sectors", page=page, **graded)
    child = desk.rules.sectors[0].indicators[0].children[0]
    assert [(one.key, one.points) for one in child.answers] == [("优", 1200), ("差", 0)]
    assert desk.open().context["faults"] == []


def test_what_cannot_be_read_stays_as_typed_with_its_fault(desk) -> None:
    answer = desk.send("sources", sources__0__weight="三十", sources__1__weight="10.125")
    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'value="三十"' in text
    assert re.search(
        r'id="at-sources-0-weight"[^>]*aria-invalid="true" aria-describedby="at-sources-0-weight-fault"', text
    )
    assert "2 处要改" in text
    assert desk.rules.sources[0].weight == 3000


def test_an_emptied_open_value_reads_as_left_open(desk) -> None:
    desk.save("bands", bands__0__lower="")
    assert desk.rules.bands[0].lower is None
    text = desk.open().content.decode()
    assert "等次「很好」的下限：文件未定，请填写" in text
    assert "下限还没有填全" in text


def test_ballots_stars_notice_periods_and_vetoes_can_all_be_typed(desk) -> None:
    page = desk.send("sources", "add sources.2.options")
    desk.send(
        "sources", page=page, sources__2__options__5__label="不了解", sources__2__options__5__points="0",
        sources__2__options__5__valid="", sources__2__denominator="cast",
    )  # fmt: skip
    option = desk.rules.sources[2].options[5]
    assert (option.label, option.points, option.valid) == ("不了解", 0, False)
    page = desk.send("stars", "set stars")
    page = desk.send("stars", "add stars.levels", page=page)
    page = desk.send(
        "stars", page=page, stars__levels__0__label="五星级", stars__levels__0__awarded_by="city"
    )
    assert desk.rules.stars.levels[0].label == "五星级"
    page = desk.send("stars", "unset stars")
    desk.send("stars", page=page)
    assert desk.rules.stars is None
    page = desk.send("notice", "set notice")
    desk.send("notice", page=page, notice__working_days="5", notice__circle="本村")
    assert (desk.rules.notice.working_days, desk.rules.notice.circle) == (5, "本村")
    page = desk.send("vetoes", "add vetoes")
    desk.send("vetoes", page=page, vetoes__0__label="满意度过低", vetoes__0__source="public", vetoes__0__below="60",
              vetoes__0__band="poor")  # fmt: skip
    assert (desk.rules.vetoes[0].below, desk.rules.vetoes[0].band) == (6000, "poor")
    page = desk.send("periods", "add periods")
    page = desk.send("periods", "add periods", page=page)
    desk.send("periods", page=page, periods__0__label="上半年", periods__1__label="下半年")
    assert [one.label for one in desk.rules.periods] == ["上半年", "下半年"]
    desk.save("steps", steps__1__scan=["", "1"], steps__1__dates="4月1日至4月3日")
    assert (desk.rules.steps[1].scan, desk.rules.steps[1].dates) == (True, "4月1日至4月3日")
    desk.save("open_parts", open_parts=["", "quotas"])
    assert [str(one) for one in desk.rules.open_parts] == ["quotas"]
    desk.save("basics", graded_forms=["", "branch", "general_branch"], notes="一\r\n\r\n二", basis="文件")
    assert desk.rules.notes == ("一", "二")


def test_sectors_are_added_as_a_copy_and_taken_out(desk) -> None:
    page = desk.open()
    data = {"seen_digest": desk.scheme.digest, "sector": "0", "act": "drop"}
    desk.client.post(f"/schemes/{desk.scheme.pk}/sectors/", data)
    assert "农村" not in [one.key for one in desk.rules.sectors]
    assert "农村" in desk.open().context["new_sectors"]
    data = {"seen_digest": desk.scheme.digest, "sector": "2", "act": "add", "name": "农村"}
    answer = desk.client.post(f"/schemes/{desk.scheme.pk}/sectors/", data)
    assert desk.rules.sectors[-1].key == "农村"
    assert desk.rules.sectors[-1].indicators == desk.rules.sectors[2].indicators
    assert answer.url.endswith(f"?sector={len(desk.rules.sectors) - 1}#part-sectors")
    assert page.status_code == 200


@pytest.mark.parametrize(
    "act", ["drop sources.99", "add nothing", "burn sources.0", "add sources.0.label", "set bands", "up"]
)
def test_a_button_no_page_has_is_refused(desk, act) -> None:
    assert desk.send("sources", act).status_code == 422
    assert len(desk.rules.sources) == 5


# --- two people, two versions


def test_the_second_of_two_who_save_is_shown_both_values(desk) -> None:
    stale = desk.open()
    desk.save("sources", sources__0__weight="28")
    answer = desk.send("sources", page=stale, sources__0__weight="32")
    assert answer.status_code == 409
    assert desk.rules.sources[0].weight == 2800
    assert "评价主体「上级党组织评」的权重28%32%" in words(answer)
    assert desk.send("sources", page=answer, sources__0__weight="32").status_code == 302
    assert desk.rules.sources[0].weight == 3200


def test_htmx_gets_the_section_and_the_new_summary(desk) -> None:
    data = fields(desk.open(), "sources") | {"act": ["save"], "sources.3.weight": "25"}
    answer = desk.client.post(
        f"/schemes/{desk.scheme.pk}/parts/sources/", data, headers={"HX-Request": "true"}
    )
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in text
    assert 'id="scheme-faults" hx-swap-oob="true"' in text
    assert text.count(desk.rules.digest()) > 10, "every section learns the new digest"
    assert 'id="part-quotas"' not in text
    data = fields(desk.open(), "bands") | {"act": ["save"], "bands.0.label": "最好"}
    answer = desk.client.post(f"/schemes/{desk.scheme.pk}/parts/bands/", data, headers={"HX-Request": "true"})
    assert 'id="part-quotas"' in answer.content.decode(), "sections that name bands are drawn anew"


def test_freezing_asks_once_more_and_then_nothing_can_be_edited(desk) -> None:
    url = f"/schemes/{desk.scheme.pk}"
    assert "不能再改" in desk.client.get(f"{url}/freeze/").content.decode()
    assert desk.client.post(f"{url}/freeze/").url == f"{url}/"
    desk.scheme.refresh_from_db()
    assert desk.scheme.status == "frozen"
    assert desk.client.get(f"{url}/edit/").url == f"{url}/"
    answer = desk.client.post(f"{url}/parts/bands/", {"act": "save", "bands.0.lower": "90"})
    assert answer.status_code == 422
    assert "修订" in answer.content.decode()


def test_a_scheme_with_faults_is_not_frozen(desk) -> None:
    desk.save("sources", sources__3__weight="25")
    answer = desk.client.post(f"/schemes/{desk.scheme.pk}/freeze/")
    assert answer.status_code == 422
    assert "权重加总105%" in answer.content.decode()
    desk.scheme.refresh_from_db()
    assert desk.scheme.status == "draft"


def test_a_revision_compares_with_the_version_before_line_by_line(desk, village) -> None:
    put_to_use(scheme=desk.scheme, by=village.by("county"), now=NOW)
    answer = desk.client.post(f"/schemes/{desk.scheme.pk}/revise/")
    desk.scheme = Scheme.objects.get(version=2)
    assert answer.url == f"/schemes/{desk.scheme.pk}/edit/"
    desk.save("sources", sources__3__weight="25")
    page = desk.client.get(f"/schemes/{desk.scheme.pk}/compare/")
    assert [(one.label, one.before, one.after) for one in page.context["changes"]] == [
        ("评价主体「群众评」的权重", "20%", "25%")
    ]
    assert desk.client.post(f"/schemes/{Scheme.objects.get(version=1).pk}/revise/").status_code == 422


# --- cost


def test_the_editor_costs_as_many_queries_with_ten_times_the_branches(
    desk, village, django_assert_max_num_queries
) -> None:
    desk.open()
    with django_assert_max_num_queries(25):
        desk.open()


def test_the_superior_refines_nothing_of_its_own(village, client) -> None:
    scheme, _ = load_scheme(
        document=preset("guizhou-2012"), organisation=village.org["绥山县"], by=system_actor(), now=NOW
    )
    client.force_login(village.person["city"])
    page = client.get(f"/schemes/{scheme.pk}/")
    assert page.context["refinable"] == []
    assert not page.context["editable"]
