"""Uploaded files between preview and confirmation: under random names, outside the static tree, for their owner."""

from __future__ import annotations

import datetime as dt
import os
import re
import secrets
from pathlib import Path

from django.conf import settings

KEPT = dt.timedelta(days=1)
_TOKEN = re.compile(r"[0-9]+-[0-9a-f]{48}")


def _folder() -> Path:
    place = Path(settings.DATA_DIR) / "uploads"
    place.mkdir(parents=True, exist_ok=True, mode=0o750)
    return place


def keep(content: bytes, *, owner_id: int, now: dt.datetime) -> str:
    """Keep an uploaded file; gives the token that names it. Previews nobody confirmed within a day go."""
    discard_old(before=(now - KEPT).timestamp())
    token = f"{owner_id}-{secrets.token_hex(24)}"
    handle = os.open(_folder() / token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return token


def kept(token: str) -> bytes | None:
    """The file's content, or None when there is none of that name (any more)."""
    if not _TOKEN.fullmatch(token):
        return None
    try:
        return (_folder() / token).read_bytes()
    except FileNotFoundError:
        return None


def belongs(token: str, *, owner_id: int) -> bool:
    """Whether the file was uploaded by this person."""
    return bool(_TOKEN.fullmatch(token)) and token.startswith(f"{owner_id}-")


def discard(token: str) -> None:
    """Remove the file."""
    if _TOKEN.fullmatch(token):
        (_folder() / token).unlink(missing_ok=True)


def discard_old(*, before: float) -> int:
    """Remove files last written before ``before`` (seconds since the epoch): previews nobody confirmed."""
    old = [path for path in _folder().iterdir() if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
