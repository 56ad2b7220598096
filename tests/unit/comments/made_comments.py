"""Comments drawn from words of a mood, words of a theme and words of neither, with the labels they were drawn for."""

from __future__ import annotations

import random
from dataclasses import dataclass

MOODS = {
    "negative": ("awful", "rude", "late", "broken", "never", "refund", "angry", "worst"),
    "neutral": ("when", "question", "open", "hours", "where", "please", "ask", "info"),
    "positive": ("great", "thanks", "lovely", "friendly", "fast", "happy", "best", "again"),
}
THEMES = {
    "Delivery": ("parcel", "courier", "delivery", "box"),
    "Food": ("soup", "bread", "salad", "wine"),
    "Staff": ("waiter", "cashier", "staff", "service"),
}
FILLER = ("the", "a", "was", "with", "my", "in", "on", "day", "shop", "today", "it", "and", "very", "from")


@dataclass(frozen=True)
class Made:
    text: str
    sentiment: str
    theme: str


def made_comments(count: int, *, seed: int, clear_share: float = 0.85) -> list[Made]:
    """Comments with nine to twelve words; `clear_share` of them have a word of their own mood, others one of any."""
    draw = random.Random(seed)  # noqa: S311 - no secret is drawn
    made = []
    for _ in range(count):
        sentiment, theme = draw.choices(tuple(MOODS), (5, 2, 3))[0], draw.choice(tuple(THEMES))
        spoken = sentiment if draw.random() < clear_share else draw.choice(tuple(MOODS))
        words = [draw.choice(MOODS[spoken]), draw.choice(THEMES[theme]), *draw.choices(FILLER, k=draw.randint(7, 10))]
        draw.shuffle(words)
        made.append(Made(" ".join(words), sentiment, theme))
    return made
