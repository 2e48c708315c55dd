"""What the score grid sends: a block of cells with the values its writer saw."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from assessments.services.sheets import REASON_LENGTH, Cell
from gradingsite.lib.points import parse_points
from gradingsite.lib.refusal import Refused

MOST_CELLS = 10_000


@dataclass(frozen=True)
class Entered:
    """One cell as sent: a cell to write, or the fault that keeps it from being one."""

    sheet_id: int
    indicator: str
    cell: Cell | None
    fault: str = ""


@dataclass(frozen=True)
class Block:
    """The cells of one request. ``whole``: all or none, as for a paste."""

    entries: tuple[Entered, ...]
    whole: bool


def read_block(body: bytes) -> Block:
    """The block in a request's JSON: ``{"whole": bool, "cells": [{sheet, key, seen, value, reason?}]}``.

    Raises Refused for what is no such block; a bad value is that cell's own fault.
    """
    try:
        document = json.loads(body)
        cells = document["cells"]
        if not isinstance(cells, list) or not 0 < len(cells) <= MOST_CELLS:
            raise ValueError("cells")
        return Block(tuple(_entry(one) for one in cells), bool(document.get("whole")))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Refused("没有收到要保存的分数，请刷新后再填。") from None


def _entry(one: dict[str, Any]) -> Entered:
    sheet_id, indicator = int(one["sheet"]), str(one["key"])
    reason = one.get("reason")
    try:
        seen, points = _points(one.get("seen")), _points(one.get("value"))
    except Refused as refused:
        return Entered(sheet_id, indicator, None, str(refused))
    words = None if reason is None else str(reason)[:REASON_LENGTH]
    return Entered(sheet_id, indicator, Cell(sheet_id, indicator, seen, points, words))


def _points(value: object) -> int | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return parse_points(str(value), name="分数")
