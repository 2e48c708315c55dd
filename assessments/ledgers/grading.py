"""分类定级台账: a row per branch with source scores, total, bands, rank, approval (domain.md 11)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.timezone import localdate

from assessments.ledgers.scope import (
    Figures,
    Scope,
    band_label,
    figures_of,
    may_join,
    origin_words,
    status_code,
    status_words,
    step_words,
)
from assessments.models import Approval, Assessment, Decision, Poll
from assessments.rules import Method, SchemeRules, Source
from assessments.smallgroups import JOINT_LABEL
from gradingsite.lib.ledger import Column, Ledger, Line

NOTES = (
    "总分按各评价主体未取舍的得分计算，只在最后四舍五入一次；带“≈”的得分为便于阅读取两位小数。",
    "评价主体不足5人的，为保护无记名测评，只列「民主评议合计」的折算分和人数，不单列。",
)


def ballots_of(rules: SchemeRules) -> tuple[Source, ...]:
    """The sources that vote."""
    return tuple(source for source in rules.sources if source.method is Method.BALLOT)


def ledger(rules: SchemeRules) -> Ledger:
    """The columns under a scheme: its sources each have one."""
    scores = tuple(Column(f"score_{source.key}", source.label, "score", 8.5) for source in rules.sources)
    joint = (
        Column("joint_points", "折算分", "score", 8),
        Column("joint_voters", "人数", "int"),
    )
    ballots = ballots_of(rules)
    taken = tuple(Column(f"turnout_{source.key}", source.label, "percent", 9.5) for source in ballots)
    return Ledger(
        name="grading",
        title="党支部分类定级台账",
        columns=(
            Column("no", "序号", "int", 6),
            Column("org_code", "组织代码", width=15, align="center"),
            Column("org_name", "党支部规范全称", width=26),
            Column("path", "所在党组织", width=18),
            Column("sector", "领域", width=13, align="center"),
            Column("secretary", "书记", width=9, align="center"),
            Column("scores", "各评价主体得分", children=scores),
            *((Column("joint", JOINT_LABEL, children=joint),) if may_join(rules) else ()),
            Column("total", "总分", "points", 8.5),
            Column("grade", "计算\n等次", width=7, align="center", empty="—"),
            Column("decided_grade", "评定\n等次", width=7, align="center", empty="—"),
            Column("reason", "改定事由", width=16),
            Column("rank", "排位", "int", 6),
            Column("approved_on", "核准日期", "date", 14),
            *((Column("turnout", "测评参与率", children=taken),) if taken else ()),
            Column("status", "数据", width=11),
            Column("step", "进度", width=11, align="center"),
            Column("imported", "导入", width=17),
        ),
        notes=NOTES,
        frozen=3,
    )


def rows(scope: Scope) -> Iterator[Line]:
    """A row per file."""
    number = scope.start
    for files in scope.chunks():
        figures = figures_of(scope.rules, files)
        ids = [file.pk for file in files]
        reasons = dict(
            Decision.objects.filter(
                assessment__in=ids, superseded_at=None, signed_at__isnull=False
            ).values_list("assessment_id", "reason")
        )
        approvals = dict(
            Approval.objects.filter(assessment__in=ids, void_at=None).values_list("assessment_id", "at")
        )
        turnout = _turnout(ids)
        for file in files:
            number += 1
            row = _row(scope, number, file, figures[file.pk])
            row["reason"] = reasons.get(file.pk, "")
            row["approved_on"] = _day(approvals.get(file.pk))
            for source in ballots_of(scope.rules):
                if figures[file.pk].valid and figures[file.pk].view.shows(source.key):
                    row[f"turnout_{source.key}"] = turnout.get((file.pk, source.key))
            yield row


def _row(scope: Scope, number: int, file: Assessment, figures: Figures) -> dict[str, Any]:
    rules = scope.rules
    return {
        "no": number,
        "org_code": file.code,
        "org_name": file.full_name,
        "path": file.path_names if scope.machine else scope.path_below(file),
        "sector": file.sector,
        "secretary": file.secretary_name,
        **{f"score_{source.key}": figures.score(source.key) for source in rules.sources},
        "joint_points": figures.joint_points,
        "joint_voters": figures.joint_voters,
        "total": file.total,
        "grade": band_label(rules, file.band),
        "decided_grade": band_label(rules, file.decided_band),
        "rank": file.rank,
        "status": status_code(file) if scope.machine else status_words(file),
        "step": file.status if scope.machine else step_words(file),
        "imported": origin_words(rules, figures),
    }


def _turnout(ids: Sequence[int]) -> dict[tuple[int, str], tuple[int, int]]:
    """收回 and 应到 of the counted polls, by file and source."""
    found: dict[tuple[int, str], tuple[int, int]] = {}
    polls = Poll.objects.filter(assessment__in=ids, status="counted", purpose="grade", superseded_at=None)
    for file, source, returned, expected in polls.values_list(
        "assessment_id", "source", "returned", "expected"
    ):
        part, whole = found.get((file, source), (0, 0))
        found[file, source] = (part + (returned or 0), whole + (expected or 0))
    return found


def _day(moment: dt.datetime | None) -> dt.date | None:
    return localdate(moment) if moment else None
