"""What distinguishes a candidate segment, as bars from zero: one a feature, all candidates on one scale.

Owns: the drawing. Does not own: the figures.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.report import formats
from tasks.report.candidate_records import CandidateRow, TraitRow
from tasks.report.svg import Drawing, anchor

_LEFT = 210.0
_AXIS = 240.0
_RIGHT = 150.0
_ROW = 22.0
_BAR = 10.0
_LABEL_WIDTH = 28
#: No axis is shorter, in standard deviations.
_LEAST = 2.0


def widest_trait(rows: Sequence[CandidateRow]) -> float:
    """The effect, either way, that fills the axis."""
    return max([_LEAST, *(abs(trait.effect_size) for row in rows for trait in row.traits)])


def draw_traits(row: CandidateRow, widest: float) -> str:
    """The traits of a candidate, the largest first, as SVG; empty where nothing sets it apart.

    Args:
        row: the candidate.
        widest: see `widest_trait`.
    """
    if not row.traits:
        return ""
    drawing = Drawing(
        anchor("traits", row.candidate_id),
        _LEFT + _AXIS + _RIGHT,
        _ROW * len(row.traits),
        title=f"What distinguishes {row.candidate_id}",
        description="; ".join(f"{_label(trait)}: {_figure(trait)}" for trait in row.traits),
    )
    middle, scale = _LEFT + _AXIS / 2, _AXIS / 2 / widest
    for place, trait in enumerate(row.traits):
        y = (place + 0.5) * _ROW
        length = trait.effect_size * scale
        tip = f"{_label(trait)}: {formats.signed(trait.effect_size)} standard deviations, {_figure(trait)}"
        drawing.text(_LEFT - 12, y + 4, formats.truncated(_label(trait), _LABEL_WIDTH), "label end", tip=_label(trait))
        drawing.rect(_LEFT, y - _BAR / 2, _AXIS, _BAR, "track")
        drawing.rect(middle + min(length, 0.0), y - _BAR / 2, abs(length), _BAR, "bar", tip=tip)
        drawing.text(_LEFT + _AXIS + 12, y + 4, _figure(trait), "figure")
    drawing.line(middle, 2, middle, _ROW * len(row.traits) - 2, "stem")
    return str(drawing)


def _label(trait: TraitRow) -> str:
    title = formats.feature_title(trait.feature_name)
    return title if trait.level_name is None else f"{title}: {trait.level_name}"


def _figure(trait: TraitRow) -> str:
    """Shares of a level, in words that fit; of a number how far it lies."""
    if trait.group_share is not None and trait.others_share is not None:
        return f"{formats.share(trait.group_share, 0)} against {formats.share(trait.others_share, 0)}"
    return f"{formats.signed(trait.effect_size, 1)} sd"
