"""What should I look at? The sentences at the top of the page."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from tasks.report.data import ReportData
from tasks.report.findings import check_words, findings
from tasks.report.overlap_records import Overlap, OverlapPair
from tasks.report.run_records import AlertNote, CheckRow
from tests.unit.report.made_story import ALARM_SENTENCE, SPLIT_SENTENCE


def texts(data: ReportData) -> list[str]:
    return [finding.text for finding in findings(data)]


def quiet(data: ReportData) -> ReportData:
    """The same without anything to look at."""
    calm = tuple(
        replace(
            item,
            migration=None,
            segments=tuple(replace(segment, change_count=0) for segment in item.segments),
        )
        for item in data.segmentations
    )
    sources = tuple(replace(source, quarantined_count=0) for source in data.sources)
    return replace(
        data,
        segmentations=calm,
        sources=sources,
        drift=(),
        alerts=(),
        checks=(),
        overlap=None,
        quarantine=(),
        health={},
    )


def check(*, severity: str = "warning", **changes: object) -> CheckRow:
    values: dict[str, object] = dict.fromkeys(CheckRow.__slots__, "")
    values |= {"element_count": 1_000, "unexpected_count": 7, "examples": (), "is_success": False}
    return CheckRow(**(values | {"severity": severity, "meaning": "m", "table_name": "t"} | changes))  # type: ignore[arg-type]


def test_nothing_to_look_at_is_said_by_silence(published_data: ReportData) -> None:
    assert findings(quiet(published_data)) == []


def test_the_gravest_come_first(published_data: ReportData) -> None:
    order = [finding.importance for finding in findings(published_data)]
    rank = {"alarm": 0, "warning": 1, "note": 2}
    assert order == sorted(order, key=lambda importance: rank[importance])
    assert set(order) == set(rank)


def test_an_alert_on_what_is_told_anyway_is_not_told_twice(published_data: ReportData) -> None:
    assert [alert.message for alert in published_data.alerts] == [ALARM_SENTENCE]
    assert texts(published_data).count(ALARM_SENTENCE) == 1
    assert sum(SPLIT_SENTENCE in text for text in texts(published_data)) == 1


@pytest.mark.parametrize("kind", ["quality", "source_late"])
def test_a_failed_check_is_told_once(published_data: ReportData, kind: str) -> None:
    alerts = tuple(AlertNote("warning", kind, table, f"{table}: not so: m") for table in ("raw.t", "raw.other"))
    failed = replace(quiet(published_data), alerts=alerts, checks=(check(table_name="raw.t"),))
    assert [text for text in texts(failed) if "raw.t" in text] == [
        "Check failed on raw.t: “m” – 7 of 1,000 values (0.7%)."
    ]
    assert "raw.other: not so: m" in texts(failed)


def test_an_alert_on_something_else_is_told(published_data: ReportData) -> None:
    alerts = (
        AlertNote("critical", "budget", "email", "The e-mail budget is spent."),
        AlertNote("warning", "drift", "another_feature", "another_feature drifted."),
        AlertNote("warning", "transition", "x", SPLIT_SENTENCE),
    )
    found = findings(replace(published_data, alerts=alerts))
    told = [(finding.importance, finding.text, finding.anchor) for finding in found]
    assert ("alarm", "The e-mail budget is spent.", "summary") in told
    assert ("warning", "another_feature drifted.", "drift") in told
    assert sum(SPLIT_SENTENCE in finding.text for finding in found) == 1


def test_failed_checks_say_on_what_and_how_often(published_data: ReportData) -> None:
    data = replace(quiet(published_data), checks=(check(), check(severity="critical", meaning="c", unexpected_count=1)))
    assert [(finding.importance, finding.text) for finding in findings(data)] == [
        ("alarm", "Critical check failed on t: “c” – 1 of 1,000 values (0.1%)."),
        ("warning", "Check failed on t: “m” – 7 of 1,000 values (0.7%)."),
    ]


def test_many_of_a_kind_are_counted(published_data: ReportData) -> None:
    data = replace(quiet(published_data), checks=tuple(check(meaning=str(number)) for number in range(9)))
    assert len(texts(data)) == 6
    assert texts(data)[-1] == "And 4 more checks."


def test_what_stopped_the_run_is_told(published_data: ReportData) -> None:
    calm = quiet(published_data)
    stopped = replace(calm, run=replace(calm.run, state="failed", message="the disk is full"))
    assert texts(stopped) == ["The run stopped: the disk is full"]
    silent = replace(calm, run=replace(calm.run, state="failed", message=None))
    assert texts(silent) == ["The run stopped, and the ledger does not say why."]


@pytest.mark.parametrize(
    ("size", "change", "told"),
    [
        (130, 30, "grew by 30 to 130 customers (+30.0%)."),
        (70, -30, "shrank by 30 to 70 customers (−30.0%)."),
        (40, 40, "grew by 40 to 40 customers."),
        (109, 9, None),
        (3, 2, None),
    ],
)
def test_large_changes_of_size(published_data: ReportData, size: int, change: int, told: str | None) -> None:
    calm = quiet(published_data)
    first = calm.segmentations[0]
    rest = replace(first.segments[1], customer_count=1_000, change_count=0)
    changed = replace(first.segments[0], customer_count=size, change_count=change)
    data = replace(calm, segmentations=(replace(first, segments=(changed, rest)),))
    assert texts(data) == ([] if told is None else [f"{first.name}: “Champions” {told}"])


def test_redundant_segments_are_named(published_data: ReportData) -> None:
    pair = OverlapPair("rfm.s01", "region.s01", 100, 110, 95, 0.826, 0.95, 0.86, 2.0, "redundant")
    overlap = Overlap((), (pair, replace(pair, relation="nested")), 2, (), 0, 0)
    assert texts(replace(quiet(published_data), overlap=overlap)) == [
        "“Champions” and “North” are nearly the same customers (Jaccard 82.6%): is one of them needed?"
    ]


def test_segments_of_one_name_are_told_apart_by_their_segmentation(published_data: ReportData) -> None:
    pair = OverlapPair("rfm.s01", "region.s01", 100, 110, 95, 0.826, 0.95, 0.86, 2.0, "redundant")
    alike = published_data.segment_names | {"region.s01": "Champions"}
    data = replace(published_data, overlap=Overlap((pair,), (pair,), 1, (), 0, 0), segment_names=alike)
    assert data.told_apart("rfm.s02") == data.name_of("rfm.s02")
    told = [text for text in texts(data) if "nearly the same" in text]
    (rfm, region) = (
        item.name for key in ("rfm", "region") for item in data.segmentations if item.segmentation_id == key
    )
    assert told[0].startswith(f"“Champions ({rfm})” and “Champions ({region})” are nearly the same customers")


def test_drift_against_the_baseline_says_so(published_data: ReportData) -> None:
    alarm = next(row for row in published_data.drift if row.standing == "alarm")
    slow = replace(alarm, reference_kind="baseline", subject_name="net_amount", sentence="net_amount crept up.")
    data = replace(quiet(published_data), drift=(alarm, replace(alarm, test_name="sign", sentence="again"), slow))
    assert texts(data) == [ALARM_SENTENCE, "Against the baseline: net_amount crept up."]


def test_drift_since_a_window_ago_tells_the_date(published_data: ReportData) -> None:
    alarm = next(row for row in published_data.drift if row.standing == "alarm")
    then = replace(alarm, reference_kind="window", reference_as_of=dt.date(2025, 5, 2), subject_name="net_amount")
    assert texts(replace(quiet(published_data), drift=(then,))) == [f"Since 2025-05-02: {ALARM_SENTENCE}"]


def test_quarantine_is_told_with_its_share(published_data: ReportData) -> None:
    data = replace(quiet(published_data), sources=published_data.sources)
    assert texts(data) == ["67 of 203,753 rows read are in quarantine (0.03%)."]


def test_words_of_a_check_that_counted_nothing() -> None:
    assert check_words(check(unexpected_count=0, observed="2025-06-11")) == "observed 2025-06-11"
    assert check_words(check(unexpected_count=None)) == ""


def test_words_of_a_check_whose_rows_are_its_own() -> None:
    assert check_words(check(unexpected_count=1, observed="crm: 3 files")) == "found crm: 3 files"
