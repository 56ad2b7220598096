"""Intervals of shares that benchmarks count. Owns the interval alone."""

from __future__ import annotations

import math


def wilson(hits: int, repetitions: int) -> tuple[float, float]:
    """Give the 95 % interval of a share (Wilson 1927, Journal of the American Statistical Association 22:209-212)."""
    z = 1.959964
    centre = (hits + z * z / 2) / (repetitions + z * z)
    half = z / (repetitions + z * z) * math.sqrt(hits * (repetitions - hits) / repetitions + z * z / 4)
    return max(centre - half, 0.0), min(centre + half, 1.0)
