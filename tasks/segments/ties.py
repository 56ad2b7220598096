"""Features of which many customers share a value: the spaces between such values are no gaps between customers.

Owns: when a feature counts as tied, and spreading its ties for the search for gaps. Does not own the curves that
features are bent by (`bend.py`), or the choice (`choose_k.py`).

Of customers with one or two orders a year a share is 0, a half or 1, and nothing between: the empty space between two
such values is of the measure, not of the customers. It is the widest gap in the data, and who never bought in the
evening became a natural segment. So where gaps are looked for, a tied value stands for the stretch of a normal
distribution that its customers take up, and each of them is drawn at random from it. That leaves no gap in any tied
feature alone, and all that such features say together (the distributional transform, Rüschendorf 2009, *Journal of
Statistical Planning and Inference* 139:3921-3927; residuals of counts are made continuous the same way by Dunn and
Smyth 1996, *JCGS* 5:236-244).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TIED = 1 / 8
"""Share of the customers at one value, from which a feature is tied."""


def is_tied(values: Floats) -> bool:
    """Whether so many customers share a value that the space beside it says nothing of where they stand."""
    _, counts = np.unique(values, return_counts=True)
    return bool(counts.max() >= TIED * len(values))


def spread_ties(column: Floats, rng: np.random.Generator) -> Floats:
    """Normal scores of all customers, those of equal values drawn from the stretch that they take up together."""
    from scipy.special import ndtri

    _, which, counts = np.unique(column, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    # Ranks in the middle of their steps, so that the first and the last are finite, whatever is drawn.
    ranks = below[which] + np.clip(rng.random(len(column)) * counts[which], 0.5, counts[which] - 0.5)
    scores: Floats = ndtri(ranks / len(column))
    return scores
