"""Flows that the run before would tell wrongly, counted from when the model in use was learnt.

Owns: reading them from a model that has just taken over, and counting them where a segment has become empty. Does not
own how a model comes by them (`tasks/segments/new_ground.py`), or what follows from flows (`transitions.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from tasks.warehouse.run import Run

#: From the segments that became empty as they were when the model was learnt, from the others as at the run before.
_FLOWS = """
WITH member AS (
    SELECT run_id, customer_id, segment_id FROM segments.membership
    WHERE segmentation_id = $name AND run_id IN ($now, $before, $then)
),
present AS (SELECT customer_id, segment_id FROM member WHERE run_id = $now),
past AS (SELECT customer_id, segment_id FROM member WHERE run_id = $before),
learnt AS (
    SELECT customer_id, segment_id FROM member
    WHERE run_id = $then AND list_contains($emptied, segment_id)
      AND customer_id IN (SELECT customer_id FROM present)
)
SELECT coalesce(learnt.segment_id, past.segment_id), present.segment_id, count(*)
FROM past
FULL JOIN present USING (customer_id)
LEFT JOIN learnt USING (customer_id)
GROUP BY ALL
ORDER BY ALL
"""

Flows = Mapping[tuple[str | None, str | None], int]


def told_flows(
    walked: Flows, name: str, content: Mapping[str, Any], learnt: dt.date
) -> tuple[Flows, dict[str, dt.date]]:
    """Flows by which transitions are named when a model takes over for the first time.

    Args:
        walked: customers by segment id at the run before and now; None: in none.
        name: the segmentation.
        content: the model, as plain JSON.
        learnt: the day that the model before was learnt.

    Returns:
        The model's own flows, and the clusters whose customers are counted from that day; what was given, and none,
        where the model has none, or was held against another model than the one before.
    """
    origins = content.get("origins")
    if origins is None or origins["since"] != learnt.isoformat():
        return walked, {}
    told = {(_id(name, one["came_from"]), _id(name, one["went_to"])): one["customers"] for one in origins["flows"]}
    return told, {f"{name}.{key}": learnt for key in origins["new_ground"]}


def flows_of_emptied(run: Run, walked: Flows, name: str, emptied: Collection[str]) -> Flows:
    """Flows of a segmentation in which segments have become empty while its model stays.

    A segment becomes empty little by little, and the run before knows its last stragglers: that both of them went the
    same way does not mean that it merged. Its customers are counted from the day that the model was learnt.

    Args:
        run: the run.
        walked: customers by segment id at the run before and now; None: in none.
        name: the segmentation.
        emptied: segment ids.
    """
    learnt = [item.run_id for item in run.earlier() if item.as_of == _learnt_on(run, name)]
    if not learnt or not emptied:
        return walked
    names: dict[str, object] = {"name": name, "now": run.run_id, "then": learnt[0], "emptied": sorted(emptied)}
    names["before"] = run.previous.run_id if run.previous else None
    return {(source, target): count for source, target, count in run.warehouse.rows(_FLOWS, names)}


def _learnt_on(run: Run, name: str) -> dt.date | None:
    if not run.warehouse.table_exists("segments.model"):
        return None
    found: dt.date | None = run.warehouse.value(
        "SELECT trained_as_of_date FROM segments.model WHERE run_id = $run_id AND segmentation_id = $name",
        {"run_id": run.run_id, "name": name},
    )
    return found


def _id(name: str, key: str | None) -> str | None:
    return None if key is None else f"{name}.{key}"
