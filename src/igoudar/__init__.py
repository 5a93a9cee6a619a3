"""Igoudar."""
