"""Small drawings of a health card: the same scale for all segments of a segmentation, so that they can be compared.

Owns: the drawings; each stands beside its figure in words. Does not own: the figures.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.report import formats
from tasks.report.health_records import HealthCard
from tasks.report.svg import Drawing, anchor

_WIDTH = 120.0
_HEIGHT = 20.0
_BAR = 8.0
_EDGE = 5.0
_DOT = 3.5
#: No axis is shorter: differences that do not matter shall not fill it.
_LEAST_CHANGE = 0.01
_LEAST_EFFECT = 1.0
#: A cluster below the first is not to be trusted, from the second on it is stable (Hennig 2007).
_HOLDS = (0.6, 0.75)


def widest_change(cards: Sequence[HealthCard]) -> float:
    """The change of a share, either way, that fills the axis."""
    ends = [abs(end) for card in cards for end in (card.share_change_low, card.share_change_high) if end is not None]
    return max([*ends, _LEAST_CHANGE])


def widest_effect(cards: Sequence[HealthCard]) -> float:
    """The effect, either way, that fills the axis."""
    return max([*(abs(card.distinct_effect) for card in cards if card.distinct_effect is not None), _LEAST_EFFECT])


def draw_change(card: HealthCard, name: str, widest: float) -> str:
    """The change of a segment's share as a dot with its interval about zero; empty where it is not known."""
    change, low, high = card.share_change, card.share_change_low, card.share_change_high
    if change is None or low is None or high is None:
        return ""
    words = f"{points(change)} points, 95 % interval {points(low)} to {points(high)}"
    drawing = _drawing("change", card, f"Change of the share of {name}", words)
    middle, scale = _axis(drawing, widest)
    drawing.line(middle + low * scale, _HEIGHT / 2, middle + high * scale, _HEIGHT / 2, "stem")
    drawing.circle(middle + change * scale, _HEIGHT / 2, _DOT, "dot", tip=words)
    return str(drawing)


def draw_effect(card: HealthCard, name: str, widest: float) -> str:
    """How far a segment stands out in the KPI in which it does most, as a bar from zero; empty where not known."""
    effect = card.distinct_effect
    if effect is None:
        return ""
    words = f"{formats.signed(effect)} standard deviations in {card.distinct_kpi_name}"
    drawing = _drawing("effect", card, f"How {name} stands out", words)
    middle, scale = _axis(drawing, widest)
    left = middle + min(effect, 0.0) * scale
    drawing.rect(left, (_HEIGHT - _BAR) / 2, abs(effect) * scale, _BAR, "bar", tip=words)
    return str(drawing)


def draw_holds(card: HealthCard, name: str) -> str:
    """Bootstrap Jaccard of a cluster with its band, else the share of customers who were there before; 0 to 1."""
    if card.jaccard_share is not None:
        low, high = card.jaccard_low_share, card.jaccard_high_share
        words = f"Jaccard {formats.decimal(card.jaccard_share)}, {formats.decimal(low)} to {formats.decimal(high)}"
        drawing = _meter("holds", card, f"How {name} holds", words, card.jaccard_share)
        if low is not None and high is not None:
            drawing.line(low * _WIDTH, _HEIGHT / 2, high * _WIDTH, _HEIGHT / 2, "joint")
        for limit, style in zip(_HOLDS, ("limit", "notice-limit"), strict=True):
            drawing.line(limit * _WIDTH, 2, limit * _WIDTH, _HEIGHT - 2, style)
        return str(drawing)
    if card.kept_share is None:
        return ""
    words = f"{formats.share(card.kept_share, 0)} were in it at the previous run"
    return str(_meter("holds", card, f"How {name} holds", words, card.kept_share))


def draw_reach(card: HealthCard, name: str) -> str:
    """The share of customers who may be written to; empty where nothing is known of consents."""
    if card.reachable_share is None:
        return ""
    words = f"{formats.share(card.reachable_share, 0)} of its customers consented"
    return str(_meter("reach", card, f"Who of {name} may be written to", words, card.reachable_share))


def points(share: float) -> str:
    """A difference of shares as percentage points: ``+1.2``."""
    return formats.signed(100 * share, 1)


def _axis(drawing: Drawing, widest: float) -> tuple[float, float]:
    """Zero in the middle; its place, and pixels a unit."""
    drawing.rect(0, (_HEIGHT - _BAR) / 2, _WIDTH, _BAR, "track")
    drawing.line(_WIDTH / 2, 1, _WIDTH / 2, _HEIGHT - 1, "stem")
    return _WIDTH / 2, (_WIDTH / 2 - _EDGE) / widest


def _meter(kind: str, card: HealthCard, title: str, words: str, share: float) -> Drawing:
    drawing = _drawing(kind, card, title, words)
    drawing.rect(0, (_HEIGHT - _BAR) / 2, _WIDTH, _BAR, "track")
    drawing.rect(0, (_HEIGHT - _BAR) / 2, share * _WIDTH, _BAR, "bar", tip=words)
    return drawing


def _drawing(kind: str, card: HealthCard, title: str, words: str) -> Drawing:
    return Drawing(anchor("health", kind, card.segment_id), _WIDTH, _HEIGHT, title=title, description=words)
