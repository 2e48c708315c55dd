"""Schemes: which there are, what they say, from where a new one comes, and putting one to use."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_valid_filename
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.access import actor_of, demand_party, scheme_or_404
from assessments.flow import SCHEME
from assessments.forms.schemes import Editor, SchemeFileForm, text_of
from assessments.models import Scheme
from assessments.rules import SchemeRules, check, compare, preset, preset_codes
from assessments.scheme_reading import (
    groups,
    own_organisations,
    presets,
    refinable_for,
    sizes_of,
    versions,
)
from assessments.services import schemes as services
from gradingsite.lib.refusal import Refused
from orgs.models import Organisation
from orgs.navigation import Crumb, crumbs

GET_OR_POST = ["GET", "HEAD", "POST"]
STATUS_LOOK = {"draft": "doing", "ready": "reported", "frozen": "approved"}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """「方案」: one's own, the superior's, shared ones, those below, and the samples to start from."""
    reach = actor_of(request).reach
    own = own_organisations(reach).first()
    context = {"groups": groups(reach), "own": own, "presets": presets() if own else []}
    return render(request, "assessments/schemes.html", context)


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """A scheme in words."""
    scheme = scheme_or_404(request, pk)
    rules = services.rules_of(scheme)
    sizes = sizes_of(scheme.organisation, rules)
    drawn = Editor(rules, sizes=sizes).page(reading=True)
    context = frame(request, scheme) | {"rules": rules, "drawn": drawn, "total": sum_of_weights(rules)}
    context |= {
        "weights": [source.weight or 0 for source in rules.sources],
        "bounds_known": bounds_known(rules),
    }
    context["refinable"] = refinable_for(scheme, actor_of(request).reach)
    context["versions"] = versions(scheme)
    return render(request, "assessments/scheme.html", context)


def frame(request: HttpRequest, scheme: Scheme) -> dict[str, Any]:
    """What every page about a scheme has: where it stands, its status, whether the person keeps it, what's before it."""
    reach = actor_of(request).reach
    keeps = reach.everything or "DEP" in scheme.parties(reach)
    last = f"{scheme.year}年，第 {scheme.version} 版{'草稿' if scheme.status == 'draft' else ''}"
    path = crumbs(scheme.organisation, reach, last=last) if scheme.organisation else [Crumb(last)]
    path.insert(-1, Crumb("方案", reverse("assessments:schemes")))
    before = versions(scheme).filter(version__lt=scheme.version).first()
    return {
        "scheme": scheme,
        "path": path,
        "keeps": keeps,
        "editable": keeps and scheme.status != "frozen",
        "status_words": SCHEME.states[scheme.status],
        "status_look": STATUS_LOOK[scheme.status],
        "before": before or scheme.refines,
        "newest": not versions(scheme).filter(version__gt=scheme.version).exists(),
    }


def bounds_known(rules: SchemeRules) -> bool:
    """Whether every band has its lower bound, so that the line can be drawn."""
    return len(rules.bands) > 1 and all(band.lower is not None for band in rules.bands)


def sum_of_weights(rules: SchemeRules) -> int:
    """The weights of all sources in basis points."""
    return sum(source.weight or 0 for source in rules.sources)


@require_safe
def compare_versions(request: HttpRequest, pk: int) -> HttpResponse:
    """Two versions line by line; without ``with`` the version before, else the scheme it refines."""
    scheme = scheme_or_404(request, pk)
    context = frame(request, scheme)
    chosen = request.GET.get("with", "")
    other = scheme_or_404(request, int(chosen)) if chosen.isdecimal() else context["before"]
    changes = compare(services.rules_of(other), services.rules_of(scheme)) if other else []
    context |= {"other": other, "changes": changes, "versions": versions(scheme).exclude(pk=scheme.pk)}
    return render(request, "assessments/scheme_compare.html", context)


@require_safe
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """The scheme as a file that can be read in again."""
    scheme = scheme_or_404(request, pk)
    name = get_valid_filename(f"{scheme.name}第{scheme.version}版.json")
    answer = HttpResponse(
        services.rules_of(scheme).write_text(), content_type="application/json; charset=utf-8"
    )
    answer.headers["Content-Disposition"] = _attachment(name)
    return answer


def _attachment(name: str) -> str:
    return f"attachment; filename=\"scheme.json\"; filename*=UTF-8''{quote(name)}"


@require_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Make a shipped scheme one's own, to start from."""
    if code not in preset_codes():
        raise Http404
    own = _own(request)
    there = Scheme.objects.filter(code=code, organisation=own).order_by("-version").first()
    if there is not None:
        messages.info(request, "本单位已有这个方案，请在它上面改。")
        return redirect("assessments:scheme", there.pk)
    scheme, _ = services.load_scheme(
        document=preset(code), organisation=own, by=actor_of(request), now=timezone.now()
    )
    return redirect("assessments:scheme_edit", scheme.pk)


def _own(request: HttpRequest) -> Organisation:
    """The committee for which the person writes schemes; 403 for who writes none."""
    own = own_organisations(actor_of(request).reach).first()
    if own is None:
        raise PermissionDenied("scheme.write")
    return own


@require_http_methods(GET_OR_POST)
def upload(request: HttpRequest) -> HttpResponse:
    """A scheme's file: looked at first, with its faults and what it changes; taken in on the second press."""
    own = _own(request)
    form = SchemeFileForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {
        "form": form,
        "own": own,
        "path": [Crumb("方案", reverse("assessments:schemes")), Crumb("导入文件")],
    }
    text = request.POST.get("text", "")
    if not text and not form.is_valid():
        return render(
            request, "assessments/scheme_upload.html", context, status=422 if form.is_bound else 200
        )
    try:
        text = text or text_of(form.cleaned_data["file"])
        rules = SchemeRules.read_text(text)
    except Refused as refusal:
        context["refusal"] = refusal
        return render(request, "assessments/scheme_upload.html", context, status=422)
    if request.POST.get("text"):
        return _take_in(request, rules, own)
    return render(request, "assessments/scheme_upload.html", context | _looked_at(rules, own))


def _looked_at(rules: SchemeRules, own: Organisation) -> dict[str, Any]:
    """What a file would do, before anything is written."""
    draft = services.draft_for(document=rules.write(), organisation=own)
    latest = Scheme.objects.filter(code=rules.code, organisation=own).order_by("-version").first()
    old = draft or latest
    return {
        "rules": rules,
        "text": rules.write_text(),
        "draft": draft,
        "latest": latest,
        "faults": check(rules, sizes=sizes_of(own, rules)),
        "changes": compare(services.rules_of(old), rules) if old else [],
    }


def _take_in(request: HttpRequest, rules: SchemeRules, own: Organisation) -> HttpResponse:
    document = json.loads(rules.write_text())
    scheme, written = services.take_in(
        document=document, organisation=own, by=actor_of(request), now=timezone.now()
    )
    messages.success(request, f"已导入：{scheme}。" if written else f"内容没有变化：{scheme}。")
    return redirect("assessments:scheme", scheme.pk)


@require_POST
def refine(request: HttpRequest, pk: int) -> HttpResponse:
    """「细化」: a draft of one's own in which only what the level above left open can be changed."""
    scheme = scheme_or_404(request, pk)
    places = refinable_for(scheme, actor_of(request).reach)
    chosen = request.POST.get("organisation", "")
    place = next((one for one in places if not chosen or one.code == chosen), None)
    if place is None:
        _own(request)
        raise Refused("本单位已有这个方案，请在它的基础上修订。")
    draft = services.refine(scheme=scheme, organisation=place, by=actor_of(request), now=timezone.now())
    messages.success(request, f"已建草稿：{draft}。只能改上级留给下级的部分。")
    return redirect("assessments:scheme_edit", draft.pk)


@require_POST
def revise(request: HttpRequest, pk: int) -> HttpResponse:
    """「修订」: the next version as a draft; the frozen one stays as it is."""
    scheme = scheme_or_404(request, pk)
    demand_party(scheme, actor_of(request).reach, "DEP")
    draft = services.revise(scheme=scheme, by=actor_of(request), now=timezone.now())
    messages.success(request, f"已建第 {draft.version} 版草稿，第 {scheme.version} 版不变。")
    return redirect("assessments:scheme_edit", draft.pk)


@require_http_methods(GET_OR_POST)
def freeze(request: HttpRequest, pk: int) -> HttpResponse:
    """「启用并冻结」: what it means is shown first."""
    scheme = scheme_or_404(request, pk)
    demand_party(scheme, actor_of(request).reach, "DEP")
    if request.method == "POST":
        services.put_to_use(scheme=scheme, by=actor_of(request), now=timezone.now())
        messages.success(request, f"已启用并冻结：{scheme}。")
        return redirect("assessments:scheme", scheme.pk)
    context = frame(request, scheme) | {"faults": services.faults_of(scheme)}
    return render(request, "assessments/scheme_freeze.html", context)
