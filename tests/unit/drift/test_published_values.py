"""Statistics of drift against examples that were published, and scikit-learn: what no test beside the module holds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tasks.drift.effects import probit_d
from tasks.drift.paired import wilcoxon_signed_rank
from tasks.drift.sensitivity import Sensitivity, minimum_detectable_effect, needed_noncentrality
from tasks.drift.tables import ValueTable
from tasks.drift.two_sample import mann_whitney


def test_wilcoxon_of_the_depression_scores() -> None:
    # Hollander & Wolfe 1973, Nonparametric Statistical Methods, p. 29: Hamilton factor IV of nine patients at the first
    # and second visit; T+ = 40 of the falls, exact one-sided P = 0.019 (R: V = 40, p = 0.01953).
    first = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
    second = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
    falls = wilcoxon_signed_rank(first - second)
    assert falls.statistic == 40
    assert falls.p_value == pytest.approx(2 * 0.01953, abs=1e-5)
    assert wilcoxon_signed_rank(second - first).statistic == 45 - 40


def test_mann_whitney_of_the_permeability_constants() -> None:
    # Hollander & Wolfe 1973, p. 69: ten placentas at term and five at 12 to 26 weeks; U = 35 of 50, and the exact
    # one-sided P is 0.1272 (R): two-sided by the normal law with continuity correction 0.25, where samples are so small.
    at_term = np.array([0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
    earlier = np.array([1.15, 0.88, 0.90, 0.74, 1.21])
    outcome = mann_whitney(ValueTable.of(earlier, at_term))
    assert outcome.statistic == 35
    assert outcome.p_value == pytest.approx(2 * 0.1272, abs=0.01)


@pytest.mark.parametrize(("levels", "customers"), [(1, 785), (2, 964), (3, 1_090), (4, 1_194), (5, 1_283)])
def test_the_power_of_chi_square_is_cohens(levels: int, customers: int) -> None:
    # Cohen 1988, Statistical Power Analysis, table 7.4: customers in whom a w of 0.1 is found with a power of 0.8 at
    # 5 %, by degrees of freedom. The table is to its last digit but for what Cohen interpolated.
    assert needed_noncentrality(levels, 0.05, 0.8) / 0.1**2 == pytest.approx(customers, rel=0.002)
    one_sample = Sensitivity(scale=1 / np.sqrt(customers), floor=0.0)
    assert minimum_detectable_effect(one_sample, levels, alpha=0.05, power=0.8) == pytest.approx(0.1, abs=1e-4)


@pytest.mark.parametrize(("d", "overlap"), [(0.2, 0.556), (0.5, 0.638), (0.8, 0.714)])
def test_the_probability_of_superiority_of_a_shift_is_the_published_one(d: float, overlap: float) -> None:
    # McGraw & Wong 1992, Psychological Bulletin 111:361-365; Ruscio 2008, Psychological Methods 13:19-30, table 1.
    assert probit_d(overlap, 10_000, 10_000) == pytest.approx(d, abs=0.003)


@pytest.mark.parametrize("seed", range(3))
def test_the_auc_is_that_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    reference = np.floor(random.lognormal(size=700))
    current = np.floor(random.lognormal(0.3, 1.2, size=300))
    is_current = np.repeat((0, 1), (reference.size, current.size))
    expected = roc_auc_score(is_current, np.concatenate((reference, current)))
    assert ValueTable.of(reference, current).auc == pytest.approx(expected, abs=1e-12)
