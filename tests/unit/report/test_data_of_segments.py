"""What `collect` reads of segments that are gone, withheld, or many."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from tasks.report.data import collect
from tasks.report.page import render
from tasks.warehouse import tables
from tasks.warehouse.run import Run
from tests.unit.report import made_run, made_segments
from tests.unit.report.made_run import PREVIOUS, STANDARD, place
from tests.unit.report.made_story import SIXTY, standard_run


def test_names_of_segments_that_are_gone_come_from_the_previous_run(tmp_path: Path) -> None:
    run = made_run.start_run(tmp_path)
    before, now = place(STANDARD, 100)
    old = Run(run.workspace, run.warehouse, run.paths, PREVIOUS.as_of, None)
    old.run_id = PREVIOUS.run_id
    renamed = {key: (title, basis, (*names[:-1], "Gone since")) for key, (title, basis, names) in STANDARD.items()}
    made_segments.write_segments(old, renamed, before, now)
    fewer = {key: (title, basis, names[:-1]) for key, (title, basis, names) in STANDARD.items()}
    made_segments.write_segments(run, fewer, before, now)
    data = collect(run)
    assert data.name_of("region.s06") == "Gone since"
    assert data.name_of("region.s01") == "North"
    assert data.name_of("never.seen") == "never.seen"


def test_retired_segments_without_customers_stand_apart(tmp_path: Path) -> None:
    run = standard_run(tmp_path, customers=100)
    run.warehouse.execute(
        "UPDATE segments.definition SET status_name = 'retired' WHERE segment_id IN ('region.s05', 'region.s06')"
    )
    run.warehouse.execute("DELETE FROM monitoring.kpi WHERE segment_id = 'region.s05'")
    region = next(item for item in collect(run).segmentations if item.segmentation_id == "region")
    assert [segment.segment_id for segment in region.retired] == ["region.s05"]
    assert region.segments[-1].segment_id == "region.s06"


def test_a_segmentation_that_was_taken_out_of_the_workspace_is_told_as_retired(tmp_path: Path) -> None:
    """All of its segments stay in the dictionary, and none of them has figures: the page has no table of them."""
    run = standard_run(tmp_path, customers=100)
    run.warehouse.execute("UPDATE segments.definition SET status_name = 'retired' WHERE segmentation_id = 'region'")
    run.warehouse.execute("DELETE FROM monitoring.kpi WHERE segmentation_id = 'region'")
    region = next(item for item in collect(run).segmentations if item.segmentation_id == "region")
    assert region.segments == ()
    page = render(collect(run))
    assert "Retired, kept for the history: <bdi>North</bdi>" in page
    assert "All figures of Region" not in page


def test_withheld_figures_are_dashes_and_the_page_says_why(tmp_path: Path) -> None:
    run = standard_run(tmp_path, customers=100)
    assert "are withheld" not in render(collect(run))
    for table, figures in {
        "monitoring.kpi": "net_amount = NULL, net_share = NULL, average_order_amount = NULL",
        "monitoring.profile": "mean_value = NULL, median_value = NULL, standardised_difference = NULL",
    }.items():
        run.warehouse.execute(f"ALTER TABLE {table} ADD COLUMN is_suppressed BOOLEAN DEFAULT false")
        run.warehouse.execute(f"UPDATE {table} SET is_suppressed = true, {figures} WHERE segment_id = 'region.s01'")
    region = next(item for item in collect(run).segmentations if item.segmentation_id == "region")
    assert [segment.segment_id for segment in region.segments if segment.is_suppressed] == ["region.s01"]
    assert region.profile is not None
    assert {cell.segment_id for cell in region.profile.cells if cell.is_suppressed} == {"region.s01"}
    page = render(collect(run))
    assert "Money and recency of <bdi>North</bdi> are withheld" in page
    assert "A blank cell is withheld" in page
    assert page.count("withheld, small group") == len(region.profile.feature_names)


def test_the_matrix_keeps_the_largest_segments(tmp_path: Path) -> None:
    names = SIXTY | {"extra": ("Extra", "value", tuple(f"Extra {number}" for number in range(8)))}
    data = collect(standard_run(tmp_path, names=names, customers=400))
    assert len(data.matrix_ids) == 60
    sizes = {
        segment.segment_id: segment.customer_count or 0 for item in data.segmentations for segment in item.segments
    }
    assert min(sizes[key] for key in data.matrix_ids) >= max(sizes[key] for key in sizes.keys() - set(data.matrix_ids))


def test_reasons_of_moves_are_counted_in_words(tmp_path: Path) -> None:
    run = standard_run(tmp_path, customers=100)
    changes = [("region", why) for why in ("refit", "late_data", "refit")] + [("lifecycle", "time")]
    frame = pl.DataFrame(changes, schema=["segmentation_id", "why_name"], orient="row")
    tables.write_frame(run, "monitoring.change", frame)
    region = next(item for item in collect(run).segmentations if item.segmentation_id == "region")
    assert region.migration is not None
    assert [count for _, count in region.migration.reasons] == [2, 1]
    assert (
        "Why: 2 moved as a new model of the same definition took over; 1 moved as data of before came late"
        in render(collect(run))
    )


def test_parts_of_a_change_of_size_are_drawn_with_their_words(tmp_path: Path) -> None:
    run = standard_run(tmp_path, customers=100)
    parts = [
        ("region", "region.north", "behaviour", 12, 2, 10),
        ("region", "region.north", "definition", 0, 7, -7),
        ("region", "region.south", "gone", 0, 1, -1),
    ]
    columns = ["segmentation_id", "segment_id", "why_name", "entered_count", "left_count", "net_count"]
    tables.write_frame(run, "monitoring.size_change", pl.DataFrame(parts, schema=columns, orient="row"))
    region = next(item for item in collect(run).segmentations if item.segmentation_id == "region")
    assert region.migration is not None
    assert [part.segment_id for part in region.migration.parts] == ["region.north", "region.north", "region.south"]
    page = render(collect(run))
    assert "what customers did: +10 (12 in, 2 out)" in page
    assert "an edited definition: −7 (0 in, 7 out)" in page
    assert "no longer customers: −1 (0 in, 1 out)" in page
    assert page.count("What the changes of size are made of") == 1
    # Customers won stand right of the middle, those lost left of it; a length is a number of customers.
    boxes = {
        match["why"]: (float(match["x"]), float(match["width"]))
        for match in re.finditer(
            r'<rect class="part why-(?P<why>\w+)" x="(?P<x>[\d.]+)".*?width="(?P<width>[\d.]+)"', page
        )
    }
    assert boxes["behaviour"][0] == pytest.approx(sum(boxes["definition"]), abs=0.02)
    assert boxes["behaviour"][1] == pytest.approx(10 * boxes["gone"][1], abs=0.2)
    assert boxes["definition"][1] == pytest.approx(7 * boxes["gone"][1], abs=0.2)
