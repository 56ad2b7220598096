"""All figures of a run's segmentations, for the health cards and the audit.

Owns: reading values, and which figures are asked for which kind of segmentation. Does not own the figures
(`figures.py`, one module each) or judging them (`verdict.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from tasks.audit.basis import features_of, known_features, kpis_of, rate_days, split_features
from tasks.audit.contrast import Placed, scaled_ranks
from tasks.audit.facts import (
    DEMOGRAPHIC_THEMES,
    FeatureFacts,
    Fit,
    ModelFacts,
    OrderRate,
    SegmentationFacts,
    SegmentFacts,
    Split,
)
from tasks.audit.figures import Others, Steadiness, Values, explained, segment_facts
from tasks.audit.profiles import nearest_profiles, traits
from tasks.audit.read import Record, RunTables, read_earlier_fit, read_pairs, read_tables
from tasks.audit.splitting import best_split
from tasks.audit.steadiness import SAMPLE_ROWS, OpenSpace, mean_error, separations, stability
from tasks.config.segmentations import RfmSegmentation
from tasks.warehouse import reading
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.run import Run

#: Customers that the best feature to split by is looked for among; the same at every repeat.
_SPLIT_ROWS = 3_000
#: How often a customer has ordered: what follows from it alone is no way to divide.
_ORDERS = "order_count"
#: Of so few segments it is asked what customers could be divided by.
_FEW = 2
_QUINTILES = (0.2, 0.4, 0.6, 0.8)


class Measurement:
    """The figures of one run."""

    def __init__(self, run: Run, catalogue: Catalogue, open_space: OpenSpace) -> None:
        """Read what other rooms wrote.

        Args:
            run: with segments, key figures, profiles and overlaps written.
            catalogue: its features.
            open_space: how to look into a stored cluster model.
        """
        self._run = run
        self._catalogue = catalogue
        self._open_space = open_space
        self._kpis = kpis_of(run.workspace, catalogue)
        self._tables: RunTables = read_tables(run)
        self._traits = traits(self._tables.profiles)
        self._rivals = nearest_profiles(self._tables.profiles)
        self._names = {row["segment_id"]: row["segment_name"] for row in self._tables.definitions}
        self._pairs = read_pairs(run, {row["segment_id"]: row["segmentation_id"] for row in self._tables.definitions})
        #: Day of the oldest run that defined a segmentation alike is found by it.
        self.digests: dict[str, str] = {}

    def facts(self) -> list[SegmentationFacts]:
        """Every segmentation, in the order of the workspace."""
        self._run.warehouse.execute(
            f"CREATE OR REPLACE TEMP TABLE audited AS SELECT row_number() OVER (ORDER BY {KEY}) - 1 AS row_no, *"
            f" FROM {self._catalogue.relation(self._run.run_id, self._columns())}"
        )
        found = [self._segmentation(name) for name in self._run.workspace.segmentations]
        self._run.warehouse.execute("DROP TABLE audited")
        return found

    def _segmentation(self, name: str) -> SegmentationFacts:
        run = self._run
        segmentation = run.workspace.segmentations[name]
        definitions = [row for row in self._tables.definitions if row["segmentation_id"] == name]
        used = features_of(run.workspace, name)
        values = self._values(name, definitions)
        steadiness, model = self._model(name, definitions, used)
        others = Others(
            definitions,
            self._tables.sizes,
            self._tables.memberships,
            self._tables.reach,
            self._tables.rates,
            self._traits,
            self._rivals,
        )
        self.digests[name] = _digest(definitions)
        is_multiple = name not in run.workspace.single_membership
        customers = len(values.ranks[self._kpis[0]])
        fit = None if is_multiple else Fit(run.as_of, customers, explained(values))
        features = known_features(run.warehouse, partial(self._dividable, name), self._catalogue, used)
        split = partial(self._split, used)
        segments = segment_facts(values, others, steadiness, lambda key: split(name, key), run.workspace.audit)
        return SegmentationFacts(
            segmentation_id=name,
            name=segmentation.name or name,
            kind=segmentation.kind,
            as_of=run.as_of,
            customers=customers,
            segments=segments,
            is_multiple=is_multiple,
            features=tuple(features),
            fit=fit,
            earlier=read_earlier_fit(run, name, self.digests[name]),
            model=model,
            pairs=tuple(self._pairs.get(name, ())),
            split=split(name, None) if _is_asked(features, segments) else None,
            names=self._names,
            refusal=self._tables.refusals.get(name),
        )

    def _columns(self) -> list[str]:
        return list(dict.fromkeys([*self._kpis, self._rate_column()]))

    def _rate_column(self) -> str:
        return f"order_{rate_days(self._run.workspace.features.windows)}d_count"

    def _values(self, name: str, definitions: Sequence[Record]) -> Values:
        """Who is where, and the KPIs of the customers of a segmentation, by customer id."""
        columns = ", ".join(
            f"CAST({identifier(column)} AS DOUBLE) AS {identifier(column)}" for column in self._columns()
        )
        members = (
            f"SELECT {KEY}, segment_id FROM segments.membership WHERE run_id = {literal(self._run.run_id)}"
            f" AND segmentation_id = {literal(name)}"
        )
        placed = self._run.warehouse.frame(
            f"SELECT row_no, segment_id FROM ({members}) JOIN audited USING ({KEY}) ORDER BY row_no, segment_id"
        )
        frame = self._run.warehouse.frame(
            f"SELECT row_no, {columns} FROM audited SEMI JOIN ({members}) AS members USING ({KEY}) ORDER BY row_no"
        )
        ids = tuple(row["segment_id"] for row in definitions)
        position = {segment: place for place, segment in enumerate(ids)}
        labels = (
            placed.get_column("segment_id").replace_strict(position, return_dtype=pl.Int64).to_numpy().astype(np.int64)
        )
        rows = np.searchsorted(frame.get_column("row_no").to_numpy(), placed.get_column("row_no").to_numpy())
        column = {one: _floats(frame.get_column(one)) for one in self._columns()}
        return Values(
            ids,
            Placed(rows.astype(np.int64), labels, len(ids)),
            {kpi: scaled_ranks(column[kpi]) for kpi in self._kpis},
            self._rate(column[self._rate_column()]),
        )

    def _rate(self, orders: np.ndarray[Any, np.dtype[np.float64]]) -> OrderRate | None:
        """How many of all customers ordered of late; None where nobody did, and there is no rate to speak of."""
        days = rate_days(self._run.workspace.features.windows)
        share = float((orders > 0).mean()) if len(orders) else 0.0
        return OrderRate(round(share, 6), days, is_own=False) if share else None

    def _model(
        self, name: str, definitions: Sequence[Record], used: Sequence[str]
    ) -> tuple[Steadiness, ModelFacts | None]:
        segmentation = self._run.workspace.segmentations[name]
        refit = getattr(segmentation, "refit", None)
        stored = self._tables.models.get(name)
        if isinstance(segmentation, RfmSegmentation):
            return Steadiness({}, {}), ModelFacts("rfm", self._run.as_of, refit_days=0, quantiles=_QUINTILES)
        if stored is None:
            return Steadiness({}, {}), None
        facts = ModelFacts(
            segmentation.kind,
            stored["trained_as_of_date"],
            refit_days=refit.every_days if refit else None,
            quantiles=tuple(getattr(segmentation, "quantiles", None) or ()),
        )
        if segmentation.kind != "clusters":
            return Steadiness({}, {}), facts
        return self._clusters(name, definitions, used, stored, facts)

    def _clusters(
        self, name: str, definitions: Sequence[Record], used: Sequence[str], stored: Record, facts: ModelFacts
    ) -> tuple[Steadiness, ModelFacts]:
        """Figures on a sample of the customers, the same at every repeat."""
        columns = ", ".join(map(identifier, used))
        frame = self._run.warehouse.frame(
            f"SELECT {KEY}, {columns}, segment_id FROM (SELECT {KEY}, segment_id FROM segments.membership"
            f" WHERE run_id = {literal(self._run.run_id)} AND segmentation_id = {literal(name)}"
            f" ORDER BY md5({KEY}), {KEY} LIMIT {SAMPLE_ROWS:d})"
            f" JOIN {self._catalogue.relation(self._run.run_id, used)} USING ({KEY}) ORDER BY {KEY}"
        )
        if frame.is_empty():
            return Steadiness({}, {}), facts
        space = self._open_space(stored["model_json"], frame)
        ids = [row["segment_id"] for row in definitions]
        labels = np.array([ids.index(segment) for segment in frame.get_column("segment_id")], dtype=np.int64)
        keys = [segment.split(".", 1)[1] for segment in frame.get_column("segment_id")]
        error = mean_error(space.x, keys, space.centres)
        steady = stability(space.x, labels, len(ids), space.refit) if len(ids) > 1 else {}
        return (
            Steadiness(steady, separations(space.x, labels)),
            ModelFacts(facts.kind, facts.trained, error, space.error_at_fit, facts.refit_days, facts.quantiles),
        )

    def _dividable(self, name: str, features: Collection[str]) -> str:
        """SQL for a FROM: the customers who could be divided, with some features."""
        workspace = self._run.workspace
        population = workspace.resolved[name].population
        relation = self._catalogue.relation(self._run.run_id, {*features, *reading.features_of(workspace, name)})
        return f"(SELECT * FROM {relation} WHERE ({population}))" if population else relation

    def _split(self, used: Sequence[str], name: str, segment_id: str | None) -> Split | None:
        """What would split a segment, or all customers of a segmentation."""
        features = split_features(self._catalogue, used, self._kpis)
        asked_for = list(dict.fromkeys([*self._kpis, *features, _ORDERS]))
        columns = ", ".join(f"CAST({identifier(one)} AS DOUBLE) AS {identifier(one)}" for one in asked_for)
        chosen = f"segment_id = {literal(segment_id)}" if segment_id else f"segmentation_id = {literal(name)}"
        self._run.warehouse.execute(
            f"CREATE OR REPLACE TEMP TABLE split_customers AS SELECT DISTINCT md5({KEY}) AS lot, {KEY}"
            f" FROM segments.membership WHERE run_id = {literal(self._run.run_id)} AND {chosen}"
            f" ORDER BY lot, {KEY} LIMIT {_SPLIT_ROWS:d}"
        )
        asked = self._catalogue.relation(self._run.run_id, asked_for, among="split_customers")
        frame = self._run.warehouse.frame(f"SELECT {columns} FROM {asked} ORDER BY {KEY}")
        self._run.warehouse.execute("DROP TABLE split_customers")
        return best_split(
            {kpi: _floats(frame.get_column(kpi)) for kpi in self._kpis},
            {name: _floats(frame.get_column(name)) for name in features},
            _floats(frame.get_column(_ORDERS)),
        )


def _is_asked(features: Sequence[FeatureFacts], segments: Sequence[SegmentFacts]) -> bool:
    """Whether the audit may have to say what to divide by."""
    is_demographic = all(one.theme in DEMOGRAPHIC_THEMES for one in features)
    return is_demographic or sum(segment.size > 0 for segment in segments) < _FEW


def _digest(definitions: Sequence[Record]) -> str:
    """Two runs with the same digest define the segmentation alike, thresholds and model included."""
    said = ";".join(f"{row['segment_id']}:{row['rule_text']} of {row['population_text']}" for row in definitions)
    return hashlib.sha256(said.encode()).hexdigest()


def _floats(column: pl.Series) -> np.ndarray[Any, np.dtype[np.float64]]:
    values: np.ndarray[Any, np.dtype[np.float64]] = column.cast(pl.Float64).to_numpy().astype(np.float64)
    return values
