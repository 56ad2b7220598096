"""The overlap matrix and the UpSet plot."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.report.data import ReportData
from tasks.report.overlap_charts import draw_matrix, draw_upset, jaccard_step, lay_out_upset
from tasks.report.overlap_records import Intersection, Overlap, OverlapPair

SEGMENTS = [f"s{number}" for number in range(12)]
COMBINATIONS = st.dictionaries(
    st.frozensets(st.sampled_from(SEGMENTS), min_size=1, max_size=6), st.integers(1, 10_000), min_size=1, max_size=25
)


def parsed(drawing: str) -> ET.Element:
    return ET.fromstring(drawing)  # noqa: S314 - made by ourselves


def styled(root: ET.Element, style: str) -> list[ET.Element]:
    return [item for item in root if style in item.get("class", "").split()]


def overlap_of(combinations: dict[frozenset[str], int]) -> Overlap:
    found = [Intersection(tuple(sorted(ids)), count) for ids, count in combinations.items()]
    found.sort(key=lambda item: (-item.customer_count, item.segment_ids))
    return Overlap((), (), 0, tuple(found), len(found), sum(combinations.values()))


@given(COMBINATIONS)
def test_upset_dots_are_the_segments_and_bars_the_customers(combinations: dict[frozenset[str], int]) -> None:
    overlap = overlap_of(combinations)
    layout = lay_out_upset(overlap, SEGMENTS)
    largest = overlap.intersections[0].customer_count
    assert set(layout.row_ids) == frozenset().union(*combinations)
    assert list(layout.row_ids) == [segment for segment in SEGMENTS if segment in layout.row_ids]
    for item, dots, height in zip(overlap.intersections, layout.dots, layout.bar_heights, strict=True):
        assert {layout.row_ids[row] for row in dots} == set(item.segment_ids)
        assert list(dots) == sorted(set(dots))
        assert height / layout.bar_heights[0] == pytest.approx(item.customer_count / largest)


def test_the_upset_plot_draws_its_layout(published_data: ReportData) -> None:
    assert published_data.overlap is not None
    root = parsed(draw_upset(published_data))
    shown = published_data.overlap.intersections
    assert len(styled(root, "dot")) == sum(len(item.segment_ids) for item in shown)
    assert len(styled(root, "bar")) == len(shown)
    heights = [float(bar.get("height", "")) for bar in styled(root, "bar")]
    counts = [item.customer_count for item in shown]
    assert heights == pytest.approx([count * heights[0] / counts[0] for count in counts], abs=0.01)


def test_the_matrix_has_a_number_for_each_pair(published_data: ReportData) -> None:
    assert published_data.overlap is not None
    root = parsed(draw_matrix(published_data))
    cells = styled(root, "cell")
    assert len(cells) == len(published_data.overlap.pairs)
    numbers = [text.text for text in root if "on-jaccard" in text.get("class", "")]
    expected = sorted(
        "<1" if round(100 * pair.jaccard_share) == 0 else f"{100 * pair.jaccard_share:.0f}"
        for pair in published_data.overlap.pairs
    )
    assert sorted(str(number) for number in numbers) == expected
    # Segments of one segmentation do not overlap here, and are not drawn against each other.
    members = [len(item.segments) for item in published_data.segmentations]
    across = (sum(members) ** 2 - sum(size**2 for size in members)) // 2
    assert len(styled(root, "jaccard-none")) == across - len(cells)


def test_overlap_within_a_segmentation_is_drawn_where_there_is_any(published_data: ReportData) -> None:
    """A segmentation by rules may put a customer into several segments."""
    assert published_data.overlap is not None
    inner = OverlapPair("region.s01", "region.s02", 10, 10, 5, 1 / 3, 0.5, 0.5, None, "overlapping")
    overlap = replace(published_data.overlap, pairs=(*published_data.overlap.pairs, inner))
    root = parsed(draw_matrix(replace(published_data, overlap=overlap)))
    assert len(styled(root, "cell")) == len(overlap.pairs)
    assert any("North and South: 5 customers" in (cell[0].text or "") for cell in styled(root, "cell"))


def test_without_overlap_there_is_no_drawing(published_data: ReportData) -> None:
    nothing = replace(published_data, overlap=None)
    empty = replace(published_data, overlap=Overlap((), (), 0, (), 0, 0))
    assert [draw(data) for draw in (draw_matrix, draw_upset) for data in (nothing, empty)] == [""] * 4


def test_redundant_pairs_have_a_step_of_their_own() -> None:
    assert [jaccard_step(value) for value in (0.0, 0.049, 0.05, 0.5, 0.799, 0.8, 1.0)] == [0, 0, 1, 3, 4, 5, 5]
