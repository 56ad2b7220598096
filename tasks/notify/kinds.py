"""The kinds of alerts: what each is, whether it lasts, what is likely behind it, and where to go on.

Owns: the list. Does not own which rows of the tables raise them (`findings.py`, `watch.py`), or the names
(`tasks/config/alert_kinds.py`).
"""

from __future__ import annotations

from typing import NamedTuple

from tasks.config.alert_kinds import AlertKind


class Kind(NamedTuple):
    """One kind of alerts.

    Attributes:
        meaning: what it says.
        runbook: page below `docs/runbooks/`, without its ending.
        cause: what is likely behind it, where nothing more is known.
        command: looks closer.
        lasts: a state that ends when mended, which is told; else it happened, and is over with the next run that shows
            no more of it.
    """

    meaning: str
    runbook: str
    cause: str
    command: str
    lasts: bool


KINDS: dict[AlertKind, Kind] = {
    "quality": Kind(
        "a check of the data failed",
        "quality-alert",
        "a source was delivered otherwise than before",
        "resegment report --open",
        lasts=True,
    ),
    "source_late": Kind(
        "a source is silent or brings nothing new",
        "late-or-stale-data",
        "an export did not run, or wrote elsewhere",
        "resegment status",
        lasts=True,
    ),
    "privacy": Kind(
        "personal data is where it need not be",
        "personal-data",
        "a column is new, or nobody has said what class it has",
        "resegment report --open",
        lasts=True,
    ),
    "drift": Kind(
        "a distribution changed by more than chance and enough to matter",
        "drift-alert",
        "customers behave otherwise, or a source means something else by its values",
        "resegment report --open",
        lasts=False,
    ),
    "size_change": Kind(
        "a segment grew or shrank by more than chance and enough to matter",
        "segment-size-changed",
        "see the parts of the change in the report",
        "resegment report --open",
        lasts=False,
    ),
    "transition": Kind(
        "a segment was born, died, split or merged",
        "segment-came-or-went",
        "a definition or a model changed, or a segment emptied",
        "resegment report --open",
        lasts=False,
    ),
    "emerging": Kind(
        "a group of customers emerges or vanishes that no segment describes",
        "segment-emerges",
        "something new in the market, or in how customers are recorded",
        "resegment report --open",
        # A group that was told twice is told no more: that is no end of it.
        lasts=False,
    ),
    "overlap": Kind(
        "two segments are nearly the same, or one lies inside the other",
        "segments-overlap",
        "two definitions ask for nearly the same",
        "resegment audit",
        lasts=True,
    ),
    "conflict": Kind(
        "two treatments meet and nothing says which goes first",
        "treatments-conflict",
        "segments that never met before share customers now",
        "resegment report --open",
        lasts=True,
    ),
    "model": Kind(
        "a learnt model waits for a decision",
        "model-waits",
        "a refit passed the gates, and `accept: by_hand` asks for a person",
        "resegment model list",
        lasts=True,
    ),
    "backfill_waits": Kind(
        "dates are computed anew and wait for somebody to accept them",
        "backfill-waits",
        "more customers move than the workspace lets pass, or somebody asked to be asked",
        "resegment backfill show",
        lasts=True,
    ),
    "segmentation": Kind(
        "a segmentation has no segments, for the data give nothing to divide by",
        "segmentation-refused",
        "a feature that it divides by is known of nobody, or of too few",
        "resegment audit",
        lasts=True,
    ),
    "prediction": Kind(
        "a prediction is not made",
        "prediction-refused",
        "too little history, or the model is no better than the baseline",
        "resegment report --open",
        lasts=True,
    ),
    "comments": Kind(
        "comments are not read by a model",
        "comments-not-read",
        "too few labelled comments, or labels that words do not tell apart",
        "resegment report --open",
        lasts=True,
    ),
    "run_failed": Kind(
        "a run ended without publishing",
        "run-failed",
        "see the message",
        "resegment status",
        lasts=True,
    ),
    "run_long": Kind(
        "a run took much longer than those before",
        "run-took-long",
        "more data than usual, or less memory or processor",
        "resegment status",
        lasts=False,
    ),
    "stale": Kind(
        "what is published is older than it should be",
        "publication-stale",
        "the schedule stands still, or each run fails",
        "resegment status",
        lasts=True,
    ),
    "copy_behind": Kind(
        "the copy beside the warehouse could not be written",
        "copy-behind",
        "the disk is full, or `copy/` may not be written to",
        "resegment status",
        lasts=True,
    ),
}
