"""What `collect` reads, against figures counted by hand."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tasks.report.check_page import render_checks
from tasks.report.data import ReportData, collect
from tasks.report.page import render
from tasks.warehouse import ledger
from tasks.warehouse.ledger import Publication
from tests.unit.report import made_monitoring, made_run
from tests.unit.report.made_run import AS_OF, PREVIOUS, RUN_ID, STANDARD, place
from tests.unit.report.made_story import standard_run, stopped_run


def test_the_run_and_what_it_is_compared_with(published_data: ReportData) -> None:
    facts = published_data.run
    assert (facts.state, facts.as_of, facts.run_id) == ("published", AS_OF, RUN_ID)
    assert (facts.previous_as_of, facts.previous_run_id) == (PREVIOUS.as_of, PREVIOUS.run_id)
    assert facts.started_at == made_run.STARTED_AT
    assert facts.standing is None
    assert published_data.totals.customer_count == 600
    assert published_data.totals.order_count == 6_000
    assert published_data.totals.net_amount == Decimal(75_000)


def test_rows_by_source_add_up(published_data: ReportData) -> None:
    crm, shop = published_data.sources
    assert (crm.source_name, crm.read_count, crm.loaded_count, crm.quarantined_count) == ("crm", 2_143, 2_100, 43)
    assert (shop.read_count, shop.loaded_count, shop.quarantined_count) == (201_610, 201_586, 24)
    assert (shop.load_count, shop.new_load_count) == (2, 1)
    assert crm.quarantined_share == pytest.approx(43 / 2_143)


def test_loads_that_the_run_does_not_see_are_left_out(tmp_path: Path) -> None:
    run = made_run.start_run(tmp_path)
    made_monitoring.add_load(run, 1, "shop", "order_lines", read=10)
    hidden = made_monitoring.add_load(run, 2, "elsewhere", "order_lines", read=99)
    made_monitoring.add_quarantine(run, hidden, "order_lines", "quantity", "x", "hidden")
    data = collect(run)
    assert [source.read_count for source in data.sources] == [10]
    assert (data.load_total, data.quarantine) == (1, ())


def test_a_check_that_was_not_run_has_not_failed(tmp_path: Path) -> None:
    run = made_run.start_run(tmp_path)
    why = "not checked: no source maps to feedback"
    made_monitoring.add_check(run, "staging.feedback", None, "ratings", is_success=None, observed_value=why)
    data = collect(run)
    assert [check.is_success for check in data.checks] == [None]
    assert data.failed_checks == ()
    assert why in render_checks(data)


def test_a_check_on_history_is_told_by_its_sentence(tmp_path: Path) -> None:
    run = made_run.start_run(tmp_path)
    found = "crm: income_amount of crm.csv: the typical value is 3,480, usually 41,760"
    made_monitoring.add_check(
        run,
        "raw.customers",
        "income_amount",
        "typical figures",
        expectation_name="expect_new_files_to_be_like_earlier_ones",
        is_success=False,
        observed_value=found,
        element_count=4,
        unexpected_count=1,
        example_values='[{"what": "crm: income_amount of crm.csv"}]',
    )
    (check,) = collect(run).failed_checks
    assert (check.observed, check.unexpected_count, check.examples) == (found, None, ())
    page = render_checks(collect(run))
    assert found in page
    assert "1 wrong in 4" not in page


def test_what_was_worked_off_is_listed_no_more_where_the_run_sees_it(tmp_path: Path) -> None:
    run = made_run.start_run(tmp_path)
    file = made_monitoring.add_load(run, 1, "shop", "order_lines", quarantined=2)
    made_monitoring.add_quarantine(run, file, "order_lines", "quantity", "x", "let in", times=1)
    run.warehouse.execute("UPDATE ops.quarantine SET status_name = 'released', closed_by_load_id = 'child'")
    assert [item.reason for item in collect(run).quarantine] == ["let in"]
    ledger.insert(
        run.warehouse,
        "load",
        {"load_id": "child", "load_no": 2, "parent_load_id": file, "rows_loaded_count": 1, "rows_quarantined_count": -1}
        | {
            "source_name": "shop",
            "entity_name": "order_lines",
            "rows_read_count": 0,
            "loaded_at": dt.datetime(2025, 7, 2),
        },
    )
    data = collect(run)
    assert data.quarantine == ()
    (source,) = data.sources
    assert (source.load_count, source.read_count, source.quarantined_count) == (1, 1_000, 1)


def test_sizes_and_changes(published_data: ReportData) -> None:
    before, now = place(STANDARD, 600)
    assert [item.segmentation_id for item in published_data.segmentations] == list(STANDARD)
    for item in published_data.segmentations:
        sizes, old = Counter(now[item.segmentation_id]), Counter(before[item.segmentation_id])
        for index, segment in enumerate(sorted(item.segments, key=lambda segment: segment.segment_id)):
            assert segment.customer_count == sizes[index]
            assert segment.previous_count == old[index]
            assert segment.relative_change == pytest.approx(sizes[index] / old[index] - 1)


def test_declared_segments_keep_their_order_and_found_ones_go_by_size(published_data: ReportData) -> None:
    by_key = {item.segmentation_id: item for item in published_data.segmentations}
    assert tuple(segment.name for segment in by_key["rfm"].segments) == STANDARD["rfm"][2]
    found = [segment.customer_count or 0 for segment in by_key["clusters"].segments]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) > 1


def test_the_profile_has_the_most_distinguishing_features(published_data: ReportData) -> None:
    profile = published_data.segmentations[0].profile
    assert profile is not None
    assert (len(profile.feature_names), profile.feature_count) == (14, 16)
    strongest = [
        max(abs(cell.standardised_difference or 0) for cell in profile.cells if cell.feature_name == name)
        for name in profile.feature_names
    ]
    assert strongest == sorted(strongest, reverse=True)
    assert len(profile.cells) == 14 * 11
    order = list(dict.fromkeys(cell.segment_id for cell in profile.cells))
    assert order == [segment.segment_id for segment in published_data.segmentations[0].segments]
    assert all(value.share - value.population_share > 0.05 for value in profile.typical)


def test_a_typical_value_says_of_how_many_it_is_known(published_data: ReportData) -> None:
    """Of a stage of life that is known of half of a segment, seven in ten of these are not seven in ten of it."""
    profile = published_data.segmentations[0].profile
    assert profile is not None
    assert {value.known_count for value in profile.typical} == {100}
    page = render(published_data)
    head = '<th scope="col" class="number">Known of</th><th scope="col" class="number">Of these</th>'
    assert page.count(head) == sum(bool(item.profile and item.profile.typical) for item in published_data.segmentations)


def test_survivors_are_counted_and_other_events_told(published_data: ReportData) -> None:
    migration = next(item for item in published_data.segmentations if item.segmentation_id == "clusters").migration
    assert migration is not None
    assert [event.name for event in migration.events] == ["split"]
    assert migration.survived_count == 1


def test_combinations_are_the_largest_of_all(published_data: ReportData) -> None:
    overlap = published_data.overlap
    assert overlap is not None
    assert len(overlap.intersections) == 25 < overlap.intersection_total
    _, now = place(STANDARD, 600)
    held = Counter(members for members in zip(*now.values(), strict=True) if any(item is not None for item in members))
    assert overlap.customer_total == held.total()
    assert [item.customer_count for item in overlap.intersections] == [count for _, count in held.most_common(25)]


def test_drift_puts_what_matters_first(published_data: ReportData) -> None:
    previous = [row for row in published_data.drift if row.reference_kind == "previous"]
    assert [row.standing for row in previous][:3] == ["alarm", "notice", "inconclusive"]
    assert published_data.drift[-1].reference_kind == "baseline"
    assert previous[0].alarm_ratio == pytest.approx(2.43)


def test_drift_since_the_previous_run_is_read_first(tmp_path: Path) -> None:
    run = made_run.start_run(tmp_path)
    kinds = ("season", "baseline", "before_season", "window", "previous")
    made_monitoring.write_drift(run, [made_monitoring.drift_row("a", 0.02, reference_kind=kind) for kind in kinds])
    assert [row.reference_kind for row in collect(run).drift] == list(reversed(kinds))


def test_thresholds_that_the_table_lacks_are_the_workspaces(tmp_path: Path) -> None:
    run = made_run.start_run(tmp_path)
    rows = [made_monitoring.drift_row("a", 0.02), made_monitoring.drift_row("b", 0.02, effect_name="w")]
    for row in rows:
        del row["notice_threshold"], row["alarm_threshold"]
    made_monitoring.write_drift(run, rows)
    limits = {row.subject_name: (row.notice_threshold, row.alarm_threshold) for row in collect(run).drift}
    assert limits == {"a": (0.05, 0.1), "b": (None, None)}


def test_a_first_run_has_no_change_and_no_migration(tmp_path: Path) -> None:
    data = collect(standard_run(tmp_path, customers=200, is_first=True))
    segments = [segment for item in data.segmentations for segment in item.segments]
    assert data.run.previous_as_of is None
    assert {segment.change_count for segment in segments} == {None}
    assert {item.migration for item in data.segmentations} == {None}
    assert data.drift == ()


def test_a_stopped_run_says_what_readers_still_have(tmp_path: Path) -> None:
    data = collect(stopped_run(tmp_path))
    assert data.run.state == "gate_failed"
    assert data.run.standing is not None
    assert (data.run.standing.as_of, data.run.standing.age_days) == (dt.date(2025, 5, 31), 30)
    assert (data.segmentations, data.overlap, data.drift) == ((), None, ())
    assert data.failed_checks[0].severity == "critical"
    assert data.failed_checks[0].observed == "2025-06-11"
    assert data.totals.customer_count is None


@pytest.mark.parametrize(
    ("status", "stopped_by", "state"),
    [
        ("running", None, "unpublished"),
        ("running", "too many rows in quarantine", "failed"),
        ("gate_failed", None, "gate_failed"),
        ("failed", None, "failed"),
        ("killed", None, "failed"),
    ],
)
def test_states(tmp_path: Path, status: str, stopped_by: str | None, state: str) -> None:
    run = made_run.start_run(tmp_path)
    run.warehouse.execute("UPDATE ops.run SET status_name = $status", {"status": status})
    assert collect(run, stopped_by=stopped_by).run.state == state


def test_a_repeated_run_that_fails_its_gate_is_not_called_published(tmp_path: Path) -> None:
    run = stopped_run(tmp_path)
    made_run.publish(run)
    assert collect(run).run.state == "gate_failed"


def test_checks_of_other_attempts_are_left_out(tmp_path: Path) -> None:
    run = made_run.start_run(tmp_path)
    made_monitoring.add_check(run, "raw.order_lines", "order_id", "ours")
    made_monitoring.add_check(run, "raw.order_lines", "order_id", "theirs", attempt_id="b" * 32)
    assert [check.meaning for check in collect(run).checks] == ["ours"]


def test_an_empty_warehouse_is_no_error(tmp_path: Path) -> None:
    data = collect(made_run.start_run(tmp_path, previous=None))
    assert data.run.state == "unpublished"
    assert data.run.standing is None
    assert (data.sources, data.checks, data.quarantine, data.loads) == ((), (), (), ())


def test_published_tables_are_counted(tmp_path: Path) -> None:
    run = made_run.start_run(tmp_path)
    made_monitoring.write_published_file(run.paths.published_database, 42)
    assert collect(run).published_tables == ()
    made_run.publish(run)
    assert [(table.name, table.row_count) for table in collect(run).published_tables] == [
        ("customer_segment", 42),
        ("segment", 42),
    ]


def test_a_published_file_that_cannot_be_opened_is_left_out(tmp_path: Path) -> None:
    run = made_run.start_run(tmp_path)
    made_run.publish(run)
    run.paths.published.mkdir()
    run.paths.published_database.write_bytes(b"not a database" * 1_000)
    assert collect(run).published_tables == ()


def test_the_newest_publication_stands_though_it_is_of_a_later_date(tmp_path: Path) -> None:
    run = made_run.start_run(tmp_path)
    ledger.note_publication(run.warehouse, Publication(AS_OF + dt.timedelta(days=31), "later"))
    standing = collect(run).run.standing
    assert standing is not None
    assert standing.age_days == -31
