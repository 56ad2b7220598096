"""Named transitions: what became of each segment since the previous run.

Owns: `monitoring.segment_event`. Does not own the decision what a split or merge is (`transitions.py`).
"""

from __future__ import annotations

from collections import defaultdict

import polars as pl

from tasks.insight.transitions import Transition, find_transitions
from tasks.warehouse import tables
from tasks.warehouse.run import Run

SCHEMA = {
    "segmentation_id": pl.String,
    "previous_as_of_date": pl.Date,
    "event_name": pl.String,
    "from_segment_ids": pl.String,
    "to_segment_ids": pl.String,
    "share": pl.Float64,
    "confidence_share": pl.Float64,
    "sentence": pl.String,
}


def write_events(run: Run) -> list[str]:
    """Name the transitions of every segmentation; returns the sentences of those that are news.

    A transition that the bootstrap does not confirm is not written: it would name an accident of the sample.
    """
    rows = []
    for name, flows in _flows(run).items():
        rows += [
            {
                "segmentation_id": name,
                "previous_as_of_date": run.previous.as_of if run.previous else None,
                "event_name": event.kind,
                "from_segment_ids": ",".join(event.parents) or None,
                "to_segment_ids": ",".join(event.children) or None,
                "share": _share(event),
                "confidence_share": event.support,
                "sentence": event.sentence,
            }
            for event in find_transitions(flows)
            if event.confirmed
        ]
    tables.write_frame(run, "monitoring.segment_event", pl.DataFrame(rows, schema=SCHEMA))
    return [str(row["sentence"]) for row in rows if row["event_name"] != "survive"]


def _share(event: Transition) -> float | None:
    """The smallest overlap that the event rests on."""
    return min(event.overlaps) if event.overlaps else None


def _flows(run: Run) -> dict[str, dict[tuple[str | None, str | None], int]]:
    """Customers by segment then and now, of each segmentation that puts a customer in one segment."""
    flows: dict[str, dict[tuple[str | None, str | None], int]] = defaultdict(dict)
    for name, source, target, count in run.warehouse.rows(
        "SELECT segmentation_id, from_segment_id, to_segment_id, customer_count FROM monitoring.transition"
        " WHERE run_id = $run_id ORDER BY ALL",
        {"run_id": run.run_id},
    ):
        if name in run.workspace.single_membership:
            flows[name][source, target] = count
    return flows
