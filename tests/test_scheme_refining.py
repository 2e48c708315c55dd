"""Refining a superior's scheme on pages, and schemes as files."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from assessments.models import Scheme
from assessments.rules import SchemeRules, preset
from assessments.services.schemes import load_scheme, put_to_use
from orgs.services.people import system_actor
from tests.scheme_desk import Desk, words
from tests.village import NOW

# --- refining


@pytest.fixture
def refined(village, county) -> Desk:
    """The county's draft of the province's scheme, which leaves quotas open but not the sources."""
    document = preset("guizhou-2012") | {"允许下级调整": ["配额", "个性指标"]}
    document["评价主体"][0]["权重"] = "文件未定，请填写"
    parent, _ = load_scheme(document=document, organisation=village.org["贵山省"], by=system_actor(), now=NOW)
    assert "细化成" in county.get(f"/schemes/{parent.pk}/").content.decode()
    answer = county.post(f"/schemes/{parent.pk}/refine/")
    draft = Scheme.objects.get(refines=parent)
    assert answer.url == f"/schemes/{draft.pk}/edit/"
    return Desk(county, draft)


def test_only_what_the_level_above_left_open_can_be_changed(refined) -> None:
    text = refined.open().content.decode()

    def enabled(path: str) -> bool:
        found = re.search(rf'<(?:input|select|textarea)[^>]*id="at-{path}"[^>]*>', text)
        assert found, path
        return "disabled" not in found.group()

    assert not enabled("sources-1-weight")
    assert enabled("sources-0-weight"), "the value the province left open"
    assert not enabled("bands-0-lower")
    assert not enabled("sectors-0-indicators-0-points")
    assert enabled("name")
    assert "add sources" not in text
    assert "add quotas" in text
    assert "add sectors.0.indicators" in text


def test_an_indicator_of_ones_own_may_be_added_where_only_those_are_open(refined) -> None:
    page = refined.send("sectors", "add sectors.0.indicators")
    more = {"sectors.0.indicators.7.label": "特色工作", "sectors.0.indicators.7.points": "10"}
    refined.send("sectors", page=page, **more)
    assert refined.rules.sectors[0].indicators[7].own


def test_a_crafted_post_cannot_change_what_is_fixed(refined) -> None:
    answer = refined.send("sources", sources__0__weight="30", sources__1__weight="50")
    assert answer.status_code == 422
    assert "由上级方案规定" in answer.content.decode()
    assert refined.rules.sources[1].weight == 1000
    refined.save("sources", sources__0__weight="30")
    assert refined.rules.sources[0].weight == 3000


def test_who_has_the_scheme_already_cannot_refine_it_again(refined) -> None:
    parent = refined.scheme.refines
    assert refined.client.post(f"/schemes/{parent.pk}/refine/").status_code == 422


# --- files


def test_a_scheme_goes_to_a_file_and_back(desk, village) -> None:
    answer = desk.client.get(f"/schemes/{desk.scheme.pk}/file/")
    assert "attachment" in answer["Content-Disposition"]
    assert SchemeRules.read_text(answer.content.decode()) == desk.rules
    document = json.loads(answer.content)
    document["评价主体"][3]["权重"] = "25%"
    file = SimpleUploadedFile("方案.json", json.dumps(document, ensure_ascii=False).encode())
    page = desk.client.post("/schemes/import/", {"file": file})
    assert "权重加总105%" in page.content.decode()
    assert "评价主体「群众评」的权重20%25%" in words(page)
    assert desk.rules.sources[3].weight == 2000, "looking writes nothing"
    answer = desk.client.post("/schemes/import/", {"text": page.context["text"]})
    assert answer.url == f"/schemes/{desk.scheme.pk}/", "the unfinished version is written over"
    assert desk.rules.sources[3].weight == 2500


def test_a_file_beside_a_frozen_version_becomes_the_next(desk, village) -> None:
    put_to_use(scheme=desk.scheme, by=village.by("county"), now=NOW)
    document = json.loads(desk.rules.write_text()) | {"名称": "新方案"}
    desk.client.post("/schemes/import/", {"text": json.dumps(document, ensure_ascii=False)})
    assert [(one.version, one.name, one.status) for one in Scheme.objects.order_by("version")] == [
        (1, desk.scheme.name, "frozen"),
        (2, "新方案", "ready"),
    ]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"{}", b'{"a":', "格式".encode("gbk"), b"[" * 5000])
def test_what_is_no_scheme_is_refused_in_words(county, content) -> None:
    answer = county.post("/schemes/import/", {"file": io.BytesIO(content)})
    assert answer.status_code == 422
    assert Scheme.objects.count() == 0
