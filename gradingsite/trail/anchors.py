"""The anchor file: where the chain's end stood, written outside the database that is to be checked.

One line for each sealing: position, entry id, digest, time. Copy the file off the machine as often as you like; a
line on paper serves as well.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path

from django.conf import settings

LINE = re.compile(r"(\d{1,18}) (\d{1,18}) ([0-9a-f]{64}) (\S+)")
TAIL_BYTES = 400


def path() -> Path:
    """Where the anchors are kept."""
    return Path(settings.DATA_DIR) / "trail-anchors.log"


def append(*, position: int, entry_id: int, digest: str, at: dt.datetime) -> bool:
    """Add the end of the chain unless it is the last line already.

    :returns: whether a line was written.
    """
    file = path()
    last = _last_line(file)
    if last.startswith(f"{position} {entry_id} {digest} "):
        return False
    _write(file, f"{position} {entry_id} {digest} {at.isoformat()}\n")
    return True


def read() -> tuple[dict[int, set[str]], str]:
    """Digests by position, and what is wrong with the file ('' if nothing)."""
    file = path()
    found: dict[int, set[str]] = {}
    if not file.exists():
        return found, ""
    for number, line in enumerate(file.read_bytes().decode("utf-8", "replace").splitlines(), start=1):
        match = LINE.fullmatch(line)
        if not match:
            return found, f"锚文件第 {number} 行读不懂。"
        found.setdefault(int(match[1]), set()).add(match[3])
    return found, ""


def _last_line(file: Path) -> str:
    if not file.exists():
        return ""
    with file.open("rb") as stream:
        stream.seek(0, os.SEEK_END)
        stream.seek(max(0, stream.tell() - TAIL_BYTES))
        lines = stream.read().decode("utf-8", "replace").splitlines()
    return lines[-1] if lines else ""


def _write(file: Path, line: str) -> None:
    """One write, on the disk before it returns."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(handle, line.encode("ascii"))
        os.fsync(handle)
    finally:
        os.close(handle)
