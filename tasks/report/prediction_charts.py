"""Drawings of a prediction that was tested: foretold against what came, and how far the groups lie apart.

Owns: the drawing. Does not own: the figures, which the page gives as a table, too.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from tasks.config.counting import counted
from tasks.report import formats
from tasks.report.prediction_records import ModelScore, PredictionFacts
from tasks.report.svg import Drawing, anchor

_SIDE = 240.0
_LEFT, _TOP, _RIGHT, _BOTTOM = 62.0, 30.0, 16.0, 44.0
_TICKS = 4
_BAR_WIDTH = 26.0
_BAR_HEIGHT = 180.0
_LEAST_SCALE = 1e-9


def draw_calibration(facts: PredictionFacts, model: ModelScore) -> str:
    """A point a group of customers: what was foretold of them, and what came; on the diagonal both are the same.

    Empty where no group may be described.
    """
    if not model.bins:
        return ""
    say = _formatter(facts)
    top = 1.0 if not facts.is_amount else max(*(max(one.foretold, one.observed) for one in model.bins), _LEAST_SCALE)
    drawing = Drawing(
        anchor("calibration", facts.prediction_id),
        _LEFT + _SIDE + _RIGHT,
        _TOP + _SIDE + _BOTTOM,
        title=f"{facts.name}: foretold and what came",
        description="Groups of customers by what was foretold of them. "
        + "; ".join(f"foretold {say(one.foretold)}, came {say(one.observed)}" for one in model.bins),
    )

    def place(foretold: float, observed: float) -> tuple[float, float]:
        return _LEFT + foretold / top * _SIDE, _TOP + _SIDE - observed / top * _SIDE

    for tick in range(_TICKS + 1):
        value = top * tick / _TICKS
        x, y = place(value, value)
        drawing.line(x, _TOP, x, _TOP + _SIDE, "grid")
        drawing.line(_LEFT, y, _LEFT + _SIDE, y, "grid")
        drawing.text(x, _TOP + _SIDE + 16, say(value), "figure middle")
        drawing.text(_LEFT - 8, y + 4, say(value), "figure end")
    drawing.line(*place(0, 0), *place(top, top), "notice-limit")
    drawing.text(_LEFT + _SIDE / 2, _TOP + _SIDE + 36, "foretold", "heading middle")
    drawing.text(_LEFT, _TOP - 12, "came", "heading")
    points = [place(one.foretold, one.observed) for one in model.bins]
    for start, end in itertools.pairwise(points):
        drawing.line(*start, *end, "stem")
    for one, (x, y) in zip(model.bins, points, strict=True):
        tip = f"foretold {say(one.foretold)}, came {say(one.observed)}: {counted(one.customer_count, 'customer')}"
        drawing.circle(x, y, 5, "dot", tip=tip)
    return str(drawing)


def draw_lift(facts: PredictionFacts, model: ModelScore) -> str:
    """A bar a group of customers, those of whom most was foretold first: what came of them, in parts of the mean."""
    mean = model.mean_observed or 0.0
    if not model.bins or mean <= 0:
        return ""
    lifts = [one.observed / mean for one in reversed(model.bins)]
    top = max(*lifts, 1.0)
    width = _LEFT + len(lifts) * _BAR_WIDTH + _RIGHT
    drawing = Drawing(
        anchor("lift", facts.prediction_id),
        max(width, _LEFT + _SIDE),
        _TOP + _BAR_HEIGHT + _BOTTOM,
        title=f"{facts.name}: lift by group",
        description="What came in parts of the mean, of the groups with the most foretold first: "
        + ", ".join(f"{lift:.2f}" for lift in lifts),
    )
    ground = _TOP + _BAR_HEIGHT
    drawing.text(_LEFT, _TOP - 12, "came ÷ mean of all", "heading")
    for number, lift in enumerate(lifts):
        height = lift / top * _BAR_HEIGHT
        x = _LEFT + number * _BAR_WIDTH
        drawing.rect(x + 3, ground - height, _BAR_WIDTH - 6, height, "bar", tip=f"{lift:.2f} times the mean")
        drawing.text(x + _BAR_WIDTH / 2, ground + 16, str(number + 1), "figure middle")
    mean_y = ground - _BAR_HEIGHT / top
    drawing.line(_LEFT, mean_y, _LEFT + len(lifts) * _BAR_WIDTH, mean_y, "notice-limit")
    drawing.text(_LEFT - 8, mean_y + 4, "1.0", "figure end")
    drawing.text(_LEFT - 8, _TOP + 8, f"{top:.1f}", "figure end")
    drawing.text(_LEFT, ground + 36, "group, most foretold first", "heading")
    return str(drawing)


def _formatter(facts: PredictionFacts) -> Callable[[float], str]:
    return (lambda value: formats.count(round(value))) if facts.is_amount else (lambda value: formats.share(value, 0))
