"""The section on comments: the models' figures, and no section where nothing is labelled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from tasks.report.comment_records import CommentLabel, CommentModel
from tasks.report.data import ReportData, collect
from tasks.report.findings import findings
from tasks.report.page import render
from tasks.report.run_records import AlertNote
from tasks.warehouse import tables
from tests.unit.report.made_run import start_run
from tests.unit.report.parsed_page import ParsedPage

_MODEL = {
    "model_name": "sentiment",
    "status_name": "used",
    "reason": None,
    "sentiment_names": None,
    "labelled_count": 1_240,
    "left_out_count": 0,
    "accuracy_share": 0.812,
    "base_rate_share": 0.627,
    "macro_f1": 0.751,
    "calibration_error_share": 0.014,
    "min_confidence_share": 0.6,
    "confident_share": 0.84,
    "confident_accuracy_share": 0.87,
    "comment_count": 4_000,
    "unknown_count": 500,
}
_REFUSED = dict.fromkeys(_MODEL) | {
    "model_name": "theme",
    "status_name": "refused",
    "reason": "31 labelled comments are too few",
    "labelled_count": 31,
    "left_out_count": 0,
    "min_confidence_share": 0.6,
    "comment_count": 0,
    "unknown_count": 0,
}
_LABELS = [
    {
        "model_name": "sentiment",
        "class_name": name,
        "labelled_count": count,
        "recall_share": 0.9,
        "precision_share": 0.8,
    }
    for name, count in (("<b>neutral", 240), ("negative", 1_000))
]


def test_what_a_run_kept_of_its_models_is_read(tmp_path: Path) -> None:
    run = start_run(tmp_path)
    tables.write_frame(run, "monitoring.comment_model", pl.DataFrame([_REFUSED, _MODEL], infer_schema_length=None))
    tables.write_frame(run, "monitoring.comment_class", pl.DataFrame(_LABELS))
    data = collect(run)
    run.warehouse.close()
    sentiment, theme = data.comments
    assert (sentiment.name, sentiment.accuracy_share, sentiment.unknown_share) == ("sentiment", 0.812, 0.125)
    assert [label.name for label in sentiment.labels] == ["negative", "<b>neutral"]
    assert (theme.refusal, theme.accuracy_share, theme.unknown_share) == (_REFUSED["reason"], None, None)
    page = ParsedPage(render(data))
    told = page.text("comments")
    for figure in ("1,240", "81.2%", "62.7%", "0.75", "87.0%", "4,000", "500 (12.5%)", "from 60% on"):
        assert figure in told
    assert "▲ not used" in told
    assert "31 labelled comments are too few" in told
    assert "<b>neutral" in told
    assert ("a", "href", "#comments") in page.attributes


def test_without_models_there_is_no_section(published_data: ReportData, published_page: ParsedPage) -> None:
    assert published_data.comments == ()
    assert "comments" not in published_page.ids


def test_an_alert_leads_to_the_section_where_there_is_one(published_data: ReportData) -> None:
    alert = AlertNote("warning", "comments", "theme", "no theme is told of comments: too few")
    model = CommentModel(
        "theme",
        "too few",
        None,
        31,
        0,
        None,
        None,
        None,
        None,
        0.6,
        None,
        None,
        0,
        0,
        (CommentLabel("a", 1, None, None),),
    )
    alone = replace(published_data, alerts=(alert,))
    for data, anchor in ((alone, "summary"), (replace(alone, comments=(model,)), "comments")):
        assert [found.anchor for found in findings(data) if found.text == alert.message] == [anchor]
