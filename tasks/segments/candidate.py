"""A fit that has no ids yet, and the model it becomes once it has them.

Owns: the order prepare, screen, find; names and descriptions of a model's segments. Does not own: which ids they get
(`identity.py`), or whether the model is used (`cluster_model.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.config.clusters import NOISE_KEY
from tasks.segments.algorithms import Found, find, in_groups, loss
from tasks.segments.cluster import Cluster, ClusterModel, ClusterSpec
from tasks.segments.naming import (
    Distinction,
    FeatureMeaning,
    LessKnown,
    describe,
    distinctions,
    less_known,
    name_segments,
)
from tasks.segments.outgrown import outgrown
from tasks.segments.relevance import telling_nothing
from tasks.segments.transform import FrozenTransform, apply, fit_transform_model, raw_column, spread, without

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NOISE_NAME = "In no group"
NO_STRUCTURE = (
    "No structure was found: customers differ by degree, not in kind, so all are in one segment. To treat them"
    " differently all the same, cut one feature that matters (kind cuts), or name other features."
)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A fit that has no ids yet.

    Attributes:
        transform: features to standardised units.
        x: today's customers in them.
        found: the segments.
    """

    transform: FrozenTransform
    x: Floats
    found: Found

    @property
    def groups(self) -> int:
        """Segments that need an id: all but that of noise, which has one."""
        return self.found.partition.k - self.found.partition.has_noise


def candidate_of(rows: pl.DataFrame, spec: ClusterSpec, present_k: int | None = None) -> Candidate:
    """Prepare the features and find segments.

    Args:
        rows: customer_id and features, ordered by customer id.
        spec: what is asked.
        present_k: number of segments in use, see `choose_k`.

    Raises:
        StatisticsError: no feature varies, or there are fewer different customers than segments asked for.
    """
    transform = fit_transform_model(
        rows, spec.features, seed=spec.seed, winsor=spec.winsor, curves=spec.transforms, weights=spec.weights
    )
    x = apply(transform, rows)
    smooth = spread(transform, x, spec.seed)
    if spec.screen and (silent := telling_nothing(x, transform.names, seed=spec.seed, spread=smooth)):
        transform = without(transform, silent)
        x = apply(transform, rows)
        smooth = spread(transform, x, spec.seed)
    found = find(x, spec.method(), spec.policy(), seed=spec.seed, present_k=present_k, spread=smooth)
    return Candidate(transform, x, found)


def model_of(
    rows: pl.DataFrame,
    spec: ClusterSpec,
    candidate: Candidate,
    ids: tuple[str, ...],
    meanings: Mapping[str, FeatureMeaning],
    names: Mapping[str, str],
) -> ClusterModel:
    """Give the segments of a candidate their ids, names and descriptions.

    Args:
        rows: as for `candidate_of`.
        spec: what is asked.
        candidate: the fit.
        ids: of its groups, in the order of labels.
        meanings: how to speak of the features.
        names: names this segmentation ever gave, by id.
    """
    found = candidate.found
    noise = {NOISE_KEY: NOISE_NAME} if found.partition.has_noise else {}
    ranked = _ranked(rows, spec, candidate, (*ids, *noise))
    unknown = _unknown(rows, candidate, (*ids, *noise))
    named = name_segments({key: ranked[key] for key in ids}, meanings, previous=names) | noise
    told_of_names = outgrown(named, {key: ranked[key] for key in ids}, meanings)
    order = sorted(range(len(ranked)), key=lambda label: (len((*ids, *noise)[label]), (*ids, *noise)[label]))
    keys = [(*ids, *noise)[label] for label in order]
    clusters = [
        Cluster(
            key=key,
            name=named[key],
            description=_described(key, (ranked[key], unknown[key]), meanings, candidate) + told_of_names.get(key, ""),
            centroid=tuple(found.centres[label].tolist()),
            size=int(found.sizes[label]),
            distinctions=ranked[key],
        )
        for key, label in zip(keys, order, strict=True)
    ]
    placed = in_groups(candidate.x, found.partition)
    return ClusterModel(
        transform=candidate.transform,
        clusters=tuple(clusters),
        partition=found.partition.reordered(order),
        choice=found.choice,
        names={**names, **named},
        seed=spec.seed,
        training_rows=rows.height,
        inertia=loss(candidate.x, found.labels, spec.method(), in_groups=placed),
        hysteresis=spec.hysteresis,
        asked=spec.asked(),
    )


def _ranked(
    rows: pl.DataFrame, spec: ClusterSpec, candidate: Candidate, keys: tuple[str, ...]
) -> dict[str, tuple[Distinction, ...]]:
    used = candidate.transform.names
    raw = {name: raw_column(rows, name) for name in used}
    # Effects are told in standard deviations, whatever a feature weighs.
    unweighted = candidate.x / [feature.stretch for feature in candidate.transform.features]
    labels = candidate.found.labels
    found: dict[str, tuple[Distinction, ...]] = {}
    for label, key in enumerate(keys):
        members = labels == label
        # That of noise may be empty on the day of the fit; nothing can be said of it then.
        found[key] = distinctions(raw, unweighted, used, members, spec.min_group_size) if members.any() else ()
    return found


def _unknown(rows: pl.DataFrame, candidate: Candidate, keys: tuple[str, ...]) -> dict[str, tuple[LessKnown, ...]]:
    raw = {name: raw_column(rows, name) for name in candidate.transform.names}
    inside = {key: candidate.found.labels == label for label, key in enumerate(keys)}
    return {key: less_known(raw, members) if members.any() else () for key, members in inside.items()}


def _described(
    key: str,
    traits: tuple[tuple[Distinction, ...], tuple[LessKnown, ...]],
    meanings: Mapping[str, FeatureMeaning],
    candidate: Candidate,
) -> str:
    if candidate.found.partition.k == 1 and candidate.found.choice.structure == "none":
        return NO_STRUCTURE
    ranked, unknown = traits
    told = describe(ranked, meanings, unknown) if ranked or unknown else ""
    return f"Customers who resemble no group closely. {told}".strip() if key == NOISE_KEY else told
