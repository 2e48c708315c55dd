"""How one entry is tied to the one before it: pure functions over the text of the columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

GENESIS = "0" * 64
"""What stands in for the digest before the first seal."""


def as_text(value: str | bytes | None) -> str | None:
    """A column as the database stores it; bytes that are no UTF-8 stay visible instead of raising."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, (bytes, memoryview)) else value


def digest(*, entry: Mapping[str, str | None], position: int, previous: str) -> str:
    """SHA-256, in hexadecimal, over canonical JSON of the entry's columns, its position and the digest before it."""
    content = {"entry": dict(entry), "position": position, "previous": previous}
    canonical = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
