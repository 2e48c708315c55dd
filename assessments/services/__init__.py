"""What one can do to schemes, rounds, sheets, polls and files: verbs, each one transaction."""
