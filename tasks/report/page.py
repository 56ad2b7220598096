"""The first page: charts and figures put into the template, and a page put in place.

Owns: what stands on `index.html`, and replacing a page whole. Does not own: the figures (`data.py`), the charts, or the
check page (`check_page.py`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from tasks.config.errors import OutputError
from tasks.report import (
    bars,
    candidate_charts,
    health_charts,
    heatmap,
    overlap_charts,
    prediction_charts,
    read_overlap,
    sankey,
    size_parts,
    treatment_bars,
)
from tasks.report.candidate_records import CandidateRow
from tasks.report.data import ReportData
from tasks.report.drift_views import drift_views, history_checks
from tasks.report.findings import findings
from tasks.report.health_records import Health, HealthCard
from tasks.report.prediction_records import PredictionFacts
from tasks.report.segment_records import Flow, SegmentationFacts
from tasks.report.svg import anchor
from tasks.report.templates import template
from tasks.warehouse.file_modes import readable

FILE_NAME = "index.html"
_MOVES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class SegmentationView:
    """A segmentation with its charts drawn."""

    facts: SegmentationFacts
    bars: dict[str, Markup]
    profile: Markup
    migration: Markup
    size_parts: Markup
    part_reasons: tuple[tuple[str, str], ...]
    moves: tuple[Flow, ...]
    anchor: str


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A candidate segment with the drawing of what distinguishes it."""

    row: CandidateRow
    traits: Markup


@dataclass(frozen=True, slots=True)
class HealthView:
    """The health cards of a segmentation with their small drawings, by segment id."""

    name: str
    health: Health
    changes: dict[str, Markup]
    holds: dict[str, Markup]
    reaches: dict[str, Markup]
    effects: dict[str, Markup]


@dataclass(frozen=True, slots=True)
class PredictionView:
    """A prediction with its charts; none where it was refused."""

    facts: PredictionFacts
    calibration: Markup
    lift: Markup


def render(data: ReportData) -> str:
    """The whole page as HTML that needs nothing beside it."""
    return template("template.html.j2").render(
        data=data,
        run=data.run,
        findings=findings(data),
        views=[_segmentation_view(data, facts) for facts in data.segmentations],
        matrix=Markup(overlap_charts.draw_matrix(data)),  # noqa: S704 - our own SVG, escaped where it is drawn
        upset=Markup(overlap_charts.draw_upset(data)),  # noqa: S704 - likewise
        outcomes={
            facts.segment_id: Markup(treatment_bars.draw_outcome(facts, data.name_of(facts.segment_id)))  # noqa: S704 - likewise
            for facts in data.treatments
        },
        reasons=read_overlap.REASONS,
        outcome_key=Markup(treatment_bars.draw_key(data.treatments)),  # noqa: S704 - likewise
        drift_views=drift_views(data),
        candidate_views=_candidate_views(data),
        history_checks=len(history_checks(data)),
        failed_history=[check for check in history_checks(data) if check.is_success is False],
        health_views=[_health_view(data, name, found) for name, found in data.health.items()],
        points=health_charts.points,
        prediction_views=[_prediction_view(facts) for facts in data.predictions],
    )


def write_page(html: str, folder: Path, name: str = FILE_NAME) -> Path:
    """Put a page in place whole: readers see the old one or the new one.

    Raises:
        OutputError: the folder or the file cannot be written.
    """
    target = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=folder, prefix=".page-", suffix=".html")
        temporary = Path(made)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(html)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes files that only their owner can read; a report is for others, unless the workspace says no.
            readable(temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot write the report: {error.strerror or error}",
            where=str(target),
            hint="free space, or give this user the right to write there; the page before it is untouched",
        ) from error
    return target


def _segmentation_view(data: ReportData, facts: SegmentationFacts) -> SegmentationView:
    key, name = facts.segmentation_id, facts.name
    moves: Sequence[Flow] = [flow for flow in facts.migration.flows if not flow.is_stay] if facts.migration else []
    profile = (
        heatmap.draw_profile(key, name, facts.segments, facts.profile, data.feature_meanings) if facts.profile else ""
    )
    migration = (
        sankey.draw_migration(key, name, facts.segments, facts.migration, data.segment_names) if facts.migration else ""
    )
    parts = facts.migration.parts if facts.migration else ()
    largest = bars.largest_size(facts.segments)
    return SegmentationView(
        facts=facts,
        bars={
            segment.segment_id: Markup(bars.draw_size(segment, largest))  # noqa: S704 - our own SVG, escaped where drawn
            for segment in facts.segments
        },
        profile=Markup(profile),  # noqa: S704 - likewise
        migration=Markup(migration),  # noqa: S704 - likewise
        size_parts=Markup(size_parts.draw_size_parts(key, name, parts, data.segment_names)),  # noqa: S704 - likewise
        part_reasons=tuple(size_parts.reasons_of(parts)),
        moves=tuple(moves[:_MOVES_SHOWN]),
        anchor=anchor("segmentation", key),
    )


def _health_view(data: ReportData, segmentation_id: str, found: Health) -> HealthView:
    names = {facts.segmentation_id: facts.name for facts in data.segmentations}
    change, effect = health_charts.widest_change(found.cards), health_charts.widest_effect(found.cards)

    def drawn(draw: Callable[[HealthCard, str], str]) -> dict[str, Markup]:
        return {
            card.segment_id: Markup(draw(card, data.name_of(card.segment_id)))  # noqa: S704 - our own SVG, escaped where it is drawn
            for card in found.cards
        }

    return HealthView(
        name=names.get(segmentation_id, segmentation_id),
        health=found,
        changes=drawn(lambda card, name: health_charts.draw_change(card, name, change)),
        holds=drawn(health_charts.draw_holds),
        reaches=drawn(health_charts.draw_reach),
        effects=drawn(lambda card, name: health_charts.draw_effect(card, name, effect)),
    )


def _prediction_view(facts: PredictionFacts) -> PredictionView:
    model = facts.used
    return PredictionView(
        facts=facts,
        calibration=Markup(prediction_charts.draw_calibration(facts, model) if model else ""),  # noqa: S704 - likewise
        lift=Markup(prediction_charts.draw_lift(facts, model) if model else ""),  # noqa: S704 - likewise
    )


def _candidate_views(data: ReportData) -> list[CandidateView]:
    widest = candidate_charts.widest_trait(data.candidates)
    return [
        CandidateView(row, Markup(candidate_charts.draw_traits(row, widest)))  # noqa: S704 - our own SVG, escaped where it is drawn
        for row in data.candidates
    ]
