"""From labelled comments to a model, or to the reason why there is none.

Owns: which labels can be learnt, and the refusals. Does not own reading the comments (`reading.py`) or the figures
(`evaluation.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.comments.cross_validation import cross_validate
from tasks.comments.evaluation import Evaluation, evaluate
from tasks.comments.plain_text import words_of
from tasks.comments.text_model import TextModel, count_words, fit_weights
from tasks.config.comments import Comments

_TWO = 2


@dataclass(frozen=True, slots=True)
class Lesson:
    """What became of the labelled comments.

    Attributes:
        model: ready to be used; None where it is refused.
        refusal: why; None where it is used.
        evaluation: its figures; None where no model was fitted.
        labelled_count: comments with a label.
        left_out_count: of these, those with a label that too few comments have.
    """

    model: TextModel | None
    refusal: str | None
    evaluation: Evaluation | None
    labelled_count: int
    left_out_count: int


def learn(texts: Sequence[str], labels: Sequence[str], policy: Comments) -> Lesson:
    """Fit a model to labelled comments, and judge it.

    Args:
        texts: plain texts, in an order that does not depend on chance.
        labels: the label of each.
        policy: what is asked of a model.
    """
    learnt = learnable(texts, labels, policy.min_per_label)
    kept = [place for place, label in enumerate(labels) if label in learnt]
    left_out = len(labels) - len(kept)
    too_little = _too_little(len(labels), len(kept), len(learnt), policy)
    if too_little:
        return Lesson(None, too_little, None, len(labels), left_out)
    number = {label: place for place, label in enumerate(learnt)}
    chosen = [texts[place] for place in kept]
    truth = np.array([number[labels[place]] for place in kept], dtype=np.int64)
    counter, counts = count_words(chosen)
    found = cross_validate(chosen, counts, truth, len(learnt), policy.seed)
    evaluation = evaluate(found, truth, learnt, policy.min_confidence)
    if not evaluation.is_better_than_frequencies:
        refusal = (
            f"of {len(kept):,} labelled comments nothing was learnt that the frequencies of the labels do not tell"
            f" ({evaluation.accuracy_share:.0%} right, {evaluation.base_rate_share:.0%} by the commonest label alone)"
        )
        return Lesson(None, refusal, evaluation, len(labels), left_out)
    model = TextModel(learnt, counter, fit_weights(counts, truth, len(learnt)), found.temperature)
    return Lesson(model, None, evaluation, len(labels), left_out)


def learnable(texts: Sequence[str], labels: Sequence[str], min_per_label: int) -> tuple[str, ...]:
    """The labels that enough different comments have, in order of their names; copies of a comment count once."""
    different: dict[str, set[str]] = {}
    for text, label in zip(texts, labels, strict=True):
        different.setdefault(label, set()).add(words_of(text))
    return tuple(sorted(label for label, said in different.items() if len(said) >= min_per_label))


def _too_little(labelled: int, kept: int, label_count: int, policy: Comments) -> str | None:
    if labelled < policy.min_labelled:
        return f"{labelled:,} labelled comments are too few, {policy.min_labelled:,} are needed (comments.min_labelled)"
    if label_count < _TWO:
        return (
            f"{label_count} of the labels have {policy.min_per_label} different comments (comments.min_per_label),"
            " two labels are needed"
        )
    if kept < policy.min_labelled:
        return (
            f"{kept:,} comments with a label that is frequent enough are too few, {policy.min_labelled:,} are needed"
            " (comments.min_labelled)"
        )
    return None
