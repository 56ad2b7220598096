"""Key figures, flows, named transitions and explanations, on a small workspace that is run for real."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from tasks.config.errors import UsageError, WorkspaceError
from tasks.config.pseudonym import pseudonym
from tasks.features.tasks import build_features
from tasks.insight.events import write_events
from tasks.insight.explain import Known, known_of, newest_publication, published_id
from tasks.insight.measures import build_monitoring
from tasks.insight.profile import profile_segments
from tasks.insight.status import read_status
from tasks.segments.tasks import ask_earlier_definitions, write_segments
from tasks.warehouse import ledger, tables
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run
from tests.staged import divide_all, ingest_and_stage
from tests.workspaces import AS_OF, MakeWorkspace, OpenRun, small_workspace

pytestmark = pytest.mark.usefixtures("few_features")

EARLIER = dt.date(2025, 6, 10)


def compute(run: Run) -> None:
    """The corridor up to the insight room, without checks."""
    ingest_and_stage(run)
    build_features.fn(run)
    write_segments.fn(run, divide_all(run))
    ask_earlier_definitions.fn(run)
    build_monitoring(run)
    write_events(run)
    ledger.note_publication(run.warehouse, Publication(run.as_of, run.run_id))


def flows(run: Run, segmentation: str) -> list[tuple[object, ...]]:
    return run.warehouse.rows(
        "SELECT from_segment_id, to_segment_id, customer_count FROM monitoring.transition"
        " WHERE run_id = $run_id AND segmentation_id = $name ORDER BY ALL",
        {"run_id": run.run_id, "name": segmentation},
    )


def test_the_first_run_has_sizes_and_no_flows(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(), EARLIER) as run:
        compute(run)
        assert flows(run, "lifecycle") == []
        sizes = run.warehouse.rows(
            "SELECT segment_id, customer_count, change_count FROM monitoring.kpi"
            " WHERE segmentation_id = 'lifecycle' ORDER BY 1"
        )
    # Anna alone had ordered by the 10th, on the 1st; a segment that nobody is in is there with zero.
    assert sizes == [("lifecycle.active", 0, None), ("lifecycle.lapsed", 0, None), ("lifecycle.new", 1, None)]


def test_flows_and_reasons_between_two_runs(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace()
    for date in (EARLIER, AS_OF, dt.date(2025, 8, 15)):
        with opened(space, date) as run:
            compute(run)
            if date == AS_OF:
                # Ben is new; Anna was new and is (29 days).
                assert flows(run, "lifecycle") == [
                    ("lifecycle.new", "lifecycle.new", 1),
                    (None, "lifecycle.new", 1),
                ]
    with opened(space, dt.date(2025, 8, 15)) as run:
        run.identify()
        changes = run.warehouse.rows(
            "SELECT customer_id, change_name, from_segment_id, to_segment_id, why_name FROM monitoring.change"
            " WHERE segmentation_id = 'lifecycle' AND as_of_date = DATE '2025-08-15' ORDER BY 1"
        )
        # Nobody ordered: only time has passed.
        assert changes == [
            ("anna", "moved", "lifecycle.new", "lifecycle.lapsed", "time"),
            ("ben", "moved", "lifecycle.new", "lifecycle.lapsed", "time"),
        ]


def test_a_changed_rule_is_told_as_the_reason(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(), EARLIER) as run:
        compute(run)
    edited = make_workspace("segmentations.lifecycle.segments.0.when=tenure_days <= 3")
    with opened(edited, EARLIER + dt.timedelta(days=1)) as run:
        compute(run)
        why = run.warehouse.rows(
            "SELECT customer_id, to_segment_id, why_name FROM monitoring.change"
            " WHERE segmentation_id = 'lifecycle' AND run_id = $run_id",
            {"run_id": run.run_id},
        )
        assert why == [("anna", "lifecycle.active", "definition")]


def test_profiles_agree_with_the_features(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace()) as run:
        compute(run)
        frame = profile_segments(run.warehouse, catalogue_of(run), run.run_id, ["lifecycle"], 1)
    rows = {(row["segment_id"], row["feature_name"]): row for row in frame.to_dicts()}
    net = rows["lifecycle.new", "net_amount"]
    # Anna 2*1.50 + 0.99 + 12.00, Ben 4*1.50.
    assert net["mean_value"] == pytest.approx((15.99 + 6.00) / 2)
    assert net["median_value"] == pytest.approx((15.99 + 6.00) / 2)
    assert net["standardised_difference"] == pytest.approx(0.0)
    assert rows["lifecycle.new", "top_category_name"]["top_share"] == pytest.approx(0.5)


def explained(run: Run, customer: str) -> Known:
    deciding = {"lifecycle": ["recency_days", "tenure_days"], "rfm": ["order_count"]}
    return known_of(run.warehouse, catalogue_of(run), newest_publication(run.warehouse), customer, deciding)


def test_explain_knows_features_and_history(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace()
    for date in (EARLIER, AS_OF, dt.date(2025, 8, 15)):
        with opened(space, date) as run:
            compute(run)
            if date == dt.date(2025, 8, 15):
                found = explained(run, "anna")
                with pytest.raises(UsageError, match="no customer 'zoe'"):
                    explained(run, "zoe")
    assert {value.name: value.value for value in found.features}["order_count"] == 2
    assert [
        (entry.as_of_date, entry.from_segment_id, entry.segment_id, entry.why_name, entry.words)
        for entry in found.history
        if entry.segmentation_id == "lifecycle"
    ] == [
        (EARLIER, None, "lifecycle.new", "first_run", "the first run"),
        (
            dt.date(2025, 8, 15),
            "lifecycle.new",
            "lifecycle.lapsed",
            "time",
            "no purchase for 51 days; tenure_days from 29 to 75",
        ),
    ]


def test_a_pseudonymised_customer_is_found_by_either_id(
    make_workspace: MakeWorkspace, opened: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESEGMENT_PSEUDONYM_KEY", "k" * 16)
    privacy = {"pseudonymise": True, "key": "${RESEGMENT_PSEUDONYM_KEY}"}
    tree = small_workspace() | {"privacy": privacy}
    space = make_workspace(tree=tree)
    anna = pseudonym(b"k" * 16, "anna")
    with opened(space) as run:
        compute(run)
        assert published_id(run.warehouse, space, "anna") == published_id(run.warehouse, space, anna) == anna
        found = explained(run, anna)
        assert "anna" not in repr(found)
        assert found.customer_id == anna
        assert {value.name: value.value for value in found.features}["order_count"] == 2
        with pytest.raises(UsageError, match="no customer 'p_") as caught:
            explained(run, published_id(run.warehouse, space, "zoe"))
        assert "zoe" not in str(caught.value)
        monkeypatch.setenv("RESEGMENT_PSEUDONYM_KEY", "l" * 16)
        with pytest.raises(WorkspaceError, match="those published here as of .* are pseudonyms under key"):
            published_id(run.warehouse, make_workspace(tree=tree), "anna")
        monkeypatch.delenv("RESEGMENT_PSEUDONYM_KEY")
        without = make_workspace(tree=tree)
        assert published_id(run.warehouse, without, anna) == anna
        with pytest.raises(WorkspaceError, match="there is no key"):
            published_id(run.warehouse, without, "anna")


def test_explain_before_any_publication(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace()) as run, pytest.raises(UsageError, match="nothing is published yet"):
        explained(run, "anna")


def test_status_works_while_a_run_writes(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace()
    with opened(space) as run:
        paths = run.paths
    found = read_status(space, paths)
    assert found.sentence == "nothing is published yet"
    assert [row["status_name"] for row in found.attempts] == ["published"]


def test_a_run_that_never_noted_its_end_was_killed(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace()
    with opened(space) as run:
        paths = run.paths
    # As `kill -9` leaves it, until the next run notes it.
    with Warehouse.open(paths.warehouse) as warehouse:
        warehouse.execute("UPDATE ops.run SET status_name = 'running', finished_at = NULL")
    (attempt,) = read_status(space, paths).attempts
    assert (attempt["status_name"], attempt["message"]) == ("killed", "the process ended without a word")


def test_retired_segments_stay_in_the_dictionary(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace()
    with opened(space, EARLIER) as run:
        compute(run)
    tree = {"segmentations.lifecycle.segments": "[{id: fresh, name: Fresh, when: tenure_days <= 30}]"}
    edited = make_workspace(*(f"{key}={value}" for key, value in tree.items()))
    with opened(edited, AS_OF) as run:
        compute(run)
        rows = run.warehouse.rows(
            "SELECT segment_id, status_name, since_date FROM segments.definition"
            " WHERE segmentation_id = 'lifecycle' AND run_id = $run_id ORDER BY 1",
            {"run_id": run.run_id},
        )
    assert rows == [
        ("lifecycle.active", "retired", AS_OF),
        ("lifecycle.fresh", "active", AS_OF),
        ("lifecycle.lapsed", "active", EARLIER),
        ("lifecycle.new", "retired", AS_OF),
    ]


def follow(run: Run, keys: list[str], flow_counts: dict[tuple[str, str], int]) -> list[tuple[object, ...]]:
    """Events of a segmentation whose segments in use are `keys`, with these flows since the run before."""
    definitions = [
        {
            "segmentation_id": "s",
            "segment_id": key,
            "rule_text": key,
            "population_text": "order_count > 0",
            "status_name": "active",
        }
        for key in keys
    ]
    tables.write_frame(run, "segments.definition", pl.DataFrame(definitions))
    moved = [
        {"segmentation_id": "lifecycle", "from_segment_id": old, "to_segment_id": new, "customer_count": count}
        for (old, new), count in flow_counts.items()
    ]
    schema = {
        "segmentation_id": pl.String,
        "from_segment_id": pl.String,
        "to_segment_id": pl.String,
        "customer_count": pl.Int64,
    }
    tables.write_frame(run, "monitoring.transition", pl.DataFrame(moved, schema=schema))
    write_events(run)
    return run.warehouse.rows(
        "SELECT event_name, from_segment_ids, to_segment_ids FROM monitoring.segment_event WHERE run_id = $run_id"
        " AND event_name <> 'survive' ORDER BY ALL",
        {"run_id": run.run_id},
    )


def test_customers_who_move_together_are_no_event_while_the_definition_stands(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(make_workspace()) as run:
        run.run_id = "now"
        assert follow(run, ["a", "b"], {("a", "b"): 900, ("a", "a"): 100, ("b", "b"): 500}) == []


def test_a_segment_that_is_emptied_or_split_is_an_event(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace()) as run:
        run.run_id = "emptied"
        assert ("merge", "a,b", "b") in follow(run, ["a", "b"], {("a", "b"): 1000, ("b", "b"): 500})
        run.run_id = "split"
        assert follow(run, ["a", "c"], {("a", "a"): 500, ("a", "c"): 500}) == [("split", "a", "a,c")]
