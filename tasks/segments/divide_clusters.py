"""Dividing customers by clusters: which model assigns, who is where, what the clusters are called.

Owns: the way from a cluster segmentation to its members and definitions. Does not own fitting and assigning
(`cluster_model.py`), or which model is in use (`lifecycle.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tasks.config.clusters import ClustersSegmentation
from tasks.config.segment import Refit
from tasks.segments.algorithms import ALGORITHMS
from tasks.segments.cluster import ClusterModel, ClusterSpec
from tasks.segments.cluster_model import assign_members, fit_champion, refit_challenger
from tasks.segments.definitions import Definition, keys_ever_used
from tasks.segments.division import Division, Job
from tasks.segments.lifecycle import Candidate, settle
from tasks.segments.naming import FeatureMeaning, figures_of, withheld_text
from tasks.segments.new_ground import LearntFrom
from tasks.segments.stored_model import CLUSTERS, StoredModel, model_row, stored_model
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.ledger import Publication
from tasks.warehouse.remade import remade_features
from tasks.warehouse.small_groups import withheld_groups

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl

_MEMBERS_SELECT = (
    "SELECT {name} AS segmentation_id, {name} || '.' || segment_key AS segment_id, "
    + KEY
    + ", strength AS strength_share,"
    " printf('distance %.2f', distance) || coalesce(printf(', next %s at %.2f', rival_key, rival_distance), '')"
    " AS reason, {name} || '.' || rival_key AS rival_segment_id, distance AS centre_distance FROM incoming_members"
)

_STRUCTURES = {
    "natural": "with gaps between them",
    "reproducible": "cut through one continuous cloud",
    "none": "asked for though no structure was found",
}


def divide_by_clusters(job: Job, segmentation: ClustersSegmentation) -> Division:
    """Put every customer into the cluster that his features are nearest to."""
    learner = ClusterLearner(job, segmentation)
    settled = settle(learner)
    if settled.model is None:
        return job.refused(settled.note, versions=settled.rows)
    model = ClusterModel.from_json(settled.model.content)
    members = assign_members(model, learner.frame, learner.members)
    with job.run.warehouse.registered("incoming_members", members):
        job.keep(_MEMBERS_SELECT.format(name=literal(job.name)))
    count = len(model.clusters)
    version = f"model {settled.model.number} of {settled.model.trained}"
    rule = f"{ALGORITHMS[segmentation.algorithm].rule.format(count)}, {version}"
    return Division(
        cluster_definitions(model, rule, job.run.workspace.privacy.min_group_size, settled.model.trained),
        f"{said_of(model)}; {settled.note}",
        model_row(job.name, settled.model, count, settled.note),
        settled.rows,
        settled.contents,
    )


def said_of(model: ClusterModel) -> str:
    """How many clusters, and what they are; that there is no structure is said plainly."""
    left_out = sorted(set(model.transform.dropped))
    without = f"; without {', '.join(left_out)}" if left_out else ""
    if len(model.clusters) == 1:
        return f"1 cluster: {model.choice.reason}{without}"
    return f"{len(model.clusters)} clusters, {_STRUCTURES[model.choice.structure]}{without}"


def cluster_definitions(model: ClusterModel, rule: str, least: int, learnt: dt.date) -> list[Definition]:
    """What the clusters of a model are; the figures of a description are those of the day of the fit.

    Args:
        model: the model in use, which an earlier policy may have described.
        rule: how it assigns.
        least: a cluster of fewer customers is not described, nor one that it would follow from by subtraction.
        learnt: the day of the fit.
    """
    withheld = withheld_groups({cluster.key: cluster.size for cluster in model.clusters}, least)
    return [
        Definition(
            cluster.key,
            cluster.name,
            withheld_text(least) if cluster.key in withheld else figures_of(cluster.description, learnt),
            rule,
        )
        for cluster in model.clusters
    ]


class ClusterLearner:
    """Fits clusters and holds a refit against the champion; see `Learner`."""

    kind = CLUSTERS
    first = "first model"

    def __init__(self, job: Job, segmentation: ClustersSegmentation) -> None:
        """Nothing is read before it is needed."""
        self.job, self.segmentation = job, segmentation

    @cached_property
    def frame(self) -> pl.DataFrame:
        """customer_id and the features, in the order of customer ids."""
        return self._features(self.job.customers_inside(self.segmentation.inside))

    @cached_property
    def members(self) -> pl.DataFrame | None:
        """customer_id and segment_key of the previous run; None where it had no clusters."""
        run, name = self.job.run, self.job.name
        if run.previous is None or stored_model(run, name, CLUSTERS) is None:
            return None
        return run.warehouse.frame(
            f"SELECT {KEY}, split_part(segment_id, '.', 2) AS segment_key FROM segments.membership"
            f" WHERE run_id = $run_id AND segmentation_id = $name ORDER BY {KEY}",
            {"run_id": run.previous.run_id, "name": name},
        )

    @property
    def refit(self) -> Refit:
        """When it is to learn anew, and who accepts that."""
        return self.segmentation.refit

    @property
    def asked(self) -> dict[str, object]:
        """What, when it changes, makes it learn anew."""
        return {"features": sorted(self.segmentation.features)} | _spec(self.job, self.segmentation).asked()

    def asked_of(self, content: Mapping[str, Any]) -> dict[str, object]:
        """What clusters were fitted for; with what they do not meet of what is asked by now."""
        model = ClusterModel.from_json(content)
        unmet = model.unmet(_spec(self.job, self.segmentation))
        features = sorted({*model.transform.names, *model.transform.dropped})
        return {"features": features} | dict(model.asked) | ({"unmet": unmet} if unmet else {})

    def goes_on(self, past: StoredModel) -> str:
        """What is said where nothing is learnt anew."""
        return f"model of {past.trained} goes on"

    def keys(self, content: Mapping[str, Any]) -> tuple[str, ...]:
        """Ids of the clusters."""
        return ClusterModel.from_json(content).keys

    def training_rows(self) -> pl.DataFrame:
        """The features of all customers."""
        return self.frame

    def places(self, content: Mapping[str, Any]) -> pl.DataFrame:
        """Where a content puts today's customers who were where they were.

        Raises:
            StatisticsError: it was fitted to a feature that is not asked for today.
        """
        return assign_members(ClusterModel.from_json(content), self.frame, self.members).select(KEY, "segment_key")

    def learn(self, past: StoredModel | None, why: str) -> Candidate:
        """Fit to today's customers, and hold the fit against the champion.

        Raises:
            StatisticsError: too few customers, or no feature that varies.
        """
        spec, used = _spec(self.job, self.segmentation), keys_ever_used(self.job.run, self.job.name)
        if past is None:
            first = fit_champion(self.frame, spec, self._meanings(), used_ids=used)
            return Candidate(first.to_json(), len(first.clusters), passes=True, reason=why, metrics=_figures(first))
        champion = ClusterModel.from_json(past.content)
        fitted = next((one for one in self.job.run.earlier() if one.as_of == past.trained), None)
        remade = remade_features(self.job.run, fitted.run_id) if fitted else frozenset()
        # What the new clusters would have been then is not asked of values that were computed otherwise.
        can_ask = fitted and champion.answers(spec) and remade.isdisjoint(spec.features)
        learnt_from = self._learnt_from(fitted) if fitted and can_ask else None
        outcome = refit_challenger(
            champion,
            self.frame,
            spec,
            self.members,
            used,
            self._meanings(),
            learnt_from=learnt_from,
            remade=remade,
            day=self.job.run.as_of,
        )
        told = {"improvement": round(outcome.verdict.improvement, 6)} if outcome.verdict else {}
        if not outcome.adopted:
            return Candidate(
                None, None, passes=False, reason=outcome.reason, metrics=told, champion=outcome.champion.to_json()
            )
        return Candidate(
            outcome.model.to_json(),
            len(outcome.model.clusters),
            passes=True,
            reason=outcome.reason,
            metrics=_figures(outcome.model) | told,
            # Of other features than today's nobody knows where the champion would put customers.
            moved_count=self._moved(champion, outcome.model) if outcome.verdict else None,
            champion=outcome.champion.to_json(),
        )

    def _learnt_from(self, fitted: Publication) -> LearntFrom:
        """The features of the day of a fit."""
        customers = self.job.customers_then(fitted.run_id, self.segmentation.inside)
        return LearntFrom(fitted.as_of, self._features(customers))

    def _features(self, customers: str) -> pl.DataFrame:
        columns = ", ".join(map(identifier, [KEY, *self.segmentation.features]))
        return self.job.run.warehouse.frame(f"SELECT {columns} FROM {customers} ORDER BY {KEY}")

    def _moved(self, champion: ClusterModel, challenger: ClusterModel) -> int:
        then, now = (self.places(model.to_json())["segment_key"] for model in (champion, challenger))
        return int((then != now).sum())

    def _meanings(self) -> dict[str, FeatureMeaning]:
        features = self.job.catalogue.features
        return {name: FeatureMeaning(column.meaning, column.unit) for name, column in features.items()}


def _spec(job: Job, segmentation: ClustersSegmentation) -> ClusterSpec:
    return ClusterSpec(
        features=tuple(segmentation.features),
        k_min=segmentation.k.min,
        k_max=segmentation.k.max,
        min_share=segmentation.min_share,
        seed=segmentation.seed,
        min_group_size=job.run.workspace.privacy.min_group_size,
        accept=segmentation.accept,
        winsor=segmentation.caps,
        algorithm=segmentation.algorithm,
        noise=segmentation.noise,
        transforms={feature: segmentation.transform_of(feature) for feature in segmentation.features},
        weights=segmentation.weights,
        screen=segmentation.screen,
        inside=segmentation.inside,
    )


def _figures(model: ClusterModel) -> dict[str, Any]:
    """What a fit is judged by: its inertia, and every criterion that its number of segments was chosen by."""
    return {"inertia": round(model.inertia, 6), "choice": model.choice.to_dict()}
