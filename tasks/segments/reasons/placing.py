"""Where a customer would be if his features were others: asked of the very SQL and models that divide customers.

Owns: one function from variants of a customer to segments, for every kind. Does not own which variants are worth
asking for (`candidates.py`), or the rules and models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.config.errors import StatisticsError
from tasks.config.resolving import Rule
from tasks.config.segmentations import RfmSegment, RfmSegmentation
from tasks.segments.cluster import ClusterModel
from tasks.segments.cluster_model import assign_members
from tasks.segments.projection import project
from tasks.segments.reasons.standing import Standing
from tasks.segments.rfm import rfm_select
from tasks.segments.rules import members_by_rules
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import identifier, literal

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: What is changed of a customer's features.
Variant = Mapping[str, Any]
Place = Callable[[Sequence[Variant]], list[frozenset[str]]]
_VARIANTS = "variants_of_customer"
_TYPED = "typed_variants"
#: No customer is called so.
_NUMBERED = "variant {:08d} of a customer"
#: Of recency the lowest is the best.
_BETTER = (-1.0, 1.0, 1.0)


def placer(standing: Standing) -> Place:
    """The function that says of variants of the customer in which segments each would be."""
    if standing.kind == "rfm":
        return _Scores(standing)
    if standing.kind == "clusters":
        return _by_clusters(standing)
    if standing.kind == "projected":
        return _by_projection(standing)
    return _by_rules(standing)


def rfm_of(standing: Standing) -> RfmSegmentation:
    """The RFM segmentation as it was published; names do not matter here."""
    asked = {key: standing.asked[key] for key in ("recency", "frequency", "monetary")}
    segments = [RfmSegment(name=part["id"], **part) for part in standing.asked["segments"]]
    return RfmSegmentation(kind="rfm", basis="value", segments=segments, **asked)


def frame_of(standing: Standing, variants: Sequence[Variant]) -> pl.DataFrame:
    """The variants with the features that decide, typed as features are, in their order; only who is divided."""
    import polars as pl

    names = standing.features
    texts = {
        name: [
            None if (value := variant.get(name, standing.values[name])) is None else str(value) for variant in variants
        ]
        for name in names
    }
    frame = pl.DataFrame(
        {KEY: [_NUMBERED.format(place) for place in range(len(variants))]} | texts,
        schema={KEY: pl.String} | dict.fromkeys(names, pl.String),
    )
    typed = ", ".join(f"CAST({identifier(name)} AS {standing.types[name]}) AS {identifier(name)}" for name in names)
    where = f" WHERE ({standing.population})" if standing.population else ""
    with standing.warehouse.registered(_VARIANTS, frame):
        return standing.warehouse.frame(
            f"SELECT * FROM (SELECT {', '.join(filter(None, (KEY, typed)))} FROM {_VARIANTS}){where} ORDER BY {KEY}"
        )


def _told(count: int, rows: Sequence[tuple[str, str]]) -> list[frozenset[str]]:
    """Segments of each variant, by rows of its number and a segment."""
    found: list[set[str]] = [set() for _ in range(count)]
    for key, segment in rows:
        found[int(key.split()[1])].add(segment)
    return [frozenset(segments) for segments in found]


def _by_rules(standing: Standing) -> Place:
    rules = [Rule(row["segment_id"].split(".", 1)[1], row["rule_text"], "") for row in standing.rules]
    fallback = standing.fallback.split(".", 1)[1] if standing.fallback else None

    def place(variants: Sequence[Variant]) -> list[frozenset[str]]:
        with standing.warehouse.registered(_TYPED, frame_of(standing, variants)):
            select = members_by_rules(
                standing.name, _TYPED, rules, fallback, match="any" if standing.is_multiple else "first"
            )
            rows = standing.warehouse.rows(f"SELECT {KEY}, segment_id FROM ({select})")
        return _told(len(variants), rows)

    return place


def _by_clusters(standing: Standing) -> Place:
    stored = standing.model()
    model = ClusterModel.from_json(stored) if stored else None
    own = next(iter(standing.own), None)

    def place(variants: Sequence[Variant]) -> list[frozenset[str]]:
        import polars as pl

        if model is None:
            return [frozenset()] * len(variants)
        frame = frame_of(standing, variants)
        # He has his segment now, and keeps it until another one is nearer by more than the hysteresis.
        key = own.split(".", 1)[1] if own else None
        past = pl.DataFrame(
            {KEY: frame[KEY], "segment_key": [key] * frame.height}, schema={KEY: pl.String, "segment_key": pl.String}
        )
        found = assign_members(model, frame, past if key else None)
        rows = found.filter(pl.col("segment_key").is_not_null()).select(KEY, "segment_key").rows()
        return _told(len(variants), [(number, f"{standing.name}.{segment}") for number, segment in rows])

    return place


def _by_projection(standing: Standing) -> Place:
    features = list(standing.asked["features"])
    of, otherwise = standing.learnt_from, standing.fallback
    if of is None:
        return lambda variants: [frozenset()] * len(variants)
    answered = placer(of)
    listed = ", ".join(map(identifier, features))
    # He himself is no respondent where he is asked for: he would be one of the others by then.
    learnt_on = (
        f"SELECT {KEY}, split_part(segment_id, '.', 2) AS segment_key, {listed} FROM {standing.divided} JOIN"
        f" (SELECT {KEY}, segment_id FROM segments.membership WHERE run_id = {literal(standing.run_id)}"
        f" AND segmentation_id = {literal(of.name)} AND {KEY} <> {literal(standing.customer_id)}) USING ({KEY})"
        f" ORDER BY {KEY}"
    )

    def place(variants: Sequence[Variant]) -> list[frozenset[str]]:
        respondents = standing.warehouse.frame(learnt_on)
        frame = frame_of(standing, variants)
        try:
            found = project(
                respondents.select(features),
                respondents["segment_key"].to_list(),
                frame.select(features),
                seed=standing.asked["seed"],
            )
            likely = zip(found.segments, found.chances >= standing.asked["min_confidence"], strict=True)
            keys = [f"{standing.name}.{key}" if sure else otherwise for key, sure in likely]
        except StatisticsError:
            keys = [otherwise] * frame.height
        placed = _told(len(variants), [(n, key) for n, key in zip(frame[KEY].to_list(), keys, strict=True) if key])
        # Who is in a segment of the other one himself stays in it, if he is divided at all.
        divided = {int(key.split()[1]) for key in frame[KEY].to_list()}
        own = [frozenset(f"{standing.name}.{key.split('.', 1)[1]}" for key in keys) for keys in answered(variants)]
        return [
            mine if mine and n in divided else likely for n, (mine, likely) in enumerate(zip(own, placed, strict=True))
        ]

    return place


class _Scores:
    """RFM: a score is a rank among the others, who stay as they are."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._segmentation = made = rfm_of(standing)
        self._columns = [made.recency, made.frequency, made.monetary]
        others = f"(SELECT * FROM {standing.divided} WHERE {KEY} <> {literal(standing.customer_id)})"
        self._others = [
            np.sort(_goodness(standing.warehouse.frame(f"SELECT {identifier(column)} FROM {others}"), sign))
            for column, sign in zip(self._columns, _BETTER, strict=True)
        ]

    def __call__(self, variants: Sequence[Variant]) -> list[frozenset[str]]:
        frame = frame_of(self._standing, variants)
        count = len(self._others[0]) + 1
        scores = [
            1 + (np.searchsorted(others, _goodness(frame.select(column), sign), side="left") * 5) // count
            for column, sign, others in zip(self._columns, _BETTER, self._others, strict=True)
        ]
        segment_of = {cell: segment.id for segment in self._segmentation.segments for cell in segment.cells()}
        rows = [
            (number, f"{self._standing.name}.{segment_of[int(r), int(f), int(m)]}")
            for number, r, f, m in zip(frame[KEY].to_list(), *scores, strict=True)
        ]
        return _told(len(variants), rows)


def _goodness(frame: pl.DataFrame, sign: float) -> Floats:
    """Larger is better; what is missing is worst."""
    import polars as pl

    values = frame.to_series().cast(pl.Float64).to_numpy().astype(np.float64)
    found: Floats = np.where(np.isnan(values), -np.inf, sign * values)
    return found


def verified(standing: Standing, variant: Variant) -> frozenset[str]:
    """Segments of one variant by the statement that divides everybody; of RFM with all others beside him."""
    if standing.kind != "rfm":
        return placer(standing)([variant])[0]
    made = rfm_of(standing)
    frame = frame_of(standing, [variant])
    columns = ", ".join(map(identifier, [KEY, made.recency, made.frequency, made.monetary]))
    with standing.warehouse.registered(_TYPED, frame):
        customers = (
            f"(SELECT {columns} FROM {standing.divided} WHERE {KEY} <> {literal(standing.customer_id)}"
            f" UNION ALL SELECT {columns} FROM {_TYPED})"
        )
        select = rfm_select(standing.name, made, customers)
        rows = standing.warehouse.rows(
            f"SELECT segment_id FROM ({select}) WHERE {KEY} = $key", {"key": _NUMBERED.format(0)}
        )
    return frozenset(segment for (segment,) in rows)
