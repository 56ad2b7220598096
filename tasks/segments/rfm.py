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

#: The score of everybody where nobody differs.
_ALL_EQUAL = 3


def score(column: str, *, best_is_low: bool) -> str:
    """SQL of a 1–5 score: the quintile of the value's rank, 5 best.

    With n customers and `rank` the number of customers strictly worse plus one, the score is
    ⌊5·(rank − 1)/n⌋ + 1: integer arithmetic, so equal values always share a score (the lower one) and nothing depends
    on the order of rows. A value that is missing counts as worst.

    Whom nobody surpasses scores 5, however many there are of them: most customers of a company that bills monthly share
    the day of their last invoice, and are not lost for it. Where all are equal, nobody is better or worse: 3.
    """
    order = f"{column} DESC NULLS FIRST" if best_is_low else f"{column} ASC NULLS FIRST"
    best = f"{'min' if best_is_low else 'max'}({column}) OVER ()"
    rank = f"rank() OVER (ORDER BY {order})"
    return (
        f"CASE WHEN {column} = {best} THEN CASE WHEN {rank} = 1 THEN {_ALL_EQUAL} ELSE 5 END"
        f" ELSE 1 + (({rank} - 1) * 5) // count(*) OVER () END"
    )


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
    return (
        f"SELECT {literal(name)} AS segmentation_id,"
        f" {literal(name + '.')} || CASE {_cases(segmentation)} END AS segment_id, {KEY},"
        " 1.0::DOUBLE AS strength_share, 'R' || r || ' F' || f || ' M' || m AS reason,"
        " NULL::VARCHAR AS rival_segment_id, NULL::DOUBLE AS centre_distance FROM ("
        f"SELECT {KEY}, {score(recency, best_is_low=True)} AS r, {score(frequency, best_is_low=False)} AS f,"
        f" {score(monetary, best_is_low=False)} AS m FROM {customers})"
    )


def fixed_score(column: str, *, best_is_low: bool, today: str, reference: str) -> str:
    """SELECT of customer_id and his 1–5 score by where the cuts of a reference lay: `score` among its customers.

    Args:
        column: the value, quoted.
        best_is_low: whether the lowest value is the best.
        today: relation of the customers to score.
        reference: relation of the customers whose quintiles count.
    """
    order, is_worse = ("DESC", "<") if best_is_low else ("ASC", ">")
    worse = (
        f"(SELECT value, sum(customers) OVER (ORDER BY value {order} NULLS FIRST) AS worse_count FROM"
        f" (SELECT {column} AS value, count(*) AS customers FROM {reference} GROUP BY ALL))"
    )
    missing = f"(SELECT count(*) FROM {reference} WHERE {column} IS NULL)"
    best = f"(SELECT {'min' if best_is_low else 'max'}({column}) FROM {reference})"
    surpassed = "<=" if best_is_low else ">="
    count = f"CAST(coalesce(worse.worse_count, {missing}) AS BIGINT)"
    return (
        f"SELECT today.{KEY}, CASE WHEN today.{column} IS NULL THEN 1"
        f" WHEN today.{column} {surpassed} {best} THEN CASE WHEN {count} = 0 THEN {_ALL_EQUAL} ELSE 5 END"
        f" ELSE least(5, 1 + {count} * 5 // greatest((SELECT count(*) FROM {reference}), 1)) END AS score"
        f" FROM {today} AS today ASOF LEFT JOIN (SELECT * FROM {worse} WHERE value IS NOT NULL) AS worse"
        f" ON today.{column} {is_worse} worse.value"
    )


def members_by_fixed_cuts(name: str, segmentation: RfmSegmentation, today: str, reference: str) -> str:
    """SELECT of customer_id and segment_id: an RFM segmentation of today's customers by the quintiles of others.

    Args:
        name: the segmentation.
        segmentation: its ranges.
        today: relation of the customers to divide.
        reference: relation of the customers whose quintiles count, such as those of an earlier run.
    """
    measures = (
        ("r", segmentation.recency, True),
        ("f", segmentation.frequency, False),
        ("m", segmentation.monetary, False),
    )
    scores = [
        f"(SELECT {KEY}, score AS {letter} FROM"
        f" ({fixed_score(identifier(column), best_is_low=is_low, today=today, reference=reference)}))"
        for letter, column, is_low in measures
    ]
    joined = f"{scores[0]} JOIN {scores[1]} USING ({KEY}) JOIN {scores[2]} USING ({KEY})"
    return f"SELECT {KEY}, {literal(name + '.')} || CASE {_cases(segmentation)} END AS segment_id FROM {joined}"


def range_text(segment: RfmSegment) -> str:
    """The ranges as a reader sees them, such as ``R 4-5, F 2-3``; a full range is left out."""
    letters = (("R", segment.r), ("F", segment.f), ("M", segment.m))
    texts = [
        f"{letter} {low}" if low == high else f"{letter} {low}-{high}"
        for letter, (low, high) in letters
        if (low, high) != (1, 5)
    ]
    return ", ".join(texts) or "every score"


def _cases(segmentation: RfmSegmentation) -> str:
    return " ".join(f"WHEN {_in_ranges(segment)} THEN {literal(segment.id)}" for segment in segmentation.segments)


def _in_ranges(segment: RfmSegment) -> str:
    return " AND ".join(
        f"{letter} BETWEEN {low} AND {high}"
        for letter, (low, high) in (("r", segment.r), ("f", segment.f), ("m", segment.m))
    )
