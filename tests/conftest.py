"""Fixtures for every test. Which database and broker are used is decided in tests/settings.py."""
