"""The audit administrator's pages: the whole trail, filtered, in pages, and as a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from gradingsite.trail import listing
from gradingsite.trail.forms import EntryFilter
from gradingsite.trail.models import Entry
from gradingsite.trail.sealing import last_seal
from gradingsite.trail.services import record

View = Callable[..., HttpResponse]


def audit_only(view: View) -> View:
    """Only the audit administrator (domain, section 12); anybody else signed in gets 403."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if getattr(request.user, "admin_role", "") != "audit":
            raise PermissionDenied("只有审计管理员可以查看审计记录。")
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@audit_only
def entry_list(request: HttpRequest) -> HttpResponse:
    """Entries newest first, fifty a page, filter in the address."""
    form = EntryFilter(request.GET)
    found = Entry.objects.matching(**form.terms())
    page = listing.page(found, older_than=_key(request, "older"), newer_than=_key(request, "newer"))
    context = {"form": form, "page": page, "counted": listing.counted(found), "last_seal": last_seal()}
    return render(request, "trail/list.html", context | {"query": _query(request)})


@require_safe
@audit_only
def entry_export(request: HttpRequest) -> StreamingHttpResponse:
    """The same entries as the list shows, all pages, as CSV."""
    terms = EntryFilter(request.GET).terms()
    asked = {name: str(value) for name, value in terms.items() if value}
    record(by=request.user, action="trail.export", kind="trail.entry", label="审计记录", after=asked)
    response = StreamingHttpResponse(
        listing.csv_lines(Entry.objects.matching(**terms)), content_type="text/csv; charset=utf-8"
    )
    name = f"审计记录{timezone.localtime():%Y%m%d%H%M}.csv"
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


def _key(request: HttpRequest, name: str) -> int | None:
    """An id from the address; what is no id is as good as absent."""
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= 18 else None


def _query(request: HttpRequest) -> str:
    """The filter as it stands in the address, without the place in the list."""
    kept = request.GET.copy()
    for name in ("older", "newer"):
        kept.pop(name, None)
    return kept.urlencode()
