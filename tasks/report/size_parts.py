"""What the change of each segment's size is made of: bars to the right for customers won, to the left for those lost.

Owns: the drawing. Does not own: the parts (`monitoring.size_change`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from tasks.report import formats
from tasks.report.segment_records import SizePart
from tasks.report.svg import Drawing, anchor

#: Reasons in the order in which they are drawn from the middle, with their words.
REASONS = {
    "new_customer": "new customers",
    "gone": "no longer customers",
    "behaviour": "what customers did",
    "time": "time: windows, age",
    "profile": "other records",
    "late_data": "late data",
    "ranks": "ranks: others moved past",
    "refit": "a new model",
    "definition": "an edited definition",
}
_WIDTH, _LEFT, _RIGHT = 760.0, 190.0, 80.0
_ROW, _BAR, _TOP = 26.0, 14.0, 6.0
_LABEL_WIDTH = 24


def reasons_of(parts: Sequence[SizePart]) -> list[tuple[str, str]]:
    """The reasons that occur, as key and words, in the order in which they are drawn."""
    found = {part.why_name for part in parts}
    return [(why, words) for why, words in REASONS.items() if why in found]


def draw_size_parts(segmentation_id: str, name: str, parts: Sequence[SizePart], names: Mapping[str, str]) -> str:
    """Bars of all segments whose size is made of something new, as SVG; empty where there is none.

    Args:
        segmentation_id: makes the ids of the drawing unique.
        name: of the segmentation.
        parts: of all its segments, those of one segment one after the other.
        names: of segments, by id.
    """
    rows = [(segment, list(found)) for segment, found in groupby(parts, key=lambda part: part.segment_id)]
    widest = max((max(_sums(found)) for _, found in rows), default=0)
    if not widest:
        return ""
    scale = (_WIDTH - _LEFT - _RIGHT) / 2 / widest
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    bottom = _TOP + len(rows) * _ROW
    drawing = Drawing(
        anchor("size-parts", segmentation_id),
        _WIDTH,
        bottom + 4,
        title=f"What the changes of size in {name} are made of",
        description="; ".join(_words(names.get(segment, segment), found) for segment, found in rows),
    )
    for position, (segment, found) in enumerate(rows):
        y = _TOP + position * _ROW
        label = names.get(segment, segment)
        drawing.text(_LEFT - 12, y + 13, formats.truncated(label, _LABEL_WIDTH), "label end", tip=label)
        _draw_bars(drawing, found, middle, y, scale)
        net = sum(part.net_count for part in found)
        drawing.text(_WIDTH - _RIGHT + 14, y + 13, formats.signed(net, 0), "figure")
    drawing.line(middle, _TOP - 4, middle, bottom, "limit")
    return str(drawing)


def _draw_bars(drawing: Drawing, parts: Sequence[SizePart], middle: float, y: float, scale: float) -> None:
    won, lost = middle, middle
    for part in sorted(parts, key=lambda part: list(REASONS).index(part.why_name)):
        length, tip = abs(part.net_count) * scale, _part(part)
        if part.net_count > 0:
            drawing.rect(won, y + 2, length, _BAR, f"part why-{part.why_name}", tip=tip)
            won += length
        else:
            lost -= length
            drawing.rect(lost, y + 2, length, _BAR, f"part why-{part.why_name}", tip=tip)


def _sums(parts: Sequence[SizePart]) -> tuple[int, int]:
    """What was won, and what was lost, over all reasons."""
    net = [part.net_count for part in parts]
    return sum(count for count in net if count > 0), -sum(count for count in net if count < 0)


def _part(part: SizePart) -> str:
    return (
        f"{REASONS[part.why_name]}: {formats.signed(part.net_count, 0)}"
        f" ({formats.count(part.entered_count)} in, {formats.count(part.left_count)} out)"
    )


def _words(name: str, parts: Sequence[SizePart]) -> str:
    return f"{name}: {', '.join(_part(part) for part in parts)}"
