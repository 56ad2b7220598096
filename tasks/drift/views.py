"""Two runs side by side: the columns that are compared, each on the customers that it is compared on.

Owns: that features are compared on a sample where customers are many, while mixes and sizes of segments are those of
everybody, as published. Does not own: the sample (`sampling.py`), the queries (`snapshot_reading.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tasks.drift import sampling
from tasks.drift.columns import Snapshot, filled_columns
from tasks.drift.policy import FeatureSpec
from tasks.drift.redrawn import Redrawn
from tasks.drift.snapshot_reading import EVERYBODY, customer_count, snapshot
from tasks.drift.specs import specs_of
from tasks.warehouse.run import Run


class Columns(NamedTuple):
    """Columns of the present run.

    Attributes:
        listed: all that could be compared: they are read of the present run.
        filled: those that say something of anybody: they are read of other runs.
    """

    listed: Mapping[str, FeatureSpec]
    filled: Mapping[str, FeatureSpec]


@dataclass(frozen=True, slots=True)
class View:
    """Columns that are compared on the same customers.

    Attributes:
        specs: the columns, by name.
        earlier: the earlier snapshot; it may hold more columns.
        current: the later one, likewise.
        chosen: SQL condition on `customer_id` of those who are in it.
    """

    specs: Mapping[str, FeatureSpec]
    earlier: Snapshot
    current: Snapshot
    chosen: str = EVERYBODY

    @property
    def is_sample(self) -> bool:
        """Whether it holds a sample of the customers."""
        return self.chosen != EVERYBODY


def columns_of(run: Run) -> Columns:
    """What there is to compare in the present run."""
    listed = specs_of(run)
    times = sampling.halvings(customer_count(run, run.run_id), run.workspace.drift.enough_customers)
    # Most companies have a source for half of the features: the others are read of no other run.
    names: set[str] = set()
    for part, chosen in _parts(listed, times):
        names |= filled_columns(snapshot(run, run.run_id, part, chosen))
    return Columns(listed, {name: spec for name, spec in listed.items() if name in names})


def views_of(
    run: Run, earlier_run_id: str, later_run_id: str, columns: Columns, redrawn: Redrawn | None = None
) -> list[View]:
    """Snapshots of two runs: one pair of all columns, or one of everybody's segments and one of a sample's features.

    Args:
        run: the present run.
        earlier_run_id: of the earlier snapshot.
        later_run_id: of the later one.
        columns: what there is to compare.
        redrawn: by which definitions segments are compared; None: by those of each run.
    """
    runs = (earlier_run_id, later_run_id)
    smaller = min(customer_count(run, run_id) for run_id in runs)
    times = sampling.halvings(smaller, run.workspace.drift.enough_customers)
    return [_view(run, runs, part, columns, chosen, redrawn) for part, chosen in _parts(columns.listed, times)]


def features_of_everybody(run: Run, earlier_run_id: str, columns: Columns) -> View:
    """Features and mixes of all customers of an earlier run and of this one, however many there are."""
    part = {name: spec for name, spec in columns.listed.items() if spec.subject_kind == "feature"}
    return _view(run, (earlier_run_id, run.run_id), part, columns, EVERYBODY)


def _view(
    run: Run,
    runs: tuple[str, str],
    part: Mapping[str, FeatureSpec],
    columns: Columns,
    chosen: str,
    redrawn: Redrawn | None = None,
) -> View:
    filled = {name: spec for name, spec in part.items() if name in columns.filled}
    earlier, later = (
        snapshot(run, run_id, part if run_id == run.run_id else filled, chosen, redrawn) for run_id in runs
    )
    return View(filled, earlier, later, chosen)


def _parts(specs: Mapping[str, FeatureSpec], times: int) -> list[tuple[dict[str, FeatureSpec], str]]:
    """Columns, and the condition on the customers that they are compared on."""
    if times == 0:
        return [(dict(specs), EVERYBODY)]
    whole = {name: spec for name, spec in specs.items() if spec.is_of_segments}
    rest = {name: spec for name, spec in specs.items() if name not in whole}
    return [(part, chosen) for part, chosen in ((whole, EVERYBODY), (rest, sampling.drawn(times))) if part]
