"""The rules of a grading scheme: document, checks, comparison, shipped presets. Pure: no ORM, no clock."""

from assessments.rules.checks import check
from assessments.rules.compare import Change, Fault, compare, refinement_faults
from assessments.rules.document import (
    Adjustment,
    Answer,
    BallotOption,
    Band,
    Indicator,
    Notice,
    ParticipationRule,
    Period,
    Quota,
    RaterRole,
    SchemeRules,
    SectorRules,
    Source,
    Star,
    StarRule,
    Stars,
    Step,
    SubIndicator,
    Veto,
    VoterGroup,
)
from assessments.rules.fields import OPEN, MalformedScheme, Place
from assessments.rules.presets import preset, preset_codes, preset_rules
from assessments.rules.step_checks import step_order

__all__ = [
    "OPEN",
    "Adjustment",
    "Answer",
    "BallotOption",
    "Band",
    "Change",
    "Fault",
    "Indicator",
    "MalformedScheme",
    "Notice",
    "ParticipationRule",
    "Period",
    "Place",
    "Quota",
    "RaterRole",
    "SchemeRules",
    "SectorRules",
    "Source",
    "Star",
    "StarRule",
    "Stars",
    "Step",
    "SubIndicator",
    "Veto",
    "VoterGroup",
    "check",
    "compare",
    "preset",
    "preset_codes",
    "preset_rules",
    "refinement_faults",
    "step_order",
]
