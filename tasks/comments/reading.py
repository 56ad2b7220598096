"""Comments out of `staging`: those with labels, to learn from, and those of feedback, to be told of.

Owns: what is read and in which order, and which sentiments themes are told of. Does not own the columns
(`sql/staging/labelled_comments.sql`, `sql/staging/feedback_sentiment.sql`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tasks.comments.plain_text import plain_text
from tasks.warehouse.privacy import PROTECTED, privacy_of
from tasks.warehouse.run import Run

Kind = Literal["sentiment", "theme"]
KINDS: tuple[Kind, ...] = ("sentiment", "theme")
LABELLED = "staging.labelled_comments"
TOLD = "staging.feedback_sentiment"


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labelled comments in the order of their ids: the text as models read it, and its labels, where it has them."""

    texts: tuple[str, ...]
    sentiments: tuple[str | None, ...]
    themes: tuple[str | None, ...]

    def of(self, kind: Kind) -> tuple[list[str], list[str]]:
        """Texts and labels of those that are labelled with one kind."""
        labels = self.sentiments if kind == "sentiment" else self.themes
        pairs = [(text, label) for text, label in zip(self.texts, labels, strict=True) if label is not None]
        return [text for text, _ in pairs], [label for _, label in pairs]


def read_labelled(run: Run) -> Labelled:
    """The labelled comments that were known at the end of the as-of day."""
    rows = run.warehouse.rows(f"SELECT comment_text, sentiment_name, theme_name FROM {LABELLED} ORDER BY comment_id")
    texts, sentiments, themes = zip(*rows, strict=True) if rows else ((), (), ())
    return Labelled(tuple(map(plain_text, texts)), sentiments, themes)


def read_comments(run: Run) -> tuple[list[str], list[str]]:
    """Ids of the feedback that has a comment, in order, and its comment as models read it."""
    rows = run.warehouse.rows(
        f"SELECT feedback_id, comment_text FROM {TOLD} INNER JOIN staging.feedback USING (feedback_id) ORDER BY 1"
    )
    return [feedback_id for feedback_id, _ in rows], [plain_text(text) for _, text in rows]


def mapped_kinds(run: Run) -> list[Kind]:
    """The kinds of labels that a source maps."""
    mapped = {
        name
        for source in run.workspace.sources.values()
        if source.entity == "labelled_comments"
        for name in source.columns
    }
    return [kind for kind in KINDS if f"{kind}_name" in mapped]


def protected_class(run: Run, kind: Kind) -> str | None:
    """The class of the labels themselves where it keeps them in `staging`; None where they may be told."""
    found = privacy_of(run).class_of((LABELLED, f"{kind}_name"))
    return found if found in PROTECTED else None


def themed_sentiments(sentiments: Sequence[str | None], themes: Sequence[str | None]) -> tuple[str, ...] | None:
    """The sentiments of whose comments themes are told; None where of every comment.

    Many companies label only complaints with a theme. A model that has seen no other comment would find a complaint in
    a thank-you note, too. So themes are told of the sentiment whose labelled comments have one most often, and of those
    whose comments have one at least half as often.
    """
    sizes = Counter(sentiment for sentiment in sentiments if sentiment)
    pairs = zip(sentiments, themes, strict=True)
    with_theme = Counter(sentiment for sentiment, theme in pairs if sentiment and theme)
    if not with_theme:
        return None
    shares = {sentiment: with_theme[sentiment] / size for sentiment, size in sizes.items()}
    often = tuple(sorted(name for name, share in shares.items() if share >= max(shares.values()) / 2))
    return None if len(often) == len(sizes) else often
