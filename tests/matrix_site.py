"""The site as the matrices ask it: one client, everybody's session, every request undone."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.template import Template
from django.test import Client

from tests.matrix_people import PEOPLE
from tests.matrix_world import World, planted, settle

WRITES = re.compile(r"^\s*(INSERT|UPDATE|DELETE|REPLACE|DROP|ALTER|COPY)\b", re.IGNORECASE)
# Reading keeps when a person was last here, in the session, and that a file was handed out, in the trail.
BY_READING = re.compile(r'INTO "(django_session|trail_entry)"|UPDATE "django_session"|FROM "django_session"')


@dataclass
class Site:
    """The world, and ``ask``: one request as somebody, whose writes are rolled back."""

    world: World
    sessions: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=Client)
    strict: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def ask(
        self,
        name: str,
        method: str,
        where: str,
        data: dict[str, Any] | None = None,
        *,
        csrf: bool = False,
        **headers: Any,
    ) -> HttpResponseBase:
        """The answer to a person (an empty name is nobody signed in), read whole."""
        client = self.strict if csrf else self.client
        client.cookies = SimpleCookie({"sessionid": self.sessions[name]} if name else {})
        with transaction.atomic():
            if method == "POST":
                answer = client.post(where, data or {}, headers=headers)
            else:
                answer = client.generic(method, where, headers=headers)
            if answer.streaming:
                answer.content_read = b"".join(answer.streaming_content)
            transaction.set_rollback(True)
        return answer

    def do(self, name: str, where: str, data: dict[str, Any]) -> HttpResponseBase:
        """A POST whose writes stay, for a caller who looks at them and undoes them."""
        self.client.cookies = SimpleCookie({"sessionid": self.sessions[name]})
        return self.client.post(where, data)

    def watched(self, name: str, method: str, where: str, **more: Any) -> tuple[HttpResponseBase, list[str]]:
        """The answer, and the statements that wrote more than reading may."""
        found: list[str] = []

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if WRITES.match(sql) and not BY_READING.search(sql):
                found.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            return self.ask(name, method, where, **more), found


def open_site(blocker: Any) -> Iterator[Site]:
    """The world with everybody signed in; a moment ago, so that a request needn't say so again."""
    with planted(blocker) as village, pytest.MonkeyPatch.context() as patch:
        # Thousands of refusals need neither their tracebacks in the log nor copies of every template's context.
        patch.setattr(logging.getLogger("django.request"), "disabled", True)
        patch.setattr(Template, "_render", lambda template, context: template.nodelist.render(context))
        site = Site(settle(village))
        for name in PEOPLE:
            client = Client()
            client.force_login(village.person[name])
            client.get("/orgs/options/")
            site.sessions[name] = client.cookies["sessionid"].value
        yield site


def text_of(answer: HttpResponseBase) -> str:
    """The words of a page or of a workbook."""
    content = getattr(answer, "content_read", b"") or answer.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            return "".join(file.read(name).decode() for name in file.namelist() if name.endswith(".xml"))
    return content.decode("utf-8", "replace")
