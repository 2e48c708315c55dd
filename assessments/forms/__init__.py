"""Forms of grading, one module per subject."""
