"""Named events of models: which took over since the previous run, how, and what became of its segments.

Owns: those sentences. Does not own which model is in use (`tasks/segments`), or the splits and merges that follow from
it (`transitions.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.warehouse.run import Run

#: The versions that took over on the day of the run; `returned_ids` were retired in the dictionary before.
_TOOK_OVER = """
SELECT now.*, then.model_no AS earlier_no,
    array_to_string(list_filter(
        list_transform(string_split(now.new_ids, ','), lambda key: now.segmentation_id || '.' || key),
        lambda id: list_contains((
            SELECT coalesce(list(segment_id), []) FROM segments.definition
            WHERE run_id = $previous AND status_name = 'retired'
        ), id)
    ), ',') AS returned_ids
FROM segments.model_version AS now
JOIN segments.model AS then ON then.segmentation_id = now.segmentation_id AND then.run_id = $previous
WHERE now.run_id = $run AND now.status_name = 'champion' AND now.model_no <> then.model_no
ORDER BY now.segmentation_id
"""


def model_events(run: Run) -> list[dict[str, Any]]:
    """Rows of `monitoring.segment_event` for every model that took over since the previous run."""
    if run.previous is None or not run.warehouse.table_exists("segments.model_version"):
        return []
    took_over = run.warehouse.records(_TOOK_OVER, {"run": run.run_id, "previous": run.previous.run_id})
    return [_event(row, run) for row in took_over]


def _event(row: Mapping[str, Any], run: Run) -> dict[str, Any]:
    # A decision that was followed is the reason; a refit needs none.
    name = row["decision_name"] if row["decision_name"] in {"accept", "rollback"} else "refit"
    kept, new, retired = (_ids(row["segmentation_id"], row[key]) for key in ("kept_ids", "new_ids", "retired_ids"))
    return {
        "segmentation_id": row["segmentation_id"],
        "previous_as_of_date": run.previous.as_of if run.previous else None,
        "event_name": name,
        "from_segment_ids": ",".join(sorted([*kept, *retired])) or None,
        "to_segment_ids": ",".join(sorted([*kept, *new])) or None,
        "share": None,
        "confidence_share": None,
        "sentence": _sentence(row, name),
    }


def _sentence(row: Mapping[str, Any], name: str) -> str:
    model, earlier = f"{row['segmentation_id']}: model {row['model_no']}", f"model {row['earlier_no']}"
    by = f"{row['decided_by']}: {row['decided_because']}"
    took_over = {
        "accept": f"{model} took over from {earlier}, accepted by {by}",
        "rollback": f"{model} of {row['trained_as_of_date']} is used again instead of {earlier}, rolled back by {by}",
        "refit": f"{model} took over from {earlier}: {str(row['reason']).removeprefix('adopted: ')}",
    }[name]
    returned = [one for one in row["returned_ids"].split(",") if one]
    new = [one for one in _ids(row["segmentation_id"], row["new_ids"]) if one not in returned]
    told = [
        f"{', '.join(ids)} {'is' if len(ids) == 1 else 'are'} {what}"
        for ids, what in (
            (new, "new"),
            (returned, "back under the old id" if len(returned) == 1 else "back under their old ids"),
            (_ids(row["segmentation_id"], row["retired_ids"]), "retired"),
        )
        if ids
    ]
    return "; ".join([took_over, *told])


def _ids(segmentation: str, keys: str) -> list[str]:
    return [f"{segmentation}.{key}" for key in keys.split(",") if key]
