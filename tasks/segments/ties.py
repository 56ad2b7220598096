"""Features of which many customers share a value: what is known of where they stand, and what is not.

Owns: when a feature counts as tied, its normal scores, and spreading ties for the search for gaps.
Does not own the other curves (`bend.py`), or the choice (`choose_k.py`).

Of customers with one or two orders a year a share is 0, a half or 1, and nothing between: the empty space between two
such values is of the measure, not of the customers. Standardised as it is, it is the widest gap in the data, it is cut
the same way in every resample, and who never bought in the evening becomes a segment. So a tied value stands for the
stretch of a normal distribution that its customers take up. It is placed at the mean of that stretch: what is told of
a customer by a value that most share is little, and counts for little. And where gaps are looked for, ties are drawn
at random from their stretch, which leaves no gap in any tied feature alone, and all that such features say together
(the distributional transform, Rüschendorf 2009, *Journal of Statistical Planning and Inference* 139:3921-3927;
residuals of counts are made continuous the same way by Dunn and Smyth 1996, *JCGS* 5:236-244).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tasks.segments.bend import KNOTS, rounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tasks.segments.bend import Knots

    Floats = NDArray[np.float64]

TIED = 0.02
"""Share of a normal distribution's variance within the stretches of ties, from which a feature is tied: an eighth of
the customers at one end, or fewer than some 17 values that are as frequent as each other."""


def is_tied(values: Floats) -> bool:
    """Whether ties hide so much of where customers stand that the spaces between values say nothing."""
    _, counts = np.unique(values, return_counts=True)
    ends = np.concatenate([[0], np.cumsum(counts)]) / len(values)
    placed = float(((ends[1:] - ends[:-1]) * _means(ends[:-1], ends[1:]) ** 2).sum())
    return 1.0 - placed >= TIED


def score_knots(values: Floats) -> Knots:
    """Different percentiles, each with the mean normal score of the customers who have that value."""
    places = np.unique([rounded(float(place)) for place in np.quantile(values, np.linspace(0, 1, KNOTS))])
    ordered = np.sort(values)
    # A percentile between two values is nobody's, and a rounded one may miss its own: its stretch has no width.
    below = np.searchsorted(ordered, places, side="left") / len(values)
    upto = np.maximum(np.searchsorted(ordered, places, side="right"), 1) / len(values)
    return tuple(
        (float(place), rounded(float(score))) for place, score in zip(places, _means(below, upto), strict=True)
    )


def spread_ties(column: Floats, rng: np.random.Generator) -> Floats:
    """Normal scores of all customers, those of equal values drawn from the stretch that they take up together."""
    from scipy.special import ndtri

    _, which, counts = np.unique(column, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    # Ranks in the middle of their steps, so that the first and the last are finite, whatever is drawn.
    ranks = below[which] + np.clip(rng.random(len(column)) * counts[which], 0.5, counts[which] - 0.5)
    scores: Floats = ndtri(ranks / len(column))
    return scores


def _means(low: Floats, high: Floats) -> Floats:
    """Mean of a standard normal distribution between two of its quantiles; the quantile where there is none between."""
    from scipy.special import ndtri

    width = high - low
    narrow = width <= 0
    heights = [np.exp(-(ndtri(np.clip(end, 0.0, 1.0)) ** 2) / 2) / np.sqrt(2 * np.pi) for end in (low, high)]
    means: Floats = np.where(
        narrow, ndtri(np.clip(low, 1e-6, 1 - 1e-6)), (heights[0] - heights[1]) / np.where(narrow, 1.0, width)
    )
    return means
