"""The model of one kind of label: TF-IDF of words and pairs of words, and a logistic regression on them.

Owns: which words count, the weights, the fit, and the probabilities of new comments. Does not own how good they are
(`cross_validation.py`, `evaluation.py`) or the text as it is read (`plain_text.py`).

The fit is the same on any number of threads, and from any order of the comments that is itself fixed: BLAS is held to
one thread, and probabilities are rounded.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.comments.calibration import cooled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Matrix = Any  # scipy.sparse; its stubs do not know the formats that scikit-learn gives

#: Words and signs alike: an exclamation mark or an emoji tells a mood, too.
_WORD = r"(?u)\b\w+\b|[^\w\s]"
#: A word of one comment only can teach nothing about others.
_MIN_COMMENTS = 2
#: Inverse strength of the ridge penalty; see docs/benchmarks-comments.md for others.
_PENALTY_INVERSE = 3.0
_TOLERANCE, _MAX_STEPS = 1e-3, 1000
_DECIMALS = 6
#: Of a label that a fold's model has never seen.
_UNSEEN = np.log(1e-9)


@functools.cache
def _controller() -> Any:  # noqa: ANN401 - threadpoolctl has no types
    import sklearn.linear_model  # noqa: F401 - loads the libraries that are to be limited
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def single_thread() -> AbstractContextManager[object]:
    """Hold BLAS to one thread: with two, sums come out in another order."""
    limited: AbstractContextManager[object] = _controller().limit(limits=1)
    return limited


@dataclass(frozen=True, slots=True)
class Weights:
    """A fitted regression on some of the counted words.

    Attributes:
        columns: those of the counted words that stand in two comments or more.
        weighting: gives counts their TF-IDF weights.
        regression: gives weights their probabilities.
        label_count: labels there are; the regression may have seen fewer.
    """

    columns: Ints
    weighting: Any
    regression: Any
    label_count: int

    def log_shares(self, counts: Matrix) -> tuple[Floats, NDArray[np.bool_]]:
        """Logarithms of probabilities, shape (comments, labels), and whether a word of each comment is known."""
        weighed = self.weighting.transform(counts[:, self.columns])
        found = np.full((counts.shape[0], self.label_count), _UNSEEN)
        if counts.shape[0]:
            found[:, self.regression.classes_] = self.regression.predict_log_proba(weighed)
        return found, np.diff(weighed.indptr) > 0


@dataclass(frozen=True, slots=True)
class TextModel:
    """A model with its words, ready for comments that it has not seen."""

    labels: tuple[str, ...]
    counter: Any
    weights: Weights
    temperature: float

    def shares(self, texts: Sequence[str]) -> Floats:
        """Calibrated probabilities of plain texts, shape (texts, labels); NaN where no word of a text is known."""
        with single_thread():
            log_shares, is_known = self.weights.log_shares(self.counter.transform(texts))
        shares = np.round(cooled(log_shares, self.temperature), _DECIMALS)
        shares[~is_known] = np.nan
        return shares


def count_words(texts: Sequence[str]) -> tuple[Any, Matrix]:
    """What counts words of further texts, and the counts of these, shape (texts, words)."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(ngram_range=(1, 2), token_pattern=_WORD, lowercase=False, dtype=np.float64)
    return counter, counter.fit_transform(texts)


def fit_weights(counts: Matrix, truth: Ints, label_count: int, *, full_size: int | None = None) -> Weights:
    """Fit to counted words, shape (comments, words), and the index of each comment's label; two labels at least.

    Args:
        counts: of the comments to learn from.
        truth: their labels.
        label_count: labels there are.
        full_size: comments that the model of all learns from, where these are part of them. The penalty is then that
            part of it, or the model of all would be surer of itself than those that it was calibrated by.
    """
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    comment_counts = np.bincount(counts.indices, minlength=counts.shape[1])
    # Where comments have no word in common, all count, and the model turns out to be of no use.
    columns = np.flatnonzero(comment_counts >= min(_MIN_COMMENTS, comment_counts.max()))
    weighting = TfidfTransformer(sublinear_tf=True)
    inverse = _PENALTY_INVERSE * (full_size or len(truth)) / len(truth)
    regression = LogisticRegression(C=inverse, tol=_TOLERANCE, max_iter=_MAX_STEPS)
    with single_thread():
        regression.fit(weighting.fit_transform(counts[:, columns]), truth)
    return Weights(columns, weighting, regression, label_count)
