"""The small-group rule: what may be shown of a source few people stand behind (ballots.md, Small groups).

With the total and all other sources in sight, one hidden source is a subtraction away; so a small ballot source is
joined with the branch's other ballot sources into one line, and of everything in that line only the joint figures are
shown. Pages, ledgers, exports and searches take their figures from :class:`View`, never from raw scores.
Totals and grades are computed as always.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from assessments.rules.document import SchemeRules, Source
from assessments.rules.words import Missing, People, SourceKind
from assessments.scoring.inputs import SourceScore, Stored
from gradingsite.lib.points import FULL_WEIGHT

FEWEST = 5
FEWEST_FOR_REMARKS = 10
JOINT_LABEL = "民主评议合计"
JOINT_NOTE = "有的评价主体不足5人，为保护无记名测评，合并显示"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of figures. A joint line has no ``score`` of its own, only weighted ``points`` and ``voters``.

    ``weight`` in basis points, ``points`` = weight × score in hundredths, exact; ``None`` without data.
    ``distribution``: whether votes per option may be shown.
    """

    sources: tuple[str, ...]
    label: str
    weight: int
    score: Fraction | None
    points: Fraction | None
    voters: int | None
    joint: bool = False
    distribution: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """What may be shown of one file's sources, in the scheme's order; a joint line stands where its first member was.

    ``joined``: sources shown only jointly. ``history``: whether earlier totals of the file may be shown.
    ``live``: the weights present, 10000 unless a missing weight is spread.
    """

    lines: tuple[Line, ...]
    joined: frozenset[str]
    live: int
    note: str = ""

    @property
    def history(self) -> bool:
        """Whether earlier totals of this file may be shown."""
        return not self.joined

    def shows(self, source: str) -> bool:
        """Whether a source's own figures may be shown."""
        return source not in self.joined

    def score(self, source: str) -> Fraction | None:
        """A source's own score where it may be shown and exists."""
        return next((line.score for line in self.lines if line.sources == (source,)), None)

    def line(self, source: str) -> Line:
        """The line a source stands in. Raises ``KeyError``."""
        for line in self.lines:
            if source in line.sources:
                return line
        raise KeyError(source)

    def shows_distribution(self, source: str) -> bool:
        """Whether votes per option of a source may be shown."""
        return self.line(source).distribution


@dataclass(frozen=True, slots=True)
class Child:
    """One child's figure in a roll-up: ``size`` the people behind it, ``small`` to be hidden."""

    key: str
    size: int
    small: bool


@dataclass(frozen=True, slots=True)
class RollUp:
    """Which children of a roll-up are hidden; ``total_hidden``: the sum would tell the only hidden one."""

    hidden: frozenset[str]
    total_hidden: bool


@dataclass(frozen=True, slots=True)
class MeanShown:
    """A mean over branches that leaves small ones out: of ``counted`` branches, ``left_out`` not in it."""

    value: Fraction | None
    counted: int
    left_out: int

    @property
    def words(self) -> str:
        """How many branches the mean is of."""
        return f"{self.counted}个支部平均" + (f"，另{self.left_out}个人数少，不计入" if self.left_out else "")


def small_sources(
    rules: SchemeRules, voters: Mapping[str, int | None], *, members: int | None, people: int | None
) -> frozenset[str]:
    """The sources of a file that are shown only in the joint line; empty where nothing is hidden or can be.

    ``voters``: the sources with data → valid ballots or raters, ``None`` where an import doesn't say; then the group's
    head count in the roster decides (``members``: party members, ``people``: people served).
    """
    ballots = [source for source in rules.sources if source.is_anonymous() and source.key in voters]
    counts = {one.key: _count(one, voters[one.key], members, people) for one in ballots}
    if not any(count < FEWEST for count in counts.values()):
        return frozenset()
    joined = set(counts)
    if len(ballots) < 2 or sum(counts.values()) < FEWEST:
        joined |= {one.key for one in rules.sources if one.kind is SourceKind.RELATED and one.key in voters}
    return frozenset(joined) if len(joined) > 1 else frozenset()


def view_of(
    rules: SchemeRules,
    scores: Mapping[str, SourceScore | Stored | None],
    voters: Mapping[str, int | None],
    *,
    members: int | None,
    people: int | None,
) -> View:
    """What may be shown of a file: its exact scores (stored or just computed) under the small-group rule.

    ``voters`` as for :func:`small_sources`; sources without data keep a line of their own without figures.
    """
    exact = {key: _exact(score) for key, score in scores.items()}
    present = {key: voters.get(key) for key, score in exact.items() if score is not None}
    joined = small_sources(rules, present, members=members, people=people)
    spreads = rules.missing is Missing.SPREAD
    live = sum(
        source.weight or 0 for source in rules.sources if not spreads or exact.get(source.key) is not None
    )
    live = live or FULL_WEIGHT
    lines: list[Line] = []
    for source in rules.sources:
        score = exact.get(source.key)
        if source.key not in joined:
            lines.append(_own_line(source, score, live, present, members, people))
        elif not any(line.joint for line in lines):
            lines.append(_joint_line(rules, joined, exact, live, present))
    return View(tuple(lines), joined, live, JOINT_NOTE if joined else "")


def hide_in_rollup(children: Sequence[Child]) -> RollUp:
    """Hide small children; when exactly one is hidden the next smallest is hidden too, else it is a subtraction."""
    hidden = {child.key for child in children if child.small}
    open_ones = sorted((child.size, child.key) for child in children if not child.small)
    if len(hidden) == 1 and open_ones:
        hidden.add(open_ones[0][1])
    return RollUp(frozenset(hidden), len(hidden) == 1)


def mean_shown(scores: Iterable[tuple[Stored, bool]]) -> MeanShown:
    """The exact mean of a source over several branches, given (score, shown only jointly)."""
    held = list(scores)
    shown = [Fraction(*score) for score, small in held if not small]
    value = sum(shown, Fraction()) / len(shown) if shown else None
    return MeanShown(value, len(shown), len(held) - len(shown))


def remarks_shown(voters: int) -> bool:
    """Whether remarks written on ballots may be shown."""
    return voters >= FEWEST_FOR_REMARKS


def anonymity_note(expected: int) -> str:
    """What a voter's page says when few take part; empty otherwise."""
    return f"本次测评仅 {expected} 人，匿名性有限" if expected < FEWEST else ""


def can_hide_ballots(rules: SchemeRules) -> bool:
    """Whether a small ballot source has another ballot source to be joined with."""
    return sum(source.is_anonymous() for source in rules.sources) > 1


def box_poll_fault(rules: SchemeRules, expected: int) -> str:
    """Why a box poll can't be opened for so few expected voters; empty when it can."""
    if can_hide_ballots(rules) or expected >= FEWEST:
        return ""
    return f"应到只有{expected}人，本方案只有一个测评主体，结果藏不住；请改用纸质测评，由两人计票录入"


def box_poll_counts(rules: SchemeRules, valid: int) -> bool:
    """Whether a counted box poll gives a score: with a single ballot source 1–4 valid ballots wait for a paper poll."""
    return valid > 0 and (can_hide_ballots(rules) or valid >= FEWEST)


def _exact(score: SourceScore | Stored | None) -> Stored | None:
    if isinstance(score, SourceScore):
        return score.stored
    return score


def _count(source: Source, voters: int | None, members: int | None, people: int | None) -> int:
    """The number that decides: voters where known, else the heads of the groups in the roster."""
    if voters is not None:
        return voters
    heads = {
        People.MEMBERS: members or 0,
        People.PUBLIC: people or 0,
        People.ALL: (members or 0) + (people or 0),
    }
    return sum(heads.get(group.people, 0) for group in source.voter_groups())


def _own_line(
    source: Source,
    score: Stored | None,
    live: int,
    voters: Mapping[str, int | None],
    members: int | None,
    people: int | None,
) -> Line:
    exact = Fraction(*score) if score else None
    weight = source.weight or 0
    number = voters.get(source.key)
    open_to_see = (
        score is not None and source.is_anonymous() and _count(source, number, members, people) >= FEWEST
    )
    return Line(
        sources=(source.key,),
        label=source.label,
        weight=weight,
        score=exact,
        points=None if exact is None else exact * weight / live,
        voters=number,
        distribution=open_to_see,
    )


def _joint_line(
    rules: SchemeRules,
    joined: Collection[str],
    exact: Mapping[str, Stored | None],
    live: int,
    voters: Mapping[str, int | None],
) -> Line:
    together = [source for source in rules.sources if source.key in joined]
    points = Fraction()
    for source in together:
        score = exact[source.key]
        if score is not None:
            points += Fraction(*score) * (source.weight or 0) / live
    numbers = [voters.get(source.key) for source in together]
    return Line(
        sources=tuple(source.key for source in together),
        label=JOINT_LABEL,
        weight=sum(source.weight or 0 for source in together),
        score=None,
        points=points,
        voters=None if None in numbers else sum(number or 0 for number in numbers),
        joint=True,
    )
