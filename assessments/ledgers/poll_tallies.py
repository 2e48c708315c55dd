"""民主测评汇总表: what came of the ballots, a row per branch and ballot source (domain.md 11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from assessments.ledgers.scope import Figures, Scope, figures_of, may_join
from assessments.models import Assessment, Poll
from assessments.rules import BallotOption, SchemeRules, Source
from assessments.smallgroups import JOINT_LABEL
from gradingsite.lib.ledger import Column, Ledger, Line, Total

NOTES = (
    "得票率是得票占有效票的百分比；参与率是收回占应到的百分比。",
    "评价主体不足5人的，为保护无记名测评，合并成「民主评议合计」一行，只列人数和折算分；合计行不含这些支部的票数。",
)
SIGNATURES = ("监票人（签字）：", "计票人（签字）：", "单位负责人（签字）：", "填表人：")
SUMMED = ("expected", "issued", "returned", "valid", "blank", "invalid")


def anonymous(rules: SchemeRules) -> tuple[Source, ...]:
    """The sources of members and public, and whatever is voted on."""
    return tuple(source for source in rules.sources if source.is_anonymous())


def options_of(rules: SchemeRules) -> dict[str, BallotOption]:
    """The options of all ballot sources by column key, each once: the same key with another label is another."""
    found: dict[str, BallotOption] = {}
    for source in anonymous(rules):
        for option in source.options:
            held = found.get(option.key)
            key = option.key if held is None or held.label == option.label else f"{source.key}_{option.key}"
            found.setdefault(key, option)
    return found


def column_key(rules: SchemeRules, source: Source, option: BallotOption) -> str:
    """The column an option of a source stands in."""
    held = options_of(rules).get(option.key)
    return option.key if held and held.label == option.label else f"{source.key}_{option.key}"


def ledger(rules: SchemeRules) -> Ledger:
    """The columns under a scheme: the options each have votes and a rate."""
    options = tuple(
        Column(
            key,
            option.label,
            children=(
                Column(f"votes_{key}", "票数", "int"),
                Column(f"rate_{key}", "得票率", "percent", 8.5),
            ),
        )
        for key, option in options_of(rules).items()
    )
    return Ledger(
        name="poll-tallies",
        title="民主测评汇总表",
        columns=(
            Column("no", "序号", "int", 6),
            Column("org_code", "组织代码", width=15, align="center"),
            Column("org_name", "党支部", width=28),
            Column("source", "测评主体", width=15, align="center"),
            Column("expected", "应到", "int"),
            Column("issued", "发出", "int"),
            Column("returned", "收回", "int"),
            Column("turnout", "参与率", "percent", 8.5),
            Column("valid", "有效", "int"),
            Column("blank", "弃权", "int"),
            Column("invalid", "无效", "int"),
            *((Column("options", "各选项得票", children=options),) if options else ()),
            Column("score", "得分", "score", 9.5),
            *((Column("joint_points", "折算分", "score", 9.5),) if may_join(rules) else ()),
            Column("note", "说明", width=18),
        ),
        notes=NOTES,
        signatures=SIGNATURES,
        frozen=3,
    )


def rows(scope: Scope) -> Iterator[Line]:
    """A row per file and ballot source (and voter group counted apart), small ones joined; then the sum."""
    sums: dict[str, int] = {}
    left_out = 0
    sources = {source.key: source for source in anonymous(scope.rules)}
    number = scope.start
    for files in scope.chunks():
        figures = figures_of(scope.rules, files)
        polls = _polls([file.pk for file in files])
        for file in files:
            number += 1
            found = figures[file.pk]
            left_out += bool(found.view.joined)
            for row in _file_rows(scope.rules, sources, file, found, polls):
                for key, value in row.items():
                    if isinstance(value, int):
                        sums[key] = sums.get(key, 0) + value
                yield {"no": number, **row}
    label = "合计" if scope.stop is None else "本页合计"
    yield Total(_summed(sums), f"{label}（不含人数少的{left_out}个支部）" if left_out else label)


def _polls(ids: Sequence[int]) -> dict[tuple[int, str], list[Poll]]:
    found: dict[tuple[int, str], list[Poll]] = {}
    polls = Poll.objects.filter(assessment__in=ids, status="counted", purpose="grade", superseded_at=None)
    for poll in polls.order_by("group").prefetch_related("tallies"):
        found.setdefault((poll.assessment_id, poll.source), []).append(poll)
    return found


def _file_rows(
    rules: SchemeRules,
    sources: dict[str, Source],
    file: Assessment,
    figures: Figures,
    polls: dict[tuple[int, str], list[Poll]],
) -> Iterator[dict[str, Any]]:
    base = {"org_code": file.code, "org_name": file.full_name}
    for line in figures.view.lines:
        if line.joint:
            named = "、".join(source.label for source in rules.sources if source.key in line.sources)
            yield {
                **base,
                "source": JOINT_LABEL,
                "joint_points": line.points,
                "note": f"{named}共 {line.voters} 人" if line.voters is not None else f"{named}合并",
            }
            continue
        source = sources.get(line.sources[0])
        if source is None:
            continue
        mine = polls.get((file.pk, source.key), []) if figures.valid else []
        for poll in mine:
            row = {**base, **_counts(rules, source, poll, line.distribution)}
            if len(mine) == 1:
                row["score"] = line.score
            yield row
        if not mine:
            note = "未计分" if not figures.valid else "没有数据" if line.score is None else "导入平均分"
            if line.voters is not None and line.score is not None:
                note = f"导入，{line.voters} 人"
            yield {**base, "source": source.label, "score": line.score, "note": note}


def _counts(rules: SchemeRules, source: Source, poll: Poll, distribution: bool) -> dict[str, Any]:
    """The counts of a poll; votes per option only where enough voted."""
    group = next((one.label for one in source.voter_groups() if one.key == poll.group), "")
    found: dict[str, Any] = {
        "source": f"{source.label}（{group}）" if group else source.label,
        "expected": poll.expected,
        "issued": poll.issued,
        "returned": poll.returned,
        "turnout": (poll.returned or 0, poll.expected or 0),
        "valid": poll.valid,
        "blank": poll.blank,
        "invalid": poll.invalid,
        "note": "导入" if poll.imported else "",
    }
    if not distribution:
        return found | {"note": "有效票少，不列分布" if poll.valid else "没有有效票"}
    votes = {tally.option: tally.n for tally in poll.tallies.all() if not tally.question}
    for option in source.options:
        key = column_key(rules, source, option)
        found[f"votes_{key}"] = votes.get(option.key, 0)
        found[f"rate_{key}"] = (votes.get(option.key, 0), poll.valid or 0)
    return found


def _summed(sums: dict[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = {key: n for key, n in sums.items() if key in SUMMED or key.startswith("votes_")}
    if "expected" in found:
        found["turnout"] = (found.get("returned", 0), found["expected"])
    return found
