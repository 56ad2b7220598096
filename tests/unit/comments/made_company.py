"""A small company whose customers write comments, some of which are labelled."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import yaml

from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tests.unit.comments.made_comments import Made, made_comments
from tests.workspaces import ORDERS, small_workspace

LABELS: dict[str, Any] = {
    "entity": "labelled_comments",
    "format": "csv",
    "path": "labels.csv",
    "columns": {
        "comment_id": "id",
        "labelled_at": "labelled",
        "comment_text": "text",
        "sentiment_name": "mood",
        "theme_name": "theme",
    },
}
_FEEDBACK: dict[str, Any] = {
    "entity": "feedback",
    "format": "jsonl",
    "path": "feedback.jsonl",
    "columns": {"feedback_id": "id", "customer_id": "customer", "given_at": "given", "comment_text": "said"},
}
COMMENTS = made_comments(120, seed=20)
CUSTOMERS = ("anna", "ben")
#: The day of the last comment.
LAST = dt.date(2025, 6, 30)


def label_rows(
    made: list[Made], *, day: str = "2025-01-01", themed: tuple[str, ...] = ("negative",)
) -> list[list[str]]:
    """Rows of the file of labels; themes are labelled of some sentiments only."""
    return [
        [f"L{day}-{place}", day, comment.text, comment.sentiment, comment.theme if comment.sentiment in themed else ""]
        for place, comment in enumerate(made)
    ]


def company(
    folder: Path,
    rows: list[list[str]] | None,
    *,
    written: list[Made] = COMMENTS,
    labels: dict[str, Any] = LABELS,
    **sections: object,
) -> Workspace:
    """Write the company's files, and its workspace with further sections; of `rows` None nothing is labelled.

    Customers write in turn, a comment a day until the end of June.
    """
    folder.mkdir(exist_ok=True)
    tree: dict[str, Any] = small_workspace()
    tree["sources"]["feedback"] = _FEEDBACK
    if rows is not None:
        tree["sources"]["labels"] = labels
        text = io.StringIO()
        csv.writer(text).writerows([["id", "labelled", "text", "mood", "theme"], *rows])
        (folder / "labels.csv").write_text(text.getvalue())
    (folder / "orders.csv").write_text(ORDERS)
    (folder / "feedback.jsonl").write_text("".join(_feedback(written)))
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree | sections, sort_keys=False))
    return load_workspace(folder)


def _feedback(written: list[Made]) -> list[str]:
    first = LAST - dt.timedelta(days=len(written) - 1)
    rows = [
        {
            "id": f"F{place:03}",
            "customer": CUSTOMERS[place % 2],
            "given": f"{first + dt.timedelta(days=place)} 10:00:00",
            "said": comment.text,
        }
        for place, comment in enumerate(written)
    ]
    return [json.dumps(row) + "\n" for row in rows]
