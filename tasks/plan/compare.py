"""What the customers and the dictionary of an edit have different from what is published.

Owns: sizes, flows, money and texts of segments, published against planned. Does not own computing the planned ones
(the room `segments`) or overlaps (the room `overlap`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.plan.records import Flow, SegmentationPlan, SegmentPlan, Status
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.run import Run

Definition = Mapping[str, Any]
#: What of a definition each column is part of, in the words of a reader.
_PARTS = {
    "rule_text": "rule",
    "population_text": "population",
    "segment_name": "name",
    "description": "description",
    "basis_name": "basis",
    "segmentation_name": "segmentation name",
    **dict.fromkeys(
        (
            *("value_proposition", "message", "offer", "price_text", "channel_name", "goal", "owner_name"),
            *("window_from_date", "window_until_date", "contact_cost_amount", "budget_amount", "budget_count"),
            *("priority", "priority_place", "excluded_segment_ids"),
        ),
        "treatment",
    ),
}
_YEAR = 365


def amount_column(run: Run, published_windows: Sequence[int] | None) -> tuple[str, str]:
    """The column of `features.customer_value` that money is told by, and what it is in words.

    The last 365 days where the workspace has that window, before and after the edit; else its longest one; else all
    time.
    """
    windows = set(run.workspace.features.windows)
    common = windows & set(published_windows if published_windows is not None else windows)
    window = _YEAR if _YEAR in common else max(common, default=None)
    if window is None:
        return "net_amount", "net amount of all time"
    return f"net_{window}d_amount", f"net amount of the last {window} days"


def definitions(run: Run, run_id: str) -> dict[str, Definition]:
    """The segments in use by a run, in the order of their segmentations."""
    rows = run.warehouse.records(
        "SELECT * FROM segments.definition WHERE run_id = $run_id AND status_name = 'active' ORDER BY segment_id",
        {"run_id": run_id},
    )
    return {row["segment_id"]: row for row in rows}


def compare_segmentations(
    run: Run, before_id: str, notes: Mapping[str, str], *, amount: str, examples: int
) -> list[SegmentationPlan]:
    """Every segmentation of the edit, in its order, then those that it has no more.

    Args:
        run: that of the plan; its warehouse holds both.
        before_id: the published run.
        notes: what dividing said, by segmentation.
        amount: column of `features.customer_value`.
        examples: ids told of those who come in and of those who go out, of each segment.
    """
    before, after = definitions(run, before_id), definitions(run, run.run_id)
    counts = _counts(run, before_id, amount)
    people = _people(run, before_id, examples) if examples else {}
    flows, moved = _flows(run, before_id), _moved(run, before_id)
    names = [*run.workspace.segmentations, *sorted({row["segmentation_id"] for row in before.values()})]
    found = []
    for name in dict.fromkeys(names):
        mine = {
            key: (before.get(key), after.get(key))
            for key in sorted({*before, *after})
            if (after.get(key) or before[key])["segmentation_id"] == name
        }
        segments = [
            _segment(key, pair, counts.get(key, {}), people.get(key, {}), run.workspace.privacy.min_group_size)
            for key, pair in mine.items()
        ]
        found.append(
            SegmentationPlan(
                name,
                _status(name in run.workspace.segmentations, segments),
                notes.get(name, "would be retired"),
                moved.get(name, 0),
                segments,
                flows.get(name, []),
            )
        )
    return found


def moved_customers(run: Run, before_id: str) -> tuple[int, int]:
    """Customers whose segments would differ in any segmentation, and all there are."""
    changed = _changed(before_id, run.run_id)
    moved = run.warehouse.value(f"SELECT count(DISTINCT customer_id) FROM ({changed})")
    everybody = run.warehouse.value(
        "SELECT count(DISTINCT customer_id) FROM features.customer_value WHERE run_id IN ($before, $after)",
        {"before": before_id, "after": run.run_id},
    )
    return int(moved), int(everybody)


def intersections(run: Run, run_id: str) -> list[tuple[tuple[str, ...], int]]:
    """Exact combinations of segments with the customers who are in just these, of one run."""
    rows = run.warehouse.rows(
        "SELECT combination, count(*) FROM (SELECT customer_id, list_sort(list(segment_id)) AS combination"
        " FROM segments.membership WHERE run_id = $run_id GROUP BY customer_id) GROUP BY combination ORDER BY ALL",
        {"run_id": run_id},
    )
    return [(tuple(combination), count) for combination, count in rows]


def _status(is_planned: bool, segments: Sequence[SegmentPlan]) -> Status:  # noqa: FBT001 - of one of two sides
    if not is_planned:
        return "gone"
    kinds = {segment.status for segment in segments}
    if kinds == {"new"}:
        return "new"
    moves = any(segment.entered_count or segment.left_count for segment in segments)
    return "same" if kinds <= {"same"} and not moves else "changed"


def _segment(
    key: str,
    pair: tuple[Definition | None, Definition | None],
    counts: Mapping[str, Any],
    people: Mapping[str, list[str]],
    least: int,
) -> SegmentPlan:
    before, after = pair
    changed = (
        list(dict.fromkeys(part for column, part in _PARTS.items() if before.get(column) != after.get(column)))
        if before and after
        else []
    )
    status: Status = "new" if before is None else "gone" if after is None else "changed" if changed else "same"
    told = after or before or {}
    entered, left = counts.get("entered_count", 0), counts.get("left_count", 0)
    # Of either group together with the segment's size before and after, the other follows.
    is_small = any(0 < size < least for size in (entered, left))
    return SegmentPlan(
        key,
        told["segment_name"],
        status,
        changed,
        counts.get("before_count", 0),
        counts.get("after_count", 0),
        entered,
        left,
        None if is_small else float(counts.get("entered_amount") or 0),
        None if is_small else float(counts.get("left_amount") or 0),
        people.get("entered", []),
        people.get("left", []),
    )


def _both(before_id: str, after_id: str) -> str:
    """Memberships of the two runs side by side."""
    sides = [
        f"(SELECT segmentation_id, segment_id, customer_id FROM segments.membership WHERE run_id = {literal(run_id)})"
        for run_id in (before_id, after_id)
    ]
    return (
        "SELECT coalesce(before.segmentation_id, after.segmentation_id) AS segmentation_id,"
        " coalesce(before.segment_id, after.segment_id) AS segment_id,"
        " coalesce(before.customer_id, after.customer_id) AS customer_id,"
        " before.customer_id IS NOT NULL AS was_in, after.customer_id IS NOT NULL AS is_in"
        f" FROM {sides[0]} AS before FULL JOIN {sides[1]} AS after"
        " ON before.segment_id = after.segment_id AND before.customer_id = after.customer_id"
    )


def _changed(before_id: str, after_id: str) -> str:
    return f"SELECT * FROM ({_both(before_id, after_id)}) WHERE was_in <> is_in"


def _counts(run: Run, before_id: str, amount: str) -> dict[str, dict[str, Any]]:
    """Customers and money of each segment; who comes in counts with what the edit says he is worth."""
    exact = f"CAST({identifier(amount)} AS DECIMAL(18, 4)) AS amount"
    rows = run.warehouse.records(
        "SELECT segment_id, count(*) FILTER (was_in) AS before_count, count(*) FILTER (is_in) AS after_count,"
        " count(*) FILTER (is_in AND NOT was_in) AS entered_count,"
        " count(*) FILTER (was_in AND NOT is_in) AS left_count,"
        " sum(planned.amount) FILTER (is_in AND NOT was_in) AS entered_amount,"
        " sum(published.amount) FILTER (was_in AND NOT is_in) AS left_amount"
        f" FROM ({_both(before_id, run.run_id)}) AS member"
        f" LEFT JOIN (SELECT customer_id, {exact} FROM features.customer_value WHERE run_id = {literal(run.run_id)})"
        " AS planned ON member.customer_id = planned.customer_id"
        f" LEFT JOIN (SELECT customer_id, {exact} FROM features.customer_value WHERE run_id = {literal(before_id)})"
        " AS published ON member.customer_id = published.customer_id"
        " GROUP BY segment_id ORDER BY segment_id"
    )
    return {row["segment_id"]: row for row in rows}


def _people(run: Run, before_id: str, examples: int) -> dict[str, dict[str, list[str]]]:
    rows = run.warehouse.rows(
        f"SELECT segment_id, is_in, customer_id FROM ({_changed(before_id, run.run_id)})"
        " QUALIFY row_number() OVER (PARTITION BY segment_id, is_in ORDER BY customer_id) <= $examples"
        " ORDER BY segment_id, is_in, customer_id",
        {"examples": examples},
    )
    found: dict[str, dict[str, list[str]]] = {}
    for segment, is_in, customer in rows:
        found.setdefault(segment, {}).setdefault("entered" if is_in else "left", []).append(customer)
    return found


def _flows(run: Run, before_id: str) -> dict[str, list[Flow]]:
    """Who goes from where to where, the largest first; where a customer may be in several, entries and leaves alone."""
    rows = run.warehouse.rows(
        f"WITH changed AS ({_changed(before_id, run.run_id)}),"
        " gone AS (SELECT * FROM changed WHERE was_in), come AS (SELECT * FROM changed WHERE is_in)"
        " SELECT segmentation_id, gone.segment_id, come.segment_id, count(*) AS customers"
        " FROM gone FULL JOIN come USING (segmentation_id, customer_id)"
        " GROUP BY ALL ORDER BY segmentation_id, customers DESC, gone.segment_id, come.segment_id"
    )
    multiple = {name for name, item in run.workspace.segmentations.items() if item.is_multiple}
    found: dict[str, list[Flow]] = {}
    for name, start, end, count in rows:
        if name not in multiple:
            found.setdefault(name, []).append(Flow(start, end, count))
    return found


def _moved(run: Run, before_id: str) -> dict[str, int]:
    return dict(
        run.warehouse.rows(
            f"SELECT segmentation_id, count(DISTINCT customer_id) FROM ({_changed(before_id, run.run_id)})"
            " GROUP BY segmentation_id ORDER BY segmentation_id"
        )
    )
