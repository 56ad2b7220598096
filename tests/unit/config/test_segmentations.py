from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.config.segmentations import STANDARD_RFM, RfmSegmentation, RulesSegmentation
from tasks.config.sources import Source


def rfm(segments: list[dict[str, object]]) -> RfmSegmentation:
    return RfmSegmentation.model_validate({"kind": "rfm", "basis": "value", "segments": segments})


def test_the_standard_segments_cover_every_cell_once() -> None:
    cells = [cell for segment in STANDARD_RFM for cell in segment.cells()]
    assert sorted(cells) == sorted(product(range(1, 6), repeat=3))
    assert len(STANDARD_RFM) == 11


def test_a_gap_is_named() -> None:
    with pytest.raises(ValidationError, match=r"gap: no segment for 25 of 125 cells, first \(r, f, m\) = \(5, 1, 1\)"):
        rfm([{"id": "low", "name": "Low", "r": [1, 4]}])


def test_an_overlap_names_both_segments_and_the_cell() -> None:
    with pytest.raises(ValidationError, match=r"'low' and 'high' overlap at \(r, f, m\) = \(3, 1, 1\)"):
        rfm([{"id": "low", "name": "Low", "r": [1, 3]}, {"id": "high", "name": "High", "r": [3, 5]}])


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"range \[4, 2\] is empty"):
        rfm([{"id": "low", "name": "Low", "r": [4, 2]}])


@given(st.integers(1, 4), st.integers(1, 4))
def test_any_split_into_two_by_two_is_accepted(r: int, f: int) -> None:
    parts = [((1, r), (1, f)), ((1, r), (f + 1, 5)), ((r + 1, 5), (1, f)), ((r + 1, 5), (f + 1, 5))]
    made = rfm([{"id": f"s{n}", "name": f"S{n}", "r": list(a), "f": list(b)} for n, (a, b) in enumerate(parts)])
    assert sum(len(segment.cells()) for segment in made.segments) == 125


@given(st.sampled_from(range(11)))
def test_dropping_any_standard_segment_leaves_a_gap(index: int) -> None:
    rest = [segment.model_dump() for n, segment in enumerate(STANDARD_RFM) if n != index]
    with pytest.raises(ValidationError, match="gap"):
        rfm(rest)


def rules(*segments: tuple[str, str]) -> RulesSegmentation:
    listed = [{"id": key, "name": name, "when": "order_count > 1"} for key, name in segments]
    return RulesSegmentation.model_validate({"kind": "rules", "basis": "value", "segments": listed})


def test_two_segments_of_one_id_or_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="two segments have the id 'a'"):
        rules(("a", "A"), ("a", "B"))
    with pytest.raises(ValidationError, match="two segments have the name"):
        rules(("a", "Same"), ("b", "same"))


def test_a_source_must_map_what_the_entity_needs() -> None:
    with pytest.raises(ValidationError, match="order_lines needs line_id, ordered_at, quantity, unit_price_amount"):
        Source.model_validate({"entity": "order_lines", "format": "csv", "path": "x.csv", "columns": {"order_id": "o"}})


def test_a_misspelt_entity_column_is_told_with_its_near_miss() -> None:
    with pytest.raises(ValidationError, match="no column 'quantiy'; did you mean 'quantity'"):
        Source.model_validate({"entity": "order_lines", "format": "csv", "path": "x.csv", "columns": {"quantiy": "q"}})
