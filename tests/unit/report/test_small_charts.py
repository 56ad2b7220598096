"""Bars, the heat map and the drift plot."""

from __future__ import annotations

import math
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from tasks.report import bars, drift_plot, heatmap
from tasks.report.data import ReportData
from tasks.report.drift_records import DriftRow
from tasks.report.segment_records import ProfileCell


def parsed(drawing: str) -> list[ET.Element]:
    return list(ET.fromstring(drawing))  # noqa: S314 - made by ourselves


def styled(items: list[ET.Element], style: str) -> list[ET.Element]:
    return [item for item in items if style in item.get("class", "").split()]


def drift_row(name: str, effect: float | None, level: str = "none", **changes: object) -> DriftRow:
    values: dict[str, object] = dict.fromkeys(DriftRow.__slots__)
    values |= {
        "subject_kind": "feature",
        "subject_name": name,
        "reference_kind": "previous",
        "test_name": "wilcoxon",
        "effect_name": "probit_d",
        "effect_size": effect,
        "notice_threshold": 0.05,
        "alarm_threshold": 0.1,
        "verdict": "drift" if level in {"notice", "alarm"} else "no_material_drift",
        "level": level,
    }
    return DriftRow(**(values | changes))  # type: ignore[arg-type] # a row by its columns


def test_bars_are_as_long_as_sizes_and_ticks_stand_at_the_previous_one(published_data: ReportData) -> None:
    segments = published_data.segmentations[0].segments
    largest = bars.largest_size(segments)
    for segment in segments:
        items = parsed(bars.draw_size(segment, largest))
        assert segment.customer_count is not None
        assert segment.previous_count is not None
        scale = (bars.WIDTH - 4) / largest
        assert float(styled(items, "bar")[0].get("width", "")) == pytest.approx(
            segment.customer_count * scale, abs=0.01
        )
        tick = styled(items, "tick")[0]
        middle = float(tick.get("x", "")) + float(tick.get("width", "")) / 2
        assert middle == pytest.approx(segment.previous_count * scale, abs=0.02)


def test_a_first_run_has_no_tick_and_an_unknown_size_no_bar(published_data: ReportData) -> None:
    segment = published_data.segmentations[0].segments[0]
    assert not styled(parsed(bars.draw_size(replace(segment, change_count=None), 100)), "tick")
    assert bars.draw_size(replace(segment, customer_count=None), 100) == ""
    assert bars.draw_size(replace(segment, customer_count=0), 0) == ""


@pytest.mark.parametrize(
    ("difference", "step"),
    [(0.0, 0), (0.199, 0), (-0.199, 0), (0.2, 1), (-0.2, -1), (0.5, 2), (0.8, 3), (1.5, 4), (-9.0, -4)],
)
def test_steps_of_the_heat_map(difference: float, step: int) -> None:
    assert heatmap.step_of(difference) == step


def test_the_heat_map_has_a_number_in_every_cell(published_data: ReportData) -> None:
    facts = published_data.segmentations[0]
    assert facts.profile is not None
    first = facts.profile.cells[0]
    unknown = ProfileCell(first.segment_id, first.feature_name, math.nan, None, None, None)
    profile = replace(facts.profile, cells=(unknown, *facts.profile.cells[1:]))
    items = parsed(heatmap.draw_profile("rfm", "RFM", facts.segments, profile, {"recency_days": "days since"}))
    size = len(facts.segments) * len(profile.feature_names)
    assert len(styled(items, "cell")) == size - 1
    assert len(styled(items, "unknown")) == 1
    assert len([item for item in items if "on-step" in item.get("class", "")]) == size - 1
    assert any(item.tag.endswith("text") and len(item) and item[0].text == "recency_days: days since" for item in items)


def test_one_row_a_subject_the_gravest_first() -> None:
    rows = [
        drift_row("calm", 0.02),
        drift_row("order_count", 0.06, "notice", test_name="sign"),
        drift_row("order_count", -0.24, "alarm"),
        drift_row("unclear", 0.01, verdict="inconclusive"),
        drift_row("noticed", 0.07, "notice"),
        drift_row("no_threshold", 0.5, alarm_threshold=None),
        drift_row("no_effect", None),
    ]
    chosen = drift_plot.plotted(rows)
    assert [(row.subject_name, row.standing) for row in chosen] == [
        ("order_count", "alarm"),
        ("noticed", "notice"),
        ("unclear", "inconclusive"),
        ("calm", "none"),
    ]


def test_marks_stand_in_multiples_of_the_alarm_threshold_and_stop_at_the_edge() -> None:
    rows = [drift_row(name, effect, "alarm") for name, effect in (("at", 0.1), ("twice", -0.2), ("beyond", 9.0))]
    items = parsed(drift_plot.draw_drift("previous", rows))
    ends = [float(stem.get("x2", "")) for stem in styled(items, "stem")]
    start = float(styled(items, "stem")[0].get("x1", ""))
    edge, twice, at = ends
    # Coordinates are printed with two decimals.
    assert twice - start == pytest.approx(2 * (at - start), abs=0.02)
    assert edge - start == pytest.approx(drift_plot.AXIS_END * (at - start), abs=0.03)
    assert float(styled(items, "limit")[0].get("x1", "")) == pytest.approx(at)
    assert any("▸" in (item.text or "") for item in items)


def test_standings_differ_in_shape_not_in_colour_alone() -> None:
    rows = [
        drift_row("a", 0.2, "alarm"),
        drift_row("b", 0.07, "notice"),
        drift_row("c", 0.01, verdict="inconclusive"),
        drift_row("d", 0.01),
    ]
    marks = styled(parsed(drift_plot.draw_drift("previous", rows)), "mark")
    tags = [mark.tag.rsplit("}")[-1] for mark in marks]
    assert tags == ["path", "path", "circle", "circle"]
    assert marks[0].get("d", "").count("L") == 3
    assert marks[1].get("d", "").count("L") == 2


def test_what_cannot_be_seen_is_drawn(published_data: ReportData) -> None:
    rows = [row for row in published_data.drift if row.reference_kind == "previous"]
    items = parsed(drift_plot.draw_drift("previous", rows))
    assert len(styled(items, "blind")) == len(drift_plot.plotted(rows))


def test_nothing_to_draw_is_no_drawing() -> None:
    assert drift_plot.draw_drift("previous", [drift_row("x", None)]) == ""
    assert bars.largest_size([]) == 0
