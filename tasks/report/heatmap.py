"""The heat map: what sets each segment apart.

Owns: the drawing of segments × features by standardised difference, and its steps. Does not own: which features are
shown (`read_segments.py`) or the colours (`style.css`, a blue-orange scale that the colour-blind can tell apart).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tasks.report import formats
from tasks.report.segment_records import Profile, ProfileCell, SegmentRow
from tasks.report.svg import Drawing, anchor

#: Upper bounds of the steps of |standardised difference|: 0.2, 0.5 and 0.8 are Cohen's small, medium and large
#: (Cohen 1988, Statistical Power Analysis, section 2.2.3); 1.5 keeps the strongest apart.
STEPS = (0.2, 0.5, 0.8, 1.5)
_LEFT = 215.0
_TOP = 138.0
_CELL_WIDTH = 50.0
_CELL_HEIGHT = 26.0
_LABEL_WIDTH = 26
_FEATURE_WIDTH = 26
#: Room on the right for the last slanted feature name.
_SLANT = 150.0


def step_of(difference: float) -> int:
    """The step from -4 to 4 that a standardised difference falls into; 0 is close to all customers' mean."""
    reached = sum(abs(difference) >= bound for bound in STEPS)
    return int(math.copysign(reached, difference)) if reached else 0


def draw_profile(
    segmentation_id: str, name: str, segments: Sequence[SegmentRow], profile: Profile, meanings: Mapping[str, str]
) -> str:
    """The heat map as SVG; empty where no feature has a difference.

    Args:
        segmentation_id: makes the ids of the drawing unique.
        name: of the segmentation.
        segments: in the order from top to bottom.
        profile: the cells.
        meanings: what a feature says, by its name.
    """
    cells = {(cell.segment_id, cell.feature_name): cell for cell in profile.cells}
    rows = [segment for segment in segments if any((segment.segment_id, f) in cells for f in profile.feature_names)]
    if not rows or not profile.feature_names:
        return ""
    drawing = Drawing(
        anchor("profile", segmentation_id),
        _LEFT + len(profile.feature_names) * _CELL_WIDTH + _SLANT,
        _TOP + len(rows) * _CELL_HEIGHT + 2,
        title=f"What sets the segments of {name} apart",
        description=_described(rows, cells),
    )
    for position, feature in enumerate(profile.feature_names):
        x = _LEFT + (position + 0.5) * _CELL_WIDTH
        label = formats.truncated(formats.feature_title(feature), _FEATURE_WIDTH)
        tip = f"{feature}: {meanings[feature]}" if feature in meanings else feature
        drawing.text(x, _TOP - 10, label, "label", tip=tip, rotate=-40)
    for position, segment in enumerate(rows):
        y = _TOP + position * _CELL_HEIGHT
        label = formats.truncated(segment.name, _LABEL_WIDTH)
        drawing.text(_LEFT - 10, y + 17, label, "label end", tip=segment.name)
        for column, feature in enumerate(profile.feature_names):
            cell = cells.get((segment.segment_id, feature))
            _draw_cell(drawing, _LEFT + column * _CELL_WIDTH, y, segment, feature, cell)
    return str(drawing)


def _draw_cell(
    drawing: Drawing, x: float, y: float, segment: SegmentRow, feature: str, cell: ProfileCell | None
) -> None:
    difference = cell.standardised_difference if cell else None
    if cell is None or difference is None or not math.isfinite(difference):
        why = "withheld, small group" if cell and cell.is_suppressed else "–"
        tip = f"{segment.name}, {feature}: {why}"
        drawing.rect(x + 1, y + 1, _CELL_WIDTH - 2, _CELL_HEIGHT - 2, "unknown", tip=tip)
        return
    step = step_of(difference)
    tip = (
        f"{segment.name}, {feature}: {formats.signed(difference)} standard deviations;"
        f" mean {formats.decimal(cell.mean_value)}, all customers {formats.decimal(cell.population_mean)}"
    )
    style = f"step-{'n' if step < 0 else 'p' if step else 'z'}{abs(step) or ''}"
    drawing.rect(x + 1, y + 1, _CELL_WIDTH - 2, _CELL_HEIGHT - 2, f"cell {style}", tip=tip)
    drawing.text(x + _CELL_WIDTH / 2, y + 17, formats.signed(difference, 1), f"figure middle on-{style}")


def _described(rows: Sequence[SegmentRow], cells: dict[tuple[str, str], ProfileCell]) -> str:
    """The strongest trait of each segment in words."""
    said = []
    for segment in rows:
        own = [
            cell
            for (segment_id, _), cell in cells.items()
            if segment_id == segment.segment_id and cell.standardised_difference is not None
        ]
        if own:
            top = max(own, key=lambda cell: (abs(cell.standardised_difference or 0.0), cell.feature_name))
            said.append(f"{segment.name}: {top.feature_name} {formats.signed(top.standardised_difference, 1)}")
    return "Difference from all customers' mean in standard deviations; the strongest each: " + "; ".join(said)
