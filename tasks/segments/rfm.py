"""RFM: quintile scores of recency, frequency and monetary value, and named ranges over them.

Owns: the scores and their SELECT. Does not own the ranges (`tasks/config/segmentations.py` proves that they cover the
grid).
"""

from __future__ import annotations

from tasks.config.segmentations import RfmSegment, RfmSegmentation
from tasks.segments.definitions import Definition
from tasks.segments.division import Division, Job
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import identifier, literal


def score(column: str, *, best_is_low: bool) -> str:
    """SQL of a 1–5 score: the quintile of the value's rank, 5 best.

    With n customers and `rank` the number of customers strictly worse plus one, the score is
    ⌊5·(rank − 1)/n⌋ + 1: integer arithmetic, so equal values always share a score (the lower one) and nothing depends
    on the order of rows. A value that is missing counts as worst.
    """
    order = f"{column} DESC NULLS FIRST" if best_is_low else f"{column} ASC NULLS FIRST"
    return f"1 + ((rank() OVER (ORDER BY {order}) - 1) * 5) // count(*) OVER ()"


def divide_by_scores(job: Job, segmentation: RfmSegmentation) -> Division:
    """Put every customer of the population into the segment that his scores belong to."""
    job.keep(rfm_select(job.name, segmentation, job.customers))
    listed = [Definition(s.id, s.name, s.description, range_text(s)) for s in segmentation.segments]
    return Division(listed, f"{len(listed)} score ranges")


def rfm_select(name: str, segmentation: RfmSegmentation, customers: str) -> str:
    """SELECT of an RFM segmentation's memberships over a relation of customers; the reason holds the scores."""
    recency, frequency, monetary = (
        identifier(column) for column in (segmentation.recency, segmentation.frequency, segmentation.monetary)
    )
    cases = " ".join(f"WHEN {_in_ranges(segment)} THEN {literal(segment.id)}" for segment in segmentation.segments)
    return (
        f"SELECT {literal(name)} AS segmentation_id, {literal(name + '.')} || CASE {cases} END AS segment_id, {KEY},"
        " 1.0::DOUBLE AS strength_share, 'R' || r || ' F' || f || ' M' || m AS reason,"
        " NULL::VARCHAR AS rival_segment_id FROM ("
        f"SELECT {KEY}, {score(recency, best_is_low=True)} AS r, {score(frequency, best_is_low=False)} AS f,"
        f" {score(monetary, best_is_low=False)} AS m FROM {customers})"
    )


def range_text(segment: RfmSegment) -> str:
    """The ranges as a reader sees them, such as ``R 4-5, F 2-3``; a full range is left out."""
    letters = (("R", segment.r), ("F", segment.f), ("M", segment.m))
    texts = [
        f"{letter} {low}" if low == high else f"{letter} {low}-{high}"
        for letter, (low, high) in letters
        if (low, high) != (1, 5)
    ]
    return ", ".join(texts) or "every score"


def _in_ranges(segment: RfmSegment) -> str:
    return " AND ".join(
        f"{letter} BETWEEN {low} AND {high}"
        for letter, (low, high) in (("r", segment.r), ("f", segment.f), ("m", segment.m))
    )
