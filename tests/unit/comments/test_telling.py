"""The room in a run: what it fills, what it keeps as evidence, and what becomes of a run that it has nothing to tell."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tasks.comments.telling import Told, tell_comments
from tasks.config.errors import WorkspaceError
from tasks.config.workspace import Workspace
from tasks.features.build import build_all
from tasks.warehouse.run import Run, open_run
from tests.staged import ingest_and_stage
from tests.unit.comments.made_comments import Made, made_comments
from tests.unit.comments.made_company import COMMENTS, LABELS, LAST, company, label_rows

LABELLED = made_comments(500, seed=21)
_TOLD = "SELECT * EXCLUDE (as_of_date, run_id) FROM staging.feedback_sentiment ORDER BY feedback_id"


@contextmanager
def told(space: Workspace, as_of: dt.date = LAST, output: Path | None = None) -> Iterator[tuple[Run, Told]]:
    with open_run(
        space, as_of=as_of, known_as_of=None, output=output or space.directory / "out", is_scratch=True
    ) as run:
        ingest_and_stage(run)
        yield run, tell_comments(run)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Told]]:
    """The company with all its labels, told; for tests that only read."""
    with told(company(tmp_path_factory.mktemp("usual") / "w", label_rows(LABELLED))) as found:
        yield found


def evidence(run: Run) -> dict[str, dict[str, Any]]:
    found = run.warehouse.records(f"SELECT * FROM monitoring.comment_model WHERE run_id = '{run.run_id}'")
    return {row["model_name"]: row for row in found}


def features(run: Run) -> dict[str, dict[str, Any]]:
    build_all(run)
    found = run.warehouse.records(
        f"SELECT * FROM features.customer_comments WHERE run_id = '{run.run_id}' ORDER BY customer_id"
    )
    return {row["customer_id"]: row for row in found}


def test_comments_get_sentiments_themes_and_features(usual: tuple[Run, Told]) -> None:
    run, said = usual
    rows = run.warehouse.records(_TOLD)
    assert [row["feedback_id"] for row in rows] == [f"F{place:03}" for place in range(len(COMMENTS))]
    known = [(row, made) for row, made in zip(rows, COMMENTS, strict=True) if row["sentiment_name"]]
    right = sum(row["sentiment_name"] == made.sentiment for row, made in known)
    assert len(known) > 60
    # The words are those of another mood in one of ten; the rest are the model's mistakes.
    assert right > 0.75 * len(known)
    themes = [(row["theme_name"], made.theme) for row, made in known if row["sentiment_name"] == "negative"]
    assert sum(name == theme for name, theme in themes if name) > 0.9 * len(themes)
    assert {row["theme_name"] for row in rows if row["sentiment_name"] != "negative"} == {None}
    of_customers = features(run)
    assert sum(row["comment_count"] for row in of_customers.values()) == len(known)
    newest = known[-1][0]
    last = of_customers[("anna", "ben")[int(newest["feedback_id"][1:]) % 2]]
    assert last["last_sentiment_name"] == newest["sentiment_name"]
    assert last["top_theme_name"] in {"Delivery", "Food", "Staff"}
    assert said.warnings == ()
    assert len(said.sentences) == 2
    assert "500 labelled comments" in said.sentences[0]


def test_the_evidence_counts_what_was_done(usual: tuple[Run, Told]) -> None:
    run, _ = usual
    found, rows = evidence(run), run.warehouse.records(_TOLD)
    sentiment, theme = found["sentiment"], found["theme"]
    unknown = sum(row["sentiment_name"] is None for row in rows)
    negative = [row for row in rows if row["sentiment_name"] == "negative"]
    assert (sentiment["status_name"], sentiment["reason"], sentiment["sentiment_names"]) == ("used", None, None)
    assert (sentiment["comment_count"], sentiment["unknown_count"]) == (len(rows), unknown)
    assert sentiment["labelled_count"] == 500
    assert (theme["sentiment_names"], theme["comment_count"]) == ("negative", len(negative))
    assert theme["unknown_count"] == sum(row["theme_name"] is None for row in negative)
    assert theme["labelled_count"] == sum(made.sentiment == "negative" for made in LABELLED)
    classes = run.warehouse.rows("SELECT model_name, class_name FROM monitoring.comment_class ORDER BY ALL")
    assert classes == [
        *(("sentiment", name) for name in ("negative", "neutral", "positive")),
        *(("theme", name) for name in ("Delivery", "Food", "Staff")),
    ]


def test_what_comes_after_the_as_of_day_changes_nothing(tmp_path: Path) -> None:
    """Labels of July say the opposite, and comments of July are there."""
    opposite = {"negative": "positive", "positive": "negative", "neutral": "neutral"}
    turned = [Made(made.text, opposite[made.sentiment], made.theme) for made in LABELLED]
    later = [*label_rows(LABELLED), *label_rows(turned, day="2025-07-01")]
    comments = made_comments(40, seed=22)
    with told(company(tmp_path / "w", label_rows(LABELLED), written=comments)) as (run, _):
        alone, figures = run.warehouse.rows(_TOLD), evidence(run)
    with told(company(tmp_path / "v", later, written=comments)) as (run, _):
        assert run.warehouse.rows(_TOLD) == alone
        assert [row | {"run_id": ""} for row in evidence(run).values()] == [
            row | {"run_id": ""} for row in figures.values()
        ]
    with told(company(tmp_path / "v", later, written=comments), dt.date(2025, 7, 2)) as (run, _):
        assert run.warehouse.rows(_TOLD) != alone
        assert evidence(run)["sentiment"]["labelled_count"] == 1000
    early = LAST - dt.timedelta(days=10)
    with told(company(tmp_path / "u", label_rows(LABELLED), written=comments), early) as (run, _):
        assert run.warehouse.rows(_TOLD) == alone[:-10]


def test_nothing_is_done_where_nothing_is_labelled(tmp_path: Path) -> None:
    with told(company(tmp_path / "w", None)) as (run, said):
        assert said == Told((), ())
        assert not run.warehouse.table_exists("monitoring.comment_model")
        rows = run.warehouse.records(_TOLD)
        assert len(rows) == len(COMMENTS)
        assert {value for row in rows for name, value in row.items() if name != "feedback_id"} == {None}
        assert [(row["comment_count"], row["sentiment_mean"]) for row in features(run).values()] == [(0, None)] * 2


def test_nothing_is_imported_before_it_is_needed() -> None:
    program = "import sys, tasks.comments.tasks; sys.exit(bool({'sklearn', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=False).returncode == 0


def test_too_few_labels_are_refused_and_the_run_goes_on(tmp_path: Path) -> None:
    with told(company(tmp_path / "w", label_rows(LABELLED[:150]))) as (run, said):
        few = "150 labelled comments are too few, 200 are needed (comments.min_labelled)"
        assert said.sentences == ()
        assert said.warnings[0] == f"no sentiment is told of comments: {few}"
        alerts = run.warehouse.rows("SELECT kind_name, subject_name, severity_name, message FROM ops.alert ORDER BY 2")
        assert [alert[:3] for alert in alerts] == [("comments", kind, "warning") for kind in ("sentiment", "theme")]
        assert tuple(alert[3] for alert in alerts) == said.warnings
        assert {row["status_name"] for row in evidence(run).values()} == {"refused"}
        assert evidence(run)["sentiment"]["reason"] == few
        assert [row["comment_count"] for row in features(run).values()] == [0, 0]


def test_without_sentiments_it_is_not_known_which_comments_have_a_theme(tmp_path: Path) -> None:
    """Sentiment can be told of too few; themes of negative comments were learnt all the same."""
    rows = label_rows([made for made in LABELLED if made.sentiment == "negative"])
    rows += label_rows([made for made in LABELLED if made.sentiment == "positive"][:15], day="2025-01-02")
    with told(company(tmp_path / "w", rows)) as (run, said):
        assert said.warnings[1] == (
            "no theme is told of comments: themes are labelled of negative comments only, and which ones are so is"
            " not known"
        )
        assert evidence(run)["theme"]["accuracy_share"] > 0.5
        assert {row["theme_name"] for row in run.warehouse.records(_TOLD)} == {None}


def test_themes_alone_are_told_of_every_comment(tmp_path: Path) -> None:
    columns = {name: column for name, column in LABELS["columns"].items() if name != "sentiment_name"}
    rows = label_rows(LABELLED, themed=("negative", "neutral", "positive"))
    with told(company(tmp_path / "w", rows, labels=LABELS | {"columns": columns})) as (run, said):
        assert (list(evidence(run)), said.warnings) == (["theme"], ())
        names = [row["theme_name"] for row in run.warehouse.records(_TOLD)]
        assert sum(name == made.theme for name, made in zip(names, COMMENTS, strict=True)) > 0.9 * len(names)
        assert {row["top_theme_name"] is None for row in features(run).values()} == {False}


def test_a_source_without_labels_is_told(tmp_path: Path) -> None:
    columns = {name: column for name, column in LABELS["columns"].items() if not name.endswith("_name")}
    space = company(tmp_path / "w", label_rows(LABELLED), labels=LABELS | {"columns": columns})
    with told(space) as (run, said):
        assert said.warnings == ("no source of labelled comments maps sentiment_name or theme_name: nothing is learnt",)
        assert evidence(run) == {}


def test_labels_that_are_protected_stay_in_staging(tmp_path: Path) -> None:
    privacy = {"columns": {"labelled_comments.theme_name": "sensitive"}}
    with told(company(tmp_path / "w", label_rows(LABELLED), privacy=privacy)) as (run, said):
        assert said.warnings == ("no theme is told of comments: its labels are sensitive and do not leave staging",)
        assert {row["theme_name"] for row in run.warehouse.records(_TOLD)} == {None}
        assert run.warehouse.rows("SELECT DISTINCT model_name FROM monitoring.comment_class") == [("sentiment",)]


def test_settings_count(usual: tuple[Run, Told], tmp_path: Path) -> None:
    by_default = evidence(usual[0])["sentiment"]
    strict = {"min_confidence": 0.95, "min_labelled": 400, "min_per_label": 30, "seed": 3}
    with told(company(tmp_path / "v", label_rows(LABELLED), comments=strict)) as (run, _):
        found = evidence(run)
        assert found["sentiment"]["min_confidence_share"] == 0.95
        assert found["sentiment"]["unknown_count"] > by_default["unknown_count"]
        assert found["sentiment"]["log_loss"] != by_default["log_loss"]
        assert found["theme"]["status_name"] == "refused"


def test_a_section_without_labelled_comments_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError) as raised:
        company(tmp_path / "w", None, comments={"seed": 1})
    assert "no source maps to labelled_comments" in raised.value.message


def test_labels_that_are_none_are_quarantined(tmp_path: Path) -> None:
    rows = label_rows(LABELLED)
    rows[0][3] = "angry"
    rows[1][2] = "  "
    rows[2][4] = "a whole sentence of a customer who was not served for an hour"
    with told(company(tmp_path / "w", rows)) as (run, _):
        found = run.warehouse.rows(
            "SELECT row_number, column_name, action_name, reason FROM ops.quarantine ORDER BY row_number"
        )
        assert [row[:3] for row in found] == [
            (1, "sentiment_name", "row"),
            (2, "comment_text", "row"),
            (3, "theme_name", "row"),
        ]
        assert "negative, neutral or positive" in found[0][3]
        assert evidence(run)["sentiment"]["labelled_count"] == 497


_OWN = """\
-- what: one row is how often a customer was angry
-- why: a model of the workspace that does not ask for the day
-- grain: customer
-- column customer_id: who [id]
-- column angry_count: negative comments [unit=comments; cumulative]
SELECT customer_id, coalesce(angry_count, 0) AS angry_count
FROM staging.customers
LEFT JOIN (
    SELECT feedback.customer_id, count(*) AS angry_count
    FROM staging.feedback_sentiment AS told
    INNER JOIN staging.feedback AS feedback USING (feedback_id)
    WHERE told.sentiment_name = 'negative'
    GROUP BY ALL
) USING (customer_id)
"""


def test_features_follow_when_labels_come_later(tmp_path: Path) -> None:
    """Between the runs nothing changes but the labels, of which the tables of `staging` that features read show nothing."""
    own = tmp_path / "w" / "sql" / "features"
    own.mkdir(parents=True)
    (own / "customer_moods.sql").write_text(_OWN)
    counts = []
    for size in (100, 500):
        with told(company(tmp_path / "w", label_rows(LABELLED[:size]))) as (run, _):
            build_all(run)
            counts.append(
                run.warehouse.value(
                    f"SELECT sum(angry_count) FROM features.customer_moods WHERE run_id = '{run.run_id}'"
                )
            )
            negative = "SELECT count(*) FROM staging.feedback_sentiment WHERE sentiment_name = 'negative'"
            assert counts[-1] == run.warehouse.value(negative)
    assert counts[0] == 0 < counts[1]


def all_told(run: Run) -> tuple[object, ...]:
    """Comments, features and evidence of a run, whatever its id."""
    rows = [row | {"run_id": "", "as_of_date": None} for row in features(run).values()]
    return run.warehouse.rows(_TOLD), rows, [row | {"run_id": ""} for row in evidence(run).values()]


def test_a_run_after_another_tells_what_a_run_alone_does(usual: tuple[Run, Told], tmp_path: Path) -> None:
    with told(company(tmp_path / "w", label_rows(LABELLED)), LAST - dt.timedelta(days=1)) as (run, _):
        build_all(run)
    with told(company(tmp_path / "w", label_rows(LABELLED)), LAST) as (run, _):
        assert all_told(run) == all_told(usual[0])
