"""Importing scores: four shapes of files, read into marks with a verdict on every row (issue: import_scores)."""

from assessments.imports.preview import Preview, read_scores, take_in
from assessments.imports.verdicts import Verdict, VerdictWord, write_report

__all__ = ["Preview", "Verdict", "VerdictWord", "read_scores", "take_in", "write_report"]
