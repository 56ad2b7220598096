"""When within the history something happens: a moment's chance follows the weekday and season of a true segment.

Owns: drawing days of a Poisson process whose intensity is a customer's own rate times the rhythm of his segment, by
inverting the cumulative intensity (Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning",
1979, section 1). Does not own the rhythm itself (`story.py`) or what happens on a day.
"""

from __future__ import annotations

import itertools

import numpy as np

from tasks.demo import story
from tasks.demo.draws import Choices, Floats, Ints
from tasks.demo.story import DAYS, SEGMENTS

_WEIGHTS = story.day_weights()
#: Cumulative intensity at the start of each day, shape (segments, DAYS + 1), and all rows end to end, apart from each
#: other, so that one binary search serves every segment.
_CUMULATIVE: Floats = np.concatenate([np.zeros((len(SEGMENTS), 1)), np.cumsum(_WEIGHTS, axis=1)], axis=1)
_ROW = 2.0 * DAYS
_EDGES: Floats = (_CUMULATIVE + _ROW * np.arange(len(SEGMENTS))[:, None]).ravel()

#: The hours in which people are online, as weights from midnight on.
ONLINE_HOURS = Choices([1, 0.5, 0.3, 0.2, 0.2, 0.4, 1, 2, 3, 3, 3, 3.5, 4, 3.5, 3, 3, 3.5, 4.5, 6, 8, 8, 6.5, 4, 2])


def intensity_until(segment: Ints, day: Ints) -> Floats:
    """Cumulative intensity of each segment at the start of a day (0 … DAYS), in days of ordinary activity."""
    return _CUMULATIVE[segment, day]


def day_at(segment: Ints, intensity: Floats) -> Ints:
    """The day on which the cumulative intensity of each segment passes a value."""
    found = np.searchsorted(_EDGES, intensity + _ROW * segment, side="right") - 1 - segment * (DAYS + 1)
    return found.astype(np.int64)


def month_ranges(month: Ints) -> list[tuple[int, int]]:
    """Start and end of every month in rows sorted by time, given the month (0 …) of each."""
    edges = month.searchsorted(range(len(story.MONTHS) + 1)).tolist()
    return list(itertools.pairwise(edges))
