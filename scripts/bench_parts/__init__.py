"""Measurements of `scripts/bench` that are longer than a screen."""
