"""Measurements of speed and of safety; `python -m benchmarks` runs them all."""
