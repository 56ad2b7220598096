"""Every labelled comment judged by a model that has not seen it, nor a copy of it.

Owns: dealing comments into folds, and the probabilities out of them. Does not own what follows from them
(`evaluation.py`).

Customers copy and forward what others wrote: of comments with the same words all are in one fold, or the model would be
asked what it was told.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tasks.comments.calibration import cooled, fit_temperature
from tasks.comments.plain_text import words_of
from tasks.comments.text_model import fit_weights, single_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tasks.comments.text_model import Matrix

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """What models say of comments that they did not learn from.

    Attributes:
        shares: calibrated probabilities, shape (comments, labels); a fold's temperature is that of the other folds.
        base_shares: how frequent each label is in the other folds, same shape.
        is_known: whether a word of the comment is known.
        groups: the same number for comments with the same words.
        temperature: that of all folds, for the model of all comments.
    """

    shares: Floats
    base_shares: Floats
    is_known: NDArray[np.bool_]
    groups: Ints
    temperature: float


def cross_validate(texts: Sequence[str], counts: Matrix, truth: Ints, label_count: int, seed: int) -> OutOfFold:
    """Judge every comment by the model of the folds that it is not in.

    Args:
        texts: plain texts.
        counts: their words, shape (comments, words).
        truth: the index of each comment's label.
        label_count: labels there are; each has several different texts.
        seed: another seed deals otherwise.
    """
    words = [words_of(text) for text in texts]
    groups = group_copies(words)
    folds = deal(groups, truth, words, seed)
    log_shares = np.zeros((len(texts), label_count))
    base_shares = np.zeros_like(log_shares)
    is_known = np.zeros(len(texts), dtype=bool)
    for fold in range(FOLDS):
        held_out = folds == fold
        weights = fit_weights(counts[~held_out], truth[~held_out], label_count, full_size=len(texts))
        with single_thread():
            log_shares[held_out], is_known[held_out] = weights.log_shares(counts[held_out])
        # One more of each label, so that none is impossible.
        frequency = np.bincount(truth[~held_out], minlength=label_count) + 1.0
        base_shares[held_out] = frequency / frequency.sum()
    shares = np.zeros_like(log_shares)
    for fold in range(FOLDS):
        held_out = folds == fold
        shares[held_out] = cooled(log_shares[held_out], fit_temperature(log_shares[~held_out], truth[~held_out]))
    return OutOfFold(shares, base_shares, is_known, groups, fit_temperature(log_shares, truth))


def deal(groups: Ints, truth: Ints, words: Sequence[str], seed: int) -> Ints:
    """The fold of each comment: groups of a label are dealt in turn, in an order drawn by the seed.

    The order is that of digests of the words, so that it does not depend on ids or on the order of files.
    """
    labels: dict[int, Counter[int]] = {}
    said: dict[int, str] = {}
    for group, label, text in zip(groups.tolist(), truth.tolist(), words, strict=True):
        labels.setdefault(group, Counter())[label] += 1
        said[group] = text
    commonest = {group: min(found.items(), key=lambda item: (-item[1], item[0]))[0] for group, found in labels.items()}
    drawn = {group: hashlib.sha256(f"{seed}:{text}".encode()).digest() for group, text in said.items()}
    ordered = sorted(said, key=lambda group: (commonest[group], drawn[group]))
    fold_of = {group: place % FOLDS for place, group in enumerate(ordered)}
    return np.array([fold_of[group] for group in groups.tolist()], dtype=np.int64)


def group_copies(words: Sequence[str]) -> Ints:
    """The same number for the same words, from 0 on."""
    number: dict[str, int] = {}
    return np.array([number.setdefault(text, len(number)) for text in words], dtype=np.int64)
