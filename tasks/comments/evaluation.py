"""How good a model is, and whether it is good enough to be believed.

Owns: the figures of `monitoring.comment_model` and `monitoring.comment_class` that come from labelled comments, and the
reasons for which a model is not used. Does not own the probabilities that they are counted from
(`cross_validation.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tasks.comments.calibration import calibration_error, log_losses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tasks.comments.cross_validation import OutOfFold

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: How many standard errors a model must be better than the frequencies of the labels; chance alone brings one of no use
#: that far once in 740 times.
_CLEARLY = 3.0


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label of a model.

    Attributes:
        label: its name.
        labelled_count: comments that have it.
        recall_share: of these, those that the model gives it.
        precision_share: of the comments that the model gives it, those that have it; None where it gives it to none.
    """

    label: str
    labelled_count: int
    recall_share: float
    precision_share: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model is worth on comments that it has not seen, out of cross-validation.

    Attributes:
        labelled_count: comments judged.
        distinct_count: of these, those with words of their own; copies are judged together.
        accuracy_share: of all comments, those whose likeliest label is theirs.
        base_rate_share: of all comments, those with the commonest label: the accuracy of who gives it to every one.
        macro_f1: mean over labels of the harmonic mean of precision and recall.
        log_loss: mean of minus the logarithm of the probability given to the truth; 0 is perfect.
        base_log_loss: the same of the frequencies of the labels, for every comment.
        calibration_error_share: mean distance of confidence and accuracy over ten bins of confidence.
        confident_share: of all comments, those whose label is told: as sure as the workspace wants, and with a word
            that is known.
        confident_accuracy_share: of these, those whose label is right; None where none is told.
        is_better_than_frequencies: whether it beats them, in logarithmic loss, by more than chance would.
        labels: each label.
    """

    labelled_count: int
    distinct_count: int
    accuracy_share: float
    base_rate_share: float
    macro_f1: float
    log_loss: float
    base_log_loss: float
    calibration_error_share: float
    confident_share: float
    confident_accuracy_share: float | None
    is_better_than_frequencies: bool
    labels: tuple[LabelFigures, ...]


def evaluate(found: OutOfFold, truth: Ints, labels: tuple[str, ...], min_confidence: float) -> Evaluation:
    """Count how often the model is right.

    Args:
        found: probabilities out of cross-validation.
        truth: the index of each comment's label.
        labels: their names.
        min_confidence: probability from which on a label is told.
    """
    given = found.shares.argmax(axis=1)
    confidence = found.shares.max(axis=1)
    is_right = given == truth
    is_told = found.is_known & (confidence >= min_confidence)
    losses, base_losses = log_losses(found.shares, truth), log_losses(found.base_shares, truth)
    figures = tuple(_of_label(name, given == place, truth == place) for place, name in enumerate(labels))
    return Evaluation(
        labelled_count=len(truth),
        distinct_count=len(np.unique(found.groups)),
        accuracy_share=float(is_right.mean()),
        base_rate_share=float(np.bincount(truth).max() / len(truth)),
        macro_f1=float(np.mean([_f1(label) for label in figures])),
        log_loss=float(losses.mean()),
        base_log_loss=float(base_losses.mean()),
        calibration_error_share=calibration_error(confidence, is_right),
        confident_share=float(is_told.mean()),
        confident_accuracy_share=float(is_right[is_told].mean()) if is_told.any() else None,
        is_better_than_frequencies=_is_clearly_above_zero(base_losses - losses, found.groups),
        labels=figures,
    )


def _of_label(name: str, is_given: NDArray[np.bool_], is_true: NDArray[np.bool_]) -> LabelFigures:
    hits = int((is_given & is_true).sum())
    given = int(is_given.sum())
    return LabelFigures(name, int(is_true.sum()), hits / int(is_true.sum()), hits / given if given else None)


def _f1(label: LabelFigures) -> float:
    precision = label.precision_share or 0.0
    total = precision + label.recall_share
    return 2 * precision * label.recall_share / total if total else 0.0


def _is_clearly_above_zero(gains: Floats, groups: Ints) -> bool:
    """Whether the mean gain is more than chance; copies of a comment are one observation, not several."""
    by_group = np.bincount(groups, weights=gains)
    if len(by_group) < 2:  # noqa: PLR2004 - one observation has no spread
        return False
    error = by_group.std(ddof=1) * np.sqrt(len(by_group))
    return bool(by_group.sum() > _CLEARLY * error)
