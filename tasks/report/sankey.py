"""The Sankey diagram: where customers were, and where they are.

Owns: its layout (pure geometry, see `lay_out`) and its drawing. Does not own: the migration matrix.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tasks.config.counting import counted
from tasks.report import formats
from tasks.report.segment_records import Flow, Migration, SegmentRow
from tasks.report.svg import Drawing, anchor, point

Side = Literal["from", "to"]

#: Stands for all customers outside the population: those who entered on the left, those who left on the right.
OUTSIDE = ""
#: Stands for the segments that are too many to draw.
OTHERS = "\0others"
NODE_LIMIT = 14
COLOUR_COUNT = 8

_WIDTH = 1000.0
_LABELS = 230.0
_NODE = 12.0
_GAP = 15.0
_FLOW_HEIGHT = 320.0
_TOP = 30.0
_LABEL_WIDTH = 24


@dataclass(frozen=True, slots=True)
class Node:
    """A segment on one side; `y` is its upper edge."""

    side: Side
    key: str
    count: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Link:
    """Customers from one node to another; the ribbon is `thickness` high at both ends."""

    from_key: str
    to_key: str
    count: int
    from_y: float
    to_y: float
    thickness: float

    @property
    def is_stay(self) -> bool:
        """Whether the customers did not move; of the others drawn as one, nothing can be said."""
        return self.from_key == self.to_key


@dataclass(frozen=True, slots=True)
class Layout:
    """Nodes and links in place; ribbons of a node lie one below the other and fill it exactly."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    height: float


def lay_out(flows: Sequence[Flow], order: Sequence[str]) -> Layout:
    """Place nodes and ribbons.

    Args:
        flows: the migration matrix.
        order: segment ids from top to bottom; others follow by id, and those outside come last.
    """
    counts = _drawn_counts(flows)
    total = sum(counts.values())
    scale = _FLOW_HEIGHT / total if total else 0.0
    rank = {key: position for position, key in enumerate(order)}

    def place(key: str) -> tuple[int, int, str]:
        return (int(key == OTHERS) + 2 * int(key == OUTSIDE), rank.get(key, len(rank)), key)

    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for (from_key, to_key), count in counts.items():
        before[from_key] += count
        after[to_key] += count
    nodes = [
        *_stacked("from", [(key, before[key]) for key in sorted(before, key=place)], scale),
        *_stacked("to", [(key, after[key]) for key in sorted(after, key=place)], scale),
    ]
    free = {(node.side, node.key): node.y for node in nodes}
    links = []
    for (from_key, to_key), count in sorted(counts.items(), key=lambda item: (place(item[0][0]), place(item[0][1]))):
        thickness = count * scale
        # Sorted by both ends, ribbons leave and reach each node in the order of their other ends.
        links.append(Link(from_key, to_key, count, free["from", from_key], free["to", to_key], thickness))
        free["from", from_key] += thickness
        free["to", to_key] += thickness
    height = max((node.y + node.height for node in nodes), default=0.0)
    return Layout(tuple(nodes), tuple(links), height)


def _stacked(side: Side, counted: list[tuple[str, int]], scale: float) -> list[Node]:
    """Nodes of one side from top to bottom."""
    nodes: list[Node] = []
    y = 0.0
    for key, count in counted:
        nodes.append(Node(side, key, count, y, count * scale))
        y += count * scale + _GAP
    return nodes


def _drawn_counts(flows: Sequence[Flow]) -> Counter[tuple[str, str]]:
    """Customers by pair of drawn nodes: the smallest segments put together where there are too many."""
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for flow in flows:
        before[flow.from_segment_id or OUTSIDE] += flow.customer_count
        after[flow.to_segment_id or OUTSIDE] += flow.customer_count
    sizes = {key: max(before[key], after[key]) for key in {*before, *after} - {OUTSIDE}}
    by_size = sorted(sizes, key=lambda key: (-sizes[key], key))
    kept = set(by_size if len(by_size) <= NODE_LIMIT else by_size[: NODE_LIMIT - 1]) | {OUTSIDE}
    counts: Counter[tuple[str, str]] = Counter()
    for flow in flows:
        ends = (flow.from_segment_id or OUTSIDE, flow.to_segment_id or OUTSIDE)
        counts[ends[0] if ends[0] in kept else OTHERS, ends[1] if ends[1] in kept else OTHERS] += flow.customer_count
    return counts


def draw_migration(
    segmentation_id: str, name: str, segments: Sequence[SegmentRow], migration: Migration, names: Mapping[str, str]
) -> str:
    """The diagram as SVG; empty where there are no flows.

    Args:
        segmentation_id: makes the ids of the drawing unique.
        name: of the segmentation.
        segments: in the order from top to bottom.
        migration: the flows.
        names: name by segment id, retired segments included.
    """
    if not migration.flows:
        return ""
    order = [segment.segment_id for segment in segments]
    layout = lay_out(migration.flows, order)
    drawing = Drawing(
        anchor("migration", segmentation_id),
        _WIDTH,
        _TOP + layout.height + 6,
        title=f"How customers moved between the segments of {name}",
        description=_described(migration, names),
    )
    drawing.text(_LABELS + _NODE, 14, f"{formats.date(migration.previous_as_of)} (before)", "heading end")
    drawing.text(_WIDTH - _LABELS - _NODE, 14, "now", "heading")
    totals = {(node.side, node.key): node.count for node in layout.nodes}
    colours = {key: position % COLOUR_COUNT for position, key in enumerate(order)}
    # Those who stayed lie at the back: who moved is the news.
    for link in sorted(layout.links, key=lambda link: not link.is_stay):
        style = "stay" if link.is_stay else _colour(link.from_key, colours)
        drawing.path(_ribbon(link), f"ribbon {style}", tip=_tip(link, totals, names))
    for node in layout.nodes:
        _draw_node(drawing, node, _colour(node.key, colours), names)
    return str(drawing)


def _colour(key: str, colours: Mapping[str, int]) -> str:
    return f"hue-{colours[key]}" if key in colours else "hue-none"


def _ribbon(link: Link) -> str:
    """Two S-curves from node to node; the control points lie half-way, so that ribbons leave at right angles."""
    left, right = _LABELS + _NODE, _WIDTH - _LABELS - _NODE
    middle = (left + right) / 2
    top, bottom = _TOP + link.from_y, _TOP + link.to_y
    low_top, low_bottom = top + link.thickness, bottom + link.thickness
    return (
        f"M{point(left, top)} C{point(middle, top)} {point(middle, bottom)} {point(right, bottom)}"
        f" L{point(right, low_bottom)} C{point(middle, low_bottom)} {point(middle, low_top)} {point(left, low_top)} Z"
    )


def _draw_node(drawing: Drawing, node: Node, colour: str, names: Mapping[str, str]) -> None:
    is_left = node.side == "from"
    x = _LABELS if is_left else _WIDTH - _LABELS - _NODE
    label = _label(node.key, node.side, names)
    tip = f"{label}: {counted(node.count, 'customer')}"
    drawing.rect(x, _TOP + node.y, _NODE, max(node.height, 1.0), f"node {colour}", tip=tip)
    text = f"{formats.truncated(label, _LABEL_WIDTH)}  {formats.count(node.count)}"
    text_x = _LABELS - 8 if is_left else _WIDTH - _LABELS + 8
    drawing.text(text_x, _TOP + node.y + node.height / 2 + 4, text, "label end" if is_left else "label", tip=tip)


def _label(key: str, side: Side, names: Mapping[str, str]) -> str:
    if key == OUTSIDE:
        return "(entered)" if side == "from" else "(left)"
    return "(other segments)" if key == OTHERS else names.get(key, key)


def _tip(link: Link, totals: Mapping[tuple[Side, str], int], names: Mapping[str, str]) -> str:
    source, target = _label(link.from_key, "from", names), _label(link.to_key, "to", names)
    share = formats.share(link.count / totals["from", link.from_key])
    return f"{source} → {target}: {counted(link.count, 'customer')}, {share} of {source}"


def _described(migration: Migration, names: Mapping[str, str]) -> str:
    moved = sorted(
        (flow for flow in migration.flows if not flow.is_stay),
        key=lambda flow: (-flow.customer_count, flow.from_segment_id or "", flow.to_segment_id or ""),
    )
    stayed = sum(flow.customer_count for flow in migration.flows if flow.is_stay)
    ends = [
        (_label(flow.from_segment_id or OUTSIDE, "from", names), _label(flow.to_segment_id or OUTSIDE, "to", names))
        for flow in moved[:5]
    ]
    told = "; ".join(
        f"{source} to {target} {formats.count(flow.customer_count)}"
        for (source, target), flow in zip(ends, moved, strict=False)
    )
    return f"{counted(stayed, 'customer')} stayed. " + (f"The largest moves: {told}." if told else "Nobody moved.")
