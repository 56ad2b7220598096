"""Flows that the run before would tell wrongly.

Owns: reading them from a model that has just taken over, counting them from the day of its fit where a segment has
become empty, and parting what a new definition did from what customers did. Does not own how a model comes by its flows
(`tasks/segments/new_ground.py`), where the old definition puts today's customers (`tasks/segments/before.py`), or what
follows from flows (`transitions.py`).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
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

#: Where customers were, where the definition of then would have them now, and where they are.
_WAYS = """
SELECT past.segment_id, kept.segment_id, present.segment_id, count(*)
FROM (
    SELECT customer_id, segment_id FROM segments.membership WHERE segmentation_id = $name AND run_id = $before
) AS past
FULL JOIN (
    SELECT customer_id, segment_id FROM segments.membership_before WHERE segmentation_id = $name AND run_id = $now
) AS kept USING (customer_id)
FULL JOIN (
    SELECT customer_id, segment_id FROM segments.membership WHERE segmentation_id = $name AND run_id = $now
) AS present USING (customer_id)
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


def flows_of_the_edit(run: Run, name: str) -> tuple[Flows, Flows] | None:
    """What customers did under the definition of the run before, and what the new one makes of them.

    Weeks may lie between the two runs. That a third of the active cooled down meanwhile is no split, though somebody
    edited another rule of the same segmentation.

    Returns:
        The two flows; None where the old definition cannot be asked. Whoever was in no segment at the run before comes
        from none in the second, too.
    """
    asked = run.warehouse.value(
        "SELECT is_asked FROM segments.redrawn WHERE run_id = $run_id AND segmentation_id = $name",
        {"run_id": run.run_id, "name": name},
    )
    if run.previous is None or not asked:
        return None
    did, edited = Counter[tuple[str | None, str | None]](), Counter[tuple[str | None, str | None]]()
    names = {"name": name, "now": run.run_id, "before": run.previous.run_id}
    for past, kept, present, count in run.warehouse.rows(_WAYS, names):
        did[past, kept] += count
        if kept is not None or present is not None:
            edited[None if past is None else kept or past, present] += count
    return did, edited


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
