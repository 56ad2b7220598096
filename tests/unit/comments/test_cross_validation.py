"""Folds hold copies together, deal labels evenly, and do not depend on the order of the comments."""

from __future__ import annotations

from collections import Counter

import numpy as np

from tasks.comments.cross_validation import FOLDS, cross_validate, deal, group_copies
from tasks.comments.text_model import count_words
from tests.unit.comments.made_comments import made_comments

LABELS = ("negative", "neutral", "positive")


def dealt(words: list[str], labels: list[int], seed: int = 0) -> list[int]:
    return deal(group_copies(words), np.array(labels, dtype=np.int64), words, seed).tolist()


def test_copies_are_in_one_fold_whatever_their_labels() -> None:
    words = [f"text {n % 40}" for n in range(200)]
    folds = dealt(words, [n % 3 for n in range(200)])
    found = {text: {fold for other, fold in zip(words, folds, strict=True) if other == text} for text in words}
    assert {len(of_text) for of_text in found.values()} == {1}
    assert set(folds) == set(range(FOLDS))


def test_each_label_is_dealt_evenly() -> None:
    words = [f"text {n}" for n in range(103)]
    labels = [0] * 70 + [1] * 23 + [2] * 10
    counts = Counter(zip(labels, dealt(words, labels), strict=True))
    for label, size in ((0, 70), (1, 23), (2, 10)):
        of_label = [counts[label, fold] for fold in range(FOLDS)]
        assert sum(of_label) == size
        assert max(of_label) - min(of_label) <= 1


def test_the_fold_of_a_text_depends_on_the_seed_and_not_on_the_order() -> None:
    words = [f"text {n}" for n in range(60)]
    labels = [n % 3 for n in range(60)]
    folds = dealt(words, labels)
    assert dealt(words[::-1], labels[::-1])[::-1] == folds
    assert dealt(words, labels, seed=1) != folds


def test_no_comment_is_judged_by_a_model_that_knows_its_copy() -> None:
    """Labels that no word tells, each comment there four times: who has seen a copy would be right every time."""
    draw = np.random.default_rng(3)
    once = [comment.text for comment in made_comments(150, seed=3)]
    labels = draw.integers(0, 2, size=len(once))
    texts, truth = once * 4, np.tile(labels, 4).astype(np.int64)
    _, counts = count_words(texts)
    found = cross_validate(texts, counts, truth, 2, 0)
    assert len(set(found.groups.tolist())) == len(set(once))
    right = float((found.shares.argmax(axis=1) == truth).mean())
    # By chance 75 of 150; 3 standard deviations are 18.
    assert 0.5 - 18 / 150 < right < 0.5 + 18 / 150


def test_shares_are_probabilities_and_base_shares_are_of_the_other_folds() -> None:
    made = made_comments(300, seed=1)
    texts = [comment.text for comment in made]
    truth = np.array([LABELS.index(comment.sentiment) for comment in made], dtype=np.int64)
    _, counts = count_words(texts)
    found = cross_validate(texts, counts, truth, 3, 0)
    assert np.allclose(found.shares.sum(axis=1), 1)
    assert np.allclose(found.base_shares.sum(axis=1), 1)
    assert len(np.unique(found.base_shares, axis=0)) <= FOLDS
    frequency = np.bincount(truth) / len(truth)
    assert np.abs(found.base_shares - frequency).max() < 0.02
    assert found.is_known.all()
