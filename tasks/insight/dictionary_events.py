"""Named events of the dictionary: segments that are defined for the first time, again, or no longer.

Owns: those sentences. Where customers of a segment tell what became of it, that is its event (`transitions.py`); where
a model brought it in or took it out, the model's (`model_events.py`). Left are segments that no customer of both runs
tells of: of a segmentation that was taken out of the workspace or put into it, of one in which a customer may be in
several segments, and those in which nobody is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any

from tasks.config.counting import counted
from tasks.warehouse.run import Run

#: Segments that are in use at one of two runs only, and since when those that are in use again were not.
_CHANGED = """
SELECT
    present.segmentation_id,
    CASE WHEN present.status_name = 'active' THEN 'introduce' ELSE 'retire' END AS event_name,
    CASE WHEN present.status_name = 'active' THEN past.since_date END AS retired_date,
    present.segment_id
FROM segments.definition AS present
LEFT JOIN segments.definition AS past ON past.segment_id = present.segment_id AND past.run_id = $then
WHERE present.run_id = $now
    AND (present.status_name = 'active') <> coalesce(past.status_name = 'active', false)
ORDER BY present.segmentation_id, event_name, retired_date NULLS FIRST, present.segment_no, present.segment_id
"""
_IN_USE = "SELECT DISTINCT segmentation_id FROM segments.definition WHERE run_id = $run AND status_name = 'active'"
_CUSTOMERS = (
    "SELECT count(DISTINCT customer_id) FROM segments.membership"
    " WHERE run_id = $run AND list_contains($segments, segment_id)"
)


def dictionary_events(run: Run, named: Collection[str]) -> Iterator[dict[str, Any]]:
    """Rows of `monitoring.segment_event`, one for all segments of a segmentation that came or went together.

    Args:
        run: the run.
        named: segment ids of which another event of the run tells.
    """
    if run.previous is None:
        return
    in_both = _in_use(run, run.run_id) & _in_use(run, run.previous.run_id)
    changed = run.warehouse.rows(_CHANGED, {"now": run.run_id, "then": run.previous.run_id})
    silent = [row for row in changed if row[-1] not in named]
    for (name, event, retired), rows in groupby(silent, lambda row: row[:-1]):
        ids = [row[-1] for row in rows]
        where = run.previous.run_id if event == "retire" else run.run_id
        customers = run.warehouse.value(_CUSTOMERS, {"run": where, "segments": ids})
        yield {
            "segmentation_id": name,
            "previous_as_of_date": run.previous.as_of,
            "event_name": event,
            "from_segment_ids": ",".join(ids) if event == "retire" else None,
            "to_segment_ids": ",".join(ids) if event == "introduce" else None,
            "sentence": f"{_subject(ids, customers, None if name in in_both else name)} {_became(event, retired)}",
            "is_by_chance": False,
        }


def _in_use(run: Run, run_id: str) -> set[str]:
    return {name for (name,) in run.warehouse.rows(_IN_USE, {"run": run_id})}


def _subject(ids: Sequence[str], customers: int, whole: str | None) -> str:
    """What came or went, in one word for all of it: the sentence goes on in the singular."""
    if whole is not None:
        return f"the segmentation {whole} ({counted(len(ids), 'segment')}, {counted(customers, 'customer')})"
    listed = ids[0] if len(ids) == 1 else f"each of {', '.join(ids)}"
    return f"{listed} ({counted(customers, 'customer')}{'' if len(ids) == 1 else ' in all'})"


def _became(event: str, retired: dt.date | None) -> str:
    if event == "retire":
        return "is no longer defined in the workspace"
    if retired is None:
        return "is defined for the first time"
    return f"is defined again after it was retired on {retired}"
