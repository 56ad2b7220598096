"""What the report says of the text models of comments, as plain records.

Owns: their shape. Does not own reading them (`read_comments.py`) or how they are counted (`tasks/comments`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommentLabel:
    """One label of a model: how often it is found, and how often it is right where it is told."""

    name: str
    labelled_count: int
    recall_share: float | None
    precision_share: float | None


@dataclass(frozen=True, slots=True)
class CommentModel:
    """One model: what it is worth on labelled comments that it has not seen, and what it was used for.

    Figures are None where no model was fitted; `refusal` says why it is not used.
    """

    name: str
    refusal: str | None
    sentiment_names: str | None
    labelled_count: int
    left_out_count: int
    accuracy_share: float | None
    base_rate_share: float | None
    macro_f1: float | None
    calibration_error_share: float | None
    min_confidence_share: float
    confident_share: float | None
    confident_accuracy_share: float | None
    comment_count: int
    unknown_count: int
    labels: tuple[CommentLabel, ...]

    @property
    def unknown_share(self) -> float | None:
        """Of the comments that it was asked about, those of which nothing is told."""
        return self.unknown_count / self.comment_count if self.comment_count else None
