"""Overlap of segments: a matrix of pairs, and an UpSet plot of exclusive combinations.

Owns: their layout and drawing. Does not own: the figures.

UpSet: Lex, Gehlenborg, Strobelt, Vuillemot & Pfister 2014, IEEE Transactions on Visualization and Computer Graphics
20(12), pages 1983-1992.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.config.counting import counted
from tasks.report import formats
from tasks.report.data import ReportData
from tasks.report.overlap_records import Overlap, OverlapPair
from tasks.report.svg import Drawing

#: Upper bounds of the steps of Jaccard; from the last on, a pair is redundant.
JACCARD_STEPS = (0.05, 0.2, 0.4, 0.6, 0.8)

_LABELS = 230.0
_LABEL_WIDTH = 26
_CELL = 28.0
_GROUP_GAP = 22.0
_COLUMN_GAP = 8.0
_MATRIX_TOP = 134.0
_COLUMN_WIDTH = 20
#: Room on the right for the last slanted name.
_SLANT = 104.0


def jaccard_step(jaccard: float) -> int:
    """The step from 0 to 5 that a Jaccard index falls into."""
    return sum(jaccard >= bound for bound in JACCARD_STEPS)


def draw_matrix(data: ReportData) -> str:
    """The lower triangle of the overlap matrix as SVG, grouped by segmentation; empty where nothing overlaps.

    Segmentations are compared with each other. Pairs within a segmentation are drawn only if some overlap: most
    segmentations put a customer into one segment.
    """
    if data.overlap is None or not data.overlap.pairs:
        return ""
    pairs = {(pair.segment_id_a, pair.segment_id_b): pair for pair in data.overlap.pairs}
    groups = _groups(data)
    group_of = {segment_id: name for name, members in groups for segment_id in members}
    has_inner = any(group_of[a] == group_of[b] for a, b in pairs)
    rows = _offsets(groups if has_inner else groups[1:], _GROUP_GAP)
    columns = _offsets(groups if has_inner else groups[:-1], _COLUMN_GAP)
    rank = {segment_id: position for position, segment_id in enumerate(group_of)}
    drawing = Drawing(
        "overlap-matrix",
        _LABELS + max(columns.values()) + _CELL + _SLANT,
        _MATRIX_TOP + max(rows.values()) + _CELL + 8,
        title="Overlap of segments",
        description=_matrix_described(data, data.overlap),
    )
    for name, members in groups:
        if members[0] in rows:
            drawing.text(0, _MATRIX_TOP + rows[members[0]] - 6, formats.truncated(name, 32), "heading")
    for segment_id, x in columns.items():
        name = data.name_of(segment_id)
        label = formats.truncated(name, _COLUMN_WIDTH)
        drawing.text(_LABELS + x + _CELL / 2 + 3, _MATRIX_TOP - 4, label, "label", tip=name, rotate=-50)
    for row_id, y in rows.items():
        name = data.name_of(row_id)
        drawing.text(_LABELS - 2, _MATRIX_TOP + y + 18, formats.truncated(name, _LABEL_WIDTH), "label end", tip=name)
        for column_id, x in columns.items():
            pair = pairs.get((min(row_id, column_id), max(row_id, column_id)))
            if row_id == column_id and has_inner:
                drawing.circle(_LABELS + x + _CELL / 2, _MATRIX_TOP + y + _CELL / 2, 3, "diagonal")
            elif rank[column_id] < rank[row_id] and (has_inner or group_of[row_id] != group_of[column_id]):
                _draw_pair(drawing, _LABELS + x, _MATRIX_TOP + y, pair, data)
    return str(drawing)


def _groups(data: ReportData) -> list[tuple[str, list[str]]]:
    """Segments of the matrix by the name of their segmentation."""
    shown = set(data.matrix_ids)
    found = [
        (item.name, [segment.segment_id for segment in item.segments if segment.segment_id in shown])
        for item in data.segmentations
    ]
    return [(name, members) for name, members in found if members]


def _offsets(groups: Sequence[tuple[str, list[str]]], gap: float) -> dict[str, float]:
    """Where each segment's row or column begins."""
    offsets: dict[str, float] = {}
    at = 0.0
    for _, members in groups:
        at += gap
        for segment_id in members:
            offsets[segment_id] = at
            at += _CELL
    return offsets


def _draw_pair(drawing: Drawing, x: float, y: float, pair: OverlapPair | None, data: ReportData) -> None:
    if pair is None:
        drawing.rect(x + 1, y + 1, _CELL - 2, _CELL - 2, "jaccard-none")
        return
    step = jaccard_step(pair.jaccard_share)
    tip = (
        f"{data.told_apart(pair.segment_id_a)} and {data.told_apart(pair.segment_id_b)}:"
        f" {counted(pair.intersection_count, 'customer')} in common, Jaccard {formats.share(pair.jaccard_share)}"
    )
    drawing.rect(x + 1, y + 1, _CELL - 2, _CELL - 2, f"cell jaccard-{step}", tip=tip)
    percent = f"{100 * pair.jaccard_share:.0f}"
    drawing.text(x + _CELL / 2, y + 18, "<1" if percent == "0" else percent, f"figure middle on-jaccard-{step}")


def _matrix_described(data: ReportData, overlap: Overlap) -> str:
    top = sorted(overlap.pairs, key=lambda pair: (-pair.jaccard_share, pair.segment_id_a, pair.segment_id_b))[:5]
    return "Customers in both segments as percent of customers in either (Jaccard). The largest: " + "; ".join(
        f"{data.told_apart(pair.segment_id_a)} and {data.told_apart(pair.segment_id_b)}"
        f" {formats.share(pair.jaccard_share)}"
        for pair in top
    )


@dataclass(frozen=True, slots=True)
class UpSetLayout:
    """Rows, columns and bar heights of an UpSet plot.

    Attributes:
        row_ids: segments that occur, in the order in which they are shown.
        dots: rows of each column's dots, ascending.
        bar_heights: pixels, proportional to the customers of each column.
    """

    row_ids: tuple[str, ...]
    dots: tuple[tuple[int, ...], ...]
    bar_heights: tuple[float, ...]


_UPSET_TOP = 46.0
_UPSET_BARS = 150.0
_UPSET_ROW = 22.0
_UPSET_COLUMN = 28.0


def lay_out_upset(overlap: Overlap, order: Sequence[str]) -> UpSetLayout:
    """Place the dots and bars of the combinations; segments not in `order` follow by id."""
    rank = {segment_id: position for position, segment_id in enumerate(order)}
    held = {segment_id for item in overlap.intersections for segment_id in item.segment_ids}
    row_ids = tuple(sorted(held, key=lambda segment_id: (rank.get(segment_id, len(rank)), segment_id)))
    row_of = {segment_id: row for row, segment_id in enumerate(row_ids)}
    largest = max((item.customer_count for item in overlap.intersections), default=0)
    return UpSetLayout(
        row_ids=row_ids,
        dots=tuple(tuple(sorted(row_of[key] for key in item.segment_ids)) for item in overlap.intersections),
        bar_heights=tuple(_UPSET_BARS * item.customer_count / largest for item in overlap.intersections),
    )


def draw_upset(data: ReportData) -> str:
    """The UpSet plot as SVG; empty where there are no combinations."""
    overlap = data.overlap
    if overlap is None or not overlap.intersections:
        return ""
    order = [segment.segment_id for item in data.segmentations for segment in item.segments]
    layout = lay_out_upset(overlap, order)
    base = _UPSET_TOP + _UPSET_BARS
    drawing = Drawing(
        "overlap-upset",
        _LABELS + len(layout.dots) * _UPSET_COLUMN + 8,
        base + 12 + len(layout.row_ids) * _UPSET_ROW + 6,
        title="The largest combinations of segments",
        description="Customers who are in exactly these segments. "
        + "; ".join(
            f"{' and '.join(map(data.told_apart, item.segment_ids))}: {formats.count(item.customer_count)}"
            for item in overlap.intersections[:5]
        ),
    )
    width = len(layout.dots) * _UPSET_COLUMN
    for row, segment_id in enumerate(layout.row_ids):
        y = base + 12 + row * _UPSET_ROW
        name = data.told_apart(segment_id)
        drawing.rect(_LABELS, y, width, _UPSET_ROW, "band-even" if row % 2 == 0 else "band-odd")
        drawing.text(_LABELS - 10, y + 15, formats.truncated(name, _LABEL_WIDTH), "label end", tip=name)
    for column, (item, dots, height) in enumerate(
        zip(overlap.intersections, layout.dots, layout.bar_heights, strict=True)
    ):
        x = _LABELS + (column + 0.5) * _UPSET_COLUMN
        share = formats.share(item.customer_count / overlap.customer_total) if overlap.customer_total else formats.DASH
        names = " & ".join(map(data.told_apart, item.segment_ids))
        tip = f"{names}: {counted(item.customer_count, 'customer')}, {share}"
        drawing.rect(x - 9, base - height, 18, height, "bar", tip=tip)
        drawing.text(x + 4, base - height - 6, formats.count(item.customer_count), "figure", rotate=-90)
        _draw_dots(drawing, x, base + 12, dots, tip)
    return str(drawing)


def _draw_dots(drawing: Drawing, x: float, top: float, rows: tuple[int, ...], tip: str) -> None:
    heights = [top + (row + 0.5) * _UPSET_ROW for row in rows]
    if len(heights) > 1:
        drawing.line(x, heights[0], x, heights[-1], "joint")
    for y in heights:
        drawing.circle(x, y, 5.5, "dot", tip=tip)
