"""Import of organisations from xlsx and csv: read → plan (a verdict per row) → carry out in one transaction."""

from orgs.imports.plan import Difference, ImportPlan, PlannedRow, Verdict, plan_import
from orgs.imports.rows import COLUMNS, Line, Remark, Skipped
from orgs.imports.write import Outcome, Source, carry_out, outcome_of

__all__ = [
    "COLUMNS",
    "Difference",
    "ImportPlan",
    "Line",
    "Outcome",
    "PlannedRow",
    "Remark",
    "Skipped",
    "Source",
    "Verdict",
    "carry_out",
    "outcome_of",
    "plan_import",
]
