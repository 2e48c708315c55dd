"""What goes into a source's score and what comes out: plain frozen values, points in hundredths (domain.md 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from assessments.rules.words import Word

Stored = tuple[int, int]
"""An exact score as it is stored: numerator and denominator of hundredths."""


class Origin(Word):
    """Where a source's score comes from; said beside it when it isn't the scheme's own method."""

    NOTHING = "nothing", "没有数据"
    LINES = "lines", "逐项评分"
    TOTALS = "totals", "只有总分"
    POOLED = "pooled", "导入的逐人评分合计"
    MEAN = "mean", "导入的平均分"
    BALLOT = "ballot", "得票换算"


@dataclass(frozen=True, slots=True)
class SheetMarks:
    """One rater's sheet in force: points per indicator key, or only a ``total``. ``assigned``: what it was to score
    (``None``: everything); an assigned indicator without points is missing, not 0."""

    lines: Mapping[str, int] = field(default_factory=dict)
    total: int | None = None
    assigned: frozenset[str] | None = None
    period: str = ""


@dataclass(frozen=True, slots=True)
class PooledMarks:
    """Many totals kept only as their ``sum`` and ``count``: members' and public's single marks, or a bulk query."""

    sum: int
    count: int
    period: str = ""


@dataclass(frozen=True, slots=True)
class MeanMarks:
    """An imported mean; ``voters`` when the import says how many stood behind it."""

    mean: int
    voters: int | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    period: str = ""


Marks = SheetMarks | PooledMarks | MeanMarks


@dataclass(frozen=True, slots=True)
class BallotCounts:
    """The counts of one ballot 「测评」: votes per option key, 弃权, 无效, and 应到, 发出, 收回 where known."""

    options: Mapping[str, int]
    blank: int = 0
    invalid: int = 0
    expected: int | None = None
    issued: int | None = None
    returned: int | None = None
    group: str = ""
    period: str = ""

    def cast(self) -> int:
        """The ballots collected: every vote, 弃权 and 无效."""
        return sum(self.options.values()) + self.blank + self.invalid


@dataclass(frozen=True, slots=True)
class SourceScore:
    """A source's exact score, ``numerator`` ÷ ``denominator`` hundredths; ``numerator`` ``None``: no score yet.

    ``voters``: valid ballots or people behind it, when known. ``complete``: nothing asked for is missing.
    """

    source: str
    numerator: int | None
    denominator: int
    voters: int | None
    complete: bool
    origin: Origin
    notes: tuple[str, ...] = ()

    @property
    def value(self) -> Fraction | None:
        """The exact score in hundredths."""
        return None if self.numerator is None else Fraction(self.numerator, self.denominator)

    @property
    def stored(self) -> Stored | None:
        """The score as it is stored and as :func:`grade` takes it."""
        return None if self.numerator is None else (self.numerator, self.denominator)


@dataclass(frozen=True, slots=True)
class AdjustmentMark:
    """Points noted under a bonus or penalty item, always positive."""

    item: str
    points: int
    reason: str = ""
