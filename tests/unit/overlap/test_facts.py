"""Overlap of a handful of customers, by hand: money, contacts, borders, conflicts, the few, and what changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.config.overlap import OverlapPolicy
from tasks.notify.findings import Finding, findings_of
from tasks.overlap.tasks import measure_overlap
from tasks.warehouse import migrations
from tasks.warehouse.connection import Warehouse, literal
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import OutputPaths, Run
from tests.workspaces import AS_OF, MakeWorkspace, small_workspace

Members = Mapping[str, set[int]]
MAIL = {"channel_name": "mail", "message": "m"}
_ASKED_FOR_ALERTS = {
    "monitoring.drift": (
        "subject_kind subject_name sentence level_name reference_kind reference_as_of_date p_adjusted test_name part_name"
    ),
    "monitoring.emerging_segment": "candidate_id sentence status_name customer_count",
    "monitoring.segment_event": "event_name sentence from_segment_ids to_segment_ids is_by_chance",
    "segments.model_version": "segmentation_id status_name model_no trained_as_of_date reason moved_count customer_count",
}
PREVIOUS = Publication(dt.date(2025, 5, 31), "before")


@pytest.fixture
def run(make_workspace: MakeWorkspace, tmp_path: Path) -> Iterator[Run]:
    """Two segmentations, `lifecycle` of one segment for each customer and `needs` of several."""
    tree: dict[str, Any] = small_workspace()
    segments = [{"id": "often", "name": "Often", "when": "order_count > 1"}]
    tree["segmentations"]["needs"] = {"kind": "rules", "basis": "needs", "match": "any", "segments": segments}
    with Warehouse.open(None) as warehouse:
        migrations.migrate(warehouse)
        for schema in ("features", "segments", "staging", "monitoring"):
            warehouse.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        warehouse.execute(
            "CREATE TABLE features.customer_value (as_of_date DATE, run_id VARCHAR, customer_id VARCHAR,"
            " net_amount DECIMAL(18, 4), net_365d_amount DECIMAL(18, 4))"
        )
        warehouse.execute("CREATE TABLE staging.campaign_contacts (customer_id VARCHAR, contacted_at TIMESTAMP)")
        warehouse.execute(
            "CREATE TABLE segments.definition (as_of_date DATE, run_id VARCHAR, segment_id VARCHAR,"
            " segmentation_id VARCHAR, status_name VARCHAR, channel_name VARCHAR, message VARCHAR, offer VARCHAR,"
            " price_text VARCHAR, priority BIGINT, priority_place BIGINT, window_from_date DATE,"
            " window_until_date DATE, excluded_segment_ids VARCHAR)"
        )
        warehouse.execute(
            "CREATE TABLE segments.membership (as_of_date DATE, run_id VARCHAR, customer_id VARCHAR,"
            " segmentation_id VARCHAR, segment_id VARCHAR, strength_share DOUBLE, rival_segment_id VARCHAR)"
        )
        for table, columns in _ASKED_FOR_ALERTS.items():
            listed = ", ".join(f"{column} VARCHAR" for column in columns.split())
            warehouse.execute(f"CREATE TABLE {table} (run_id VARCHAR, {listed})")
        yield Run(make_workspace(tree=tree), warehouse, OutputPaths(tmp_path / "out"), AS_OF, None)


def measured(
    run: Run,
    members: Members,
    *,
    customers: int = 100,
    run_id: str = "now",
    near: Members | None = None,
    **said: dict[str, Any],
) -> dict[tuple[str, str], dict[str, Any]]:
    """Measure a run whose customer i is worth i; `said` are columns of a segment's definition."""
    run.run_id = run_id
    warehouse = run.warehouse
    stamp = f"{literal(run.as_of)}, {literal(run_id)}"
    warehouse.execute(
        f"INSERT INTO features.customer_value SELECT {stamp}, printf('c%03d', i), i, i / 2 FROM range({customers}) t(i)"
    )
    for segment, inside in members.items():
        named = {"segment_id": segment, "segmentation_id": segment.split(".")[0], "status_name": "active"}
        row = {"as_of_date": run.as_of, "run_id": run_id} | named | said.get(segment.replace(".", "_"), {})
        listed = ", ".join(literal(value) for value in row.values())
        warehouse.execute(f"INSERT INTO segments.definition ({', '.join(row)}) VALUES ({listed})")
        for customer in inside:
            is_near = customer in (near or {}).get(segment, ())
            warehouse.execute(
                f"INSERT INTO segments.membership VALUES ({stamp}, 'c{customer:03d}', {literal(named['segmentation_id'])},"
                f" {literal(segment)}, {0.05 if is_near else 0.5}, {literal('x.y' if is_near else None)})"
            )
    measure_overlap.fn(run)
    rows = warehouse.records("SELECT * FROM monitoring.overlap WHERE run_id = $run", {"run": run_id})
    return {(row["segment_id_a"], row["segment_id_b"]): row for row in rows}


def combinations(run: Run) -> dict[str, tuple[int, int, float | None]]:
    rows = run.warehouse.rows(
        "SELECT segment_ids, combination_count, customer_count, net_amount FROM monitoring.intersection"
        " WHERE run_id = $run ORDER BY segment_ids",
        {"run": run.run_id},
    )
    return {row[0]: row[1:] for row in rows}


def alerts(run: Run, kind: str) -> list[Finding]:
    return [finding for finding in findings_of(run) if finding.kind == kind and finding.is_news]


def test_a_few_customers_and_a_segment_of_everybody_are_no_news(run: Run) -> None:
    tiers = {"rfm.low": set(range(60)), "rfm.mid": set(range(60, 90)), "rfm.few": {90, 91, 92}}
    measured(run, tiers, run_id="before")
    run.previous = PREVIOUS
    # A segmentation that did not divide comes: all lie in its one segment. Three of another come, too.
    measured(run, tiers | {"buying.all": set(range(100)), "size.huge": {90, 91, 92}})
    assert [one.message for one in alerts(run, "overlap")] == []
    # What lies inside one of several is told, and what was so of a few, once there are more of them.
    run.previous = Publication(AS_OF, "now")
    tiers["rfm.few"] = huge = set(range(90, 98))
    measured(run, tiers | {"needs.b": set(range(30)), "size.huge": huge, "list.vip": set(range(10))}, run_id="next")
    assert [one.subject for one in alerts(run, "overlap")] == [
        "list.vip and needs.b",
        "list.vip and rfm.low",
        "needs.b and rfm.low",
        "rfm.few and size.huge",
    ]


def test_money_contacts_and_borders_of_the_customers_in_both(run: Run) -> None:
    run.warehouse.execute(
        "INSERT INTO staging.campaign_contacts VALUES ('c010', '2025-06-30 23:00'), ('c010', '2025-04-02'),"
        " ('c011', '2025-04-01 23:59'), ('c050', '2025-06-01')"
    )
    members = {"lifecycle.a": set(range(20)), "needs.b": set(range(10, 40))}
    pair = measured(run, members, near={"lifecycle.a": {10, 11, 3}, "needs.b": {11, 30}})["lifecycle.a", "needs.b"]
    assert pair["intersection_count"] == 10
    assert pair["net_amount"] == sum(range(10, 20))
    assert pair["year_net_amount"] == sum(range(10, 20)) / 2
    # Ninety days end with the as-of day: from 2 April on.
    assert pair["contact_count"] == 2
    assert pair["border_count"] == 2
    assert (pair["channel_name"], pair["is_conflict"], pair["trend_name"]) == (None, False, None)


def test_money_of_the_few_is_not_told_by_itself_or_by_subtraction(run: Run) -> None:
    members = {
        "lifecycle.a": set(range(50)),
        "rfm.x": set(range(3)),
        "rfm.y": set(range(3, 13)),
        "rfm.z": set(range(13, 50)),
    }
    pairs = measured(run, members)
    # Three of lifecycle.a are in rfm.x; the ten in rfm.y go with them, or a's total would give the three away.
    told = {two: row["net_amount"] for two, row in pairs.items() if two[0] == "lifecycle.a"}
    assert told == {("lifecycle.a", "rfm.x"): None, ("lifecycle.a", "rfm.y"): None, ("lifecycle.a", "rfm.z"): 1147}
    assert pairs["rfm.x", "rfm.y"]["net_amount"] == 0


def test_money_of_the_few_beside_overlapping_segments_does_not_follow(run: Run) -> None:
    """All but three are in two segments, whose money less that of all, which a share tells, would be that of the three."""
    members = {
        "needs.all_but_three": set(range(57)),
        "needs.the_same": set(range(57)),
        "needs.three": {57, 58, 59},
        "needs.wide": set(range(30)),
        "needs.narrow": set(range(26)),
        "lifecycle.everybody": set(range(100)),
    }
    told = {pair for pair, row in measured(run, members).items() if row["net_amount"]}
    others = "needs.the_same", "lifecycle.everybody", "needs.all_but_three"
    assert told == {tuple(sorted((other, "needs.narrow"))) for other in others}


def test_combinations_of_the_few_stand_together(run: Run) -> None:
    members = {"lifecycle.a": set(range(22)), "needs.b": set(range(10, 22)), "needs.c": {0, 1, 21}}
    measured(run, members)
    assert combinations(run) == {
        "": (2, 3, None),
        "lifecycle.a": (1, 8, None),
        "lifecycle.a & needs.b": (1, 11, sum(range(10, 21))),
    }


@pytest.mark.parametrize(
    ("one", "other", "settled", "is_conflict"),
    [
        (MAIL, MAIL | {"message": "n"}, None, True),
        (MAIL, MAIL | {"message": "n", "channel_name": " Mail"}, None, True),
        (MAIL, MAIL, "content", False),
        (MAIL | {"priority": 1}, MAIL | {"message": "n"}, "priority", False),
        (MAIL | {"priority_place": 1}, MAIL | {"message": "n"}, "priority", False),
        (MAIL | {"excluded_segment_ids": "needs.b"}, MAIL | {"message": "n"}, "exclusion", False),
        (
            MAIL | {"window_until_date": dt.date(2025, 6, 30)},
            MAIL | {"message": "n", "window_from_date": dt.date(2025, 7, 1)},
            "window",
            False,
        ),
    ],
)
def test_a_conflict_is_two_treatments_that_nothing_ranks(
    run: Run, one: dict[str, Any], other: dict[str, Any], settled: str | None, *, is_conflict: bool
) -> None:
    members = {"lifecycle.a": set(range(20)), "needs.b": set(range(10, 40))}
    pair = measured(run, members, lifecycle_a=one, needs_b=other)["lifecycle.a", "needs.b"]
    assert (pair["channel_name"], pair["settled_by"], pair["is_conflict"]) == ("mail", settled, is_conflict)
    assert len(alerts(run, "conflict")) == is_conflict


def test_a_conflict_is_told_with_money_and_once(run: Run) -> None:
    members = {"lifecycle.a": set(range(20)), "needs.b": set(range(10, 40))}
    said = {"lifecycle_a": MAIL, "needs_b": MAIL | {"message": "n"}}
    measured(run, members, run_id="before", **said)
    (alert,) = alerts(run, "conflict")
    assert alert.severity == "critical"
    assert alert.message == (
        "lifecycle.a and needs.b both have a treatment on mail for 10 customers (net amount 145), and nothing says which"
        " goes first"
    )
    run.previous = PREVIOUS
    measured(run, members, **said)
    assert alerts(run, "conflict") == []


def test_a_trend_is_told_where_customers_came_by_more_than_chance(run: Run) -> None:
    before = {"lifecycle.a": set(range(100)), "needs.b": set(range(20)), "needs.c": set(range(60, 70))}
    measured(run, before, customers=300, run_id="before")
    run.previous = PREVIOUS
    now = {
        "lifecycle.a": set(range(100)),
        "needs.b": set(range(50)),
        "needs.c": set(range(61, 71)),
        "needs.d": set(range(100, 120)),
    }
    pairs = measured(run, now, customers=300)
    grown = pairs["lifecycle.a", "needs.b"]
    assert (grown["previous_jaccard_share"], grown["jaccard_share"]) == (0.2, 0.5)
    assert (grown["joined_count"], grown["left_count"], grown["trend_name"]) == (30, 0, "grows")
    # Thirty came and none went; of two pairs somebody came or went.
    assert grown["trend_p_adjusted"] == pytest.approx(2 * 2 * 0.5**30)
    steady = pairs["lifecycle.a", "needs.c"]
    assert (steady["joined_count"], steady["left_count"], steady["trend_name"]) == (1, 1, "steady")
    fresh = pairs["lifecycle.a", "needs.d"]
    assert (fresh["previous_jaccard_share"], fresh["trend_name"]) == (None, "new")
    assert alerts(run, "overlap") == []


def test_customers_who_are_new_do_not_make_an_overlap_grow(run: Run) -> None:
    before = {"lifecycle.a": set(range(50)), "needs.b": set(range(50))}
    measured(run, before, customers=100, run_id="before")
    run.previous = PREVIOUS
    now = {"lifecycle.a": set(range(50)) | set(range(100, 200)), "needs.b": set(range(50)) | set(range(100, 200))}
    pair = measured(run, now, customers=200)["lifecycle.a", "needs.b"]
    assert (pair["joined_count"], pair["left_count"], pair["trend_name"]) == (0, 0, "steady")


def test_redundant_and_newly_nested_pairs_are_told_once(run: Run) -> None:
    before = {"lifecycle.a": set(range(60)), "needs.b": set(range(55)), "needs.c": set(range(60, 90))}
    measured(run, before, run_id="before")
    assert [alert.message for alert in alerts(run, "overlap")] == [
        "lifecycle.a and needs.b are redundant: they share 55 customers (Jaccard 0.92)"
    ]
    run.previous = PREVIOUS
    now = before | {"needs.c": set(range(30))}
    measured(run, now)
    told = [alert.message for alert in alerts(run, "overlap")]
    assert told == [
        "lifecycle.a and needs.c are nested: they share 30 customers (Jaccard 0.5)",
        "needs.b and needs.c are nested: they share 30 customers (Jaccard 0.55)",
    ]


@given(st.lists(st.frozensets(st.sampled_from("abcde"), max_size=5), min_size=1, max_size=30), st.randoms())
@settings(max_examples=25)
def test_moves_are_those_of_sets(before: list[frozenset[str]], draw: Any) -> None:  # noqa: ANN401 - hypothesis' own
    import numpy as np

    from tasks.overlap.memberships import from_sets
    from tasks.overlap.trend import Before, moves

    now = [frozenset(draw.sample("abcde", draw.randint(0, 5))) for _ in before]
    sides = [from_sets([(tuple(mine), 1) for mine in side], "abcde")[0] for side in (now, before)]
    common = np.array([draw.random() < 0.7 for _ in before], dtype=bool)
    joined, left = moves(sides[0], Before(sides[1], common, np.ones(5, dtype=bool), np.zeros(10)))
    for i, one in enumerate("abcde"):
        for j, other in enumerate("abcde"):
            pair = {one, other}
            come = sum(c and pair <= a and not pair <= b for c, a, b in zip(common, now, before, strict=True))
            gone = sum(c and pair <= b and not pair <= a for c, a, b in zip(common, now, before, strict=True))
            assert (joined[i, j], left[i, j]) == (come, gone)


def test_the_limits_are_those_of_the_design() -> None:
    policy = OverlapPolicy()
    assert (policy.redundant_jaccard, policy.conflict_share, policy.conflict_count) == (0.8, 0.01, 50)
