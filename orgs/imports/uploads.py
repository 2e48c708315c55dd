"""Uploaded lists between preview and confirmation: under random names, outside the static tree, for their owner only."""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings

_TOKEN = re.compile(r"([0-9]+)-[0-9a-f]{48}")
KEPT_SECONDS = 24 * 3600


def _folder() -> Path:
    place = Path(settings.DATA_DIR) / "uploads" / "organisations"
    place.mkdir(parents=True, exist_ok=True, mode=0o750)
    return place


def _write(name: str, content: bytes) -> None:
    handle = os.open(_folder() / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def keep(content: bytes, preview: dict[str, Any], *, owner_id: int) -> str:
    """Keep a file and what was found in it; gives the token that names both."""
    token = f"{owner_id}-{secrets.token_hex(24)}"
    _write(token, content)
    _write(f"{token}.json", json.dumps(preview, ensure_ascii=False).encode())
    return token


def belongs(token: str, *, owner_id: int) -> bool:
    """Whether this person uploaded the file."""
    found = _TOKEN.fullmatch(token)
    return found is not None and int(found[1]) == owner_id


def content_of(token: str) -> bytes | None:
    """The file, or None when there is none of that name (any more)."""
    return _read(token) if _TOKEN.fullmatch(token) else None


def preview_of(token: str) -> dict[str, Any] | None:
    """What was found in it."""
    found = _read(f"{token}.json") if _TOKEN.fullmatch(token) else None
    return json.loads(found) if found is not None else None


def _read(name: str) -> bytes | None:
    try:
        return (_folder() / name).read_bytes()
    except FileNotFoundError:
        return None


def discard(token: str) -> None:
    """Remove both."""
    if _TOKEN.fullmatch(token):
        for name in (token, f"{token}.json"):
            (_folder() / name).unlink(missing_ok=True)


def discard_old(*, now: float) -> None:
    """Remove previews nobody confirmed within a day; ``now`` in seconds since the epoch."""
    for path in _folder().iterdir():
        if path.stat().st_mtime < now - KEPT_SECONDS:
            path.unlink(missing_ok=True)
