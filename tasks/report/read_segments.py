"""Reading segments, their sizes and figures, and what tells them apart.

Owns: the queries behind `SegmentRow` and `Profile`, and the order in which segments are shown: as the workspace
declares them, then by size. Does not own: migration, overlap and drift (`read_monitoring.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from tasks.config.errors import ResegmentError
from tasks.config.workspace import Workspace
from tasks.report.reader import RunReader
from tasks.report.segment_records import (
    Profile,
    ProfileCell,
    SegmentRow,
    Treatment,
    TypicalValue,
    WindowFigures,
)
from tasks.warehouse.run import Run

log = logging.getLogger("resegment.report")

_FEATURES_SHOWN = 14
_TYPICAL_SHOWN = 3
#: A category value is typical where it is this much more common than among all customers.
_TYPICAL_EXCESS = 0.05
_DEFINITION_COLUMNS = (
    "segmentation_id",
    "segment_id",
    "basis_name",
    "segmentation_name",
    "segment_name",
    "description",
    "rule_text",
    "value_proposition",
    "message",
    "offer",
    "channel_name",
    "owner_name",
    "priority",
    "status_name",
    "since_date",
)
_KPI_COLUMNS = (
    "segment_id",
    "customer_count",
    "customer_share",
    "net_amount",
    "net_share",
    "average_order_amount",
    "recency_median_days",
    "entered_count",
    "left_count",
    "change_count",
    "is_suppressed",
)

Definition = dict[str, Any]


def definitions(reader: RunReader) -> list[Definition]:
    """Rows of `segments.definition` of this run, in the order in which segments are shown."""
    rows = reader.of_run("segments.definition", _DEFINITION_COLUMNS, order_by="segmentation_id, segment_id")
    sizes = _sizes(reader)
    order = _declared_order(reader.run.workspace)
    segmentations = {key: position for position, key in enumerate(reader.run.workspace.segmentations)}
    return sorted(
        rows,
        key=lambda row: (
            segmentations.get(row["segmentation_id"], len(segmentations)),
            row["segmentation_id"],
            order.get(row["segment_id"], len(order)),
            -sizes.get(row["segment_id"], 0),
            row["segment_id"],
        ),
    )


def segment_names(reader: RunReader, current: list[Definition]) -> dict[str, str]:
    """Name by segment id; of the previous run where this one no longer has the segment."""
    names: dict[str, str] = {}
    previous = reader.run.previous
    if previous is not None and {"run_id", "segment_id", "segment_name"} <= reader.columns("segments.definition"):
        names = dict(
            reader.warehouse.rows(
                "SELECT segment_id, segment_name FROM segments.definition WHERE run_id = $run ORDER BY 1",
                {"run": previous.run_id},
            )
        )
    names |= {row["segment_id"]: row["segment_name"] for row in current}
    return {segment_id: name or segment_id for segment_id, name in names.items()}


def feature_meanings(run: Run) -> dict[str, str]:
    """What each feature says, by name; none where the models that say it cannot be read."""
    from tasks.warehouse.catalogue import catalogue_of

    try:
        features = catalogue_of(run).features
    except ResegmentError as error:
        log.warning("features are not explained in the report: %s", error)
        return {}
    return {name: column.meaning for name, column in features.items()}


def _declared_order(workspace: Workspace) -> dict[str, int]:
    """Position of each segment that the workspace itself names."""
    order: dict[str, int] = {}
    for key, segmentation in workspace.segmentations.items():
        for segment in segmentation.declared_segments:
            order[f"{key}.{segment.id}"] = len(order)
    return order


def _sizes(reader: RunReader) -> dict[str, int]:
    rows = reader.of_run("monitoring.kpi", ("segment_id", "customer_count"), order_by="segment_id")
    return {row["segment_id"]: row["customer_count"] or 0 for row in rows}


def segment_rows(reader: RunReader, current: list[Definition]) -> dict[str, tuple[SegmentRow, ...]]:
    """Segments with their figures, by segmentation."""
    windows = reader.run.workspace.features.windows
    wanted = [*_KPI_COLUMNS, *(name for days in windows for name in _window_columns(days))]
    figures = {row["segment_id"]: row for row in reader.of_run("monitoring.kpi", wanted, order_by="segment_id")}
    # On a first run "change" would be the whole segment: there is nothing to compare with.
    is_compared = reader.run.previous is not None
    found: dict[str, list[SegmentRow]] = {}
    for definition in current:
        row = figures.get(definition["segment_id"], dict.fromkeys(wanted))
        found.setdefault(definition["segmentation_id"], []).append(_segment(definition, row, windows, is_compared))
    return {key: tuple(rows) for key, rows in found.items()}


def _window_columns(days: int) -> tuple[str, str]:
    return f"net_{days}d_amount", f"order_{days}d_count"


def _segment(definition: Definition, row: dict[str, Any], windows: list[int], is_compared: bool) -> SegmentRow:  # noqa: FBT001
    return SegmentRow(
        segment_id=definition["segment_id"],
        name=definition["segment_name"] or definition["segment_id"],
        description=definition["description"] or "",
        rule=definition["rule_text"] or "",
        status=definition["status_name"] or "active",
        since=definition["since_date"],
        customer_count=row["customer_count"],
        customer_share=row["customer_share"],
        change_count=row["change_count"] if is_compared else None,
        entered_count=row["entered_count"] if is_compared else None,
        left_count=row["left_count"] if is_compared else None,
        net_amount=row["net_amount"],
        net_share=row["net_share"],
        average_order_amount=row["average_order_amount"],
        recency_median_days=row["recency_median_days"],
        windows=tuple(WindowFigures(days, *(row[name] for name in _window_columns(days))) for days in windows),
        treatment=Treatment(
            value_proposition=definition["value_proposition"],
            message=definition["message"],
            offer=definition["offer"],
            channel=definition["channel_name"],
            owner=definition["owner_name"],
            priority=definition["priority"],
        ),
        is_suppressed=bool(row["is_suppressed"]),
    )


def profile(reader: RunReader, segmentation_id: str, order: Sequence[str]) -> Profile | None:
    """The features that tell this segmentation's segments apart most; None where there are no profiles.

    Args:
        reader: of the run.
        segmentation_id: whose segments.
        order: ids of the segments, in the order in which cells and values are returned.
    """
    table = "monitoring.profile"
    needed = {"run_id", "segmentation_id", "segment_id", "feature_name", "standardised_difference"}
    if not needed <= reader.columns(table):
        return None
    chosen = reader.warehouse.rows(
        "SELECT feature_name, count(*) OVER () FROM monitoring.profile"
        " WHERE run_id = $run AND segmentation_id = $key AND isfinite(standardised_difference)"
        " GROUP BY feature_name"
        f" ORDER BY max(abs(standardised_difference)) DESC, feature_name LIMIT {_FEATURES_SHOWN:d}",
        {"run": reader.run.run_id, "key": segmentation_id},
    )
    features = tuple(name for name, _ in chosen)
    columns = (
        "segment_id",
        "feature_name",
        "standardised_difference",
        "mean_value",
        "median_value",
        "population_mean_value",
        "is_suppressed",
    )
    cells = reader.of_run(
        table,
        columns,
        where="segmentation_id = $key AND list_contains($features, feature_name)",
        parameters={"key": segmentation_id, "features": list(features)},
        order_by="segment_id, feature_name",
    )
    typical = _typical(reader, segmentation_id)
    rank = {segment_id: position for position, segment_id in enumerate(order)}
    # Sorting keeps the order within a segment.
    cells.sort(key=lambda cell: rank.get(cell["segment_id"], len(rank)))
    typical.sort(key=lambda value: rank.get(value.segment_id, len(rank)))
    if not cells and not typical:
        return None
    return Profile(
        feature_names=features,
        feature_count=chosen[0][1] if chosen else 0,
        cells=tuple(ProfileCell(*(cell[name] for name in columns)) for cell in cells),
        typical=tuple(typical),
    )


def _typical(reader: RunReader, segmentation_id: str) -> list[TypicalValue]:
    columns = ("segment_id", "feature_name", "top_value", "top_share", "population_share", "customer_count")
    if not set(columns) <= reader.columns("monitoring.profile"):
        return []
    rows = reader.of_run(
        "monitoring.profile",
        columns,
        where=f"segmentation_id = $key AND top_value IS NOT NULL AND top_share - population_share > {_TYPICAL_EXCESS}",
        qualify="row_number() OVER (PARTITION BY segment_id ORDER BY top_share - population_share DESC, feature_name)"
        f" <= {_TYPICAL_SHOWN:d}",
        parameters={"key": segmentation_id},
        order_by="segment_id, top_share - population_share DESC, feature_name",
    )
    return [TypicalValue(*(row[name] for name in columns)) for row in rows]
