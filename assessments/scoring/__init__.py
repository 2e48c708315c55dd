"""Computing grades, exactly (domain.md 5). Pure: whole hundredths and fractions in, the same out."""

from assessments.scoring.grading import (
    AppliedAdjustment,
    AppliedVeto,
    Contribution,
    Grader,
    Result,
    allowed_bands,
    band_of,
    grade,
)
from assessments.scoring.indicators import answered, assigned_to, deducted, full_points, point_faults
from assessments.scoring.inputs import (
    AdjustmentMark,
    BallotCounts,
    Marks,
    MeanMarks,
    Origin,
    PooledMarks,
    SheetMarks,
    SourceScore,
    Stored,
)
from assessments.scoring.quotas import (
    Proposal,
    QuotaState,
    propose_from_bottom,
    quota_line,
    quota_state,
    rank_totals,
    target_label,
)
from assessments.scoring.rehearsal import Rehearsal, Shift, TrialFile, rehearse
from assessments.scoring.sources import indicator_means, score_source
from assessments.scoring.stars import StarOptions, star_options
from assessments.scoring.taking_part import Participation, check_counts, participation

__all__ = [
    "AdjustmentMark",
    "AppliedAdjustment",
    "AppliedVeto",
    "BallotCounts",
    "Contribution",
    "Grader",
    "Marks",
    "MeanMarks",
    "Origin",
    "Participation",
    "PooledMarks",
    "Proposal",
    "QuotaState",
    "Rehearsal",
    "Result",
    "SheetMarks",
    "Shift",
    "SourceScore",
    "StarOptions",
    "Stored",
    "TrialFile",
    "allowed_bands",
    "answered",
    "assigned_to",
    "band_of",
    "check_counts",
    "deducted",
    "full_points",
    "grade",
    "indicator_means",
    "participation",
    "point_faults",
    "propose_from_bottom",
    "quota_line",
    "quota_state",
    "rank_totals",
    "rehearse",
    "score_source",
    "star_options",
    "target_label",
]
