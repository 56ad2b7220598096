"""What the audit reads of a run: definitions, sizes, profiles, pairs, who consented, who was where before.

Owns: the queries, each of rows in a fixed order. Does not own what the figures are of (`measure.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.audit.facts import Fit, OrderRate, Pair, Reach
from tasks.audit.proportions import Memberships
from tasks.warehouse.connection import literal
from tasks.warehouse.run import Run

FIT_TABLE = "monitoring.segmentation_fit"
#: Order rates are about a quarter of a year; a month at least, and of so many customers at least.
RATE_DAYS = 90
_LEAST_DAYS = 28
_LEAST_CUSTOMERS = 30
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunTables:
    """What other rooms wrote of a run, by segmentation or segment."""

    definitions: list[Record]
    sizes: dict[str, Record]
    profiles: list[Record]
    memberships: dict[str, Memberships]
    reach: dict[str, Reach]
    rates: dict[str, OrderRate]
    models: dict[str, Record]
    refusals: dict[str, str]


def read_tables(run: Run) -> RunTables:
    """Everything but pairs and values."""
    return RunTables(
        definitions=_of_run(
            run,
            "SELECT segmentation_id, segment_id, segment_name, since_date, channel_name, rule_text, population_text"
            " FROM segments.definition WHERE run_id = $run_id AND status_name = 'active' ORDER BY segment_id",
        ),
        sizes={
            row["segment_id"]: row
            for row in _of_run(
                run,
                "SELECT segment_id, customer_count, customer_share, entered_count, left_count, is_suppressed"
                " FROM monitoring.kpi WHERE run_id = $run_id ORDER BY segment_id",
            )
        },
        profiles=_of_run(
            run,
            "SELECT segmentation_id, segment_id, feature_name, standardised_difference, top_value, top_share,"
            " population_share FROM monitoring.profile WHERE run_id = $run_id AND NOT is_suppressed"
            " ORDER BY segment_id, feature_name",
        ),
        memberships=_memberships(run),
        reach=_reach(run),
        rates=_rates(run),
        models={
            row["segmentation_id"]: row
            for row in _of_run(
                run,
                "SELECT segmentation_id, model_json, trained_as_of_date FROM segments.model WHERE run_id = $run_id"
                " ORDER BY segmentation_id",
            )
        },
        refusals={
            row["segmentation_id"]: row["why_text"]
            for row in _of_run(run, "SELECT segmentation_id, why_text FROM segments.refusal WHERE run_id = $run_id")
        },
    )


def _of_run(run: Run, query: str) -> list[Record]:
    return run.warehouse.records(query, {"run_id": run.run_id})


def _memberships(run: Run) -> dict[str, Memberships]:
    """Who was where then and is now, by segment of either date; counts of customers, each once.

    Where a customer is in one segment, flows tell it.
    """
    flows: dict[str, dict[tuple[str | None, str | None], int]] = defaultdict(dict)
    for name, source, target, count in run.warehouse.rows(
        "SELECT segmentation_id, from_segment_id, to_segment_id, customer_count FROM monitoring.transition"
        " WHERE run_id = $run_id ORDER BY ALL",
        {"run_id": run.run_id},
    ):
        if name in run.workspace.single_membership:
            flows[name][source, target] = count
    found = {segment: counts for of_one in flows.values() for segment, counts in _from_flows(of_one).items()}
    multiple = [name for name in run.workspace.segmentations if name not in run.workspace.single_membership]
    return found | (_of_several(run, multiple) if multiple and run.previous else {})


def _from_flows(flows: Mapping[tuple[str | None, str | None], int]) -> dict[str, Memberships]:
    """The same of one segmentation, from customers by segment then and now; None: not segmented."""
    inside_then: Counter[str | None] = Counter()
    inside_now: Counter[str | None] = Counter()
    for (source, target), count in flows.items():
        inside_then[source] += count
        inside_now[target] += count
    everybody = sum(flows.values())
    then, now = everybody - inside_then[None], everybody - inside_now[None]
    both = then + now - everybody
    found = {}
    for one in sorted({segment for pair in flows for segment in pair if segment is not None}):
        stayed = flows.get((one, one), 0)
        came = inside_now[one] - stayed - flows.get((None, one), 0)
        went = inside_then[one] - stayed - flows.get((one, None), 0)
        found[one] = Memberships(then, now, both, inside_then[one], inside_now[one], came, went, stayed)
    return found


def _of_several(run: Run, names: Sequence[str]) -> dict[str, Memberships]:
    """The same of segmentations that put a customer in several segments: who is common is asked of the memberships."""
    chosen = ", ".join(map(literal, names))
    previous = literal(run.previous.run_id) if run.previous else "NULL"
    rows = run.warehouse.rows(
        "WITH present AS (SELECT segmentation_id, segment_id, customer_id FROM segments.membership"
        f" WHERE run_id = {literal(run.run_id)} AND segmentation_id IN ({chosen})),"
        " past AS (SELECT segmentation_id, segment_id, customer_id FROM segments.membership"
        f" WHERE run_id = {previous} AND segmentation_id IN ({chosen})),"
        " known AS (SELECT segmentation_id, customer_id, bool_or(is_now) AS is_now, bool_or(NOT is_now) AS was_then"
        " FROM (SELECT segmentation_id, customer_id, TRUE AS is_now FROM present"
        " UNION ALL SELECT segmentation_id, customer_id, FALSE FROM past) GROUP BY ALL),"
        " totals AS (SELECT segmentation_id, count(*) FILTER (was_then) AS then_count,"
        " count(*) FILTER (is_now) AS now_count, count(*) FILTER (is_now AND was_then) AS both_count"
        " FROM known GROUP BY segmentation_id),"
        " moves AS (SELECT segmentation_id, segment_id, past.customer_id IS NOT NULL AS was_in,"
        " present.customer_id IS NOT NULL AS is_in, known.is_now AND known.was_then AS is_common"
        " FROM past FULL JOIN present USING (segmentation_id, segment_id, customer_id)"
        " JOIN known USING (segmentation_id, customer_id))"
        " SELECT segment_id, then_count, now_count, both_count, count(*) FILTER (was_in), count(*) FILTER (is_in),"
        " count(*) FILTER (is_in AND NOT was_in AND is_common), count(*) FILTER (was_in AND NOT is_in AND is_common),"
        " count(*) FILTER (was_in AND is_in) FROM moves JOIN totals USING (segmentation_id) GROUP BY ALL ORDER BY 1"
    )
    return {segment: Memberships(*counts) for segment, *counts in rows}


def _reach(run: Run) -> dict[str, Reach]:
    """Who may be written to, by segment, as treatments do; none where no source maps to consents."""
    if not any(source.entity == "consents" for source in run.workspace.sources.values()):
        return {}
    rows = run.warehouse.rows(
        "WITH marketing AS (SELECT customer_id, channel_name, has_consent FROM staging.consents"
        " WHERE purpose_name = 'marketing'),"
        " anywhere AS (SELECT customer_id, bool_or(has_consent) AS has_consent FROM marketing GROUP BY customer_id)"
        " SELECT membership.segment_id, definition.channel_name, count(*) FILTER (CASE"
        " WHEN definition.channel_name IS NULL THEN anywhere.has_consent"
        " ELSE coalesce(own.has_consent, general.has_consent) END), count(*) FILTER (CASE"
        " WHEN definition.channel_name IS NULL THEN anywhere.customer_id IS NULL"
        " ELSE own.customer_id IS NULL AND general.customer_id IS NULL END)"
        " FROM segments.membership AS membership JOIN segments.definition AS definition USING (run_id, segment_id)"
        " LEFT JOIN anywhere ON membership.customer_id = anywhere.customer_id"
        " LEFT JOIN marketing AS own ON membership.customer_id = own.customer_id"
        " AND lower(trim(definition.channel_name)) = own.channel_name"
        " LEFT JOIN marketing AS general ON membership.customer_id = general.customer_id"
        " AND general.channel_name = 'all'"
        " WHERE run_id = $run_id GROUP BY ALL ORDER BY 1",
        {"run_id": run.run_id},
    )
    return {segment: Reach(channel, consented, undecided) for segment, channel, consented, undecided in rows}


def _rates(run: Run) -> dict[str, OrderRate]:
    """Of the customers who were in a segment at the published run nearest to 90 days ago, those who ordered since.

    What they did in the days before it would be no rate to plan with: a segment of those who ordered of late has 100 %.
    """
    earlier = [item for item in run.earlier() if (run.as_of - item.as_of).days >= _LEAST_DAYS]
    if not earlier:
        return {}
    past = min(earlier, key=lambda item: (abs((run.as_of - item.as_of).days - RATE_DAYS), item.as_of))
    rows = run.warehouse.rows(
        "SELECT segment_id, count(*), count(*) FILTER (feature.last_order_date > $since)"
        " FROM segments.membership AS membership JOIN features.customer_value AS feature USING (customer_id)"
        " WHERE membership.run_id = $past AND feature.run_id = $run_id GROUP BY segment_id ORDER BY segment_id",
        {"since": past.as_of, "past": past.run_id, "run_id": run.run_id},
    )
    days = (run.as_of - past.as_of).days
    return {
        segment: OrderRate(round(ordered / count, 6), days, is_own=True)
        for segment, count, ordered in rows
        if count >= _LEAST_CUSTOMERS
    }


def read_pairs(run: Run, segmentation_of: dict[str, str]) -> dict[str, list[Pair]]:
    """Redundant and nested pairs by the segmentation of the segment that is told of: the smaller, or the later one.

    Of two segmentations, one of which gives the other's segments to more customers, pairs are no mistake; neither is a
    segment of one that lies in a segment of another: they divide by different things.
    """
    order = {name: place for place, name in enumerate(run.workspace.segmentations)}
    found: dict[str, list[Pair]] = {}
    for row in _of_run(
        run,
        "SELECT segment_id_a, segment_id_b, a_count, b_count, intersection_count, jaccard_share, relation_name"
        " FROM monitoring.overlap WHERE run_id = $run_id AND relation_name IN ('redundant', 'nested')"
        " ORDER BY segment_id_a, segment_id_b",
    ):
        sides = [(row["segment_id_a"], row["a_count"]), (row["segment_id_b"], row["b_count"])]
        names = [segmentation_of[segment] for segment, _ in sides]
        if (names[0] != names[1] and row["relation_name"] == "nested") or _is_projected(run, *names):
            continue
        # Of two alike, the one that stands later in the workspace; of one in another, the smaller.
        if row["relation_name"] == "nested":
            sides.sort(key=lambda side: side[1])
        else:
            sides.sort(key=lambda side: (-order.get(segmentation_of[side[0]], 0), side[1], side[0]))
        (segment, size), (other, other_size) = sides
        pair = Pair(
            segment,
            other,
            size,
            other_size,
            row["intersection_count"],
            row["jaccard_share"],
            row["relation_name"],
        )
        found.setdefault(segmentation_of[segment], []).append(pair)
    return found


def _is_projected(run: Run, first: str, second: str) -> bool:
    """Whether one of two segmentations learns its segments from the other."""
    learnt_from = run.workspace.projections
    return learnt_from.get(first) == second or learnt_from.get(second) == first


def read_earlier_fit(run: Run, name: str, definition_sha256: str) -> Fit | None:
    """How much a segmentation said at the oldest published run of an earlier date that defined it as this one does."""
    if not run.warehouse.table_exists(FIT_TABLE):
        return None
    runs = [item.run_id for item in run.earlier()]
    rows = run.warehouse.rows(
        f"SELECT as_of_date, customer_count, kpi_name, explained_share FROM {FIT_TABLE}"
        " WHERE segmentation_id = $name AND definition_sha256 = $digest AND list_contains($runs, run_id)"
        " ORDER BY as_of_date, kpi_name",
        {"name": name, "digest": definition_sha256, "runs": runs},
    )
    oldest = [row for row in rows if row[0] == rows[0][0]]
    if not oldest:
        return None
    return Fit(oldest[0][0], oldest[0][1], {kpi: share for _, _, kpi, share in oldest})
