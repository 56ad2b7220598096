"""A real run is audited: figures of the cards agree with what was put in, and findings with what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.audit.read import _from_flows, _of_several, read_earlier_fit
from tasks.audit.told import read_audit
from tasks.config.errors import UsageError
from tasks.warehouse.run import Run
from tests.unit.audit.conftest import AS_OF, CONSENTED, CUSTOMERS, EARLIER

HALF = CUSTOMERS // 2


@pytest.fixture(scope="module")
def cards(audited: Run) -> dict[str, dict[str, Any]]:
    rows = audited.warehouse.records(
        "SELECT * FROM monitoring.segment_health WHERE run_id = $run", {"run": audited.run_id}
    )
    return {row["segment_id"]: row for row in rows}


@pytest.fixture(scope="module")
def found(audited: Run) -> dict[tuple[str | None, str], dict[str, Any]]:
    rows = audited.warehouse.records(
        "SELECT * FROM monitoring.audit_finding WHERE run_id = $run ORDER BY finding_no", {"run": audited.run_id}
    )
    return {(row["segment_id"] or row["segmentation_id"], row["finding_name"]): row for row in rows}


def test_sizes_and_changes_are_counted(cards: dict[str, dict[str, Any]], audited: Run) -> None:
    large = cards["size.large"]
    assert (large["customer_count"], large["customer_share"], large["previous_share"]) == (HALF, 0.5, 0.5)
    assert large["share_change_low"] < large["share_change"] == 0 < large["share_change_high"]
    # A fifth of the customers had not ordered by then.
    assert large["kept_share"] == pytest.approx(0.8)
    assert (large["age_days"], large["since_date"]) == ((AS_OF - EARLIER).days, EARLIER)
    assert large["is_viable"]
    # Who had not ordered until April came in since.
    earlier = audited.warehouse.value(
        "SELECT customer_count FROM monitoring.segment_health WHERE segment_id = 'tags.all' AND as_of_date = $day",
        {"day": EARLIER},
    )
    assert cards["tags.all"]["entered_count"] == CUSTOMERS - earlier


def test_an_order_rate_is_that_of_the_days_since(cards: dict[str, dict[str, Any]], audited: Run) -> None:
    ordered, members = audited.warehouse.rows(
        "SELECT count(*) FILTER (EXISTS (SELECT 1 FROM staging.orders WHERE orders.customer_id = m.customer_id"
        " AND order_date > $day)), count(*) FROM segments.membership AS m"
        " WHERE as_of_date = $day AND segment_id = 'size.large'",
        {"day": EARLIER},
    )[0]
    large = cards["size.large"]
    assert large["order_share"] == pytest.approx(ordered / members, abs=1e-6)
    assert (large["order_days"], large["is_own_order_share"]) == ((AS_OF - EARLIER).days, True)
    assert 0 < large["detectable_lift_share"] < 0.5


def test_reach_is_by_the_channel_of_the_treatment(cards: dict[str, dict[str, Any]]) -> None:
    large = cards["size.large"]
    assert (large["channel_name"], large["reachable_count"]) == ("Email", CONSENTED // 2)
    assert large["reachable_share"] == pytest.approx(CONSENTED / 2 / HALF)
    # Without a treatment any channel will do.
    assert (cards["tags.all"]["channel_name"], cards["tags.all"]["reachable_count"]) == (None, CONSENTED)


def test_clusters_have_figures_of_their_model_and_others_of_profiles(cards: dict[str, dict[str, Any]]) -> None:
    first, second = (cards[f"buying.c0{number}"] for number in (1, 2))
    assert first["jaccard_low_share"] <= first["jaccard_share"] == pytest.approx(1.0)
    assert first["silhouette"] > 0.5
    assert (first["rival_segment_id"], first["rival_kind"]) == ("buying.c02", "model")
    assert first["rival_distance"] == second["rival_distance"] > 1
    assert cards["size.large"]["jaccard_share"] is None
    assert (cards["size.large"]["rival_segment_id"], cards["size.large"]["rival_kind"]) == ("size.rest", "profile")


def test_what_stands_out_is_what_was_put_in(cards: dict[str, dict[str, Any]], audited: Run) -> None:
    large = cards["size.large"]
    assert large["distinct_kpi_name"] in {"average_order_amount", "net_365d_amount"}
    assert large["distinct_effect"] > 2
    assert large["distinct_p_adjusted"] < 1e-6
    assert "average_order_amount +" in large["traits"] or "unit" in large["traits"]
    explained = dict(
        audited.warehouse.rows(
            "SELECT kpi_name, explained_share FROM monitoring.segmentation_fit"
            " WHERE segmentation_id = 'size' AND run_id = $run",
            {"run": audited.run_id},
        )
    )
    assert explained["average_order_amount"] == pytest.approx(0.75, abs=0.02)
    assert explained["recency_days"] < 0.1


def test_each_mistake_of_the_workspace_is_named(found: dict[tuple[str | None, str], dict[str, Any]]) -> None:
    assert {
        ("lot", "demographic_only"),
        ("lot", "not_measurable"),
        ("lot", "too_few_segments"),
        ("halves", "pinned_sizes"),
        ("tags.none", "empty_segment"),
        ("tags.big", "nested_segment"),
        ("size.large", "not_reachable"),
        ("buying.c01", "redundant_segment"),
    } <= found.keys()
    # Which cluster is which does not matter; that rules of the same customers stand before them does.
    assert found["buying.c01", "redundant_segment"]["other_segment_id"] in {"size.large", "size.rest"}
    assert ("size.large", "redundant_segment") not in found
    assert found["tags.big", "nested_segment"]["other_segment_id"] == "tags.all"
    assert "age_years is known of 0.0%" in found["lot", "not_measurable"]["evidence"]


def test_an_accepted_finding_is_kept_and_told_as_accepted(found: dict[tuple[str | None, str], dict[str, Any]]) -> None:
    row = found["size.large", "not_reachable"]
    assert (row["is_accepted"], row["accepted_because"]) == (True, "reached in the shop")
    assert "of 200 customers" in row["evidence"]


def test_flows_and_memberships_count_alike(audited: Run) -> None:
    flows: dict[tuple[str | None, str | None], int] = {
        (source, target): count
        for source, target, count in audited.warehouse.rows(
            "SELECT from_segment_id, to_segment_id, customer_count FROM monitoring.transition"
            " WHERE run_id = $run AND segmentation_id = 'halves'",
            {"run": audited.run_id},
        )
    }
    # Who had not ordered yet came in; some moved.
    assert None in {source for source, _ in flows}
    assert len(flows) > 3
    assert _from_flows(flows) == _of_several(audited, ["halves"])


def test_the_oldest_run_that_defined_it_alike_is_compared_with(audited: Run) -> None:
    digest = audited.warehouse.value(
        "SELECT DISTINCT definition_sha256 FROM monitoring.segmentation_fit WHERE segmentation_id = 'size'"
    )
    then = read_earlier_fit(audited, "size", digest)
    assert then is not None
    assert then.as_of == EARLIER
    assert 0 < then.explained["average_order_amount"] < 1
    assert 0 < then.customers < CUSTOMERS
    assert read_earlier_fit(audited, "size", "another definition") is None


def test_the_audit_is_read_as_it_was_written(audited: Run) -> None:
    whole = read_audit(audited.warehouse)
    assert whole.is_compared
    assert whole.as_of == AS_OF.isoformat()
    assert whole.segmentations == ["buying", "halves", "lot", "size", "tags", "habits"]
    assert whole.counts["accepted"] == 1
    assert [row["is_accepted"] for row in whole.findings] == sorted(row["is_accepted"] for row in whole.findings)
    one = read_audit(audited.warehouse, "size")
    assert {card["segmentation_id"] for card in one.cards} == {"size"}
    assert {row["segmentation_id"] for row in one.findings} == {"size"}
    with pytest.raises(UsageError, match="there is no segmentation 'sise' as of 2025-06-30"):
        read_audit(audited.warehouse, "sise")


def test_a_segmentation_that_was_refused_is_told_with_its_reason(audited: Run) -> None:
    found = read_audit(audited.warehouse, "habits")
    assert found.cards == []
    (row,) = found.findings
    assert row["finding_name"] == "too_few_segments"
    assert row["evidence"].startswith("it was refused in this run: 0 customers are too few for clusters")
