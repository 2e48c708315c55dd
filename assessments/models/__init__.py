"""The rooms of ``assessments``: schemes, rounds and files, marks, verdicts."""

from assessments.models.marks import Poll, Scan, Score, Sheet, Tally, Track
from assessments.models.rounds import Assessment, RosterUnit, Round, RoundStage
from assessments.models.schemes import Scheme
from assessments.models.verdicts import Approval, Decision, Report, ReportItem

__all__ = [
    "Approval",
    "Assessment",
    "Decision",
    "Poll",
    "Report",
    "ReportItem",
    "RosterUnit",
    "Round",
    "RoundStage",
    "Scan",
    "Scheme",
    "Score",
    "Sheet",
    "Tally",
    "Track",
]
