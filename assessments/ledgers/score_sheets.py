"""量化评分表: per branch a row per indicator with the points of each source and the reasons (domain.md 11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from assessments.ledgers.scope import Figures, Scope, figures_of, may_join, origin_words
from assessments.models import Assessment, Sheet
from assessments.rules import Method, SchemeRules
from assessments.scoring import SheetMarks, indicator_means
from assessments.smallgroups import JOINT_LABEL
from gradingsite.lib.ledger import Column, Group, Ledger, Line
from gradingsite.lib.points import short_points

NOTES = (
    "各指标得分是该评价主体各张评分表的平均；扣分事由后的数字是扣的分。",
    "评价主体不足5人的，为保护无记名测评，只在合计行列「民主评议合计」的折算分。",
)
SUM_WORD = "合计"


def ledger(rules: SchemeRules) -> Ledger:
    """The columns under a scheme: its sources each have one."""
    points = tuple(Column(f"score_{source.key}", source.label, "score", 9.5) for source in rules.sources)
    return Ledger(
        name="score-sheets",
        title="党支部量化评分表",
        columns=(
            Column("org_code", "组织代码", width=15, align="center"),
            Column("org_name", "党支部", width=28),
            Column("indicator", "评价内容", width=18),
            Column("full", "满分", "points", 8),
            Column("scores", "得分", children=points),
            *(
                (Column("joint_points", f"{JOINT_LABEL}\n（折算分）", "score", 13, empty=""),)
                if may_join(rules)
                else ()
            ),
            Column("reasons", "扣分事由", width=44),
            Column("imported", "导入", width=18),
        ),
        notes=NOTES,
        frozen=3,
    )


def rows(scope: Scope) -> Iterator[Line]:
    """For each file a heading, a row per indicator and the sum."""
    for files in scope.chunks():
        figures = figures_of(scope.rules, files)
        sheets = _sheets([file.pk for file in files])
        for file in files:
            yield Group(f"{file.full_name}（{file.sector}）")
            yield from _file_rows(scope.rules, file, figures[file.pk], sheets.get(file.pk, {}))


def _sheets(ids: Sequence[int]) -> dict[int, dict[str, list[Sheet]]]:
    found: dict[int, dict[str, list[Sheet]]] = {}
    for sheet in Sheet.objects.filter(assessment__in=ids).in_force().order_by("source", "rater_no"):
        found.setdefault(sheet.assessment_id, {}).setdefault(sheet.source, []).append(sheet)
    return found


def _file_rows(
    rules: SchemeRules, file: Assessment, figures: Figures, sheets: dict[str, list[Sheet]]
) -> Iterator[dict[str, Any]]:
    base = {"org_code": file.code, "org_name": file.full_name}
    sector = rules.sector(file.sector)
    shown = {key: mine for key, mine in sheets.items() if figures.valid and figures.view.shows(key)}
    means = {key: _means(rules, file.sector, mine) for key, mine in shown.items()}
    reasons = _reasons(rules, file.sector, shown)
    for parent in sector.indicators if sector else ():
        for leaf in parent.children or (parent,):
            label = f"{parent.label}/{leaf.label}" if parent.children else leaf.label
            points = {f"score_{key}": found.get(leaf.key) for key, found in means.items()}
            reason = "；".join(reasons.get(leaf.key, ()))
            yield {**base, "indicator": label, "full": leaf.points, "reasons": reason, **points}
    yield {
        **base,
        "indicator": SUM_WORD,
        "full": sum(leaf.points or 0 for leaf in sector.leaves()) if sector else None,
        **{f"score_{source.key}": figures.score(source.key) for source in rules.sources},
        "joint_points": figures.joint_points,
        "imported": origin_words(rules, figures),
    }


def _means(rules: SchemeRules, sector: str, sheets: Sequence[Sheet]) -> dict[str, Fraction | None]:
    """Mean per indicator of a source's sheets; empty when only totals are known."""
    marks = [
        SheetMarks(
            lines={
                key: line["points"] for key, line in sheet.lines.items() if line.get("points") is not None
            },
            assigned=None if sheet.indicators is None else frozenset(sheet.indicators),
        )
        for sheet in sheets
    ]
    return indicator_means(rules, sector, marks) if all(mark.lines for mark in marks) else {}


def _reasons(rules: SchemeRules, sector: str, shown: dict[str, list[Sheet]]) -> dict[str, list[str]]:
    """Reasons of deductions by indicator, each with its source, no rater named."""
    found: dict[str, list[str]] = {}
    rules_of_sector = rules.sector(sector)
    full = {leaf.key: leaf.points or 0 for leaf in rules_of_sector.leaves()} if rules_of_sector else {}
    for source in rules.sources:
        if source.method is not Method.ITEMISED:
            continue
        for sheet in shown.get(source.key, ()):
            for key, line in sheet.lines.items():
                if line.get("reason") and line.get("points") is not None and key in full:
                    minus = short_points(full[key] - line["points"])
                    found.setdefault(key, []).append(f"{source.short}：{line['reason']}（−{minus}）")
    return found
