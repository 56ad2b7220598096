"""Relations between features: whether customers are still as alike in how their features go together.

Owns: the reconstruction of customers from a model of the correlations, its error in both snapshots, and the test. Does
not own: the judgement (`verdict`), groups that are new (`emergence`).

Each feature of each snapshot is replaced by its own ranks, so that no change of a single feature is left: what differs
is the copula alone. It sees relations that break (orders go on, amounts do not follow); a relation that is new among
features that the model gives up on anyway is not seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tasks.drift.columns import Snapshot, ascending
from tasks.drift.montecarlo import sequential_p_value
from tasks.drift.normal_scores import normal_quantiles
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.records import DriftScore
from tasks.drift.snapshots import SnapshotPair, numeric_values, pair_snapshots
from tasks.drift.tables import Floats, Integers

SUBJECT = "feature_relations"
TEST = "pca_reconstruction"

_KEPT_VARIANCE = 0.8
_MOST_CUSTOMERS = 2_000
"""Customers compared at most, and as many more that the model is fitted on: an effect of 0.1 is found with 2,000."""

_FEWEST_CUSTOMERS = 50
_FEWEST_FEATURES = 3
_NAMED = 2


class _Errors(NamedTuple):
    """Reconstruction errors of the compared customers, shape (n,), and by feature, shape (features,)."""

    reference: Floats
    current: Floats
    rise_by_feature: Floats


def measure_reconstruction(
    reference: Snapshot, current: Snapshot, specs: Mapping[str, FeatureSpec], policy: DriftPolicy, seed: int
) -> list[DriftScore]:
    """Compare how features go together in two snapshots.

    Principal components that keep 80 % of the variance are fitted on one half of the reference customers (Hotelling
    1933). The error of a customer is the length of what they leave over, over the root of the number of features. The
    other half's errors are compared with those of the current snapshot: of the same customers where the snapshots are
    paired, else of as many others, set side by side at random. The effect is the mean difference over the standard
    deviation of errors; its p-value that of random signs of the differences (Fisher 1935), which for a random pairing
    of strangers is a permutation test, too.

    Args:
        reference: one row a customer: `customer_id` and the columns of `specs`.
        current: the same at the later date.
        specs: what to look at; numeric features count.
        policy: the limits; its `resamples` are the most random signs.
        seed: of the sample, the halves and the signs; the order of rows does not matter.

    Returns:
        One score; none where there are fewer than three features that vary or too few customers.

    Raises:
        StatisticsError: as `decision.measure_drift`.
    """
    names = [name for name, spec in specs.items() if spec.kind == "numeric" and spec.subject_kind == "feature"]
    if len(names) < _FEWEST_FEATURES:
        return []
    pair = pair_snapshots(ascending(reference), ascending(current), paired_common_share=policy.paired_common_share)
    random = np.random.default_rng((seed, len(TEST)))
    rows = _halves(pair, random)
    if rows is None:
        return []
    count = rows.fitted.size
    old = _scores(pair.reference, names, np.concatenate((rows.fitted, rows.reference)))
    new = _scores(pair.current, names, rows.current)
    varies = (old[:count].std(axis=0) > 0) & (new.std(axis=0) > 0)
    if varies.sum() < _FEWEST_FEATURES:
        return []
    names = [name for name, is_used in zip(names, varies, strict=True) if is_used]
    errors = _errors(old[:count, varies], old[count:, varies], new[:, varies])
    return [_score(pair, errors, names, policy, random)]


class _Rows(NamedTuple):
    """Rows of the reference to fit on; rows of both snapshots to compare, one beside the other."""

    fitted: Integers
    reference: Integers
    current: Integers


def _halves(pair: SnapshotPair, random: np.random.Generator) -> _Rows | None:
    is_paired = pair.kind == "paired"
    total = pair.common_count if is_paired else pair.reference.height
    half = min(total // 2, _MOST_CUSTOMERS, total if is_paired else pair.current.height)
    if half < _FEWEST_CUSTOMERS:
        return None
    chosen = random.permutation(total)[: 2 * half]
    if is_paired:
        fitted, compared = pair.common_reference[chosen[:half]], chosen[half:]
        return _Rows(fitted, pair.common_reference[compared], pair.common_current[compared])
    return _Rows(chosen[:half], chosen[half:], random.permutation(pair.current.height)[:half])


def _scores(frame: Snapshot, names: list[str], rows: Integers) -> Floats:
    """Normal scores of some rows, by ranks in the whole snapshot, shape (rows, features); null is the middle."""
    columns = []
    for name in names:
        values = numeric_values(frame[name], where="relations")
        is_known = ~np.isnan(values)
        scored = np.zeros(values.size)
        if is_known.any():
            places, quantiles = normal_quantiles(values[is_known])
            raw = np.interp(values[is_known], places, quantiles)
            spread = float(raw.std())
            scored[is_known] = (raw - raw.mean()) / spread if spread > 0 else 0.0
        columns.append(scored[rows])
    return np.column_stack(columns)


def _errors(fitted: Floats, old: Floats, new: Floats) -> _Errors:
    correlation = fitted.T @ fitted / fitted.shape[0]
    values, vectors = np.linalg.eigh(correlation)
    explained = np.cumsum(values[::-1]) / values.sum()
    kept = vectors[:, ::-1][:, : int(np.searchsorted(explained, _KEPT_VARIANCE)) + 1]
    residuals = [part - (part @ kept) @ kept.T for part in (old, new)]
    lengths = [np.sqrt((part**2).mean(axis=1)) for part in residuals]
    rise = (residuals[1] ** 2).mean(axis=0) - (residuals[0] ** 2).mean(axis=0)
    return _Errors(lengths[0], lengths[1], rise)


def _score(
    pair: SnapshotPair, errors: _Errors, names: list[str], policy: DriftPolicy, random: np.random.Generator
) -> DriftScore:
    difference = errors.current - errors.reference
    count = difference.size
    spread = math.sqrt((float(errors.reference.var()) + float(errors.current.var())) / 2)
    mean = float(difference.mean())

    def draw(draws: int) -> Floats:
        bits = np.frombuffer(random.bytes(draws * ((count + 7) // 8)), dtype=np.uint8).reshape(draws, -1)
        signs = np.unpackbits(bits, axis=1, count=count).astype(np.float32)
        # Signs are 0 and 1 here: twice the sum of those chosen less the sum of all is the sum with signs.
        sums: Floats = np.abs(2.0 * (signs @ difference.astype(np.float32)).astype(np.float64) - difference.sum())
        return sums

    # Where nobody changed nothing can have changed between features.
    is_still = spread == 0.0 or not difference.any()
    p_value = 1.0 if is_still else sequential_p_value(draw, abs(float(difference.sum())), policy.resamples)
    direction = 1.0 if mean >= 0 else -1.0
    most = np.argsort(-direction * errors.rise_by_feature, kind="stable")[:_NAMED]
    return DriftScore(
        subject_kind="joint",
        subject_name=SUBJECT,
        feature_type="joint",
        snapshot_kind=pair.kind,
        test_name=TEST,
        aspect="reconstruction",
        statistic=mean,
        p_value=p_value,
        effect_name="standardised_difference",
        effect_size=0.0 if is_still else mean / spread,
        effect_scale=0.0 if is_still else float(difference.std()) / math.sqrt(count) / spread,
        reference_count=pair.reference.height,
        current_count=pair.current.height,
        common_count=pair.common_count,
        entered_count=pair.entered_count,
        left_count=pair.left_count,
        reference_value_count=count,
        current_value_count=count,
        level_name=" and ".join(names[at] for at in most),
    )
