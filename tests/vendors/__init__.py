"""Rendered texts before oracles that we did not write."""
