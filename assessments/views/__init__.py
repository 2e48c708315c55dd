"""Pages of grading, one module per subject."""
