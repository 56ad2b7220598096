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

TIED = 0.02
"""Share of a normal distribution's variance within the stretches of ties, from which a feature is tied: an eighth of
the customers at one end, or fewer than some 17 values that are as frequent as each other."""


def is_tied(values: Floats) -> bool:
    """Whether ties hide so much of where customers stand that the spaces between values say nothing."""
    from scipy.special import ndtri

    _, counts = np.unique(values, return_counts=True)
    shares = counts / len(values)
    ends = np.clip(np.concatenate([[0.0], np.cumsum(shares)]), 0.0, 1.0)
    heights = np.exp(-(ndtri(ends) ** 2) / 2) / np.sqrt(2 * np.pi)
    # Of a standard normal distribution the mean between two quantiles is the fall of its density over their distance.
    told = float((np.diff(heights) ** 2 / shares).sum())
    return 1.0 - told >= TIED


def spread_ties(column: Floats, rng: np.random.Generator) -> Floats:
    """Normal scores of all customers, those of equal values drawn from the stretch that they take up together."""
    from scipy.special import ndtri

    _, which, counts = np.unique(column, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    # Ranks in the middle of their steps, so that the first and the last are finite, whatever is drawn.
    ranks = below[which] + np.clip(rng.random(len(column)) * counts[which], 0.5, counts[which] - 0.5)
    scores: Floats = ndtri(ranks / len(column))
    return scores
