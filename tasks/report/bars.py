"""Bars: how large a segment is, and how large it was.

Owns: the drawing of one bar, as it stands in a row of the table of segments. Does not own: the figures.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.config.counting import counted
from tasks.report import formats
from tasks.report.segment_records import SegmentRow
from tasks.report.svg import Drawing, anchor

WIDTH = 170.0
_HEIGHT = 20.0
_BAR = 10.0


def largest_size(segments: Sequence[SegmentRow]) -> int:
    """The size, present or previous, that fills a bar."""
    return max((max(segment.customer_count or 0, segment.previous_count or 0) for segment in segments), default=0)


def draw_size(segment: SegmentRow, largest: int) -> str:
    """A bar of the present size with a tick at the previous one, as SVG; empty where no size is known.

    Args:
        segment: whose size is drawn.
        largest: the size that fills the bar, the same for all segments that are compared.
    """
    size, before = segment.customer_count, segment.previous_count
    if size is None or not largest:
        return ""
    drawing = Drawing(
        anchor("size", segment.segment_id),
        WIDTH,
        _HEIGHT,
        title=f"Size of {segment.name}",
        description=_words(segment),
    )
    scale = (WIDTH - 4) / largest
    top = (_HEIGHT - _BAR) / 2
    drawing.rect(0, top, WIDTH, _BAR, "track")
    drawing.rect(0, top, size * scale, _BAR, "bar", tip=_words(segment))
    if before is not None:
        drawing.rect(max(before * scale - 1.25, 0.0), top - 4, 2.5, _BAR + 8, "tick", tip=_words(segment))
    return str(drawing)


def _words(segment: SegmentRow) -> str:
    words = counted(segment.customer_count or 0, "customer")
    if segment.customer_share is not None:
        words += f", {formats.share(segment.customer_share)} of all"
    if segment.previous_count is not None:
        words += f"; {formats.count(segment.previous_count)} before"
    return words
