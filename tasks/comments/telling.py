"""From labels to what is told of every comment of a run.

Owns: the order of the steps, and what is written where. Does not own any of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasks.comments import evidence
from tasks.comments.learning import Lesson, learn
from tasks.comments.reading import (
    TOLD,
    Kind,
    Labelled,
    mapped_kinds,
    protected_class,
    read_comments,
    read_labelled,
    themed_sentiments,
)
from tasks.comments.scoring import score_comments
from tasks.warehouse import ledger, tables
from tasks.warehouse.run import Run

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Told:
    """What the run says of its models: sentences for the log, and those among them that are alerts."""

    sentences: tuple[str, ...]
    warnings: tuple[str, ...]


def tell_comments(run: Run) -> Told:
    """Learn from the labelled comments, and fill `staging.feedback_sentiment` and the evidence in `monitoring`.

    The tables of `staging` must be built. Where no source maps to labelled comments nothing is done.
    """
    if not run.workspace.learns_from_comments:
        return Told((), ())
    labelled = read_labelled(run)
    themed = themed_sentiments(labelled.sentiments, labelled.themes)
    lessons = _learn_all(run, labelled, themed)
    feedback_ids, texts = read_comments(run)
    policy = run.workspace.comments
    scored = score_comments(
        feedback_ids,
        texts,
        {kind: lesson.model for kind, lesson in lessons.items() if lesson.model},
        min_confidence=policy.min_confidence,
        themed=themed,
    )
    uses = {kind: _use(scored, kind, lesson, themed) for kind, lesson in lessons.items()}
    with run.warehouse.registered("scored_comments", scored):
        tables.rebuild(run, TOLD, "SELECT * FROM scored_comments")
    # What was noted of the table's changes was noted before it was filled.
    run.changes.pop(TOLD, None)
    models = evidence.model_frame(lessons, uses, min_confidence=policy.min_confidence, themed=themed)
    tables.write_frame(run, evidence.MODEL_TABLE, models)
    tables.write_frame(run, evidence.CLASS_TABLE, evidence.class_frame(lessons))
    return _told(run, lessons, uses)


def _learn_all(run: Run, labelled: Labelled, themed: tuple[str, ...] | None) -> dict[Kind, Lesson]:
    lessons: dict[Kind, Lesson] = {}
    for kind in mapped_kinds(run):
        texts, labels = labelled.of(kind)
        protected = protected_class(run, kind)
        if protected:
            refusal = f"its labels are {protected} and do not leave staging"
            lessons[kind] = Lesson(None, refusal, None, len(labels), 0)
            continue
        lessons[kind] = learn(texts, labels, run.workspace.comments)
    theme, sentiment = lessons.get("theme"), lessons.get("sentiment")
    if theme and theme.model and themed is not None and not (sentiment and sentiment.model):
        refusal = f"themes are labelled of {' and '.join(themed)} comments only, and which ones are so is not known"
        lessons["theme"] = replace(theme, model=None, refusal=refusal)
    return lessons


def _use(scored: pl.DataFrame, kind: Kind, lesson: Lesson, themed: tuple[str, ...] | None) -> evidence.Use:
    """Themes are asked of comments of the sentiments that have them; a model that is refused is asked of none."""
    if lesson.model is None:
        return evidence.Use(0, 0)
    asked = scored.filter(scored["sentiment_name"].is_in(themed)) if kind == "theme" and themed is not None else scored
    return evidence.Use(asked.height, int(asked[f"{kind}_name"].null_count()))


def _told(run: Run, lessons: dict[Kind, Lesson], uses: dict[Kind, evidence.Use]) -> Told:
    sentences = [_sentence(kind, lesson, uses[kind]) for kind, lesson in lessons.items() if lesson.model]
    warnings: list[tuple[str, str]] = [
        (kind, f"no {kind} is told of comments: {lesson.refusal}") for kind, lesson in lessons.items() if lesson.refusal
    ]
    if not lessons:
        warnings = [("labels", "no source of labelled comments maps sentiment_name or theme_name: nothing is learnt")]
    for kind, message in warnings:
        ledger.raise_alert(
            run.warehouse, run.attempt, severity="warning", kind="comments", subject=kind, message=message
        )
    return Told(tuple(sentences), tuple(message for _, message in warnings))


def _sentence(kind: Kind, lesson: Lesson, use: evidence.Use) -> str:
    found = lesson.evaluation
    assert found is not None  # noqa: S101 - a model that is used was judged
    rare = f", {lesson.left_out_count:,} with rare labels left out" if lesson.left_out_count else ""
    return (
        f"{kind}: {lesson.labelled_count:,} labelled comments{rare}, {found.accuracy_share:.1%} right"
        f" ({found.base_rate_share:.1%} by the commonest label); {use.comment_count:,} comments read,"
        f" of {use.unknown_count:,} it is unknown"
    )
