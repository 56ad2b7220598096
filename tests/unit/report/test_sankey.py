"""The geometry of the Sankey diagram, and that it tells the migration matrix."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.report.data import ReportData
from tasks.report.sankey import NODE_LIMIT, OTHERS, OUTSIDE, Layout, lay_out
from tasks.report.segment_records import Flow
from tests.unit.report.made_run import STANDARD, place, segment_id
from tests.unit.report.parsed_page import ParsedPage

ORDER = [f"s{number:02d}" for number in range(30)]
ENDS = st.one_of(st.none(), st.sampled_from(ORDER), st.sampled_from(["retired_a", "retired_b"]))
MATRICES = st.dictionaries(
    st.tuples(ENDS, ENDS).filter(lambda pair: pair != (None, None)), st.integers(1, 5_000), min_size=1, max_size=80
)


def flows_of(matrix: dict[tuple[str | None, str | None], int]) -> list[Flow]:
    return [Flow(start, end, count, None, None) for (start, end), count in matrix.items()]


def assert_sound(layout: Layout, flows: list[Flow]) -> None:
    total = sum(flow.customer_count for flow in flows)
    scale = layout.links[0].thickness / layout.links[0].count
    ends: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for link in layout.links:
        assert link.thickness == pytest.approx(link.count * scale)
        ends["from", link.from_key].append((link.from_y, link.thickness))
        ends["to", link.to_key].append((link.to_y, link.thickness))
    for node in layout.nodes:
        # Ribbons lie one below the other, from the upper edge of the node to its lower.
        at = node.y
        for y, thickness in sorted(ends.pop((node.side, node.key))):
            assert y == pytest.approx(at, abs=1e-6)
            at += thickness
        assert at == pytest.approx(node.y + node.height, abs=1e-6)
        assert node.height == pytest.approx(node.count * scale)
    assert not ends
    for side in ("from", "to"):
        column = [node for node in layout.nodes if node.side == side]
        assert sum(node.count for node in column) == total
        for above, below in pairwise(column):
            assert below.y > above.y + above.height
    assert layout.height == pytest.approx(max(node.y + node.height for node in layout.nodes))


@given(MATRICES)
def test_ribbons_fill_their_nodes_exactly(matrix: dict[tuple[str | None, str | None], int]) -> None:
    flows = flows_of(matrix)
    assert_sound(lay_out(flows, ORDER), flows)


@given(MATRICES)
def test_the_order_of_the_rows_does_not_matter(matrix: dict[tuple[str | None, str | None], int]) -> None:
    flows = flows_of(matrix)
    assert lay_out(flows, ORDER) == lay_out(flows[::-1], ORDER)


def test_sixty_segments_are_drawn_as_the_largest_and_the_others() -> None:
    order = [f"s{number:02d}" for number in range(60)]
    flows = [Flow(key, key, 1_000 - 10 * number, 1.0, 1.0) for number, key in enumerate(order)]
    flows += [Flow(order[1], order[50], 7, None, None), Flow(order[50], None, 3, None, None)]
    layout = lay_out(flows, order)
    assert_sound(layout, flows)
    left = [node.key for node in layout.nodes if node.side == "from"]
    assert left == [*order[: NODE_LIMIT - 1], OTHERS]
    assert [node.key for node in layout.nodes if node.side == "to"] == [*left, OUTSIDE]
    counts = {(link.from_key, link.to_key): link.count for link in layout.links}
    assert counts[order[1], OTHERS] == 7
    assert counts[OTHERS, OUTSIDE] == 3


def test_without_flows_there_is_nothing() -> None:
    assert lay_out([], ORDER) == Layout((), (), 0.0)


def test_node_heights_are_the_sizes_that_were_placed(published_data: ReportData) -> None:
    """Against customers counted in plain Python, not by the code that draws."""
    before, now = place(STANDARD, 600)
    facts = next(item for item in published_data.segmentations if item.segmentation_id == "rfm")
    assert facts.migration is not None
    layout = lay_out(facts.migration.flows, [segment.segment_id for segment in facts.segments])
    for side, placed in (("from", before["rfm"]), ("to", now["rfm"])):
        sizes = Counter(segment_id("rfm", index) for index in placed if index is not None)
        drawn = {node.key: node.count for node in layout.nodes if node.side == side and node.key != OUTSIDE}
        assert drawn == sizes


def test_the_drawing_tells_each_flow(published_page: ParsedPage, published_data: ReportData) -> None:
    drawing = next(item for item in published_page.drawings if "migration-lifecycle" in item.get("aria-labelledby", ""))
    ribbons = [item for item in drawing if item.get("class", "").startswith("ribbon")]
    facts = next(item for item in published_data.segmentations if item.segmentation_id == "lifecycle")
    assert facts.migration is not None
    assert len(ribbons) == len(facts.migration.flows)
    moved = max((flow for flow in facts.migration.flows if not flow.is_stay), key=lambda flow: flow.customer_count)
    names = [
        published_data.name_of(moved.from_segment_id) or "(entered)",
        published_data.name_of(moved.to_segment_id) or "(left)",
    ]
    told = [ribbon[0].text or "" for ribbon in ribbons]
    assert any(text.startswith(f"{names[0]} → {names[1]}: {moved.customer_count} customer") for text in told)
