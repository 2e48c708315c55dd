"""Commands of grading, for operators and scripts."""
