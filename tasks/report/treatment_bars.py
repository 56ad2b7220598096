"""Bars of treatments: who gets one, and why the others of its segment do not.

Owns: the drawing of one bar, as it stands in a row of the table of treatments, and of its key. Does not own: the
figures.
"""

from __future__ import annotations

from tasks.config.counting import counted
from tasks.report import formats
from tasks.report.overlap_records import TreatmentFacts
from tasks.report.read_overlap import REASONS
from tasks.report.svg import Drawing, anchor

WIDTH = 240.0
_HEIGHT = 20.0
_BAR = 12.0
_GIVEN = "gets it"
_KEY_ROW = 20.0


def draw_outcome(facts: TreatmentFacts, name: str) -> str:
    """A bar as wide as the segment, parted into those who get the treatment and the reasons of the others, as SVG."""
    if not facts.planned_count:
        return ""
    parts = [("given", _GIVEN, facts.reached_count)]
    parts += [(reason, REASONS[reason], count) for reason, count in facts.left_out.items()]
    drawing = Drawing(
        anchor("outcome", facts.segment_id),
        WIDTH,
        _HEIGHT,
        title=f"Who of {name} gets the treatment",
        description="; ".join(f"{words}: {formats.count(count)}" for _, words, count in parts),
    )
    at = 0.0
    for style, words, count in parts:
        width = WIDTH * count / facts.planned_count
        tip = f"{words}: {counted(count, 'customer')}, {formats.share(count / facts.planned_count)}"
        drawing.rect(at, (_HEIGHT - _BAR) / 2, width, _BAR, f"outcome-{style}", tip=tip)
        at += width
    return str(drawing)


def draw_key(facts: tuple[TreatmentFacts, ...]) -> str:
    """What the parts of the bars mean, those that occur; empty where there are no bars."""
    met = {reason for row in facts for reason in row.left_out}
    parts = [("given", _GIVEN), *((reason, words) for reason, words in REASONS.items() if reason in met)]
    if not facts:
        return ""
    drawing = Drawing(
        "outcome-key",
        260,
        len(parts) * _KEY_ROW,
        title="What the parts of the bars mean",
        description=", ".join(words for _, words in parts),
    )
    for row, (style, words) in enumerate(parts):
        drawing.rect(0, row * _KEY_ROW + 4, 12, 12, f"outcome-{style}")
        drawing.text(20, row * _KEY_ROW + 15, words, "label")
    return str(drawing)
