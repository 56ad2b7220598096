"""Reading overlap, and who gets what.

Owns: their queries, and how much of large tables is shown. Does not own: what the figures mean (`tasks/overlap`,
`tasks/treatment`).
"""

from __future__ import annotations

from typing import Any

from tasks.report.overlap_records import Intersection, Overlap, OverlapPair, TreatmentFacts
from tasks.report.reader import RunReader
from tasks.warehouse.connection import literal

_NOTABLE_SHOWN = 50
_INTERSECTIONS_SHOWN = 25
_PAIRS = "monitoring.overlap"
_COMBINATIONS = "monitoring.intersection"
_TREATMENTS = "monitoring.treatment"
_PROJECTED = "split_part(segment_id_a, '.', 1) || ' ' || split_part(segment_id_b, '.', 1) IN ({})"
#: Attribute of a pair: its column.
_PAIR_COLUMNS = {
    **{name: name for name in ("segment_id_a", "segment_id_b", "a_count", "b_count", "intersection_count")},
    **{name: name for name in ("jaccard_share", "containment_a_share", "containment_b_share", "lift")},
    "relation": "relation_name",
    **{name: name for name in ("net_amount", "contact_count", "border_count")},
    "channel": "channel_name",
    "is_conflict": "is_conflict",
    "previous_jaccard_share": "previous_jaccard_share",
    "trend": "trend_name",
}
#: Reasons in the order in which they are looked at, in words.
REASONS = {
    "window": "not given on this day",
    "excluded": "excluded",
    "refused": "no consent",
    "unknown": "consent unknown",
    "priority": "another treatment goes first",
    "contact_cap": "contacted often enough",
    "budget": "budget spent",
}


def overlap(reader: RunReader, shown: list[str]) -> Overlap | None:
    """How segments overlap; None where it was not computed.

    Args:
        reader: of the run.
        shown: ids of the segments that the matrix has room for.
    """
    columns = tuple(_PAIR_COLUMNS.values())
    pairs = reader.of_run(
        _PAIRS,
        columns,
        where="intersection_count > 0 AND list_contains($shown, segment_id_a) AND list_contains($shown, segment_id_b)",
        parameters={"shown": shown},
        order_by="segment_id_a, segment_id_b",
    )
    notable = reader.of_run(
        _PAIRS,
        columns,
        where=_notable(reader),
        order_by="is_conflict DESC NULLS LAST, relation_name DESC, jaccard_share DESC, segment_id_a, segment_id_b",
    )
    combinations = reader.of_run(
        _COMBINATIONS,
        ("segment_ids", "customer_count", "net_amount"),
        where="customer_count > 0 AND segment_ids <> ''",
        order_by="customer_count DESC, segment_ids",
        limit=_INTERSECTIONS_SHOWN,
    )
    if not pairs and not notable and not combinations:
        return None
    intersection_total, customer_total = _intersection_totals(reader)
    return Overlap(
        pairs=tuple(map(_pair, pairs)),
        notable=tuple(map(_pair, notable[:_NOTABLE_SHOWN])),
        notable_total=len(notable),
        intersections=tuple(
            Intersection(tuple(row["segment_ids"].split(" & ")), row["customer_count"], row["net_amount"])
            for row in combinations
        ),
        intersection_total=intersection_total,
        customer_total=customer_total,
    )


def _pair(row: dict[str, Any]) -> OverlapPair:
    values = {name: row[column] for name, column in _PAIR_COLUMNS.items()}
    return OverlapPair(**values | {"is_conflict": bool(values["is_conflict"])})


def _notable(reader: RunReader) -> str:
    """SQL for pairs that are more than two segments that happen to meet."""
    pairs = [" ".join(sorted(two)) for two in reader.run.workspace.projections.items()]
    listed = ", ".join(map(literal, pairs)) or "''"
    told = {
        # A segment that is projected holds those that it was learnt on, because it is to.
        "relation_name": f"(relation_name IN ('redundant', 'nested') AND NOT {_PROJECTED.format(listed)})",
        "is_conflict": "is_conflict",
        "trend_name": "trend_name IN ('grows', 'shrinks')",
    }
    return " OR ".join(sql for column, sql in told.items() if column in reader.columns(_PAIRS)) or "false"


def _intersection_totals(reader: RunReader) -> tuple[int, int]:
    present = reader.columns(_COMBINATIONS)
    if "run_id" not in present:
        return 0, 0
    combinations = "sum(combination_count)" if "combination_count" in present else "count(*)"
    count, total = reader.warehouse.rows(
        f"SELECT coalesce({combinations}, 0), coalesce(sum(customer_count), 0) FROM {_COMBINATIONS}"
        " WHERE run_id = $run AND customer_count > 0",
        {"run": reader.run.run_id},
    )[0]
    return int(count), int(total)


def treatments(reader: RunReader) -> tuple[TreatmentFacts, ...]:
    """Who gets what, by segment in the order in which treatments take their turn; none where nothing is planned."""
    if "is_given" not in reader.columns(_TREATMENTS):
        return ()
    counted = ", ".join(f"count(*) FILTER (refusal_name = '{name}') AS {name}_reason" for name in REASONS)
    texts = ("message", "offer", "price_text", "goal", "contact_cost_amount", "budget_amount")
    definition = ", ".join(reader.column("segments.definition", name) for name in texts)
    order = ", ".join(
        f"{name} NULLS LAST" for name in ("priority_place", "priority") if name in reader.columns("segments.definition")
    )
    rows = reader.warehouse.records(
        "SELECT treatment.*, definition.* EXCLUDE (segment_id) FROM (SELECT segment_id, any_value(channel_name) AS"
        f" channel_name, count(*) AS planned_count, count(*) FILTER (is_given) AS reached_count, {counted}"
        f" FROM {_TREATMENTS} WHERE run_id = $run GROUP BY segment_id) AS treatment JOIN (SELECT segment_id,"
        f" row_number() OVER (ORDER BY {order}, segment_id) AS turn, {definition} FROM segments.definition"
        " WHERE run_id = $run) AS definition USING (segment_id) ORDER BY turn",
        {"run": reader.run.run_id},
    )
    return tuple(_facts(row) for row in rows)


def _facts(row: dict[str, Any]) -> TreatmentFacts:
    cost = row["contact_cost_amount"]
    return TreatmentFacts(
        segment_id=row["segment_id"],
        channel=row["channel_name"],
        message=row["message"],
        offer=row["offer"],
        price=row["price_text"],
        goal=row["goal"],
        planned_count=row["planned_count"],
        reached_count=row["reached_count"],
        left_out={name: row[f"{name}_reason"] for name in REASONS if row[f"{name}_reason"]},
        cost_amount=None if cost is None else cost * row["reached_count"],
        budget_amount=row["budget_amount"],
    )
