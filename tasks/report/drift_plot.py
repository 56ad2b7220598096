"""The drift plot: how large each change is, against what would matter and what could have been seen.

Owns: the drawing. Does not own: the verdicts.

Effects have thresholds of their own, so every row is drawn in multiples of its alarm threshold: 1 is the alarm for all.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.report import formats
from tasks.report.drift_records import DriftRow
from tasks.report.svg import Drawing, anchor, point

ROW_LIMIT = 30
#: Multiples of the alarm threshold that the axis shows; what lies beyond is drawn at the edge, with an arrow.
AXIS_END = 3.0

_WIDTH = 850.0
_LEFT = 290.0
_RIGHT = 150.0
_TOP = 34.0
_ROW = 24.0
_LABEL_WIDTH = 38
_WORDS = {"alarm": "alarm", "notice": "notice", "inconclusive": "inconclusive", "none": "no material drift"}
_RANK = {"alarm": 0, "notice": 1, "inconclusive": 2, "none": 3}


def plotted(rows: Sequence[DriftRow]) -> list[DriftRow]:
    """One row a subject, that which matters most, the gravest first; those without a threshold cannot be drawn."""
    best: dict[tuple[str, str], DriftRow] = {}
    drawable = [row for row in rows if row.alarm_ratio is not None]
    for row in sorted(drawable, key=_gravity):
        best.setdefault((row.subject_kind, row.title), row)
    return list(best.values())[:ROW_LIMIT]


def _gravity(row: DriftRow) -> tuple[int, float, str, str, str, str]:
    ratio = row.alarm_ratio or 0.0
    return (_RANK[row.standing], -ratio, row.title, row.subject_kind, row.test_name, row.effect_name)


def draw_drift(key: str, rows: Sequence[DriftRow]) -> str:
    """The plot as SVG; empty where there is nothing to draw.

    Args:
        key: makes the ids of the drawing unique.
        rows: tests against one reference.
    """
    chosen = plotted(rows)
    if not chosen:
        return ""
    bottom = _TOP + len(chosen) * _ROW
    drawing = Drawing(
        anchor("drift", key),
        _WIDTH,
        bottom + 30,
        title="Size of change by feature, against its thresholds",
        description="Effect in multiples of the alarm threshold. "
        + "; ".join(f"{row.title}: {row.alarm_ratio or 0.0:.2f}, {_WORDS[row.standing]}" for row in chosen),
    )
    drawing.rect(_x(1), _TOP, _x(AXIS_END) - _x(1), bottom - _TOP, "zone-alarm")
    for tick in range(int(AXIS_END) + 1):
        drawing.line(_x(tick), _TOP, _x(tick), bottom, "limit" if tick == 1 else "grid")
        drawing.text(_x(tick), bottom + 16, f"{tick}×", "figure middle")
    drawing.text(_x(1), _TOP - 8, "alarm threshold", "heading middle")
    for position, row in enumerate(chosen):
        _draw_row(drawing, row, _TOP + (position + 0.5) * _ROW)
    return str(drawing)


def _x(ratio: float) -> float:
    return _LEFT + min(ratio, AXIS_END) / AXIS_END * (_WIDTH - _LEFT - _RIGHT)


def _draw_row(drawing: Drawing, row: DriftRow, y: float) -> None:
    ratio, alarm = row.alarm_ratio or 0.0, row.alarm_threshold or 1.0
    tip = f"{row.title}: {formats.signed(row.effect_size, 3)} {row.effect_name}, {_WORDS[row.standing]}"
    label = formats.truncated(formats.feature_title(row.title), _LABEL_WIDTH)
    drawing.text(_LEFT - 12, y + 4, label, "label end", tip=row.title)
    if row.minimum_detectable_effect is not None:
        seen = f"a change below {formats.decimal(row.minimum_detectable_effect, 3)} could not be seen reliably"
        drawing.rect(_x(0), y - 4, _x(abs(row.minimum_detectable_effect) / alarm) - _x(0), 8, "blind", tip=seen)
    if row.notice_threshold is not None:
        x = _x(row.notice_threshold / alarm)
        drawing.line(x, y - 8, x, y + 8, "notice-limit")
    drawing.line(_x(0), y, _x(ratio), y, f"stem {row.standing}")
    _draw_mark(drawing, _x(ratio), y, row.standing, tip)
    beyond = " ▸" if ratio > AXIS_END else ""
    drawing.text(
        _WIDTH - _RIGHT + 14,
        y + 4,
        f"{formats.signed(row.effect_size, 3)}{beyond}  {_short(row)}",
        f"figure {row.standing}",
    )


def _short(row: DriftRow) -> str:
    return {"none": "", "alarm": "alarm", "notice": "notice", "inconclusive": "inconclusive"}[row.standing]


def _draw_mark(drawing: Drawing, x: float, y: float, standing: str, tip: str) -> None:
    """A shape of its own for each standing: colour is not the only sign."""
    style = f"mark {standing}"
    if standing == "alarm":
        corners = [(x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y)]
    elif standing == "notice":
        corners = [(x, y - 6.5), (x + 6.5, y + 5), (x - 6.5, y + 5)]
    else:
        drawing.circle(x, y, 5, style, tip=tip)
        return
    drawing.path("M" + " L".join(point(*corner) for corner in corners) + " Z", style, tip=tip)
