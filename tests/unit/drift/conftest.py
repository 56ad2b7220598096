"""What tests of verdicts begin with."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tasks.drift.decision import measure_drift
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.records import DriftVerdict
from tasks.drift.verdict import judge_drift


@pytest.fixture(scope="module")
def alarm() -> DriftVerdict:
    """Of a feature that moved by a standard deviation."""
    random = np.random.default_rng(1)
    before, after = (
        pl.DataFrame({"customer_id": [f"{shift}-{n}" for n in range(500)], "x": random.normal(shift, 1, 500)})
        for shift in (0, 1)
    )
    scores = measure_drift(before, after, {"x": FeatureSpec("x", "numeric")}, 7, DriftPolicy(), 0)
    verdict = judge_drift(scores, DriftPolicy())[0]
    assert verdict.level == "alarm"
    return verdict
