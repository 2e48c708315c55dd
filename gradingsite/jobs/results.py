"""Result files: under random names outside the static tree, named in the row alone."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Container
from pathlib import Path

from django.conf import settings

NAME = re.compile(r"[0-9a-f]{48}")


def folder() -> Path:
    """Where result files lie; made when absent, readable by the site's own account alone."""
    place = Path(settings.DATA_DIR) / "results"
    place.mkdir(parents=True, exist_ok=True, mode=0o750)
    return place


def new_path() -> Path:
    """A fresh random path to write a result to."""
    return folder() / secrets.token_hex(24)


def located(name: str) -> Path:
    """The file a row names. What is no name of our making raises ValueError."""
    if not NAME.fullmatch(name):
        raise ValueError(f"not a result file: {name!r}")
    return folder() / name


def kept(content: bytes) -> Path:
    """Write the bytes to a fresh path."""
    path = new_path()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return path


def discard(name: str) -> None:
    """Remove a file; one that has gone already is no matter."""
    if name:
        located(name).unlink(missing_ok=True)


def orphans(*, older_than: float, known: Container[str]) -> list[Path]:
    """Files no row names, last written before ``older_than`` (seconds since the epoch): what killed workers left."""
    return [
        path
        for path in folder().iterdir()
        if path.is_file() and path.name not in known and path.stat().st_mtime < older_than
    ]
