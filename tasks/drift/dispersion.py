"""How much more periods differ than chance has it, where customers do not decide each for himself.

Owns: the dispersion of counts over periods, and the test that allows for it. Does not own the counts (`reading.py`).

A chi-square of two weeks takes customers for independent draws. Where a cut lies on a day on which many bought, a week
more takes all of these across at once: quiet weeks differ by several times what chance has, and the test names every
one of them. How many times, past weeks tell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tasks.drift.tables import Integers

_SHOWN_P = 0.05
"""Homogeneity of the past is rejected below it: then the past shows that it is dispersed."""


class Dispersion(NamedTuple):
    """What past periods tell.

    Attributes:
        factor: their variance, in multiples of what chance has; above 1.
        degrees_of_freedom: that it rests on.
    """

    factor: float
    degrees_of_freedom: int


def dispersion_of(counts: Integers, minimum_expected: float) -> Dispersion | None:
    """Estimate the dispersion of counts; None where they differ by no more than chance may have it.

    Pearson's statistic of homogeneity over its degrees of freedom, as in quasi-likelihood (McCullagh & Nelder 1989,
    Generalized Linear Models, section 4.5.2). Most segments are not dispersed, and there a factor that was estimated
    from few periods would cost most of the power: it is taken where the statistic is significant.

    Args:
        counts: customers by period and level, shape (periods, levels); some in each period.
        minimum_expected: levels that are expected more rarely, in a period of mean size, are taken together.
    """
    from scipy.special import chdtrc

    common = counts.sum(axis=0) >= minimum_expected * counts.shape[0]
    levels = np.column_stack((counts[:, common], counts[:, ~common].sum(axis=1)))
    levels = levels[:, levels.sum(axis=0) > 0]
    degrees = (levels.shape[0] - 1) * (levels.shape[1] - 1)
    if degrees <= 0:
        return None
    expected = np.outer(levels.sum(axis=1), levels.sum(axis=0)) / levels.sum()
    statistic = float(((levels - expected) ** 2 / expected).sum())
    return Dispersion(statistic / degrees, degrees) if chdtrc(degrees, statistic) < _SHOWN_P else None


def dispersed_p_value(statistic: float, degrees_of_freedom: int, dispersion: Dispersion) -> float:
    """P of a chi-square statistic of counts that are dispersed.

    Over its factor it is near F: the dispersion is an estimate, too (Venables & Ripley 2002, Modern Applied Statistics
    with S, section 7.5).
    """
    from scipy.special import fdtrc

    ratio = statistic / degrees_of_freedom / dispersion.factor
    return float(fdtrc(degrees_of_freedom, dispersion.degrees_of_freedom, ratio))
