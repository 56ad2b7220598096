"""The ways of finding clusters behind one interface: find, refit, judge and read back, whichever is asked for.

Owns: all that differs by algorithm, in one entry of `ALGORITHMS` each. Does not own any of them (`centroids.py`,
`gaussian.py`, `density.py`), their names (`tasks/config/clusters.py`), or the choice of the number of segments
(`choose_k.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.config.clusters import AlgorithmName, NoiseName
from tasks.segments.centroids import CentroidPartition, centroids_from, fit_kmeans, fit_minibatch
from tasks.segments.choose_k import KChoice, choose_k
from tasks.segments.density import DensityPartition, density_from, fit_density, one_group
from tasks.segments.gaussian import GaussianPartition, fit_gaussian, gaussian_from, surprise
from tasks.segments.k_criteria import resampled_jaccard, separation
from tasks.segments.k_policy import KCriteria, KPolicy, tidy
from tasks.segments.matrix import sample_rows
from tasks.segments.partition import DECIMALS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from tasks.segments.partition import Partition

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Method:
    """Which algorithm, and what only some of them ask.

    Attributes:
        name: the algorithm.
        noise: what becomes of customers of no group (hdbscan).
        min_share: least share of a dense group (hdbscan).
        k_max: most dense groups (hdbscan).
    """

    name: AlgorithmName = "kmeans"
    noise: NoiseName = "segment"
    min_share: float = 0.02
    k_max: int = 8


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One way of finding clusters.

    Attributes:
        fit: to rows with a number of segments and a seed; one that finds its own number passes over that.
        read: what `to_dict` of its partition wrote.
        loss: of rows, their labels, and the share of them within the reach of a dense group; a refit has to lower it.
        loss_name: what that is called.
        rule: where a customer is put, in words, with a place for the number of segments.
    """

    fit: Callable[[Floats, Method, int, int], Partition]
    read: Callable[[Mapping[str, Any]], Partition]
    loss: Callable[[Floats, Ints, float], float]
    loss_name: str
    rule: str


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A partition of some rows, its segments by descending size, that of noise last.

    Attributes:
        partition: puts customers into segments.
        choice: how its number of segments was chosen.
        labels: shape (rows,), the segment of each.
        sizes: shape (k,), rows of each.
        centres: shape (k, features), mean of each; for centroids and clouds their own.
    """

    partition: Partition
    choice: KChoice
    labels: Ints
    sizes: Ints
    centres: Floats


def find(
    x: Floats,
    method: Method,
    policy: KPolicy,
    *,
    seed: int,
    present_k: int | None = None,
    spread: Floats | None = None,
) -> Found:
    """Choose the number of segments and fit them; all but hdbscan choose on partitions of k-means.

    Args:
        x: standardised matrix, shape (rows, features), ordered by customer id.
        method: which algorithm.
        policy: thresholds and effort of the choice.
        seed: of everything drawn.
        present_k: number of segments in use, see `choose_k`.
        spread: the same with ties spread, in which gaps are looked for; default `x`.

    Raises:
        StatisticsError: the policy asks for more segments than there are different customers.
    """
    if method.name == "hdbscan":
        partition = refitted(x, method, 0, seed)
        choice = _density_choice(x, partition, method, policy, seed)
        if choice.k == 1:
            partition = one_group(x, seed, noise=method.noise)
        return _ordered(x, partition, choice)
    choice = choose_k(x, policy, seed=seed, present_k=present_k, spread=spread)
    return _ordered(x, refitted(x, method, choice.k, seed), choice)


def refitted(x: Floats, method: Method, k: int, seed: int) -> Partition:
    """A fit of an algorithm to all rows with `k` segments; hdbscan finds its own number."""
    return ALGORITHMS[method.name].fit(x, method, k, seed)


def partition_from(stored: Mapping[str, Any]) -> Partition:
    """Read what a partition's `to_dict` wrote."""
    name: AlgorithmName = stored["algorithm"]
    return ALGORITHMS[name].read(stored)


def loss(x: Floats, labels: Ints, method: Method, *, in_groups: float) -> float:
    """What a partition loses on the customers of one day, lower is better; its name is `Algorithm.loss_name`.

    Args:
        x: shape (rows, features).
        labels: shape (rows,), the segment of each; each segment is scored around its own members.
        method: which algorithm.
        in_groups: share of the customers who are within the reach of a dense group.
    """
    return ALGORITHMS[method.name].loss(x, labels, in_groups)


def in_groups(x: Floats, partition: Partition) -> float:
    """Share of rows within the reach of a group; 1 where an algorithm knows no noise."""
    if not isinstance(partition, DensityPartition) or len(partition.exemplars) == 1:
        return 1.0
    strict = DensityPartition(partition.exemplars, partition.reach, "segment")
    return float((strict.assign(x).own < len(partition.exemplars)).mean())


def _ordered(x: Floats, partition: Partition, choice: KChoice) -> Found:
    """Label every row, segments by descending size."""
    labels = partition.assign(x).own
    groups = partition.k - partition.has_noise
    sizes = np.bincount(labels, minlength=partition.k)
    order = [*sorted(range(groups), key=lambda label: (-int(sizes[label]), label)), *range(groups, partition.k)]
    new_label = np.argsort(np.array(order))
    labels = new_label[labels].astype(np.int64)
    ordered = partition.reordered(order)
    return Found(ordered, choice, labels, sizes[order].astype(np.int64), _centres(x, ordered, labels))


def _centres(x: Floats, partition: Partition, labels: Ints) -> Floats:
    if isinstance(partition, CentroidPartition):
        return np.array(partition.centroids)
    if isinstance(partition, GaussianPartition):
        return np.array(partition.means)
    found = np.zeros((partition.k, x.shape[1]))
    for label in range(partition.k):
        members = x[labels == label]
        # A group that is nobody's nearest today keeps the place of its core customers.
        if not len(members) and isinstance(partition, DensityPartition) and label < len(partition.exemplars):
            members = np.array(partition.exemplars[label])
        if len(members):
            found[label] = np.round(members.mean(axis=0), DECIMALS) + 0.0
    return found


def _density_choice(x: Floats, partition: Partition, method: Method, policy: KPolicy, seed: int) -> KChoice:
    """Whether groups that were found are there: they must be found again in resamples, as any others.

    In a cloud without groups HDBSCAN finds some all the same, and others in every resample.
    """
    groups = partition.k - partition.has_noise
    rows = x[sample_rows(len(x), policy.sample_rows, seed)]
    if groups == 1:
        reason = "no structure found: customers form no two dense groups with sparser space between them"
        return KChoice(1, "none", reason, (), policy, len(rows))
    row = _density_criteria(rows, partition, method, policy, seed)
    if row.jaccard < policy.jaccard:
        reason = (
            f"no structure found: {groups} dense groups are not found again in resamples"
            f" (least Jaccard {row.jaccard:.2f} < {policy.jaccard})"
        )
        return KChoice(1, "none", reason, (row,), policy, len(rows))
    reason = (
        f"{groups} dense groups with sparser space between them, found by HDBSCAN; {in_groups(rows, partition):.0%} of"
        f" customers are in one (least Jaccard {row.jaccard:.2f})"
    )
    return KChoice(groups, "natural", reason, (row,), policy, len(rows))


def _density_criteria(rows: Floats, partition: Partition, method: Method, policy: KPolicy, seed: int) -> KCriteria:
    """What can be said of a number that was found, not chosen: shares, stability and valleys."""
    groups = partition.k - partition.has_noise
    labels = partition.assign(rows).own
    stability = resampled_jaccard(
        rows, labels, groups, seed=seed, resamples=policy.resamples, refit=lambda x, s: refitted(x, method, 0, s)
    )
    present = [rows[labels == label].mean(axis=0) for label in range(groups) if (labels == label).any()]
    return KCriteria(
        k=groups,
        inertia=None,
        gap=None,
        gap_error=None,
        prediction_strength=None,
        prediction_strength_error=None,
        jaccard=tidy(float(stability.min())),
        separation=tidy(separation(rows, np.array(present))),
        min_share=tidy(float(np.bincount(labels, minlength=groups)[:groups].min() / len(rows))),
    )


def _inertia(x: Floats, labels: Ints, _in_groups: float) -> float:
    members = (x[labels == label] for label in np.unique(labels))
    return float(sum(((rows - rows.mean(axis=0)) ** 2).sum() for rows in members))


def _with_centres(fit: Callable[[Floats, int, int], Partition]) -> Algorithm:
    return Algorithm(
        fit=lambda x, _method, k, seed: fit(x, k, seed),
        read=centroids_from,
        loss=_inertia,
        loss_name="inertia",
        rule="nearest of {} centres",
    )


ALGORITHMS: Mapping[AlgorithmName, Algorithm] = {
    "kmeans": _with_centres(fit_kmeans),
    "minibatch": _with_centres(fit_minibatch),
    "gaussian": Algorithm(
        fit=lambda x, _method, k, seed: fit_gaussian(x, k, seed),
        read=gaussian_from,
        loss=lambda x, labels, _in_groups: surprise(x, labels),
        loss_name="inverse density",
        rule="likeliest of {} overlapping clouds",
    ),
    "hdbscan": Algorithm(
        fit=lambda x, method, _k, seed: fit_density(
            x, method.k_max, seed, min_share=method.min_share, noise=method.noise
        ),
        read=density_from,
        loss=lambda _x, _labels, in_groups: 1.0 / max(in_groups, 1e-9),
        loss_name="inverse share in dense groups",
        rule="nearest of {} segments by core customers",
    ),
}
"""Every algorithm that a workspace may ask for; a test holds the keys against `AlgorithmName`."""
