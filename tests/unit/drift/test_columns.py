"""A snapshot that stays in the warehouse is compared as one that was read: same scores, same groups, nothing left."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest

from tasks.config.errors import StatisticsError
from tasks.drift import columns
from tasks.drift.candidates import EmergencePolicy
from tasks.drift.columns import (
    Snapshot,
    StoredSnapshot,
    ascending,
    filled_columns,
    forget_snapshots,
    stored_snapshot,
)
from tasks.drift.decision import measure_drift
from tasks.drift.emergence import scan_emergence
from tasks.drift.policy import DriftPolicy
from tasks.drift.population import measure_population
from tasks.drift.reconstruction import measure_reconstruction
from tasks.drift.snapshots import pair_snapshots
from tasks.warehouse.connection import Warehouse
from tests.unit.drift.made_groups import SPECS, base, changed, with_group

POLICY = DriftPolicy(resamples=99)
BEFORE = base(600, 1)
AFTER = with_group(changed(BEFORE, 2), np.arange(30), 3)
OTHERS = with_group(base(600, 4, first_id=600), np.arange(30), 5)


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None) as opened:
        yield opened


def stored(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, key: str, frame: pl.DataFrame) -> Snapshot:
    monkeypatch.setattr(columns, "MOST_VALUES", 0)
    warehouse.connection.register("given", frame)
    return stored_snapshot(warehouse, key, "SELECT * FROM given")


@pytest.mark.parametrize("after", [AFTER, OTHERS])
def test_scores_are_those_of_frames(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, after: pl.DataFrame) -> None:
    kept = [stored(warehouse, monkeypatch, key, frame) for key, frame in (("then", BEFORE), ("now", after))]
    for measure in (
        lambda old, new: measure_drift(old, new, SPECS, 30, POLICY, 0),
        lambda old, new: measure_population(old, new, SPECS, 30, POLICY, 0),
        lambda old, new: measure_reconstruction(old, new, SPECS, POLICY, 0),
        lambda old, new: scan_emergence(old, new, SPECS, EmergencePolicy(cells=10), 0),
    ):
        expected = measure(BEFORE, after)
        assert expected
        assert measure(*kept) == expected


def test_rows_keep_their_order_and_types(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    shuffled = BEFORE.sample(fraction=1.0, shuffle=True, seed=1)
    found = stored(warehouse, monkeypatch, "then", shuffled)
    assert isinstance(found, StoredSnapshot)
    assert (found.columns, found.height) == (BEFORE.columns, BEFORE.height)
    for name in BEFORE.columns:
        assert found[name].equals(shuffled[name])
        assert ascending(found)[name].equals(BEFORE[name])


def test_few_values_are_read_at_once_and_leave_no_table(warehouse: Warehouse) -> None:
    warehouse.connection.register("given", BEFORE)
    assert isinstance(stored_snapshot(warehouse, "then", "SELECT * FROM given"), pl.DataFrame)
    forget_snapshots(warehouse)
    assert warehouse.rows("SELECT table_name FROM duckdb_tables()") == []


def test_columns_of_nothing_but_nulls_are_not_filled(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.DataFrame(
        {"customer_id": ["a", "b"], "some": [None, 0.0], "none": [None, None]},
        schema_overrides={"none": pl.Float64},
    )
    assert filled_columns(frame) == filled_columns(stored(warehouse, monkeypatch, "now", frame))
    assert filled_columns(frame) == {"customer_id", "some"}


def test_the_same_key_is_written_once_and_forgotten(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(warehouse, monkeypatch, "then", BEFORE)
    again = stored(warehouse, monkeypatch, "then", OTHERS)
    assert again["customer_id"].equals(BEFORE["customer_id"])
    warehouse.execute("CREATE TEMP TABLE other AS SELECT 1 AS one")
    forget_snapshots(warehouse)
    assert warehouse.rows("SELECT table_name FROM duckdb_tables()") == [("other",)]


def test_ids_of_two_types_are_refused(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    numbered = BEFORE.with_columns(pl.arange(0, BEFORE.height).alias("customer_id"))
    kept = [stored(warehouse, monkeypatch, key, frame) for key, frame in (("then", BEFORE), ("now", numbered))]
    with pytest.raises(StatisticsError, match="they cannot be joined"):
        pair_snapshots(kept[0], kept[1], paired_common_share=0.3)
