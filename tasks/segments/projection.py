"""Projection: segments learnt on those who answered a survey, given to those who did not.

Owns: the model from features to segments, what it is worth on respondents it has not seen, and the refusal where that
is nothing. Does not own the segments of the respondents, or which features there are.

A respondent keeps the segment that he is in. Of the others each gets the segment that a multinomial logistic regression
finds likeliest, where it is sure enough, and else none: "unknown" is an answer. A segment of few respondents cannot be
learnt and is given to nobody; who is in it counts as not found. What the model is worth is measured by
stratified cross-validation on the respondents; it is refused where it does not beat the commonest segment, by an exact
test on the respondents about whom the two disagree (McNemar, Psychometrika 12, 1947, p. 153).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tasks.config.errors import StatisticsError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.linear_model import LogisticRegression

    Floats = NDArray[np.float64]
    Texts = NDArray[np.object_]

#: Folds of the cross-validation; a segment of fewer than twice as many respondents is not learnt.
_FOLDS = 5
_FEWEST = 2 * _FOLDS
#: Of a model that is no better than the commonest segment, this share is taken for better.
_SIGNIFICANCE = 0.01
#: Inverse strengths of the penalty that are tried, on the training folds alone.
_PENALTIES = (0.01, 0.1, 1.0)
#: Confidences that coverage and accuracy are told at.
CONFIDENCES = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
#: A category of fewer respondents is one of the others.
_RARE = 10
#: Of the least confidence, what keeps a customer where he is.
_HELD = 0.9


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of the held-out respondents, those whose likeliest segment has at least a chance of `confidence`.

    Attributes:
        confidence: the least chance.
        share: of all respondents.
        accuracy: of these the share whose segment is the likeliest; None: there are none.
    """

    confidence: float
    share: float
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Worth:
    """What a projection is worth, on respondents that it was not fitted on.

    Attributes:
        respondents: how many there are.
        accuracy: share whose segment was found.
        base_rate: share of the commonest segment: what guessing it always would find.
        macro_recall: mean over the segments of the share of its members that were found.
        p_value: chance of beating the commonest segment by as much where the features say nothing.
        coverage: by confidence.
        too_few: segments of too few respondents to learn them, which nobody else is given.
    """

    respondents: int
    accuracy: float
    base_rate: float
    macro_recall: float
    p_value: float
    coverage: tuple[Coverage, ...]
    too_few: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def sentence(self) -> str:
        """For the reader of a run."""
        return (
            f"finds the segment of {self.accuracy:.0%} of {self.respondents:,} respondents it has not seen, where the"
            f" commonest segment is that of {self.base_rate:.0%}"
            + (
                f"; given to no others, for it has too few respondents: {', '.join(self.too_few)}"
                if self.too_few
                else ""
            )
        )


@dataclass(frozen=True, slots=True)
class Projection:
    """Segments of customers who did not answer, and what they are worth.

    Attributes:
        worth: on held-out respondents.
        segments: shape (customers,), the likeliest segment of each.
        chances: shape (customers,), how likely it is.
    """

    worth: Worth
    segments: Texts
    chances: Floats


def project(respondents: pl.DataFrame, segments: Sequence[str], others: pl.DataFrame, *, seed: int) -> Projection:
    """Learn segments from features of the respondents, and give them to others.

    Args:
        respondents: features, shape (respondents, features), numbers, flags and texts; nulls are allowed.
        segments: of the respondents, in their order.
        others: the same features of the others.
        seed: of the folds.

    Raises:
        StatisticsError: fewer than two segments of enough respondents, or features that do not tell the segments apart.
    """
    labels = np.asarray(segments, dtype=object)
    names, counts = np.unique(labels.astype(str), return_counts=True)
    if (counts >= _FEWEST).sum() < 2:  # noqa: PLR2004 - one segment is nothing to tell apart
        told = ", ".join(f"{name} {count}" for name, count in zip(names, counts, strict=True))
        raise StatisticsError(
            f"a projection needs two segments of at least {_FEWEST} respondents each (there are {told or 'none'})"
        )
    from threadpoolctl import threadpool_limits

    # The matrices are small: threads would wait for each other, and change the last digits.
    with threadpool_limits(limits=1):
        return _projected(*_design(respondents, others), labels, seed)


def place(
    respondents: pl.DataFrame, segments: Sequence[str], others: pl.DataFrame, *, seed: int
) -> tuple[Texts, Floats]:
    """The likeliest segment of others, and its chance, by a model that was found worth something; as of `project`."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return _placed(*_design(respondents, others), np.asarray(segments, dtype=object), seed)


def sure_segments(
    segments: Sequence[object], chances: Sequence[float], held: Sequence[str | None], least: float
) -> list[str | None]:
    """The segments of those of whom enough is known; None of the others.

    The model is learnt anew by every run, and its chances tremble. Customers of whom the same little is known have the
    same chance, and would cross the border of `least` together, there and back. Whoever is in the likeliest segment
    already therefore keeps it down to a tenth below the border: as much as clusters let a customer stay (`kmeans.py`).

    Args:
        segments: the likeliest of each customer.
        chances: how likely it is.
        held: the segment that he was in at the run before; None: in none of these.
        least: chance from which on a customer is given a segment.
    """
    return [
        str(key) if chance >= (_HELD * least if before == str(key) else least) else None
        for key, chance, before in zip(segments, chances, held, strict=True)
    ]


def _projected(x: Floats, x_others: Floats, labels: Texts, seed: int) -> Projection:
    worth = _worth(x, labels, seed)
    if worth.p_value >= _SIGNIFICANCE or worth.accuracy <= worth.base_rate:
        raise StatisticsError(f"the features do not tell the segments apart: the model {worth.sentence()}")
    return Projection(worth, *_placed(x, x_others, labels, seed))


def _placed(x: Floats, x_others: Floats, labels: Texts, seed: int) -> tuple[Texts, Floats]:
    if not len(x_others):
        return np.empty(0, dtype=object), np.empty(0)
    is_learnt = _is_learnt(labels)
    model = _fitted(x[is_learnt], labels[is_learnt], seed)
    chances = model.predict_proba(x_others)
    # Rounded, so that the number of threads does not show in the last digits.
    return model.classes_[chances.argmax(axis=1)], np.round(chances.max(axis=1), 6)


def _design(respondents: pl.DataFrame, others: pl.DataFrame) -> tuple[Floats, Floats]:
    """Features as numbers, by what the respondents have of them; shape (rows, columns) each.

    A number is standardised, and the median where it is missing, which a column of its own says; a text is a column for
    each value that is not rare.
    """
    ours: list[Floats] = []
    theirs: list[Floats] = []
    for name, kind in respondents.schema.items():
        if kind.is_numeric() or kind in {pl.Boolean, pl.Null}:
            median = respondents[name].cast(pl.Float64).median()
            centre = float(median) if isinstance(median, int | float) else 0.0
            filled = [frame[name].cast(pl.Float64).fill_null(centre).to_numpy() for frame in (respondents, others)]
            mean, spread = float(filled[0].mean()), float(filled[0].std()) or 1.0
            missing = [frame[name].is_null().cast(pl.Float64).to_numpy() for frame in (respondents, others)]
            ours += [(filled[0] - mean) / spread, missing[0]]
            theirs += [(filled[1] - mean) / spread, missing[1]]
            continue
        counts = respondents[name].cast(pl.String).value_counts(name="rows")
        for value in counts.filter(pl.col("rows") >= _RARE)[name].sort().to_list():
            ours.append(_is(respondents[name], value))
            theirs.append(_is(others[name], value))
    return np.column_stack(ours), np.column_stack(theirs)


def _is(column: pl.Series, value: str | None) -> Floats:
    texts = column.cast(pl.String)
    return (texts.is_null() if value is None else (texts == value).fill_null(value=False)).cast(pl.Float64).to_numpy()


def _fitted(x: Floats, labels: Texts, seed: int) -> LogisticRegression:
    """A model with the penalty that does best in cross-validation on the same rows."""
    losses = {penalty: _loss(x, labels, penalty, seed) for penalty in _PENALTIES}
    return _regression(min(losses, key=lambda penalty: (losses[penalty], penalty))).fit(x, labels)


def _regression(penalty: float) -> LogisticRegression:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=penalty, max_iter=2000)


def _loss(x: Floats, labels: Texts, penalty: float, seed: int) -> float:
    """Mean negative logarithm of the chance that models of the other folds give to the true segment."""
    from sklearn.metrics import log_loss

    losses = []
    for train, test in _folds(labels, seed):
        model = _regression(penalty).fit(x[train], labels[train])
        losses.append(log_loss(labels[test], model.predict_proba(x[test]), labels=model.classes_))
    return float(np.mean(losses))


def _folds(labels: Texts, seed: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    return list(folds.split(np.zeros(len(labels)), labels.astype(str)))


def _is_learnt(labels: Texts) -> NDArray[np.bool_]:
    """Of each respondent, whether his segment has enough of them."""
    _, where, counts = np.unique(labels.astype(str), return_inverse=True, return_counts=True)
    return counts[where] >= _FEWEST


def _held_out(x: Floats, labels: Texts, seed: int) -> tuple[Texts, Floats]:
    """The likeliest segment of each respondent, and its chance, by models that were not fitted on him.

    Nested cross-validation: the penalty is chosen anew on each training part, of which the tested part is none.
    """
    found, chance = np.empty(len(labels), dtype=object), np.empty(len(labels))
    is_learnt = _is_learnt(labels)
    learnt, others = np.flatnonzero(is_learnt), np.flatnonzero(~is_learnt)
    parts = [(learnt[train], learnt[test]) for train, test in _folds(labels[learnt], seed)]
    for train, test in [*parts, *([(learnt, others)] if len(others) else [])]:
        model = _fitted(x[train], labels[train], seed)
        chances = model.predict_proba(x[test])
        found[test], chance[test] = model.classes_[chances.argmax(axis=1)], chances.max(axis=1)
    return found, chance


def _worth(x: Floats, labels: Texts, seed: int) -> Worth:
    """Of held-out respondents, how many are found."""
    from scipy.stats import binomtest

    found, chance = _held_out(x, labels, seed)
    names, counts = np.unique(labels.astype(str), return_counts=True)
    is_found, is_common = found == labels, labels == names[counts.argmax()]
    better, worse = int((is_found & ~is_common).sum()), int((~is_found & is_common).sum())
    p_value = float(binomtest(better, better + worse, alternative="greater").pvalue) if better + worse else 1.0
    return Worth(
        len(labels),
        float(is_found.mean()),
        float(is_common.mean()),
        float(np.mean([is_found[labels == name].mean() for name in names])),
        p_value,
        tuple(_coverage(confidence, is_found, chance) for confidence in CONFIDENCES),
        tuple(str(name) for name in names[counts < _FEWEST]),
    )


def _coverage(confidence: float, is_found: NDArray[np.bool_], chance: Floats) -> Coverage:
    is_sure = chance >= confidence
    accuracy = round(float(is_found[is_sure].mean()), 4) if is_sure.any() else None
    return Coverage(confidence, round(float(is_sure.mean()), 4), accuracy)
