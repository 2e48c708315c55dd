"""Organisations, people and posts, and who reaches what."""
