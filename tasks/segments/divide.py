"""Dividing customers: one segmentation of the workspace into memberships, definitions and, for clusters, a model.

Owns: the way from a segmentation's kind to its rows. Does not own rules (`rules.py`), scores (`rfm.py`) or clusters
(`cluster_model.py`).
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import polars as pl

from tasks.config.errors import StatisticsError
from tasks.config.segmentations import ClustersSegmentation, RfmSegmentation, RulesSegmentation
from tasks.segments.cluster import ClusterModel, ClusterSpec
from tasks.segments.cluster_model import assign_members, fit_champion, refit_challenger
from tasks.segments.definitions import Definition, keys_ever_used
from tasks.segments.naming import FeatureMeaning, withheld_text
from tasks.segments.rfm import range_text, rfm_select
from tasks.segments.rules import rules_select
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.run import Run
from tasks.warehouse.small_groups import withheld_groups

#: A temporary table a segmentation; they become `segments.membership` together.
MEMBERS = "members_of_{}"


@dataclass(frozen=True, slots=True)
class Division:
    """What dividing gave; `note` is said to the reader."""

    definitions: list[Definition]
    note: str
    model: dict[str, object] | None = None


def divide_by(run: Run, catalogue: Catalogue, name: str) -> Division:
    """Divide the customers of a run by one segmentation, into its temporary table."""
    segmentation = run.workspace.segmentations[name]
    relation = catalogue.relation(run.run_id)
    if isinstance(segmentation, RulesSegmentation):
        _keep(run, name, rules_select(name, segmentation, relation))
        listed = [Definition(s.id, s.name, s.description, s.when) for s in segmentation.segments]
        if other := segmentation.otherwise:
            listed.append(Definition(other.id, other.name, other.description, "otherwise"))
        return Division(listed, f"{len(listed)} rules")
    if isinstance(segmentation, RfmSegmentation):
        _keep(run, name, rfm_select(name, segmentation, relation))
        listed = [Definition(s.id, s.name, s.description, range_text(s)) for s in segmentation.segments]
        return Division(listed, f"{len(listed)} score ranges")
    return _divide_by_clusters(run, catalogue, name, segmentation)


def _keep(run: Run, name: str, select: str) -> None:
    run.warehouse.execute(f"CREATE OR REPLACE TEMP TABLE {MEMBERS.format(name)} AS {select}")


def _divide_by_clusters(run: Run, catalogue: Catalogue, name: str, segmentation: ClustersSegmentation) -> Division:
    population = f" WHERE ({segmentation.population})" if segmentation.population else ""
    columns = ", ".join(map(identifier, [KEY, *segmentation.features]))
    frame = run.warehouse.frame(f"SELECT {columns} FROM {catalogue.relation(run.run_id)}{population} ORDER BY {KEY}")
    past = _past_of(run, name)
    try:
        model, number, trained, decision = _model_for(run, catalogue, name, segmentation, frame, past)
    except StatisticsError as error:
        # Nothing to divide by is a finding, not a failure: the other segmentations go on.
        _keep(run, name, f"{_MEMBERS_SELECT.format(name=literal(name))} WHERE false")
        return Division([], f"refused: {error.message}")
    members = assign_members(model, frame, past.members if past else None)
    with run.warehouse.registered("incoming_members", members):
        _keep(run, name, _MEMBERS_SELECT.format(name=literal(name)))
    rule = f"nearest of {len(model.clusters)} centres, model {number} of {trained}"
    return Division(
        cluster_definitions(model, rule, run.workspace.privacy.min_group_size),
        f"{len(model.clusters)} clusters; {decision}",
        {
            "segmentation_id": name,
            "model_no": number,
            "k_count": len(model.clusters),
            "model_json": json.dumps(model.to_json(), sort_keys=True),
            "trained_as_of_date": trained,
            "decision": decision,
        },
    )


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


_MEMBERS_SELECT = (
    "SELECT {name} AS segmentation_id, {name} || '.' || segment_key AS segment_id, "
    + KEY
    + ", strength AS strength_share,"
    " printf('distance %.2f', distance) || coalesce(printf(', next %s at %.2f', rival_key, rival_distance), '')"
    " AS reason, {name} || '.' || rival_key AS rival_segment_id FROM incoming_members"
)


@dataclass(frozen=True, slots=True)
class _Past:
    """What the previous run knew of a cluster segmentation."""

    model: ClusterModel
    number: int
    trained: dt.date
    members: pl.DataFrame


def _past_of(run: Run, name: str) -> _Past | None:
    if run.previous is None:
        return None
    names = {"run_id": run.previous.run_id, "name": name}
    found = run.warehouse.rows(
        "SELECT model_json, model_no, trained_as_of_date FROM segments.model"
        " WHERE run_id = $run_id AND segmentation_id = $name",
        names,
    )
    if not found:
        return None
    members = run.warehouse.frame(
        f"SELECT {KEY}, split_part(segment_id, '.', 2) AS segment_key FROM segments.membership"
        f" WHERE run_id = $run_id AND segmentation_id = $name ORDER BY {KEY}",
        names,
    )
    text, number, trained = found[0]
    return _Past(ClusterModel.from_json(json.loads(text)), number, trained, members)


def _model_for(
    run: Run,
    catalogue: Catalogue,
    name: str,
    segmentation: ClustersSegmentation,
    frame: pl.DataFrame,
    past: _Past | None,
) -> tuple[ClusterModel, int, dt.date, str]:
    """The model to assign with, its number, the day it was trained, and how it came to be."""
    spec = ClusterSpec(
        features=tuple(segmentation.features),
        k_min=segmentation.k.min,
        k_max=segmentation.k.max,
        min_share=segmentation.min_share,
        seed=segmentation.seed,
        min_group_size=run.workspace.privacy.min_group_size,
    )
    meanings = {feature: FeatureMeaning(column.meaning, column.unit) for feature, column in catalogue.features.items()}
    used = keys_ever_used(run, name)
    if past is None:
        model = fit_champion(frame, spec, meanings, used_ids=used)
        return model, 1, run.as_of, "first model"
    is_due = segmentation.refit.every_days is not None and (
        (run.as_of - past.trained).days >= segmentation.refit.every_days
    )
    asked_of_past = {*past.model.transform.names, *past.model.transform.dropped}
    if not is_due and asked_of_past == set(segmentation.features):
        return past.model, past.number, past.trained, f"model of {past.trained} goes on"
    outcome = refit_challenger(past.model, frame, spec, past.members, used, meanings)
    number, trained = (past.number + 1, run.as_of) if outcome.adopted else (past.number, past.trained)
    return outcome.model, number, trained, outcome.reason
