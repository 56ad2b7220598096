"""Dividing customers by clusters: which model assigns, who is where, what the clusters are called.

Owns: the way from a cluster segmentation to its members and definitions. Does not own fitting and assigning
(`cluster_model.py`), or where models are kept (`stored_model.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tasks.config.clusters import ClustersSegmentation
from tasks.config.errors import StatisticsError
from tasks.segments.cluster import ClusterModel, ClusterSpec
from tasks.segments.cluster_model import assign_members, fit_champion, refit_challenger
from tasks.segments.definitions import Definition, keys_ever_used
from tasks.segments.division import Division, Job
from tasks.segments.naming import FeatureMeaning, withheld_text
from tasks.segments.stored_model import CLUSTERS, StoredModel, is_due, model_row, stored_model
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.small_groups import withheld_groups

_MEMBERS_SELECT = (
    "SELECT {name} AS segmentation_id, {name} || '.' || segment_key AS segment_id, "
    + KEY
    + ", strength AS strength_share,"
    " printf('distance %.2f', distance) || coalesce(printf(', next %s at %.2f', rival_key, rival_distance), '')"
    " AS reason, {name} || '.' || rival_key AS rival_segment_id FROM incoming_members"
)


_STRUCTURES = {
    "natural": "with gaps between them",
    "reproducible": "cut through one continuous cloud",
    "none": "asked for though no structure was found",
}
_RULES = {
    "kmeans": "nearest of {} centres",
    "minibatch": "nearest of {} centres",
    "gaussian": "likeliest of {} overlapping clouds",
    "hdbscan": "nearest of {} segments by core customers",
}


@dataclass(frozen=True, slots=True)
class _Past:
    """The model of the previous run, and whom it put where."""

    stored: StoredModel
    model: ClusterModel
    members: pl.DataFrame


def divide_by_clusters(job: Job, segmentation: ClustersSegmentation) -> Division:
    """Put every customer into the cluster that his features are nearest to."""
    columns = ", ".join(map(identifier, [KEY, *segmentation.features]))
    customers = job.customers_inside(segmentation.inside)
    frame = job.run.warehouse.frame(f"SELECT {columns} FROM {customers} ORDER BY {KEY}")
    past = _past_of(job)
    try:
        model, stored, decision = _model_for(job, segmentation, frame, past)
    except StatisticsError as error:
        return job.refused(error.message)
    members = assign_members(model, frame, past.members if past else None)
    with job.run.warehouse.registered("incoming_members", members):
        job.keep(_MEMBERS_SELECT.format(name=literal(job.name)))
    rule = f"{_RULES[segmentation.algorithm].format(len(model.clusters))}, model {stored.number} of {stored.trained}"
    return Division(
        cluster_definitions(model, rule, job.run.workspace.privacy.min_group_size),
        f"{said_of(model)}; {decision}",
        model_row(job.name, stored, len(model.clusters), decision),
    )


def said_of(model: ClusterModel) -> str:
    """How many clusters, and what they are; that there is no structure is said plainly."""
    left_out = sorted(set(model.transform.dropped))
    without = f"; without {', '.join(left_out)}" if left_out else ""
    if len(model.clusters) == 1:
        return f"1 cluster: {model.choice.reason}{without}"
    return f"{len(model.clusters)} clusters, {_STRUCTURES[model.choice.structure]}{without}"


def cluster_definitions(model: ClusterModel, rule: str, least: int) -> list[Definition]:
    """What the clusters of a model are; the figures of a description are those of the day of the fit.

    Args:
        model: the model in use, which an earlier policy may have described.
        rule: how it assigns.
        least: a cluster of fewer customers is not described, nor one that it would follow from by subtraction.
    """
    withheld = withheld_groups({cluster.key: cluster.size for cluster in model.clusters}, least)
    return [
        Definition(
            cluster.key,
            cluster.name,
            withheld_text(least) if cluster.key in withheld else cluster.description,
            rule,
        )
        for cluster in model.clusters
    ]


def _past_of(job: Job) -> _Past | None:
    stored, previous = stored_model(job.run, job.name, CLUSTERS), job.run.previous
    if stored is None or previous is None:
        return None
    members = job.run.warehouse.frame(
        f"SELECT {KEY}, split_part(segment_id, '.', 2) AS segment_key FROM segments.membership"
        f" WHERE run_id = $run_id AND segmentation_id = $name ORDER BY {KEY}",
        {"run_id": previous.run_id, "name": job.name},
    )
    return _Past(stored, ClusterModel.from_json(stored.content), members)


def _model_for(
    job: Job, segmentation: ClustersSegmentation, frame: pl.DataFrame, past: _Past | None
) -> tuple[ClusterModel, StoredModel, str]:
    """The model to assign with, as it is kept, and how it came to be."""
    run = job.run
    spec = ClusterSpec(
        features=tuple(segmentation.features),
        k_min=segmentation.k.min,
        k_max=segmentation.k.max,
        min_share=segmentation.min_share,
        seed=segmentation.seed,
        min_group_size=run.workspace.privacy.min_group_size,
        accept=segmentation.accept,
        winsor=segmentation.caps,
        algorithm=segmentation.algorithm,
        noise=segmentation.noise,
        transforms={feature: segmentation.transform_of(feature) for feature in segmentation.features},
        weights=segmentation.weights,
        screen=segmentation.screen,
    )
    meanings = {
        feature: FeatureMeaning(column.meaning, column.unit) for feature, column in job.catalogue.features.items()
    }
    used = keys_ever_used(run, job.name)
    if past is None:
        model = fit_champion(frame, spec, meanings, used_ids=used)
        return model, StoredModel(1, run.as_of, model.to_json()), "first model"
    if past.model.answers(spec) and not is_due(run, past.stored.trained, segmentation.refit):
        return past.model, past.stored, f"model of {past.stored.trained} goes on"
    outcome = refit_challenger(past.model, frame, spec, past.members, used, meanings)
    number, trained = (
        (past.stored.number + 1, run.as_of) if outcome.adopted else (past.stored.number, past.stored.trained)
    )
    return outcome.model, StoredModel(number, trained, outcome.model.to_json()), outcome.reason
