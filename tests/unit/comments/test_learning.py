"""A model is learnt where comments tell something, and refused with a reason where not."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tasks.comments.learning import Lesson, learn, learnable
from tasks.config.comments import Comments
from tests.unit.comments.made_comments import MOODS, made_comments

POLICY = Comments()


def taught(count: int, seed: int, policy: Comments = POLICY, clear_share: float = 0.85) -> Lesson:
    made = made_comments(count, seed=seed, clear_share=clear_share)
    return learn([comment.text for comment in made], [comment.sentiment for comment in made], policy)


def test_what_the_words_tell_is_learnt_and_no_more_is_promised() -> None:
    """Six sets of labels, each model asked about 1,000 comments of another seed."""
    found, promised, best = [], [], []
    for seed in range(6):
        lesson = taught(600, seed)
        assert (lesson.refusal, lesson.evaluation is None) == (None, False)
        assert lesson.model is not None
        unseen = made_comments(1000, seed=100 + seed)
        shares = lesson.model.shares([comment.text for comment in unseen])
        names = [lesson.model.labels[place] for place in shares.argmax(axis=1)]
        found.append(np.mean([name == comment.sentiment for name, comment in zip(names, unseen, strict=True)]))
        best.append(np.mean([spoken(comment.text) == comment.sentiment for comment in unseen]))
        promised.append(lesson.evaluation.accuracy_share if lesson.evaluation else 1.0)
    # Half of the comments are negative; who knew the words of each mood would be right as often as `best`.
    assert (0.5 + np.mean(best)) / 2 < np.mean(found) < np.mean(best)
    # Cross-validated models have learnt from four fifths and may be a little worse; 3 standard errors of both counts.
    assert np.mean(promised) < np.mean(found) + 3 * np.sqrt(0.16 / 3600 + 0.16 / 6000)


def spoken(text: str) -> str:
    """The mood whose word a made comment has."""
    return next(mood for mood, words in MOODS.items() if set(words) & set(text.split()))


def test_figures_are_counted_as_by_hand() -> None:
    lesson = taught(600, 12)
    found = lesson.evaluation
    assert found is not None
    assert sum(label.labelled_count for label in found.labels) == lesson.labelled_count == 600
    recalled = sum(label.recall_share * label.labelled_count for label in found.labels)
    assert recalled == pytest.approx(found.accuracy_share * 600)
    assert found.base_rate_share == max(label.labelled_count for label in found.labels) / 600
    halves = [
        2 * label.precision_share * label.recall_share / (label.precision_share + label.recall_share)
        for label in found.labels
        if label.precision_share
    ]
    assert found.macro_f1 == pytest.approx(sum(halves) / 3)
    assert found.log_loss < found.base_log_loss
    assert found.confident_accuracy_share is not None
    assert found.confident_accuracy_share > found.accuracy_share


def test_too_few_comments_teach_nothing() -> None:
    lesson = taught(199, 1)
    assert (lesson.model, lesson.evaluation) == (None, None)
    assert lesson.refusal == "199 labelled comments are too few, 200 are needed (comments.min_labelled)"


def test_one_label_teaches_nothing() -> None:
    texts = [comment.text for comment in made_comments(300, seed=2)]
    lesson = learn(texts, ["negative"] * 300, POLICY)
    assert lesson.refusal == (
        "1 of the labels have 20 different comments (comments.min_per_label), two labels are needed"
    )


def test_a_rare_label_is_left_out_and_counted() -> None:
    made = made_comments(400, seed=5)
    labels = ["Rare" if place < 19 else comment.theme for place, comment in enumerate(made)]
    lesson = learn([comment.text for comment in made], labels, POLICY)
    assert lesson.model is not None
    assert lesson.model.labels == ("Delivery", "Food", "Staff")
    assert (lesson.labelled_count, lesson.left_out_count) == (400, 19)
    assert lesson.evaluation is not None
    assert lesson.evaluation.labelled_count == 381


def test_copies_make_a_label_no_more_frequent() -> None:
    texts = [f"word{n} said" for n in range(20)] + ["late again!", "Late, again"] * 20
    labels = ["many"] * 20 + ["copied"] * 40
    assert learnable(texts, labels, 20) == ("many",)


def test_too_many_rare_labels_leave_too_few_comments() -> None:
    made = made_comments(300, seed=5)
    labels = [f"rare {place}" if place < 150 else comment.theme for place, comment in enumerate(made)]
    lesson = learn([comment.text for comment in made], labels, POLICY)
    assert lesson.refusal is not None
    assert lesson.refusal.startswith("150 comments with a label that is frequent enough are too few, 200 are needed")


@pytest.mark.parametrize("commonest_share", [1 / 3, 0.8])
def test_labels_that_no_word_tells_are_refused(commonest_share: float) -> None:
    """20 sets of labels drawn at random, evenly and one of them mostly, so that every confidence is high."""
    rest = (1 - commonest_share) / 2
    refused = 0
    for seed in range(20):
        draw = random.Random(seed)  # noqa: S311 - no secret is drawn
        texts = [comment.text for comment in made_comments(300, seed=seed)]
        labels = draw.choices(("negative", "neutral", "positive"), (commonest_share, rest, rest), k=300)
        lesson = learn(texts, labels, POLICY)
        assert lesson.evaluation is not None
        refused += lesson.model is None
        if lesson.refusal:
            assert "nothing was learnt that the frequencies of the labels do not tell" in lesson.refusal
    assert refused == 20


def test_comments_without_a_word_in_common_are_refused() -> None:
    lesson = learn([f"w{'x' * n}" for n in range(240)], ["negative", "positive"] * 120, POLICY)
    assert lesson.refusal is not None
    assert lesson.evaluation is not None


def test_a_text_without_a_known_word_has_no_shares() -> None:
    lesson = taught(300, 6)
    assert lesson.model is not None
    shares = lesson.model.shares(["xyzzy plugh", "rude waiter", ""])
    assert np.isnan(shares[[0, 2]]).all()
    assert shares[1].sum() == pytest.approx(1, abs=1e-5)


def test_shares_of_a_text_do_not_depend_on_the_others() -> None:
    lesson = taught(300, 6)
    assert lesson.model is not None
    texts = [comment.text for comment in made_comments(50, seed=8)]
    together = lesson.model.shares(texts)
    assert (together == np.vstack([lesson.model.shares([text]) for text in texts])).all()
