"""What a report says, read from the warehouse.

Owns: `ReportData` and `collect`, which puts it together. Does not own: the single queries (`read_run.py`,
`read_quality.py`, `read_segments.py`, `read_monitoring.py`, …) or how anything looks (`page.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.report import (
    read_candidates,
    read_comments,
    read_health,
    read_monitoring,
    read_overlap,
    read_predictions,
    read_projection,
    read_quality,
    read_run,
    read_segments,
    read_trend,
    read_tries,
)
from tasks.report.candidate_records import CandidateRow
from tasks.report.comment_records import CommentModel
from tasks.report.drift_records import DriftRow
from tasks.report.health_records import Health
from tasks.report.overlap_records import Overlap, TreatmentFacts
from tasks.report.prediction_records import PredictionFacts
from tasks.report.reader import RunReader
from tasks.report.run_records import (
    AlertNote,
    CheckRow,
    LoadFacts,
    PublishedTable,
    QuarantineReason,
    RunFacts,
    SourceCounts,
    Totals,
)
from tasks.report.segment_records import SegmentationFacts
from tasks.report.trend_records import CheckHistory
from tasks.warehouse.run import Run

#: Most segments that the overlap matrix has room for; the largest are kept.
MATRIX_LIMIT = 60


@dataclass(frozen=True, slots=True)
class ReportData:
    """All that a report says.

    Attributes:
        segment_names: name by segment id, of this run and of the one before.
        feature_meanings: what a feature says, by its name.
        matrix_ids: the segments that the overlap matrix shows, in its order.
        health: cards and findings of the audit, by segmentation; none where the run was not audited.
        comments: the text models of comments; none where nothing is labelled.
        history: the checks of this run and of those before it.
        quarantine: the most frequent reasons; `quarantine_total` counts all.
        loads: the newest loads that the run sees; `load_total` counts all.
    """

    run: RunFacts
    totals: Totals
    sources: tuple[SourceCounts, ...]
    published_tables: tuple[PublishedTable, ...]
    alerts: tuple[AlertNote, ...]
    segmentations: tuple[SegmentationFacts, ...]
    segment_names: Mapping[str, str]
    feature_meanings: Mapping[str, str]
    matrix_ids: tuple[str, ...]
    overlap: Overlap | None
    treatments: tuple[TreatmentFacts, ...]
    drift: tuple[DriftRow, ...]
    candidates: tuple[CandidateRow, ...]
    health: Mapping[str, Health]
    comments: tuple[CommentModel, ...]
    predictions: tuple[PredictionFacts, ...]
    checks: tuple[CheckRow, ...]
    history: CheckHistory
    quarantine: tuple[QuarantineReason, ...]
    quarantine_total: int
    loads: tuple[LoadFacts, ...]
    load_total: int

    @property
    def failed_checks(self) -> tuple[CheckRow, ...]:
        """Checks that did not hold, critical ones first."""
        failed = (check for check in self.checks if check.is_success is False)
        return tuple(sorted(failed, key=lambda check: check.severity != "critical"))

    @property
    def is_compared(self) -> bool:
        """Whether some KPI is known of the customers, so that it could be judged whether segments differ."""
        return any(card.distinct_effect is not None for health in self.health.values() for card in health.cards)

    def name_of(self, segment_id: str | None) -> str:
        """A segment's name; its id where it has none; an empty text for None."""
        return "" if segment_id is None else self.segment_names.get(segment_id, segment_id)

    def told_apart(self, segment_id: str) -> str:
        """The same where segments of several segmentations stand side by side: with its own, where names are alike."""
        name = self.name_of(segment_id)
        if sum(one == name for one in self.segment_names.values()) < 2:  # noqa: PLR2004 - another one of that name
            return name
        key = segment_id.partition(".")[0]
        return f"{name} ({next((one.name for one in self.segmentations if one.segmentation_id == key), key)})"


def collect(run: Run, *, stopped_by: str | None = None) -> ReportData:
    """Read what the report of a run says; what the run did not come to is left out.

    Args:
        run: an identified run; call it after publishing, or after what stopped the run.
        stopped_by: why the run stops, where the ledger does not say so yet.

    Raises:
        SqlError: a table is there but not as agreed.
    """
    reader = RunReader(run)
    facts = read_run.run_facts(reader, stopped_by=stopped_by)
    current = read_segments.definitions(reader)
    segmentations = _segmentations(reader, current)
    matrix_ids = _matrix_ids(segmentations)
    quarantine, quarantine_total = read_quality.quarantine(reader)
    loads, load_total = read_run.loads(run)
    return ReportData(
        run=facts,
        totals=read_run.totals(reader),
        sources=read_run.sources(run),
        published_tables=read_run.published_tables(run) if facts.state == "published" else (),
        alerts=read_run.alerts(reader),
        segmentations=segmentations,
        segment_names=read_segments.segment_names(reader, current),
        feature_meanings=read_segments.feature_meanings(run) if segmentations else {},
        matrix_ids=matrix_ids,
        overlap=read_overlap.overlap(reader, list(matrix_ids)),
        treatments=read_overlap.treatments(reader),
        drift=read_monitoring.drift(reader),
        candidates=read_candidates.candidates(reader),
        health=read_health.health(reader, [row["segment_id"] for row in current]),
        comments=read_comments.comment_models(reader),
        predictions=read_predictions.predictions(reader),
        checks=read_quality.checks(reader),
        history=read_trend.check_history(reader),
        quarantine=quarantine,
        quarantine_total=quarantine_total,
        loads=loads,
        load_total=load_total,
    )


def _segmentations(reader: RunReader, current: list[read_segments.Definition]) -> tuple[SegmentationFacts, ...]:
    rows = read_segments.segment_rows(reader, current)
    first = {row["segmentation_id"]: row for row in reversed(current)}
    configured = reader.run.workspace.segmentations
    return tuple(
        SegmentationFacts(
            segmentation_id=key,
            name=first[key]["segmentation_name"] or key,
            basis=first[key]["basis_name"] or "",
            description=configured[key].description if key in configured else "",
            segments=tuple(segment for segment in segments if not segment.is_retired),
            retired=tuple(segment for segment in segments if segment.is_retired),
            profile=read_segments.profile(reader, key, [segment.segment_id for segment in segments]),
            migration=read_monitoring.migration(reader, key),
            tries=read_tries.tries(reader, key),
            projection=read_projection.projection(reader, key),
        )
        for key, segments in rows.items()
    )


def _matrix_ids(segmentations: tuple[SegmentationFacts, ...]) -> tuple[str, ...]:
    """Ids of the largest segments, in the order in which segments are shown."""
    segments = [segment for segmentation in segmentations for segment in segmentation.segments]
    largest = sorted(segments, key=lambda segment: (-(segment.customer_count or 0), segment.segment_id))[:MATRIX_LIMIT]
    kept = {segment.segment_id for segment in largest}
    return tuple(segment.segment_id for segment in segments if segment.segment_id in kept)
