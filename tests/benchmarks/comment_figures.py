"""Text models on labelled comments on airlines: how often right, how sure, how many unknown, how long.

Write the page with `python -m tests.benchmarks.comment_figures > docs/benchmarks-comments.md`.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.comments.calibration import calibration_error, log_loss
from tasks.comments.cross_validation import FOLDS, deal, group_copies
from tasks.comments.learning import Lesson, learn
from tasks.comments.plain_text import plain_text, words_of
from tasks.comments.text_model import single_thread
from tasks.config.comments import Comments

REPOSITORY = Path(__file__).resolve().parents[2]
#: Dealt otherwise than the room deals within what it learns from.
SEED = 20250630
CONFIDENCES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9)
SIZES = (200, 500, 1000, 2000, 5000)
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Fits to texts and labels, and gives probabilities of other texts by the labels in order of their names.
Method = Callable[[list[str], list[str], list[str]], Floats]

_PAGE = """\
# Text models of comments: how often right, how sure, how many unknown

Written by `python -m tests.benchmarks.comment_figures` on `airline_sentiment`: {comments:,} comments on airlines, labelled
by people, {distinct:,} of them with words of their own. Each fifth is held out once and judged by what was learnt from the
other four; comments with the same words are in the same fifth. Intervals are of 95 % (Wilson, 1927).
Themes are the reasons of negative comments, without “Can't Tell”.

*This* is what a run does: TF-IDF of words and pairs of words, a logistic regression, one temperature. Beside it: everybody
gets the commonest label; multinomial naive Bayes on counts of the same words (Laplace smoothing); and *with letters*: the
same as this with groups of three and four letters of each word as well. The seconds of *this* are of six fits, for it
judges itself by cross-validation; those of the others are of one. For letters a run would take about five times as long.

The penalty of the regression (C = 3) was chosen on these comments among 1, 3 and 10; by it the share that is right differs
by 0.8 points in sentiments, by 1.9 in themes. Nothing else was.
"""


@dataclass(frozen=True)
class Task:
    """Comments to be told one kind of label of, with the fold of each."""

    name: str
    texts: list[str]
    labels: list[str]
    folds: Ints

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.labels)))

    @property
    def truth(self) -> Ints:
        place = {name: number for number, name in enumerate(self.names)}
        return np.array([place[label] for label in self.labels], dtype=np.int64)


def tasks(comments: pl.DataFrame) -> list[Task]:
    """Sentiment of all comments, and the reason of negative ones."""
    reasons = comments.filter(pl.col("negativereason").is_not_null() & (pl.col("negativereason") != "Can't Tell"))
    return [_task("sentiment", comments, "airline_sentiment"), _task("theme", reasons, "negativereason")]


def _task(name: str, comments: pl.DataFrame, column: str) -> Task:
    texts = [plain_text(text) for text in comments["text"]]
    labels = comments[column].to_list()
    words = [words_of(text) for text in texts]
    names = sorted(set(labels))
    truth = np.array([names.index(label) for label in labels], dtype=np.int64)
    return Task(name, texts, labels, deal(group_copies(words), truth, words, SEED))


def room(texts: list[str], labels: list[str], others: list[str]) -> Floats:
    """What a run does; a text of which it knows no word is given the frequencies of the labels."""
    lesson = learn(texts, labels, Comments())
    assert lesson.model, lesson.refusal
    assert lesson.model.labels == tuple(sorted(set(labels)))
    shares = lesson.model.shares(others)
    unknown = np.isnan(shares[:, 0])
    shares[unknown] = commonest(texts, labels, others[:1])
    return shares


def commonest(texts: list[str], labels: list[str], others: list[str]) -> Floats:
    """The frequencies of the labels, for every text."""
    del texts
    counts = np.unique(labels, return_counts=True)[1]
    return np.tile(counts / counts.sum(), (len(others), 1))


def naive_bayes(texts: list[str], labels: list[str], others: list[str]) -> Floats:
    """Multinomial naive Bayes on words and pairs of words."""
    from sklearn.naive_bayes import MultinomialNB

    return _fitted(_words(), MultinomialNB(), texts, labels, others)


def with_letters(texts: list[str], labels: list[str], others: list[str]) -> Floats:
    """The room's regression on words and letters, not calibrated: its confidence is close without."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_union

    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), min_df=2, sublinear_tf=True, lowercase=False)
    weighted = TfidfVectorizer(**_reading(), sublinear_tf=True)
    regression = LogisticRegression(C=3.0, tol=1e-3, max_iter=1000)
    return _fitted(make_union(weighted, letters), regression, texts, labels, others)


def _reading() -> dict[str, Any]:
    return {"ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b|[^\w\s]", "lowercase": False, "min_df": 2}


def _words() -> Any:  # noqa: ANN401 - scikit-learn has no types
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(**_reading())


def _fitted(reader: Any, model: Any, texts: list[str], labels: list[str], others: list[str]) -> Floats:  # noqa: ANN401
    with single_thread():
        model.fit(reader.fit_transform(texts), labels)
        found: Floats = model.predict_proba(reader.transform(others))
    return found


METHODS: dict[str, Method] = {
    "commonest label": commonest,
    "naive Bayes": naive_bayes,
    "**this**": room,
    "with letters": with_letters,
}


@dataclass(frozen=True)
class Held:
    """Probabilities of every comment by a model that has not seen it, and the processor seconds of a fold."""

    shares: Floats
    seconds: float


def hold_out(task: Task, method: Method) -> Held:
    """Each fold judged by what was learnt from the others."""
    shares = np.zeros((len(task.texts), len(task.names)))
    started = time.process_time()
    for fold in range(FOLDS):
        inside = np.flatnonzero(task.folds != fold).tolist()
        outside = np.flatnonzero(task.folds == fold).tolist()
        shares[outside] = method(*_picked(task, inside), [task.texts[place] for place in outside])
    return Held(shares, (time.process_time() - started) / FOLDS)


def _picked(task: Task, places: Sequence[int]) -> tuple[list[str], list[str]]:
    return [task.texts[place] for place in places], [task.labels[place] for place in places]


def interval(hits: int, count: int) -> str:
    """A share with its counts and Wilson's interval."""
    if not count:
        return "–"
    z, share = 1.96, hits / count
    middle, spread = share + z * z / (2 * count), z * math.sqrt((share * (1 - share) + z * z / (4 * count)) / count)
    low, high = ((middle + sign * spread) / (1 + z * z / count) for sign in (-1, 1))
    return f"{hits:,}/{count:,} = {share:.1%} ({low:.1%}–{high:.1%})"


def macro_f1(given: Ints, truth: Ints, count: int) -> float:
    """Mean over labels of the harmonic mean of precision and recall."""
    found = []
    for label in range(count):
        hits = int(((given == label) & (truth == label)).sum())
        total = int((given == label).sum() + (truth == label).sum())
        found.append(2 * hits / total)
    return float(np.mean(found))


def lines(comments: pl.DataFrame) -> Iterator[str]:
    """The page."""
    distinct = len({words_of(plain_text(text)) for text in comments["text"]})
    yield _PAGE.format(comments=comments.height, distinct=distinct)
    for task in tasks(comments):
        held = {name: hold_out(task, method) for name, method in METHODS.items()}
        yield f"## {task.name.capitalize()}: {len(task.labels):,} comments, {len(task.names)} labels\n"
        yield from _compared(task, held)
        yield from _by_label(task, held["**this**"])
        yield from _by_confidence(task, held["**this**"])
        yield from _by_size(task)
    yield from _cost(comments)


def _compared(task: Task, held: dict[str, Held]) -> Iterator[str]:
    yield "| method | right | macro-F1 | log loss | confidence off by | processor seconds, fit and judge a fifth |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name, found in held.items():
        given = found.shares.argmax(axis=1)
        is_right = given == task.truth
        error = calibration_error(found.shares.max(axis=1), is_right)
        yield (
            f"| {name} | {interval(int(is_right.sum()), len(is_right))} | {macro_f1(given, task.truth, len(task.names)):.3f}"
            f" | {log_loss(found.shares, task.truth):.3f} | {error:.1%} | {found.seconds:.1f} |"
        )
    yield ""


def _by_label(task: Task, found: Held) -> Iterator[str]:
    given = found.shares.argmax(axis=1)
    yield "| label | found | right where told |"
    yield "|---|---:|---:|"
    for place, name in enumerate(task.names):
        hits = int(((given == place) & (task.truth == place)).sum())
        true, told = int((task.truth == place).sum()), int((given == place).sum())
        yield f"| {name} | {interval(hits, true)} | {interval(hits, told)} |"
    yield ""


def _by_confidence(task: Task, found: Held) -> Iterator[str]:
    confidence = found.shares.max(axis=1)
    is_right = found.shares.argmax(axis=1) == task.truth
    yield "| told from a confidence of | told of | right where told | mean confidence |"
    yield "|---:|---:|---:|---:|"
    for least in CONFIDENCES:
        told = confidence >= least
        mean = f"{confidence[told].mean():.1%}" if told.any() else "–"
        yield (f"| {least:.1f} | {told.mean():.1%} | {interval(int(is_right[told].sum()), int(told.sum()))} | {mean} |")
    yield ""


def _by_size(task: Task) -> Iterator[str]:
    """What fewer labels are worth: judged on the first fold, learnt from some of the others."""
    outside = np.flatnonzero(task.folds == 0).tolist()
    rest = np.flatnonzero(task.folds != 0)
    draws = np.random.default_rng(SEED)
    yield "| labelled comments | right, on the first fifth | promised by its own cross-validation | unknown at 0.6 |"
    yield "|---:|---:|---:|---:|"
    for size in (*(size for size in SIZES if size < len(rest)), len(rest)):
        lesson = learn(*_picked(task, sorted(draws.choice(rest, size, replace=False).tolist())), Comments())
        yield _size_row(task, lesson, outside, size)
    yield ""


def _size_row(task: Task, lesson: Lesson, outside: Sequence[int], size: int) -> str:
    if lesson.model is None or lesson.evaluation is None:
        return f"| {size:,} | refused: {lesson.refusal} | – | – |"
    shares = lesson.model.shares([task.texts[place] for place in outside])
    known = ~np.isnan(shares[:, 0])
    given = np.array(lesson.model.labels)[shares.argmax(axis=1)]
    right = int((known & (given == np.array(task.labels)[list(outside)])).sum())
    unknown = float((~(shares.max(axis=1) >= Comments().min_confidence)).mean())
    left_out = f", {lesson.left_out_count} with rare labels left out" if lesson.left_out_count else ""
    return (
        f"| {size:,}{left_out} | {interval(right, len(outside))} | {lesson.evaluation.accuracy_share:.1%}"
        f" | {unknown:.1%} |"
    )


def _cost(comments: pl.DataFrame) -> Iterator[str]:
    """What a run of all labelled comments takes, cross-validation and all, and a comment that is told of."""
    yield "## Cost\n"
    yield "Processor seconds on one thread. A run learns anew each time: nothing of what was learnt is kept on disk.\n"
    yield "| labels | learn, cross-validation included | tell 10,000 comments |"
    yield "|---|---:|---:|"
    for task in tasks(comments):
        started = time.process_time()
        lesson = learn(task.texts, task.labels, Comments())
        learnt = time.process_time()
        assert lesson.model
        lesson.model.shares(task.texts)
        told = (time.process_time() - learnt) * 10_000 / len(task.texts)
        yield f"| {len(task.texts):,} with a {task.name} | {learnt - started:.1f} s | {told:.1f} s |"


def main() -> None:
    """Write the page."""
    data = Path(os.environ.get("RESEGMENT_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    comments = pl.read_csv(data / "airline_sentiment" / "airline_sentiment_stripped.csv")
    sys.stdout.write("\n".join(lines(comments)) + "\n")


if __name__ == "__main__":
    main()
