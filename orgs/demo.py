"""The accounts the demo offers on its sign-in page; outside the demo there are none."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.conf import settings

FILE = "demo-accounts.json"


@dataclass(frozen=True)
class DemoAccount:
    """One button: who it signs in, as what, where."""

    username: str
    role: str
    unit: str


def demo_accounts() -> list[DemoAccount]:
    """What the demo's loader has written into the data folder, in its order."""
    path = settings.DATA_DIR / FILE
    if not settings.SITE_DEMO or not path.is_file():
        return []
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [DemoAccount(row["username"], row["role"], row["unit"]) for row in rows]
