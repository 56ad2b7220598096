"""14,640 labelled comments on airlines: two of three are labelled for the run, the third is what customers write.

What is told of them is held against the labels that the run has not seen, and everything that leaves `staging` is
searched for the comments.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from tasks.comments.plain_text import plain_text, words_of
from tests.integration.corridor import ledger
from tests.integration.database_texts import columns_of
from tests.integration.test_privacy_search import Searched, command

AS_OF = "2015-02-24"
CUSTOMERS = 400
pytestmark = pytest.mark.real_data


@dataclass(frozen=True)
class Airline:
    """The output folder of the run, what it printed and logged, and the comments with all their labels."""

    output: Path
    log: list[str]
    labelled: pl.DataFrame
    written: pl.DataFrame


def workspace(file: Path) -> dict[str, Any]:
    """Two thirds of the comments with their labels, a third as feedback of made customers."""
    source: dict[str, Any] = {"format": "csv", "path": str(file)}
    return {
        "name": "airline",
        "sources": {
            "people": {
                "entity": "customers",
                "format": "csv",
                "path": "customers.csv",
                "columns": {"customer_id": "id"},
            },
            "labels": source
            | {
                "entity": "labelled_comments",
                "where": "CAST(row_id AS INTEGER) % 3 <> 0",
                "columns": {
                    "comment_id": "row_id",
                    "comment_text": "text",
                    "sentiment_name": "airline_sentiment",
                    "theme_name": "nullif(negativereason, 'Can''t Tell')",
                },
            },
            "tweets": source
            | {
                "entity": "feedback",
                "where": "CAST(row_id AS INTEGER) % 3 = 0",
                "columns": {
                    "feedback_id": "row_id",
                    "customer_id": f"'c' || CAST(row_id AS INTEGER) % {CUSTOMERS}",
                    "given_at": "tweet_created[:19]",
                    "comment_text": "text",
                },
            },
        },
        "segmentations": {
            "mood": {
                "kind": "rules",
                "basis": "behavioural",
                "segments": [
                    {"id": "angry", "name": "Angry", "when": "negative_comment_share > 0.5"},
                    {"id": "late", "name": "Waiting", "when": "top_theme_name = 'Late Flight'"},
                ],
                "otherwise": {"id": "calm", "name": "Calm"},
            }
        },
    }


@pytest.fixture(scope="module")
def airline(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Airline:
    file = test_data.resolve() / "airline_sentiment" / "airline_sentiment_stripped.csv"
    if not file.is_file():
        pytest.skip(f"no comments at {file}")
    comments = pl.read_csv(file)
    folder = tmp_path_factory.mktemp("airline")
    (folder / "customers.csv").write_text("id\n" + "".join(f"c{n}\n" for n in range(CUSTOMERS)))
    (folder / "resegment.yaml").write_text(yaml.safe_dump(workspace(file), sort_keys=False))
    said = Searched(folder / "out", {}, "")
    command(said, "run", "--workspace", folder, "--as-of", AS_OF)
    is_written = pl.col("row_id") % 3 == 0
    return Airline(said.output, [said.said, *said.log], comments.filter(~is_written), comments.filter(is_written))


def judged(airline: Airline) -> pl.DataFrame:
    """What is told of comments that no labelled one is a copy of, beside their own labels."""
    told = ledger(
        airline.output,
        "SELECT CAST(feedback_id AS BIGINT), sentiment_name, theme_name FROM staging.feedback_sentiment",
    )
    frame = pl.DataFrame(told, schema=["row_id", "told_sentiment", "told_theme"], orient="row")
    known = {words_of(plain_text(text)) for text in airline.labelled["text"]}
    unseen = [words_of(plain_text(text)) not in known for text in airline.written["text"]]
    return airline.written.filter(pl.Series(unseen)).join(frame, on="row_id", how="left", maintain_order="left")


def evidence(airline: Airline, model: str) -> tuple[Any, ...]:
    (row,) = ledger(
        airline.output,
        "SELECT status_name, accuracy_share, base_rate_share, confident_share, confident_accuracy_share, comment_count,"
        f" unknown_count, sentiment_names FROM monitoring.comment_model WHERE model_name = '{model}'",
    )
    return row


@pytest.mark.parametrize(
    ("model", "told", "truth"),
    [("sentiment", "told_sentiment", "airline_sentiment"), ("theme", "told_theme", "negativereason")],
)
def test_what_is_told_is_as_often_right_as_the_evidence_says(
    airline: Airline, model: str, told: str, truth: str
) -> None:
    status, accuracy, base_rate, _, promised, comment_count, unknown, _ = evidence(airline, model)
    assert status == "used"
    assert accuracy > base_rate
    comments = judged(airline)
    if model == "theme":
        comments = comments.filter(
            (pl.col("told_sentiment") == "negative")
            & (pl.col("airline_sentiment") == "negative")
            & (pl.col("negativereason") != "Can't Tell")
        )
    known = comments.drop_nulls(told)
    assert known.height > 1000
    right = (known[told] == known[truth]).mean()
    assert isinstance(right, float)
    # Three standard errors of both counts; a theme is told of those only whose sentiment is told, too, which are clearer.
    error = np.sqrt(0.25 / known.height + 0.25 / comment_count)
    assert promised - 3 * error < right
    assert right < promised + 3 * error + (0.05 if model == "theme" else 0)
    assert 0 < unknown < 0.6 * comment_count


def test_themes_are_told_of_negative_comments_only(airline: Airline) -> None:
    assert evidence(airline, "theme")[-1] == "negative"
    assert ledger(
        airline.output,
        "SELECT DISTINCT sentiment_name FROM staging.feedback_sentiment WHERE theme_name IS NOT NULL",
    ) == [("negative",)]


def test_segments_are_made_of_what_customers_write(airline: Airline) -> None:
    sizes = dict(ledger(airline.output, "SELECT segment_id, count(*) FROM segments.membership GROUP BY ALL"))
    assert sum(sizes.values()) == CUSTOMERS
    assert set(sizes) == {"mood.angry", "mood.calm", "mood.late"}


def test_no_comment_and_no_rare_word_leaves_staging(airline: Airline) -> None:
    texts = {text for frame in (airline.labelled, airline.written) for text in frame["text"] if len(text) > 20}
    # Words that nobody but these customers writes, such as #destinationdragons.
    tags = {
        word[1:].lower()
        for text in texts
        for word in text.split()
        if word.startswith("#") and word[1:].isalpha() and len(word) > 14
    }
    assert len(texts) > 14_000
    assert len(tags) > 200
    warehouse = airline.output / "warehouse.duckdb"
    kept = columns_of(warehouse, ("features", "segments", "monitoring", "ops"))
    published = columns_of(airline.output / "published" / "published.duckdb", ("main", "v1"))
    pages = [html.unescape(page.read_text()) for page in (airline.output / "report").glob("*.html")]
    said = [value for columns in (kept, published) for values in columns.values() for value in values]
    whole = "\n".join([*said, *pages, *airline.log])
    assert "Late Flight" in whole
    assert len(airline.log) > 20
    assert sorted(text for text in texts if text in whole) == []
    assert sorted(tag for tag in tags if tag in whole.lower()) == []
