"""Candidate segments on the page: what distinguishes each is drawn and told, and nothing where there is none."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from tasks.drift.emergence_tables import SEGMENT_COLUMNS, SEGMENTS
from tasks.report.candidate_charts import draw_traits, widest_trait
from tasks.report.candidate_records import CandidateRow
from tasks.report.data import ReportData, collect
from tasks.report.page import render
from tasks.warehouse import tables
from tasks.warehouse.run import Run
from tests.unit.report.parsed_page import ParsedPage

TRAITS = [
    {
        "feature_name": "net_90d_amount",
        "level_name": None,
        "effect_name": "probit_d",
        "effect_size": 3.0,
        "group_share": None,
        "others_share": None,
    },
    {
        "feature_name": "top_category_name",
        "level_name": "<b>Meal kits</b>",
        "effect_name": "cohen_h",
        "effect_size": -1.5,
        "group_share": 0.05,
        "others_share": 0.6,
    },
]
ROW = {
    "candidate_id": "emerging-2025-06-30-1",
    "direction_name": "emerging",
    "status_name": "candidate",
    "seen_count": 1,
    "since_date": dt.date(2025, 6, 30),
    "reference_as_of_date": dt.date(2025, 5, 31),
    "customer_count": 48,
    "customer_share": 0.024,
    "ratio": None,
    "excess_share": 0.024,
    "p_adjusted": 1e-9,
    "traits_json": json.dumps(TRAITS),
    "sentence": "A group of about 48 customers (2.4 %) that hardly existed before.",
}


@pytest.fixture
def with_candidate(published_run: Run, published_data: ReportData) -> ReportData:
    schema = {name: kind for name, (kind, _) in SEGMENT_COLUMNS.items()}
    tables.write_frame(published_run, SEGMENTS, pl.DataFrame([ROW], schema=schema))
    read = collect(published_run).candidates
    published_run.warehouse.execute(f"DROP TABLE {SEGMENTS}")
    return replace(published_data, candidates=read)


def test_a_candidate_is_told_and_drawn(with_candidate: ReportData) -> None:
    page = ParsedPage(render(with_candidate))
    text = page.text("emerging")
    for words in (
        "emerging-2025-06-30-1",
        "candidate",
        ROW["sentence"],
        "48 customers",
        "compared with 2025-05-31: too few customers of their kind were there to be counted; adjusted p",
        "+3.0 sd",
    ):
        assert str(words) in text
    assert "5% against 60%" in text
    assert "#emerging" in {value for _, name, value in page.attributes if name == "href"}


def test_how_much_more_common_it_is_is_told_where_it_was_there_before(with_candidate: ReportData) -> None:
    (row,) = with_candidate.candidates
    told = replace(with_candidate, candidates=(replace(row, ratio=3.14, excess_share=0.016),))
    text = ParsedPage(render(told)).text("emerging")
    assert "3.1 times the share of customers of their kind, a difference of 1.6% of all; adjusted p" in text


def test_where_there_is_none_there_is_no_section(published_page: ParsedPage) -> None:
    assert "#emerging" not in {value for _, name, value in published_page.attributes if name == "href"}


def test_bars_go_from_zero_to_either_side_on_one_scale(with_candidate: ReportData) -> None:
    (row,) = with_candidate.candidates
    items = list(ET.fromstring(draw_traits(row, 3.0)))  # noqa: S314 - made by ourselves
    bars = [item for item in items if item.get("class") == "bar"]
    left, width = ([float(bar.get(name) or 0) for bar in bars] for name in ("x", "width"))
    assert width == [120.0, 60.0]
    assert left == [330.0, 270.0]
    assert widest_trait([row]) == 3.0
    assert widest_trait([]) == 2.0


def test_nothing_is_drawn_of_a_group_that_nothing_sets_apart(with_candidate: ReportData) -> None:
    (row,) = with_candidate.candidates
    bare: CandidateRow = replace(row, traits=())
    assert draw_traits(bare, 2.0) == ""
