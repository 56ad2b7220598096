"""Who gets what: read from the warehouse, drawn as bars, told on the page."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from tasks.report.data import collect
from tasks.report.overlap_records import OverlapPair, TreatmentFacts
from tasks.report.page import render
from tasks.report.treatment_bars import WIDTH, draw_key, draw_outcome
from tasks.warehouse import tables
from tests.unit.report.made_story import standard_run
from tests.unit.report.parsed_page import ParsedPage

FACTS = TreatmentFacts(
    "rfm.s01", "email", "Hello", None, "10 % off", None, 200, 50, {"priority": 100, "budget": 50}, 25.0, 30.0
)


def test_a_bar_is_the_segment_and_its_parts_are_reasons() -> None:
    root = ET.fromstring(draw_outcome(FACTS, "First"))  # noqa: S314 - made by ourselves
    parts = [item for item in root if item.get("class", "").startswith("outcome-")]
    assert [item.get("class") for item in parts] == ["outcome-given", "outcome-priority", "outcome-budget"]
    assert [float(item.get("width", "")) for item in parts] == pytest.approx([WIDTH / 4, WIDTH / 2, WIDTH / 4])
    assert "another treatment goes first: 100 customers, 50.0" in (parts[1][0].text or "")


def test_nobody_and_nothing_draw_nothing() -> None:
    empty = TreatmentFacts("rfm.s01", "email", None, None, None, None, 0, 0)
    assert (draw_outcome(empty, "First"), draw_key(())) == ("", "")


def test_the_page_tells_who_is_left_out_and_why(tmp_path: Path) -> None:
    run = standard_run(tmp_path, customers=200)
    rows = [
        {
            "customer_id": f"c{at}",
            "channel_name": "email",
            "segment_id": "region.s01",
            "is_given": at < 3,
            "refusal_name": why,
        }
        for at, why in enumerate([None, None, None, "refused", "contact_cap"])
    ]
    tables.write_frame(run, "monitoring.treatment", pl.DataFrame(rows))
    data = collect(run)
    (facts,) = data.treatments
    assert (facts.planned_count, facts.reached_count, facts.left_out) == (5, 3, {"refused": 1, "contact_cap": 1})
    told = ParsedPage(render(data)).text("treatments")
    assert "no consent: 1; contacted often enough: 1" in told


def test_a_pair_says_what_to_do() -> None:
    pair = OverlapPair("a.b", "c.d", 9, 9, 9, 1.0, 1.0, 1.0, 1.0, "redundant", channel="email", is_conflict=True)
    assert pair.advice == (
        "give one treatment a priority, exclude one segment from the other's, or let their windows not meet;"
        " keep one of the two, or say what tells them apart"
    )
    plain = OverlapPair("a.b", "c.d", 9, 9, 1, 0.1, 0.1, 0.1, 1.0, "overlapping")
    assert plain.advice == ""
