"""Grading party branches: schemes, rounds, sheets and polls, computing, deciding, approving, ledgers."""
