"""What is told of comments: names where the models are sure, themes of the sentiments that have them."""

from __future__ import annotations

import polars as pl
import pytest

from tasks.comments import scoring
from tasks.comments.learning import learn
from tasks.comments.reading import Kind, themed_sentiments
from tasks.comments.scoring import score_comments
from tasks.comments.text_model import TextModel
from tasks.config.comments import Comments
from tests.unit.comments.made_comments import made_comments

Models = dict[Kind, TextModel]
UNSEEN = made_comments(300, seed=4)


@pytest.fixture(scope="module")
def models() -> Models:
    made = made_comments(600, seed=3)
    texts = [comment.text for comment in made]
    lessons = {
        "sentiment": learn(texts, [comment.sentiment for comment in made], Comments()),
        "theme": learn(texts, [comment.theme for comment in made], Comments()),
    }
    assert all(lesson.model for lesson in lessons.values())
    return {"sentiment": lessons["sentiment"].model, "theme": lessons["theme"].model}  # type: ignore[dict-item]


def scored(
    models: Models, texts: list[str], *, confidence: float = 0.6, themed: tuple[str, ...] | None = None
) -> pl.DataFrame:
    ids = [f"F{place}" for place in range(len(texts))]
    return score_comments(ids, texts, models, min_confidence=confidence, themed=themed)


def test_names_scores_and_confidences_agree(models: Models) -> None:
    found = scored(models, [comment.text for comment in UNSEEN])
    told = found.drop_nulls("sentiment_name")
    assert 150 < told.height < 300
    assert told["sentiment_confidence_share"].min() >= 0.6  # type: ignore[operator]
    assert (
        found.filter(pl.col("sentiment_name").is_null())["sentiment_score"].null_count() == found.height - told.height
    )
    of_side = {name: told.filter(sentiment_name=name)["sentiment_score"] for name in ("negative", "positive")}
    assert (of_side["negative"] < -0.2).all()
    assert (of_side["positive"] > 0.2).all()
    assert told["sentiment_score"].abs().max() <= 1  # type: ignore[operator]


def test_the_score_is_positive_minus_negative(models: Models) -> None:
    text = UNSEEN[0].text
    shares = dict(zip(models["sentiment"].labels, models["sentiment"].shares([text])[0], strict=True))
    row = scored(models, [text], confidence=0.01).row(0, named=True)
    assert row["sentiment_score"] == pytest.approx(shares["positive"] - shares["negative"], abs=1e-6)
    assert row["sentiment_confidence_share"] == max(shares.values())


def test_more_confidence_tells_less(models: Models) -> None:
    texts = [comment.text for comment in UNSEEN]
    counts = [scored(models, texts, confidence=asked)["sentiment_name"].count() for asked in (0.4, 0.7, 0.9, 0.999)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[2] > counts[3]


def test_a_comment_of_unknown_words_is_unknown(models: Models) -> None:
    row = scored(models, ["xyzzy plugh", "rude awful waiter"], confidence=0.2).rows(named=True)
    assert set(row[0].values()) == {"F0", None}
    assert (row[1]["sentiment_name"], row[1]["theme_name"]) == ("negative", "Staff")


def test_themes_are_told_of_the_sentiments_that_have_them(models: Models) -> None:
    texts = [comment.text for comment in UNSEEN]
    found = scored(models, texts, themed=("negative",))
    others = found.filter(pl.col("sentiment_name").ne_missing("negative"))
    assert others.height > 50
    assert others["theme_name"].null_count() == others["theme_confidence_share"].null_count() == others.height
    negative = found.filter(sentiment_name="negative")
    assert negative.equals(scored(models, texts).filter(sentiment_name="negative"))
    assert negative["theme_name"].count() > 0.9 * negative.height


def test_copies_are_told_alike_and_chunks_make_no_difference(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [comment.text for comment in UNSEEN]
    whole = scored(models, texts + texts)
    assert whole.drop("feedback_id")[:300].equals(whole.drop("feedback_id")[300:])
    monkeypatch.setattr(scoring, "_CHUNK", 7)
    assert scored(models, texts + texts).equals(whole)


def test_without_models_or_comments_nothing_is_told(models: Models) -> None:
    nothing = scored({}, ["rude waiter"])
    assert nothing.row(0) == ("F0", None, None, None, None, None)
    assert scored(models, []).schema == nothing.schema
    alone = scored({"theme": models["theme"]}, ["rude waiter"])
    assert alone.row(0, named=True)["theme_name"] == "Staff"


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("negative", "Food"), ("negative", None), ("neutral", None), ("positive", None)], ("negative",)),
        ([("negative", "Food"), ("negative", None), ("positive", "Food"), ("positive", None)], None),
        ([("negative", "Food"), ("positive", "Food"), ("positive", None), ("positive", None)], ("negative",)),
        ([("negative", "A"), ("positive", "A"), ("positive", None), ("neutral", None)], ("negative", "positive")),
        ([(None, "Food"), ("negative", None)], None),
        ([], None),
    ],
)
def test_where_themes_belong_is_learnt_from_the_labels(
    pairs: list[tuple[str | None, str | None]], expected: tuple[str, ...] | None
) -> None:
    assert themed_sentiments([sentiment for sentiment, _ in pairs], [theme for _, theme in pairs]) == expected
