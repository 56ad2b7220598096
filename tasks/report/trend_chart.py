"""The trend of a table's checks: one column a run, and its rows as a line beside them.

Owns: the drawing. Does not own: the figures, which the page gives as a table, too. The newest run stands at the right.
A column is as high as there are checks; what passed is narrow and what failed is wide, so that it is seen without
colours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.config.counting import counted
from tasks.report import formats
from tasks.report.svg import Drawing, point
from tasks.report.trend_records import TrendPoint

_HEIGHT = 30.0
_HALF = 150.0
_GAP = 16.0
_WIDEST_SLOT = 15.0
#: The least height of what failed: one check of twenty is to be seen.
_LEAST = 6.0
#: From the ground up: kind, style, and the part of its slot that a column fills.
_CALM = (("passed_count", "passed", 0.45), ("not_run_count", "skipped", 0.2))
#: From the top of a column down, over what is there.
_WRONG = (("failed_count", "failed", 0.85), ("warned_count", "warned", 0.85))


def draw_trend(key: str, table: str, points: Sequence[TrendPoint | None]) -> str:
    """Columns of checks and a line of rows, as SVG; empty where there is no run.

    Args:
        key: unique on the page.
        table: whose checks these are.
        points: one a run, the oldest first; None where the run did not come to the table.
    """
    if not any(points):
        return ""
    drawing = Drawing(
        key, 2 * _HALF + _GAP, _HEIGHT, title=f"Checks of {table}, run by run", description=_words(points)
    )
    slot = min(_WIDEST_SLOT, _HALF / len(points))
    left = _HALF - slot * len(points)
    drawing.line(0, _HEIGHT - 0.5, _HALF, _HEIGHT - 0.5, "grid")
    scale = (_HEIGHT - 3) / max(item.check_count for item in points if item)
    boxes: dict[str, str] = {}
    for number, item in enumerate(points):
        if item:
            for style, part, top, ground in _parts(item, scale):
                middle, half = left + slot * (number + 0.5), slot * part / 2
                box = f"M{point(middle - half, ground)}V{top:.1f}H{middle + half:.1f}V{ground:.1f}Z"
                boxes[style] = boxes.get(style, "") + box
    for _, style, _ in (*_CALM, *_WRONG):
        if style in boxes:
            drawing.path(boxes[style], style)
    _draw_rows(drawing, [item.row_count if item else None for item in points], _HALF + _GAP + left, slot)
    return str(drawing)


def _parts(item: TrendPoint, scale: float) -> Iterator[tuple[str, float, float, float]]:
    """The parts of a column as (style, part of the slot, top, ground)."""
    ground = _HEIGHT - 1
    top = ground - scale * item.check_count
    for kind, style, part in _CALM:
        height = scale * getattr(item, kind)
        if height:
            yield style, part, ground - height, ground
            ground -= height
    for kind, style, part in _WRONG:
        count = getattr(item, kind)
        if count:
            height = max(scale * count, _LEAST)
            yield style, part, top, top + height
            top += height


def _draw_rows(drawing: Drawing, rows: Sequence[int | None], left: float, slot: float) -> None:
    """The line of the rows, on the same places as the columns; gaps where rows are not known."""
    known = [count for count in rows if count is not None]
    if not known:
        return
    drawing.line(_HALF + _GAP, _HEIGHT - 0.5, 2 * _HALF + _GAP, _HEIGHT - 0.5, "grid")
    scale = (_HEIGHT - 7) / (max(known) or 1)
    places = [
        None if count is None else (left + slot * (number + 0.5), _HEIGHT - 3 - scale * count)
        for number, count in enumerate(rows)
    ]
    line = "".join(
        ("L" if number and places[number - 1] else "M") + point(*place) for number, place in enumerate(places) if place
    )
    drawing.path(line, "rows-line")
    last = [place for place in places if place][-1]
    drawing.circle(*last, 2.5, "dot")


def _words(points: Sequence[TrendPoint | None]) -> str:
    there = [item for item in points if item]
    last = there[-1]
    wrong = sum(bool(item.failed_count or item.warned_count) for item in there)
    said = [
        f"{counted(len(there), 'run')}, the newest at the right; a check failed in {formats.count(wrong)}.",
        f"Newest: {formats.count(last.passed_count)} passed,",
        f"{formats.count(last.warned_count)} failed as warnings,",
        f"{formats.count(last.failed_count)} failed critically,",
        f"{formats.count(last.not_run_count)} were not run.",
    ]
    if last.row_count is not None:
        said.append(f"{counted(last.row_count, 'row')}.")
    return " ".join(said)
