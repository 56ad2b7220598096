"""What is kept of the models: how good they are, and of how many comments they tell something.

Owns: the columns of `monitoring.comment_model` and `monitoring.comment_class`. No word of a comment is in them; labels
are what the company calls its themes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.comments.learning import Lesson
from tasks.comments.reading import Kind

if TYPE_CHECKING:
    import polars as pl

MODEL_TABLE = "monitoring.comment_model"
CLASS_TABLE = "monitoring.comment_class"
#: Column: what it holds.
MODEL_COLUMNS = {
    "model_name": "sentiment or theme",
    "status_name": "used or refused",
    "reason": "why it is refused; NULL: it is used",
    "sentiment_names": "themes: the sentiments that they are told of; NULL: of every comment",
    "labelled_count": "comments with such a label",
    "distinct_count": "of those learnt from, how many differ in their words; NULL: nothing was fitted",
    "left_out_count": "comments whose label too few others have, not learnt from",
    "class_count": "labels that are learnt",
    "accuracy_share": "right answers ÷ labelled comments, each answered by a model that has not seen it",
    "base_rate_share": "the accuracy of who gives every comment the commonest label",
    "macro_f1": "mean over labels of the harmonic mean of precision and recall",
    "log_loss": "mean of minus the logarithm of the probability given to the truth",
    "base_log_loss": "the same of the frequencies of the labels",
    "calibration_error_share": "mean distance of confidence and accuracy over ten bins of confidence",
    "min_confidence_share": "confidence from which on a label is told",
    "confident_share": "labelled comments of which one would be told",
    "confident_accuracy_share": "of these, those of which the right one would be",
    "comment_count": "comments of customers that the model was asked about",
    "unknown_count": "of these, those of which nothing is told",
}
CLASS_COLUMNS = {
    "model_name": "sentiment or theme",
    "class_name": "the label",
    "labelled_count": "comments that have it",
    "recall_share": "of these, those that are given it",
    "precision_share": "of the comments that are given it, those that have it; NULL: none is given it",
}
_COUNTS = ("labelled_count", "distinct_count", "left_out_count", "class_count", "comment_count", "unknown_count")
_TEXTS = ("model_name", "status_name", "reason", "sentiment_names", "class_name")


@dataclass(frozen=True, slots=True)
class Use:
    """What was made of a model: comments that it was asked about, and those of which nothing is told."""

    comment_count: int
    unknown_count: int


def model_frame(
    lessons: Mapping[Kind, Lesson], uses: Mapping[Kind, Use], *, min_confidence: float, themed: tuple[str, ...] | None
) -> pl.DataFrame:
    """The rows of `monitoring.comment_model`, a row for each kind of label."""
    rows = [
        {
            **_figures(lesson),
            "model_name": kind,
            "sentiment_names": ", ".join(themed) if kind == "theme" and themed is not None else None,
            "min_confidence_share": min_confidence,
            "comment_count": uses[kind].comment_count,
            "unknown_count": uses[kind].unknown_count,
        }
        for kind, lesson in lessons.items()
    ]
    return _frame(rows, MODEL_COLUMNS)


def class_frame(lessons: Mapping[Kind, Lesson]) -> pl.DataFrame:
    """The rows of `monitoring.comment_class`, a row for each label of a model that was fitted."""
    rows = [
        {
            "model_name": kind,
            "class_name": label.label,
            "labelled_count": label.labelled_count,
            "recall_share": label.recall_share,
            "precision_share": label.precision_share,
        }
        for kind, lesson in lessons.items()
        if lesson.evaluation
        for label in lesson.evaluation.labels
    ]
    return _frame(rows, CLASS_COLUMNS)


def _figures(lesson: Lesson) -> dict[str, Any]:
    told: dict[str, Any] = {
        "status_name": "used" if lesson.model else "refused",
        "reason": lesson.refusal,
        "labelled_count": lesson.labelled_count,
        "left_out_count": lesson.left_out_count,
    }
    found = lesson.evaluation
    if found is None:
        return told
    return told | {
        "distinct_count": found.distinct_count,
        "class_count": len(found.labels),
        "accuracy_share": found.accuracy_share,
        "base_rate_share": found.base_rate_share,
        "macro_f1": found.macro_f1,
        "log_loss": found.log_loss,
        "base_log_loss": found.base_log_loss,
        "calibration_error_share": found.calibration_error_share,
        "confident_share": found.confident_share,
        "confident_accuracy_share": found.confident_accuracy_share,
    }


def _frame(rows: list[dict[str, Any]], columns: Mapping[str, str]) -> pl.DataFrame:
    import polars as pl

    schema: dict[str, Any] = {
        name: pl.String if name in _TEXTS else pl.Int64 if name in _COUNTS else pl.Float64 for name in columns
    }
    return pl.DataFrame(rows, schema=schema)
