from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tasks.demo.draws import Choices, Draws, mixed

KEYS = np.arange(200_000, dtype=np.int64)
DRAWS = Draws(7)


def test_mixing_is_splitmix64() -> None:
    """The first outputs of SplitMix64 with seed 0, as its authors' reference code (splitmix64.c) prints them."""
    state = np.array([1, 2, 3], dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    assert [f"{word:016X}" for word in mixed(state)] == ["E220A8397B1DCDAF", "6E789E6AA1B965F4", "06C45D188009454F"]


def test_a_number_belongs_to_its_key_alone() -> None:
    some = np.array([5, 199_999, 17], dtype=np.int64)
    assert DRAWS.uniform("age", some).tolist() == DRAWS.uniform("age", KEYS)[some].tolist()
    assert DRAWS.poisson("visits", some, np.full(3, 4.2)).tolist() == (
        DRAWS.poisson("visits", KEYS, np.full(len(KEYS), 4.2))[some].tolist()
    )


def test_names_and_seeds_are_independent() -> None:
    base = DRAWS.uniform("age", KEYS)
    for other in (DRAWS.uniform("income", KEYS), Draws(8).uniform("age", KEYS)):
        # The correlation of independent samples has standard error 1/sqrt(n).
        assert abs(np.corrcoef(base, other)[0, 1]) < 4 / np.sqrt(len(KEYS))


def test_uniform_normal_and_exponential_follow_their_law() -> None:
    assert stats.kstest(DRAWS.uniform("u", KEYS), "uniform").pvalue > 0.001
    assert stats.kstest(DRAWS.normal("n", KEYS), "norm").pvalue > 0.001
    assert stats.kstest(DRAWS.exponential("e", KEYS), "expon").pvalue > 0.001


@pytest.mark.parametrize("mean", [0.05, 1.3, 25.0, 300.0])
def test_poisson_follows_its_law(mean: float) -> None:
    counts = DRAWS.poisson("p", KEYS, np.full(len(KEYS), mean))
    law = stats.poisson(mean)
    low, high = int(law.ppf(0.001)), int(law.ppf(0.999))
    cells = np.clip(counts, low, high)
    observed = np.bincount(cells - low, minlength=high - low + 1)
    expected = law.pmf(np.arange(low, high + 1))
    expected[0], expected[-1] = law.cdf(low), law.sf(high - 1)
    assert stats.chisquare(observed, expected * len(KEYS)).pvalue > 0.001


def test_poisson_of_mean_zero_is_zero() -> None:
    assert not DRAWS.poisson("p", KEYS, np.zeros(len(KEYS))).any()


def test_choices_follow_the_weights_of_their_kind() -> None:
    weights = np.array([[1.0, 0.0, 3.0], [2.0, 2.0, 0.0]])
    kind = KEYS % 2
    taken = Choices(weights).pick(kind, DRAWS.uniform("c", KEYS))
    for row in (0, 1):
        counts = np.bincount(taken[kind == row], minlength=3)
        share = weights[row] / weights[row].sum()
        assert counts[share == 0].sum() == 0
        assert stats.chisquare(counts[share > 0], share[share > 0] * counts.sum()).pvalue > 0.001


def test_choices_keep_the_edges_of_a_kind() -> None:
    choices = Choices([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    kind = np.array([0, 0, 1, 1, 2, 2], dtype=np.int64)
    uniform = np.array([0.0, np.nextafter(1, 0), 0.0, np.nextafter(1, 0), 0.0, np.nextafter(1, 0)])
    assert choices.pick(kind, uniform).tolist() == [0, 1, 0, 0, 1, 1]
