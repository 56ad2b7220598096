"""Cluster segmentations from end to end: fit a champion, assign customers, hold a challenger against it.

Owns: the order of the steps. Does not own: any of them; see `candidate.py`, `algorithms.py`, `quality.py` and
`identity.py`. Nothing here reads a file, a clock or a database.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tasks.config.clusters import NOISE_KEY
from tasks.config.errors import StatisticsError
from tasks.segments.candidate import Candidate, candidate_of, model_of
from tasks.segments.cluster import ClusterModel, ClusterSpec
from tasks.segments.gates import held_against
from tasks.segments.identity import (
    AdoptionVerdict,
    IdentityMatch,
    next_ids,
)
from tasks.segments.naming import FeatureMeaning
from tasks.segments.new_ground import LearntFrom, Story, find_new_ground, match_groups, origins_of
from tasks.segments.transform import apply

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping

    import polars as pl
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = [
    "ClusterModel",
    "ClusterSpec",
    "FeatureMeaning",
    "RefitOutcome",
    "assign_members",
    "fit_champion",
    "refit_challenger",
]

_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class RefitOutcome:
    """What became of a refit.

    Attributes:
        adopted: whether `model` is the challenger.
        model: the model to store and use from now on.
        champion: the champion with what it remembers of this refit: how many in a row chose another number of segments.
        reason: one sentence for the reader.
        mapping: each id of the champion to itself where it goes on, or to None where it is retired.
        new_keys: ids given for the first time.
        verdict: the scores behind the reason; None where the features changed and there was nothing to compare.
    """

    adopted: bool
    model: ClusterModel
    champion: ClusterModel
    reason: str
    mapping: Mapping[str, str | None]
    new_keys: tuple[str, ...]
    verdict: AdoptionVerdict | None


def fit_champion(
    frame: pl.DataFrame,
    spec: ClusterSpec,
    meanings: Mapping[str, FeatureMeaning] | None = None,
    *,
    used_ids: Collection[str] = (),
) -> ClusterModel:
    """Fit the first model of a segmentation.

    Args:
        frame: customer_id and the spec's features, one row per customer, in any order; nulls allowed.
        spec: what is asked.
        meanings: how to speak of the features, for names and descriptions.
        used_ids: ids that earlier models of this segmentation gave, if any.

    Raises:
        StatisticsError: too few customers, a customer twice, a feature missing or not numeric, or none that varies.
    """
    rows = _prepared(frame, spec.features, spec.min_customers)
    candidate = candidate_of(rows, spec)
    return model_of(rows, spec, candidate, next_ids(used_ids, candidate.groups), meanings or {}, {})


def assign_members(model: ClusterModel, frame: pl.DataFrame, previous: pl.DataFrame | None = None) -> pl.DataFrame:
    """Put every customer into a segment of the model.

    Args:
        model: the model in use.
        frame: customer_id and the model's features, one row per customer, in any order; may be empty.
        previous: customer_id and segment_key of the run before. A customer stays where he was unless another segment
            is nearer by more than the model's hysteresis; keys the model does not have count as none.

    Returns:
        By customer_id: customer_id, segment_key, strength (0-1), distance, rival_key, rival_distance; the last two are
        null where there is one segment. Distances and strength are as the model's algorithm says (`Assignment`).

    Raises:
        StatisticsError: a customer twice, or a feature missing or not numeric.
    """
    import polars as pl

    rows = _prepared(frame, model.transform.names, 0)
    x = apply(model.transform, rows)
    found = model.partition.assign(
        x, previous=_previous_labels(rows, model.keys, previous), hysteresis=model.hysteresis
    )
    keys = np.array([*model.keys, None], dtype=object)  # a rival of -1 picks the None
    return pl.DataFrame(
        {
            "customer_id": rows.get_column("customer_id"),
            "segment_key": pl.Series(keys[found.own], dtype=pl.String),
            "strength": pl.Series(np.round(found.strength, _DECIMALS), dtype=pl.Float64),
            "distance": pl.Series(np.round(found.distance, _DECIMALS), dtype=pl.Float64),
            "rival_key": pl.Series(keys[found.rival], dtype=pl.String),
            "rival_distance": pl.Series(np.round(found.rival_distance, _DECIMALS), dtype=pl.Float64).fill_nan(None),
        }
    )


def refit_challenger(
    model: ClusterModel,
    frame: pl.DataFrame,
    spec: ClusterSpec,
    previous_membership: pl.DataFrame | None,
    used_ids: Collection[str],
    meanings: Mapping[str, FeatureMeaning] | None = None,
    *,
    learnt_from: LearntFrom | None = None,
    remade: Collection[str] = (),
    day: dt.date | None = None,
) -> RefitOutcome:
    """Fit a challenger on today's customers, and adopt it if it is better than the model in use.

    Both are scored on the same customers in the challenger's units by what the algorithm lowers, each segment around
    its own members of today, so that a champion whose segments merely moved is not held to have become worse.

    Args:
        model: the champion.
        frame: customer_id and the spec's features, today.
        spec: what is asked today.
        previous_membership: customer_id and segment_key of the last run, which new clusters are matched to; None: to
            what the champion says of today's customers.
        used_ids: every id this segmentation has ever used.
        meanings: how to speak of the features.
        learnt_from: what the champion was learnt from, by which new ground is told; None where that is not kept.
        remade: features that are computed otherwise than when the champion was learnt.
        day: of today's customers, for a number of segments wins once a day; None: another than any before.

    Raises:
        StatisticsError: as `fit_champion`.
    """
    rows = _prepared(frame, spec.features, spec.min_customers)
    candidate = candidate_of(rows, spec, len(model.clusters))
    verdict, model, reason = held_against(model, rows, spec, candidate, remade=remade, day=day)
    if verdict and not verdict.adopt:
        return _kept(model, verdict)
    before = assign_members(model, frame) if previous_membership is None else previous_membership
    story = _story(model, rows, candidate, before, learnt_from)
    match = match_groups(story, ground := find_new_ground(story), {*used_ids, *model.names})
    named = model_of(rows, spec, candidate, match.ids, meanings or {}, model.names)
    return RefitOutcome(
        adopted=True,
        model=replace(named, origins=origins_of(story, ground, match)),
        champion=model,
        reason=reason,
        mapping=_mapping(model, match, candidate),
        new_keys=match.new,
        verdict=verdict,
    )


def _mapping(model: ClusterModel, match: IdentityMatch, candidate: Candidate) -> dict[str, str | None]:
    kept = {*match.kept, *([NOISE_KEY] if candidate.found.partition.has_noise else [])}
    return {key: key if key in kept else None for key in model.keys}


def _kept(model: ClusterModel, verdict: AdoptionVerdict) -> RefitOutcome:
    goes_on = {key: key for key in model.keys}
    return RefitOutcome(
        adopted=False, model=model, champion=model, reason=verdict.reason, mapping=goes_on, new_keys=(), verdict=verdict
    )


def _prepared(frame: pl.DataFrame, features: Collection[str], min_customers: int) -> pl.DataFrame:
    """Rows by customer id, which makes every later step independent of the order they came in."""
    ids = frame.get_column("customer_id")
    if ids.null_count() or ids.n_unique() != frame.height:
        raise StatisticsError(
            f"the feature table has {frame.height:,} rows for {ids.drop_nulls().n_unique():,} customers, "
            f"{ids.null_count():,} of them without customer_id; one row per customer is expected",
            hint="see that each feature model groups by customer_id",
        )
    if frame.height < min_customers:
        raise StatisticsError(
            f"{frame.height} customers are too few for clusters; at least {min_customers} are needed",
            hint="use a segmentation by rules, or widen the segmentation's population",
        )
    # Columns are selected where they are read, so that a missing one is named by `raw_column`.
    return frame.select("customer_id", *(name for name in features if name in frame.columns)).sort("customer_id")


def _story(
    model: ClusterModel,
    rows: pl.DataFrame,
    candidate: Candidate,
    previous: pl.DataFrame,
    learnt_from: LearntFrom | None,
) -> Story:
    import polars as pl

    now = _labelled(rows, candidate.found.labels)
    if learnt_from is None:
        return Story(None, now.clear().with_columns(segment_key=pl.lit("")), previous, now, candidate.groups)
    frame = learnt_from.frame
    old_rows = _prepared(frame, [name for name in frame.columns if name != "customer_id"], 0)
    labels = candidate.found.partition.assign(apply(candidate.transform, old_rows)).own
    then = assign_members(model, old_rows).select("customer_id", "segment_key")
    then = then.join(_labelled(old_rows, labels), on="customer_id")
    return Story(learnt_from.date, then, previous, now, candidate.groups)


def _labelled(rows: pl.DataFrame, labels: Ints) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame({"customer_id": rows.get_column("customer_id"), "label": labels.astype(np.int64)})


def _previous_labels(rows: pl.DataFrame, keys: tuple[str, ...], previous: pl.DataFrame | None) -> Ints | None:
    import polars as pl

    if previous is None:
        return None
    label_of = pl.DataFrame(
        {"segment_key": keys, "label": np.arange(len(keys))}, schema={"segment_key": pl.String, "label": pl.Int64}
    )
    known = previous.select("customer_id", "segment_key").join(label_of, on="segment_key", how="inner")
    joined = rows.select("customer_id").join(known, on="customer_id", how="left", maintain_order="left")
    return joined.get_column("label").fill_null(-1).to_numpy().astype(np.int64)
