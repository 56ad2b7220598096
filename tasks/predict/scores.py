"""How good predictions were, once it is known what happened.

Owns: scores of chances and of amounts. They never judge: `evidence.py` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

#: Log-odds of chances nearer to 0 and 1 than this are those of this.
_LEAST_CHANCE = 1e-6
#: An amount foretold as less than this part of the mean is scored as this part: no score is without bounds.
_LEAST_PART_OF_MEAN = 0.01
_TOP_SHARE = 0.1
_ITERATIONS = 100
_CLOSE = 1e-10


def log_odds(chance: Floats) -> Floats:
    """Logarithm of the odds."""
    kept = np.clip(chance, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    return np.asarray(np.log(kept / (1 - kept)))


def brier_score(chance: Floats, happened: Flags) -> float:
    """Mean squared difference of chance and outcome (Brier, Monthly Weather Review 78, 1950); 0 is perfect."""
    return float(np.mean((chance - happened) ** 2))


def auc(score: Floats, happened: Flags) -> float | None:
    """The chance that of two customers, one of whom it happened to, he has the higher score; None where all are alike.

    From mean ranks (Hanley and McNeil, Radiology 143, 1982), so that ties count half.
    """
    from scipy.stats import rankdata

    positives = int(happened.sum())
    negatives = len(happened) - positives
    if not positives or not negatives:
        return None
    ranks = rankdata(score)
    return float((ranks[happened].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def top_lift(score: Floats, outcome: Floats) -> float | None:
    """Mean outcome of the tenth with the highest scores ÷ mean outcome of all; None where nothing happened.

    Where a tie of scores crosses the border of the tenth, everybody in it belongs to it in part.
    """
    mean = float(outcome.mean())
    if not mean:
        return None
    room = _TOP_SHARE * len(score)
    _, place, counts = np.unique(-score, return_inverse=True, return_counts=True)
    before = np.cumsum(counts) - counts
    part = np.clip((room - before) / counts, 0, 1)
    return float(np.dot(part[place], outcome) / room / mean)


def calibration_line(chance: Floats, happened: Flags) -> tuple[float, float] | None:
    """Intercept and slope of outcomes on the log-odds of chances; (0, 1) is perfect calibration.

    By maximum likelihood (Cox, "Two further applications of a model for binary regression", Biometrika 45, 1958): a
    slope below 1 says that chances are too far from the mean. None where nothing can be fitted: one outcome only, one
    chance only, or chances that part the outcomes.
    """
    logits = log_odds(chance)
    if happened.all() or not happened.any() or np.ptp(logits) == 0:
        return None
    design = np.column_stack([np.ones_like(logits), logits])
    line = np.array([0.0, 1.0])
    for _ in range(_ITERATIONS):
        fitted = 1 / (1 + np.exp(-design @ line))
        weights = fitted * (1 - fitted)
        information = (design * weights[:, None]).T @ design
        if np.linalg.cond(information) > 1 / _CLOSE:
            return None
        step = np.linalg.solve(information, design.T @ (happened - fitted))
        # A step this long leaves where the likelihood is like its parabola.
        line += step * min(1.0, 2.0 / max(float(np.abs(step).max()), _CLOSE))
        if float(np.abs(step).max()) < _CLOSE:
            return float(line[0]), float(line[1])
    return None


def mean_absolute_error(foretold: Floats, amount: Floats) -> float:
    """Mean absolute difference, in units of currency."""
    return float(np.mean(np.abs(foretold - amount)))


def rmsle(foretold: Floats, amount: Floats) -> float:
    """Root mean squared difference of the logarithms of 1 + amount; amounts are zero or more."""
    return float(np.sqrt(np.mean((np.log1p(foretold) - np.log1p(amount)) ** 2)))


def total_error(foretold: Floats, amount: Floats) -> float | None:
    """Total foretold ÷ total that came, minus 1; None where nothing came."""
    total = float(amount.sum())
    return float(foretold.sum()) / total - 1 if total else None


def poisson_deviance(foretold: Floats, amount: Floats) -> float:
    """Mean deviance of Poisson, in parts of the mean amount; least for who foretells every customer's mean.

    A score for means has to be one of these (Gneiting, "Making and Evaluating Point Forecasts", JASA 106, 2011, theorem
    7). The absolute error is none: it is least for medians, and where most customers spend nothing for nothing at all.
    """
    mean = float(amount.mean()) or 1.0
    kept = np.maximum(foretold, _LEAST_PART_OF_MEAN * mean)
    # y log(y ÷ μ), 0 at y = 0.
    log_part = np.where(amount > 0, amount * np.log(np.where(amount > 0, amount, 1.0) / kept), 0.0)
    return float(2 * np.mean(log_part - amount + kept) / mean)


def calibration_bins(foretold: Floats, outcome: Floats, least: int, most: int = 10) -> list[tuple[float, float, int]]:
    """Customers by what was foretold of them, in up to ten groups of about one size.

    Args:
        foretold: chances or amounts.
        outcome: what came: 0 or 1, or amounts.
        least: the smallest group that may be described.
        most: groups.

    Returns:
        Mean foretold, mean outcome and customers of each group, from the least foretold up. Customers of whom the same
        was foretold are in one group.
    """
    size = max(len(foretold) / most, least)
    values, place, counts = np.unique(foretold, return_inverse=True, return_counts=True)
    sums = np.bincount(place, weights=outcome, minlength=len(values))
    groups: list[list[float]] = []
    total = 0
    for value, came, count in zip(values, sums, counts, strict=True):
        # A group is full when as many customers are in it and those before it as so many groups should have.
        if not groups or (groups[-1][2] >= least and total >= len(groups) * size):
            groups.append([0.0, 0.0, 0])
        groups[-1][0] += value * count
        groups[-1][1] += came
        groups[-1][2] += count
        total += count
    if len(groups) > 1 and groups[-1][2] < least:
        last = groups.pop()
        groups[-1] = [one + other for one, other in zip(groups[-1], last, strict=True)]
    return [(foretold_sum / count, came / count, int(count)) for foretold_sum, came, count in groups if count >= least]
