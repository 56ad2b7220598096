"""Boosting: calibrated on customers that were held out, the same on any number of threads."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from tasks.predict import scores
from tasks.predict.bg_nbd import History
from tasks.predict.boosting import _held_out, fit_amount, fit_chance
from tasks.predict.rows import Rows

PROGRAM = """
import hashlib
from tasks.predict.boosting import fit_amount, fit_chance
from tests.unit.predict.test_boosting import make

rows = make(4_000, 3)
digest = hashlib.sha256()
for fit in (fit_chance, fit_amount):
    digest.update(fit(rows, 0).predict(rows).tobytes())
print(digest.hexdigest())
"""


def make(customers: int, seed: int, days: int = 2) -> Rows:
    """Customers at several days each, one of whose ten inputs tells what they do; one input is never known."""
    rng = np.random.default_rng(seed)
    count = customers * days
    inputs = rng.normal(size=(count, 10))
    inputs[rng.random(count) < 0.2, 1] = np.nan
    inputs[:, 2] = np.nan
    inputs[:, 3] = 1.0
    has_ordered = rng.random(count) < 1 / (1 + np.exp(-1.5 * inputs[:, 0]))
    amount = np.where(has_ordered, rng.gamma(2, 20 * np.exp(0.5 * inputs[:, 0])), 0.0)
    ids = np.array([f"c{number % customers:05d}" for number in range(count)], dtype=object)
    nothing = np.zeros(count)
    history = History(nothing, nothing, nothing)
    return Rows(ids, inputs, history, nothing, nothing, nothing, nothing, has_ordered, amount)


@pytest.mark.parametrize(("customers", "how"), [(300, "sigmoid"), (3_000, "isotonic")])
def test_chances_are_calibrated_on_customers_not_learnt_from(customers: int, how: str) -> None:
    slopes = []
    for seed in range(4):
        model = fit_chance(make(customers, seed), seed)
        assert model.calibration == how
        new = make(5_000, 100 + seed, days=1)
        line = scores.calibration_line(model.predict(new), ~new.has_ordered)
        assert line is not None
        slopes.append(line[1])
    assert 0.8 < np.mean(slopes) < 1.2, slopes


def test_totals_of_amounts_are_right() -> None:
    ratios = []
    for seed in range(5):
        model = fit_amount(make(1_500, seed), seed)
        new = make(5_000, 100 + seed, days=1)
        foretold = model.predict(new)
        assert np.all(foretold > 0)
        ratios.append(foretold.sum() / new.amount.sum())
    assert abs(np.mean(ratios) - 1) < 0.06, ratios


def test_a_customer_is_held_out_with_all_his_days() -> None:
    rows = make(120, 1, days=3)
    parts = []

    def fit(part: np.ndarray) -> object:
        parts.append(set(rows.ids[part]) & set(rows.ids[~part]))
        return lambda inputs: np.zeros(len(inputs))

    _held_out(rows, fit, 0)  # type: ignore[arg-type]
    assert parts == [set(), set(), set()]


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    def digest(threads: str) -> str:
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
        environment = os.environ | dict.fromkeys(names, threads)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    single = digest("1")
    assert len(single) == 64
    assert digest("2") == single
