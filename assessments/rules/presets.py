"""The schemes that ship with the software, as the files an official could have written (domain.md 3, Presets)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from assessments.rules.document import SchemeRules

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "schemes"
CODES = (
    "guizhou-2012",
    "kangbao-2012",
    "county-notice-2012",
    "zunyi-5-2-x",
    "qiannan-five",
    "hubei-three-classes",
)


def preset_codes() -> tuple[str, ...]:
    """The codes of the shipped schemes; the first two are ready for use, the others drafts with open values."""
    return CODES


def preset(code: str) -> dict[str, object]:
    """The document of a shipped scheme, a fresh copy. Raises ``KeyError`` for an unknown code."""
    document: dict[str, object] = json.loads(_text(code))
    return document


def preset_rules(code: str) -> SchemeRules:
    """The rules of a shipped scheme. Raises ``KeyError`` for an unknown code."""
    return _rules(code)


@cache
def _text(code: str) -> str:
    if code not in CODES:
        raise KeyError(code)
    return (FOLDER / f"{code}.json").read_text(encoding="utf-8")


@cache
def _rules(code: str) -> SchemeRules:
    return SchemeRules.read_text(_text(code))
