"""Reading what is known of the text models of comments.

Owns: their queries. Does not own the tables (`tasks/comments/evidence.py`).
"""

from __future__ import annotations

from tasks.report.comment_records import CommentLabel, CommentModel
from tasks.report.reader import RunReader

_FIGURES = (
    "sentiment_names",
    "labelled_count",
    "left_out_count",
    "accuracy_share",
    "base_rate_share",
    "macro_f1",
    "calibration_error_share",
    "min_confidence_share",
    "confident_share",
    "confident_accuracy_share",
    "comment_count",
    "unknown_count",
)
_LABEL_FIGURES = ("labelled_count", "recall_share", "precision_share")


def comment_models(reader: RunReader) -> tuple[CommentModel, ...]:
    """The models of the run, sentiment before theme; none where nothing is labelled."""
    models = reader.of_run("monitoring.comment_model", ("model_name", "reason", *_FIGURES), order_by="model_name")
    labels = reader.of_run(
        "monitoring.comment_class",
        ("model_name", "class_name", *_LABEL_FIGURES),
        order_by="model_name, labelled_count DESC, class_name",
    )
    return tuple(
        CommentModel(
            name=row["model_name"],
            refusal=row["reason"],
            **{name: row[name] for name in _FIGURES},
            labels=tuple(
                CommentLabel(label["class_name"], **{name: label[name] for name in _LABEL_FIGURES})
                for label in labels
                if label["model_name"] == row["model_name"]
            ),
        )
        for row in models
    )
