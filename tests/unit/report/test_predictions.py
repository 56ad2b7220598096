"""Predictions on the page: what was foretold and what came, drawn and in figures; refusals; nothing where there is none."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from tasks.report.data import collect
from tasks.report.page import render
from tasks.report.prediction_charts import draw_calibration, draw_lift
from tasks.report.prediction_records import PredictionFacts
from tasks.warehouse import ledger, tables
from tasks.warehouse.run import Run
from tests.unit.report import made_run
from tests.unit.report.parsed_page import ParsedPage

_DATES = {
    "test_from_date": dt.date(2025, 4, 2),
    "test_until_date": dt.date(2025, 6, 30),
    "train_from_date": dt.date(2024, 4, 7),
    "train_until_date": dt.date(2025, 4, 1),
}
_MADE = {
    "horizon_days": 90,
    "status_name": "made",
    "decision": "least score on the tested period",
    "test_days": 90,
    "test_customer_count": 1200,
    "test_ordered_count": 480,
    "train_cut_off_count": 12,
    "train_row_count": 10_000,
    "scored_customer_count": 1500,
    **_DATES,
}
_BINS = {"churn": [(0.2, 0.25), (0.5, 0.6), (0.9, 0.95)], "spend": [(10.0, 8.0), (250.0, 312.0)]}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with two predictions that were made and one that was refused, as the room `predict` writes them."""
    made = made_run.start_run(tmp_path)
    predictions = [
        _MADE | {"prediction_id": "churn", "prediction_name": "Who leaves", "kind_name": "churn"},
        _MADE | {"prediction_id": "spend", "prediction_name": "spend", "kind_name": "spend"},
        {
            "prediction_id": "value",
            "prediction_name": "<b>Value</b>",
            "kind_name": "clv",
            "horizon_days": 365,
            "status_name": "refused",
            "decision": "orders go back 30 days",
            "scored_customer_count": 0,
        },
    ]
    for row in predictions:
        row["feature_name"] = f"{row['prediction_id']}_share"
        row["model_name"] = "boosting" if row["status_name"] == "made" else None
    scores = [
        {"prediction_id": "churn", "model_name": name, "is_used": name == "boosting", "model_note": f"note of {name}"}
        | {"brier_score": 0.1234, "auc": 0.81, "calibration_slope": 1.1, "calibration_intercept": -0.2}
        | {"top_decile_lift": 2.5, "mean_foretold_value": 0.5, "mean_observed_value": 0.6}
        for name in ("as_before", "bg_nbd", "boosting")
    ]
    scores.append(
        {"prediction_id": "spend", "model_name": "boosting", "is_used": True, "mean_error_amount": 17.5, "rmsle": 1.25}
        | {"total_error_share": -0.04, "poisson_deviance": 1.5, "top_decile_lift": 4.0}
        | {"mean_foretold_value": 96.0, "mean_observed_value": 100.0}
    )
    bins = [
        {"prediction_id": key, "model_name": "boosting", "bin_no": number, "foretold_value": foretold}
        | {"observed_value": observed, "customer_count": 400}
        for key, listed in _BINS.items()
        for number, (foretold, observed) in enumerate(listed, 1)
    ]
    for table, rows in (("prediction", predictions), ("prediction_score", scores), ("calibration", bins)):
        tables.write_frame(made, f"monitoring.{table}", pl.DataFrame(rows, infer_schema_length=None))
    message = "the prediction value is refused: orders go back 30 days"
    ledger.raise_alert(
        made.warehouse, made.attempt, severity="warning", kind="prediction", subject="value", message=message
    )
    return made


def facts_of(run: Run, key: str) -> PredictionFacts:
    return next(facts for facts in collect(run).predictions if facts.prediction_id == key)


def test_the_section_tells_models_periods_and_refusals(run: Run) -> None:
    page = ParsedPage(render(collect(run)))
    text = page.text("predictions")
    for said in (
        "Who leaves",
        "Churn in 90 days, foretold of 1,500 customers by boosting: least score on the tested period.",
        "Tested on 1,200 customers, of whom 480 ordered from 2025-04-02 to 2025-06-30.",
        "Learnt from 10,000 rows of 12 past days, the first 2024-04-07, with what came until 2025-04-01.",
        "boosting (used)",
        "note of bg_nbd",
        "0.1234",
        "−0.20",
        "17.50",
        "−4.0%",
        "<b>Value</b>",
        "refused orders go back 30 days. The feature is empty for everybody.",
    ):
        assert said in text, said
    assert "the prediction value is refused: orders go back 30 days" in page.text("summary")
    links = {value for tag, name, value in page.attributes if tag == "a" and name == "href"}
    assert "#predictions" in links
    assert "None" not in text
    assert len(page.ids) == len(set(page.ids))
    assert len(page.drawings) == 4


def test_a_run_without_predictions_has_no_section(published_page: ParsedPage) -> None:
    assert "predictions" not in published_page.ids
    links = {value for tag, name, value in published_page.attributes if tag == "a" and name == "href"}
    assert "#predictions" not in links


def test_points_stand_where_the_figures_are(run: Run) -> None:
    facts = facts_of(run, "churn")
    assert facts.used is not None
    drawing = ET.fromstring(draw_calibration(facts, facts.used))  # noqa: S314 - our own drawing
    circles = [element for element in drawing if element.tag.endswith("circle")]
    places = [(float(element.attrib["cx"]), float(element.attrib["cy"])) for element in circles]
    # The square is 240 wide and high, its left lower corner at (62, 270).
    assert [((x - 62) / 240, (270 - y) / 240) for x, y in places] == [
        pytest.approx(values, abs=1e-3) for values in _BINS["churn"]
    ]
    tips = [element[0].text for element in circles]
    assert tips[0] == "foretold 20%, came 25%: 400 customers"


def test_amounts_are_drawn_up_to_the_largest(run: Run) -> None:
    facts = facts_of(run, "spend")
    assert facts.used is not None
    drawing = ET.fromstring(draw_calibration(facts, facts.used))  # noqa: S314 - our own drawing
    last = [element for element in drawing if element.tag.endswith("circle")][-1]
    assert float(last.attrib["cy"]) == 30
    assert "foretold 250, came 312" in (drawing[1].text or "")


def test_bars_are_in_parts_of_the_mean_the_most_foretold_first(run: Run) -> None:
    facts = facts_of(run, "churn")
    assert facts.used is not None
    drawing = ET.fromstring(draw_lift(facts, facts.used))  # noqa: S314 - our own drawing
    heights = [float(element.attrib["height"]) for element in drawing if element.tag.endswith("rect")]
    assert [height / heights[0] for height in heights] == pytest.approx([1, 0.6 / 0.95, 0.25 / 0.95], abs=1e-3)


def test_nothing_is_drawn_of_nothing(run: Run) -> None:
    facts = facts_of(run, "churn")
    assert facts.used is not None
    assert draw_calibration(facts, replace(facts.used, bins=())) == ""
    assert draw_lift(facts, replace(facts.used, mean_observed=0.0)) == ""
