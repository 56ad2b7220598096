"""Health cards on the page: every figure in words beside its drawing, the audit's findings, nothing where nothing is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tasks.report.data import ReportData, collect
from tasks.report.findings import findings
from tasks.report.health_charts import draw_change, draw_effect, draw_holds, draw_reach, widest_change, widest_effect
from tasks.report.health_records import HealthCard
from tasks.report.page import render
from tests.unit.report.made_health import card
from tests.unit.report.made_story import stopped_run
from tests.unit.report.parsed_page import ParsedPage


def record(**changes: object) -> HealthCard:
    made = card("clusters.s01", 0, **changes)
    return HealthCard(**{name: made[name] for name in HealthCard.__dataclass_fields__})


def shapes(drawing: str, tag: str, style: str) -> list[ET.Element]:
    root = ET.fromstring(drawing)  # noqa: S314 - made by ourselves
    return [item for item in root if item.tag.endswith(tag) and item.get("class") == style]


def test_every_figure_of_a_card_is_told_in_words(published_page: ParsedPage) -> None:
    text = published_page.text("health")
    for words in (
        "+1.2 (+0.2 to +2.2; 12 in, 7 out)",
        "0.82 (0.70 to 0.93; silhouette 0.31)",
        "85% were in it before",
        "1.25 sd",
        "43.0%in 61 days",
        "+13.5",
        "55% email",
        "+0.80 net 365d amount",
        "order_count +1.20; <i>country</i> = Îles & more +0.80",
        "✓ sound",
        "▲ unsound",
        "● watch",
    ):
        assert words in text


def test_findings_are_told_with_evidence_and_advice_and_accepted_ones_with_the_reason(
    published_page: ParsedPage,
) -> None:
    text = published_page.text("health")
    assert "evidence 1advice 1" in text
    assert "demographic onlythe whole segmentationevidence 4advice 4" in text
    assert "evidence 3accepted: asked in <b>May</b>" in text
    assert "advice 3" not in text
    assert "#health" in {value for tag, name, value in published_page.attributes if name == "href"}


def test_a_segmentation_without_segments_has_its_findings_and_no_table_of_cards(published_page: ParsedPage) -> None:
    assert "too few segmentsthe whole segmentationevidence 5advice 5" in published_page.text("health")
    labels = {value for _, name, value in published_page.attributes if name == "aria-label"}
    assert "Health of Region" in labels
    assert "Mistakes of habits" in labels
    assert "Health of habits" not in labels


def test_the_summary_counts_warnings_and_leaves_out_what_is_accepted(published_data: ReportData) -> None:
    told = [finding.text for finding in findings(published_data) if finding.anchor == "health"]
    assert told == [
        "Customer value (RFM): the audit names 1 known mistake (small segment).",
        "Region: the audit names 1 known mistake (demographic only).",
        "habits: the audit names 1 known mistake (too few segments).",
    ]


def test_that_no_kpi_is_known_is_said_instead_of_sound_alone(published_data: ReportData) -> None:
    """A company that sells nothing has no orders: that nothing is open says nothing of its segments."""
    words = "Whether segments differ was not judged"
    assert words not in render(published_data)
    silent = {
        key: replace(health, cards=tuple(replace(one, distinct_effect=None) for one in health.cards))
        for key, health in published_data.health.items()
    }
    assert words in render(replace(published_data, health=silent))


def test_a_run_without_an_audit_has_no_section(tmp_path: Path) -> None:
    page = ParsedPage(render(collect(stopped_run(tmp_path))))
    assert "health" not in page.sections
    assert "#health" not in {value for _, name, value in page.attributes if name == "href"}


def test_changes_of_one_segmentation_have_one_scale() -> None:
    large = record(share_change=-0.1, share_change_low=-0.2, share_change_high=0.0)
    small = record(share_change=0.02, share_change_low=0.0, share_change_high=0.04)
    widest = widest_change([large, small])
    assert widest == pytest.approx(0.2)
    spans = []
    for one in (large, small):
        (_, interval) = shapes(draw_change(one, "x", widest), "line", "stem")
        spans.append(float(interval.get("x2", "")) - float(interval.get("x1", "")))
    assert spans[0] / spans[1] == pytest.approx(5, rel=0.01)
    # What does not matter does not fill the axis.
    assert widest_change([record(share_change_low=-0.0001, share_change_high=0.0001)]) == pytest.approx(0.01)


def test_bars_are_as_long_as_their_shares() -> None:
    (bar,) = shapes(draw_reach(record(reachable_share=0.25), "x"), "rect", "bar")
    (track,) = shapes(draw_reach(record(reachable_share=0.25), "x"), "rect", "track")
    assert float(bar.get("width", "")) / float(track.get("width", "")) == pytest.approx(0.25)
    (kept,) = shapes(draw_holds(record(jaccard_share=None, kept_share=0.5), "x"), "rect", "bar")
    assert float(kept.get("width", "")) / float(track.get("width", "")) == pytest.approx(0.5)
    (band,) = shapes(draw_holds(record(), "x"), "line", "joint")
    assert (float(band.get("x2", "")) - float(band.get("x1", ""))) / float(track.get("width", "")) == pytest.approx(
        0.23
    )


def test_an_effect_goes_to_its_side() -> None:
    widest = widest_effect([record(distinct_effect=-2.0), record(distinct_effect=1.0)])
    (left,) = shapes(draw_effect(record(distinct_effect=-2.0), "x", widest), "rect", "bar")
    (right,) = shapes(draw_effect(record(distinct_effect=1.0), "x", widest), "rect", "bar")
    assert float(left.get("x", "")) < 60
    assert float(right.get("x", "")) == pytest.approx(60)
    assert float(left.get("width", "")) == pytest.approx(2 * float(right.get("width", "")))


def test_what_is_not_known_is_not_drawn() -> None:
    nothing = record(share_change=None, jaccard_share=None, kept_share=None, reachable_share=None, distinct_effect=None)
    assert draw_change(nothing, "x", 1.0) == ""
    assert draw_holds(nothing, "x") == ""
    assert draw_reach(nothing, "x") == ""
    assert draw_effect(nothing, "x", 1.0) == ""
