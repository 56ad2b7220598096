"""The overlap room's Prefect task."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.overlap.pairs import PairOverlap, measure_pairs
from tasks.warehouse import tables
from tasks.warehouse.run import Run

log = logging.getLogger("resegment.overlap")

#: Columns of `monitoring.overlap`, with the attribute of a pair that each holds.
_COLUMNS: dict[str, tuple[str, type[pl.DataType]]] = {
    "segment_id_a": ("segment_id_a", pl.String),
    "segment_id_b": ("segment_id_b", pl.String),
    "a_count": ("size_a", pl.Int64),
    "b_count": ("size_b", pl.Int64),
    "intersection_count": ("intersection_count", pl.Int64),
    "jaccard_share": ("jaccard", pl.Float64),
    "containment_a_share": ("containment_a_in_b", pl.Float64),
    "containment_b_share": ("containment_b_in_a", pl.Float64),
    "lift": ("lift", pl.Float64),
    "phi": ("phi", pl.Float64),
    "p_adjusted": ("p_adjusted", pl.Float64),
    "relation_name": ("relation", pl.String),
}


@task(name="measure overlap", cache_policy=NO_CACHE, persist_result=False)
def measure_overlap(run: Run) -> None:
    """Every pair of segments, from the exclusive combinations: exact, and small however many customers there are."""
    combinations = run.warehouse.rows(
        f"SELECT segment_ids, customer_count FROM ({tables.rows_of_run('monitoring.intersection', run.run_id)})"
        " ORDER BY segment_ids"
    )
    customers = run.warehouse.value(
        "SELECT count(*) FROM features.customer_value WHERE run_id = $run_id", {"run_id": run.run_id}
    )
    pairs = measure_pairs([(tuple(ids.split(" & ")), count) for ids, count in combinations], customers)
    tables.write_frame(run, "monitoring.overlap", _frame(pairs))
    close = sum(pair.relation in {"redundant", "nested"} for pair in pairs)
    log.info("%s pairs of segments, %s redundant or nested", f"{len(pairs):,}", f"{close:,}")


def _frame(pairs: Sequence[PairOverlap]) -> pl.DataFrame:
    return pl.DataFrame(
        {name: [getattr(pair, attribute) for pair in pairs] for name, (attribute, _) in _COLUMNS.items()},
        schema={name: kind for name, (_, kind) in _COLUMNS.items()},
    )
