"""What the models say of every comment.

Owns: the rows of `staging.feedback_sentiment`, and when a sentiment or theme counts as unknown. Does not own the models
(`learning.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tasks.comments.reading import Kind
from tasks.comments.text_model import TextModel

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Names = NDArray[np.object_]

#: Texts that are weighed at once; what memory they take does not depend on how many there are.
_CHUNK = 50_000
_DECIMALS = 6


def score_comments(
    feedback_ids: Sequence[str],
    texts: Sequence[str],
    models: Mapping[Kind, TextModel],
    *,
    min_confidence: float,
    themed: tuple[str, ...] | None,
) -> pl.DataFrame:
    """Sentiment and theme of each comment.

    Args:
        feedback_ids: of the comments.
        texts: plain texts, one for each.
        models: those that are used.
        min_confidence: probability below which a name is unknown.
        themed: sentiments of which themes are told; None: of every comment.

    Returns:
        feedback_id, sentiment_name, sentiment_score (-1 to 1), sentiment_confidence_share, theme_name,
        theme_confidence_share, in the order given. Null: unknown. A comment without a known word has no confidence.
    """
    import polars as pl

    different = list(dict.fromkeys(texts))
    place = {text: number for number, text in enumerate(different)}
    rows = np.array([place[text] for text in texts], dtype=np.int64)
    names, confidence, score = _sentiments(models.get("sentiment"), different, min_confidence)
    theme_names, theme_confidence, _ = _named(models.get("theme"), different, min_confidence)
    if themed is not None:
        silent = ~np.isin(names.astype(str), themed)
        theme_names[silent], theme_confidence[silent] = None, np.nan
    return pl.DataFrame(
        {
            "feedback_id": pl.Series(list(feedback_ids), dtype=pl.String),
            "sentiment_name": pl.Series(names[rows].tolist(), dtype=pl.String),
            "sentiment_score": _numbers(score[rows]),
            "sentiment_confidence_share": _numbers(confidence[rows]),
            "theme_name": pl.Series(theme_names[rows].tolist(), dtype=pl.String),
            "theme_confidence_share": _numbers(theme_confidence[rows]),
        }
    )


def _numbers(values: Floats) -> pl.Series:
    import polars as pl

    return pl.Series(values, dtype=pl.Float64).fill_nan(None)


def _sentiments(model: TextModel | None, texts: Sequence[str], min_confidence: float) -> tuple[Names, Floats, Floats]:
    """Names, confidences and scores; a sentiment that is unknown has no score."""
    names, confidence, shares = _named(model, texts, min_confidence)
    side = {"positive": 1.0, "negative": -1.0}
    direction = np.array([side.get(label, 0.0) for label in (model.labels if model else ())])
    score = np.round(shares @ direction, _DECIMALS)
    score[[name is None for name in names]] = np.nan
    return names, confidence, score


def _named(model: TextModel | None, texts: Sequence[str], min_confidence: float) -> tuple[Names, Floats, Floats]:
    """The likeliest label of each text where it is likely enough, its probability, and those of all labels."""
    if model is None or not texts:
        width = len(model.labels) if model else 0
        return np.full(len(texts), None), np.full(len(texts), np.nan), np.zeros((len(texts), width))
    shares = np.vstack([model.shares(texts[start : start + _CHUNK]) for start in range(0, len(texts), _CHUNK)])
    confidence = shares.max(axis=1)
    # Of a text without a known word all are NaN, and the first is called the likeliest.
    names = np.array(model.labels, dtype=object)[shares.argmax(axis=1)]
    names[~(confidence >= min_confidence)] = None
    return names, confidence, shares
