"""Holm and Benjamini-Hochberg against the published example and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from tasks.drift.multiplicity import benjamini_hochberg, holm

pytestmark = pytest.mark.usefixtures("no_collection")

# Benjamini & Hochberg 1995, their example: fifteen hypotheses of a thrombolysis trial.
TRIAL = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
]  # fmt: skip


def test_the_trial_of_benjamini_and_hochberg() -> None:
    # The paper: their procedure at 5 % rejects four hypotheses, Bonferroni (and so Holm) three.
    assert (benjamini_hochberg(TRIAL) <= 0.05).sum() == 4
    assert (holm(TRIAL) <= 0.05).sum() == 3


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
@settings(max_examples=20)
def test_adjustments_are_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])
    assert benjamini_hochberg(p_values) == pytest.approx(multipletests(p_values, method="fdr_bh")[1])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20, unique=True), st.randoms())
def test_order_does_not_matter(p_values: list[float], random: object) -> None:
    order = np.arange(len(p_values))
    random.shuffle(order)  # type: ignore[attr-defined]
    for adjust in (holm, benjamini_hochberg):
        assert adjust(np.array(p_values)[order]).tolist() == adjust(p_values)[order].tolist()


def test_no_tests_need_no_adjustment() -> None:
    assert holm([]).size == benjamini_hochberg([]).size == 0
