"""Why a branch has its grade, for one viewer: stored scores and history put before :mod:`assessments.explaining`.

The words of the formula are worked out there; who may see names and which parts is decided here, not in the template.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from django.db.models import Q

from assessments import flow
from assessments.explaining import ExplainedLine
from assessments.explaining import Explanation as Told
from assessments.explaining import explain as put_in_words
from assessments.models import Assessment, Decision, Poll, Sheet, Track
from assessments.rules import Band, Method, SchemeRules, Source, SourceKind
from assessments.scoring import Grader, rank_totals
from assessments.services.schemes import rules_of
from assessments.smallgroups import Line, View, view_of
from gradingsite.lib.points import format_percent
from orgs.models import Passage
from orgs.reach import Reach

WITH_NAMES = frozenset({"CLK", "COM", "DEP", "UP"})
GOING_BACK = frozenset({"return_tracks", "return_decision", "take_back_decision"})
FEWEST_TO_RANK = 2


@dataclass(frozen=True)
class SourceLine:
    """One line of 各方评分: the words of the formula, who stands behind it, the bar in hundredths."""

    words: ExplainedLine
    detail: str
    bar: int | None
    is_self: bool = False


@dataclass(frozen=True)
class Deduction:
    """Points lost under a top-level indicator by the superior, with reasons; ``who`` only for those who may see it."""

    label: str
    full: int
    points: Fraction
    reasons: tuple[str, ...]
    who: str = ""

    @property
    def lost(self) -> Fraction:
        """Full minus points, in hundredths."""
        return self.full - self.points


@dataclass(frozen=True)
class Standing:
    """The file among those its committee has computed: its place, and how far its total lies from their mean."""

    place: int
    count: int
    from_mean: Fraction


@dataclass(frozen=True)
class Explanation:
    """What the page shows of one file to one viewer."""

    file: Assessment
    rules: SchemeRules
    names: bool
    announced: bool
    lines: Sequence[SourceLine] = ()
    told: Told | None = None
    computed: Band | None = None
    decided: Band | None = None
    decision: Decision | None = None
    deductions: Sequence[Deduction] = ()
    gap: Fraction | None = None
    passages: Sequence[Passage] = ()
    years: Sequence[tuple[int, int, Band | None]] = field(default_factory=tuple)
    returned: bool = False
    total: int | None = None
    standing: Standing | None = None
    further: Sequence[Deduction] = ()

    @property
    def keeps_to_announced(self) -> bool:
        """Whether the viewer sees only what was announced, while the file is being decided anew."""
        return self.returned and not self.names

    @property
    def overridden(self) -> bool:
        """Whether the committee decided otherwise than computed."""
        return bool(self.decided and self.computed and self.decided.key != self.computed.key)

    @property
    def visible(self) -> bool:
        """Whether the viewer may see more than the state of the sources."""
        return self.names or self.announced


def explain(file: Assessment, *, reach: Reach) -> Explanation:
    """The explanation of a file for somebody who may see the file. A dozen queries, whatever the round's size.

    A branch (and its liaison or contact leader) sees it once announced, without raters' names; the deciding level and
    above see all of it at any time.
    """
    rules = rules_of(file.round.scheme)
    held = file.parties(reach)
    names = reach.everything or bool(held & WITH_NAMES) or _covers_from_above(file, reach)
    announced = file.announced_at is not None
    passages = _passages(file, rules, names)
    returned = any(_goes_back(passage, file.announced_at) for passage in passages)
    decision = _decision_to_show(file, announced, kept=returned and not names)
    base = Explanation(
        file=file,
        rules=rules,
        names=names,
        announced=announced,
        computed=rules.band(file.band) if file.band else None,
        decided=rules.band(decision.band) if decision and decision.signed_at else None,
        decision=decision,
        returned=returned,
        total=file.total,
        passages=passages,
    )
    if base.visible and base.keeps_to_announced:
        return _as_announced(base)
    return _with_figures(base) if base.visible else base


def _goes_back(passage: Passage, announced_at: dt.datetime | None) -> bool:
    return announced_at is not None and passage.name in GOING_BACK and passage.at > announced_at


def _as_announced(base: Explanation) -> Explanation:
    """Total and bands as they were announced; what came in since isn't announced yet and isn't shown."""
    at = base.file.announced_at
    before = [passage for passage in base.passages if at is not None and passage.at <= at]
    computed = [passage.details for passage in before if passage.name == "compute" and passage.details]
    held = computed[-1] if computed else {}
    return replace(
        base,
        total=held.get("total"),
        computed=base.rules.band(str(held.get("band", ""))),
        passages=[
            *before,
            *(passage for passage in base.passages if passage not in before and passage.name in GOING_BACK),
        ],
    )


def _covers_from_above(file: Assessment, reach: Reach) -> bool:
    """A subtree post at one of the file's committees: whatever the role, it belongs to the deciding level or above."""
    above = set(file.ancestor_ids())
    return any(span.organisation_id in above for span in reach.subtree_spans())


def _decision_to_show(file: Assessment, announced: bool, *, kept: bool) -> Decision | None:
    """The decision in force, else the one announced; ``kept``: only the one announced."""
    decisions = file.decisions.select_related("signed_by", "drafted_by")
    signed = decisions.filter(signed_at__lte=file.announced_at) if file.announced_at else decisions.none()
    if kept:
        return signed.last()
    current = decisions.filter(superseded_at=None).first()
    return current or (signed.last() if announced else None)


def _with_figures(base: Explanation) -> Explanation:
    file, rules = base.file, base.rules
    rows = {score.source: score for score in file.scores.all()} if scores_stand(file) else {}
    stored = {key: (row.numerator, row.denominator) for key, row in rows.items()}
    view = view_of(
        rules,
        stored,
        {key: row.voters for key, row in rows.items()},
        members=file.member_count,
        people=file.people_count,
    )
    sheets = list(
        file.sheets.filter(status="in_force").select_related("rater").order_by("source", "rater_no")
    )
    polls = list(file.polls.filter(status="counted", superseded_at=None, purpose="grade"))
    result = Grader(rules).grade(stored)
    if not scores_stand(file):
        result = replace(result, missing=_awaited(file, rules))
    told = put_in_words(rules, result, view)
    words = _Words(file, rules, base.names, sheets, polls)
    lines = [words.line(line, own) for line, own in zip(view.lines, told.lines, strict=True)]
    return replace(
        base,
        lines=lines,
        told=told,
        deductions=deductions_of(rules, file, sheets, names=base.names),
        gap=self_gap(rules, view),
        years=_years(file) if view.history else (),
        standing=_standing(file) if base.names else None,
        further=further_of(rules, file, sheets, names=base.names),
    )


def _standing(file: Assessment) -> Standing | None:
    """The place among the committee's files of this round that have a total; one query."""
    if file.total is None:
        return None
    siblings = Assessment.objects.filter(round=file.round_id, deciding=file.deciding_id, total__isnull=False)
    totals = list(siblings.counted().order_by().values_list("total", flat=True))
    if len(totals) < FEWEST_TO_RANK:
        return None
    place = rank_totals(totals)[totals.index(file.total)]
    return Standing(place, len(totals), file.total - Fraction(sum(totals), len(totals)))


def _awaited(file: Assessment, rules: SchemeRules) -> tuple[str, ...]:
    """The labels of the sources not in yet, in the scheme's order: what a file sent back still lacks."""
    settled = {track.source for track in file.tracks.all() if track.status == flow.CONFIRMED}
    return tuple(source.label for source in rules.sources if source.key not in settled)


def scores_stand(file: Assessment) -> bool:
    """Whether the stored scores are those of the marks in force: computed, or computed and found incomplete."""
    return file.total is not None or bool(file.missing)


def self_gap(rules: SchemeRules, view: View) -> Fraction | None:
    """How far the self-assessment lies above the mean of the other shown sources, in hundredths; None without both."""
    own = [view.score(one.key) for one in rules.sources if one.kind is SourceKind.SELF]
    others = [view.score(one.key) for one in rules.sources if one.kind is not SourceKind.SELF]
    shown = [score for score in others if score is not None]
    if not own or own[0] is None or len(shown) < len(others) or not shown:
        return None
    return own[0] - sum(shown, Fraction()) / len(shown)


@dataclass(frozen=True)
class _Words:
    """Puts the lines of one file into words."""

    file: Assessment
    rules: SchemeRules
    names: bool
    sheets: Sequence[Sheet]
    polls: Sequence[Poll]

    def line(self, line: Line, words: ExplainedLine) -> SourceLine:
        """A line of the view with who stands behind it; of a joint line only how many."""
        if line.joint:
            return SourceLine(words, f"{line.voters} 人" if line.voters is not None else "人数未报", None)
        source = self.rules.source(line.sources[0])
        assert source is not None
        mine = [sheet for sheet in self.sheets if sheet.source == source.key]
        polls = [poll for poll in self.polls if poll.source == source.key]
        bar = int(line.score) if line.score is not None else None
        return SourceLine(words, self._detail(source, mine, polls), bar, source.kind is SourceKind.SELF)

    def _detail(self, source: Source, sheets: Sequence[Sheet], polls: Sequence[Poll]) -> str:
        """Who stands behind the figure, in one short line."""
        if polls:
            return self._poll_words(polls)
        if not sheets:
            return "还没有数据"
        if sheets[0].imported:
            people = f"，{sheets[0].voters} 人" if sheets[0].voters else ""
            return f"导入，{sheets[0].get_basis_display()}{people}"
        if source.kind is SourceKind.SELF:
            return self._self_words(sheets[0])
        if source.kind is SourceKind.SUPERIOR:
            return f"{self.file.deciding.short_name}评，{len(sheets)} 份评分表"
        labels = [sheet.rater_label or (sheet.rater.name if sheet.rater else "") for sheet in sheets]
        named = f"：{'、'.join(label for label in labels if label)}" if self.names and any(labels) else ""
        return f"{len(sheets)} 家单位平均{named}"

    def _poll_words(self, polls: Sequence[Poll]) -> str:
        expected = sum(poll.expected or 0 for poll in polls)
        valid = sum(poll.valid or 0 for poll in polls)
        returned = sum(poll.returned or 0 for poll in polls)
        return (
            f"应到 {expected}，有效 {valid}，参评率 {format_percent(returned, expected) if expected else '—'}"
        )

    def _self_words(self, sheet: Sheet) -> str:
        writers = sorted({line.get("by_name", "") for line in sheet.lines.values()} - {""})
        track = next((one for one in self.file.tracks.all() if one.pk == sheet.track_id), None)
        confirmed = f"；{track.confirmed_by.name} 确认" if self.names and track and track.confirmed_by else ""
        behalf = "（代录）" if sheet.on_behalf else ""
        return f"{'、'.join(writers) or '支部'}填{behalf}{confirmed}"


def deductions_of(
    rules: SchemeRules, file: Assessment, sheets: Sequence[Sheet], *, names: bool
) -> list[Deduction]:
    """The superior's deductions per top-level indicator, means over its sheets; empty for totals without lines."""
    sector = rules.sector(file.sector)
    keys = {
        one.key for one in rules.sources if one.kind is SourceKind.SUPERIOR and one.method is Method.ITEMISED
    }
    mine = [sheet for sheet in sheets if sheet.source in keys and sheet.lines]
    if sector is None or not mine:
        return []
    found = []
    for top in sector.indicators:
        leaves = [leaf.key for leaf in (top.children or (top,))]
        full = sum(leaf.points or 0 for leaf in (top.children or (top,)))
        points = sum((_mean(mine, leaf) for leaf in leaves), Fraction())
        held = [sheet.lines[leaf] for sheet in mine for leaf in leaves if leaf in sheet.lines]
        reasons = tuple(dict.fromkeys(line["reason"] for line in held if line.get("reason")))
        who = (
            "、".join(dict.fromkeys(f"{line.get('by_name', '')} {_moment(line)}" for line in held))
            if names
            else ""
        )
        found.append(Deduction(top.label, full, points, reasons, who))
    return found


def further_of(
    rules: SchemeRules, file: Assessment, sheets: Sequence[Sheet], *, names: bool
) -> list[Deduction]:
    """The superior's deductions at the second level, for the following pages; only lines that lost points."""
    sector = rules.sector(file.sector)
    keys = {one.key for one in rules.sources if one.kind is SourceKind.SUPERIOR}
    mine = [sheet for sheet in sheets if sheet.source in keys and sheet.lines]
    if sector is None or not mine:
        return []
    found = []
    for top in sector.indicators:
        for leaf in top.children:
            held = [sheet.lines[leaf.key] for sheet in mine if leaf.key in sheet.lines]
            points = _mean(mine, leaf.key)
            if not held or points >= (leaf.points or 0):
                continue
            reasons = tuple(dict.fromkeys(line["reason"] for line in held if line.get("reason")))
            who = "、".join(dict.fromkeys(line.get("by_name", "") for line in held)) if names else ""
            found.append(Deduction(f"{top.label}：{leaf.label}", leaf.points or 0, points, reasons, who))
    return found


def _mean(sheets: Sequence[Sheet], leaf: str) -> Fraction:
    marks = [
        sheet.lines[leaf]["points"]
        for sheet in sheets
        if (sheet.lines.get(leaf) or {}).get("points") is not None
    ]
    return Fraction(sum(marks), len(marks)) if marks else Fraction()


def _moment(line: Mapping[str, object]) -> str:
    at = str(line.get("at") or "")
    return f"{int(at[5:7])}月{int(at[8:10])}日" if len(at) >= 10 else ""


def _passages(file: Assessment, rules: SchemeRules, names: bool) -> list[Passage]:
    """The history of the file and its sources, oldest first. A branch reads what happened and why, without who."""
    sources = {track.pk: rules.source(track.source) for track in file.tracks.all()}
    own = Q(kind=Assessment._meta.label_lower, object_id=file.pk)
    theirs = Q(kind=Track._meta.label_lower, object_id__in=list(sources))
    found = list(Passage.objects.filter(own | theirs).order_by("at", "pk"))
    for passage in found:
        source = sources.get(passage.object_id) if passage.kind == Track._meta.label_lower else None
        if source is not None:
            passage.label = f"{source.label} {passage.label}"
        if not names:
            passage.by_name = ""
    return found


def _years(file: Assessment) -> list[tuple[int, int, Band | None]]:
    """Approved totals of earlier rounds and this one: ``(year, total, band)``; those with small groups are left out."""
    others = (
        Assessment.objects.filter(organisation=file.organisation_id, total__isnull=False)
        .exclude(scores__small=True)
        .filter(round__year__lte=file.round.year)
        .select_related("round__scheme")
        .order_by("round__year", "pk")
    )
    rows = [one for one in others if one.pk == file.pk or one.status == flow.APPROVED]
    return [
        (one.round.year, one.total or 0, rules_of(one.round.scheme).band(one.decided_band or one.band))
        for one in rows
    ]
