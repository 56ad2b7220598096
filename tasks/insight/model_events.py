"""Named events of models: which took over since the previous run, how, and what became of its segments.

Owns: those sentences. Does not own which model is in use (`tasks/segments`), or the splits and merges that follow from
it (`transitions.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tasks.warehouse.run import Run

#: The versions that took over on the day of the run, and what was in use before.
_TOOK_OVER = """
SELECT present.*, earlier.model_no AS earlier_no
FROM segments.model_version AS present
JOIN segments.model AS earlier ON earlier.segmentation_id = present.segmentation_id AND earlier.run_id = $previous
WHERE present.run_id = $run AND present.status_name = 'champion' AND present.model_no <> earlier.model_no
ORDER BY present.segmentation_id
"""


def model_events(run: Run) -> list[dict[str, Any]]:
    """Rows of `monitoring.segment_event` for every model that took over since the previous run."""
    if run.previous is None or not run.warehouse.table_exists("segments.model_version"):
        return []
    took_over = run.warehouse.records(_TOOK_OVER, {"run": run.run_id, "previous": run.previous.run_id})
    retired = {
        segment_id
        for (segment_id,) in run.warehouse.rows(
            "SELECT segment_id FROM segments.definition WHERE run_id = $previous AND status_name = 'retired'",
            {"previous": run.previous.run_id},
        )
    }
    return [_event(row, run, retired) for row in took_over]


def _event(row: Mapping[str, Any], run: Run, once: Collection[str]) -> dict[str, Any]:
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
        "sentence": _sentence(row, name, once),
    }


def _sentence(row: Mapping[str, Any], name: str, once: Collection[str]) -> str:
    """What happened; `once` are the segments that were retired before."""
    model, earlier = f"{row['segmentation_id']}: model {row['model_no']}", f"model {row['earlier_no']}"
    by = f"{row['decided_by']}: {row['decided_because']}"
    took_over = {
        "accept": f"{model} took over from {earlier}, accepted by {by}",
        "rollback": f"{model} of {row['trained_as_of_date']} is used again instead of {earlier}, rolled back by {by}",
        "refit": f"{model} took over from {earlier}: {str(row['reason']).removeprefix('adopted: ')}",
    }[name]
    came = _ids(row["segmentation_id"], row["new_ids"])
    new, returned = [one for one in came if one not in once], [one for one in came if one in once]
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
