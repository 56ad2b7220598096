"""Reading migration and drift.

Owns: their queries, and how much of large tables is shown. Does not own: sizes and profiles (`read_segments.py`), or
overlap (`read_overlap.py`).
"""

from __future__ import annotations

from dataclasses import fields

from tasks.config.drift import REFERENCES
from tasks.report.drift_records import DriftRow
from tasks.report.reader import RunReader
from tasks.report.segment_records import Flow, Migration, SegmentEvent, SizePart

#: Main reasons of changes (`monitoring.change`) in words.
_REASONS = {
    "new_customer": "were first seen",
    "gone": "are no longer customers",
    "definition": "moved as the definition changed",
    "refit": "moved as a new model of the same definition took over",
    "profile": "moved as their record changed",
    "behaviour": "did something",
    "late_data": "moved as data of before came late or were corrected",
    "time": "did nothing: time passed, or others moved past them",
    "ranks": "did nothing: others moved past them in the ranks",
}
_DRIFT_COLUMNS = {field.name: field.name for field in fields(DriftRow)} | {
    "reference_as_of": "reference_as_of_date",
    "verdict": "verdict_name",
    "level": "level_name",
    "aspect": "aspect_name",
}


def migration(reader: RunReader, segmentation_id: str) -> Migration | None:
    """How customers moved since the previous publication; None on the first run."""
    previous = reader.run.previous
    if previous is None:
        return None
    ours = {"key": segmentation_id, "previous": previous.as_of}
    where = "segmentation_id = $key AND previous_as_of_date = $previous"
    flows = reader.of_run(
        "monitoring.transition",
        ("from_segment_id", "to_segment_id", "customer_count", "from_share", "to_share"),
        where=f"{where} AND customer_count > 0",
        parameters=ours,
        order_by="customer_count DESC, from_segment_id, to_segment_id",
        limit=40_000,
    )
    events = reader.of_run(
        "monitoring.segment_event",
        ("event_name", "sentence", "confidence_share"),
        where=where,
        parameters=ours,
        order_by="event_name, sentence",
    )
    if not flows and not events:
        return None
    named = [event for event in events if event["event_name"] != "survive"]
    return Migration(
        previous_as_of=previous.as_of,
        flows=tuple(Flow(**row) for row in flows),
        events=tuple(
            SegmentEvent(row["event_name"], row["sentence"] or row["event_name"], row["confidence_share"])
            for row in named
        ),
        survived_count=len(events) - len(named),
        reasons=_reasons(reader, segmentation_id),
        parts=_parts(reader, segmentation_id),
        is_ranked=bool(
            reader.of_run(
                "segments.redrawn",
                ("what_name",),
                where="segmentation_id = $key AND what_name = 'ranks'",
                parameters={"key": segmentation_id},
                order_by="segmentation_id",
            )
        ),
    )


def _parts(reader: RunReader, segmentation_id: str) -> tuple[SizePart, ...]:
    """What the changes of size are made of, the segments with most to tell first."""
    columns = ("segment_id", "why_name", "entered_count", "left_count", "net_count")
    rows = reader.of_run(
        "monitoring.size_change",
        columns,
        where="segmentation_id = $key",
        parameters={"key": segmentation_id},
        order_by="sum(abs(net_count)) OVER (PARTITION BY segment_id) DESC, segment_id, why_name",
    )
    return tuple(SizePart(*(row[name] for name in columns)) for row in rows)


def _reasons(reader: RunReader, segmentation_id: str) -> tuple[tuple[str, int], ...]:
    """Why customers moved, each counted once for his main reason."""
    if "why_name" not in reader.columns("monitoring.change"):
        return ()
    rows = reader.warehouse.rows(
        "SELECT why_name, count(*) AS customers FROM monitoring.change WHERE run_id = $run_id"
        " AND segmentation_id = $key GROUP BY why_name ORDER BY customers DESC, why_name",
        {"run_id": reader.run.run_id, "key": segmentation_id},
    )
    return tuple((_REASONS.get(str(why), str(why)), int(count)) for why, count in rows)


def drift(reader: RunReader) -> tuple[DriftRow, ...]:
    """Every test and its verdict, what matters first."""
    order = (
        f"list_position({list(REFERENCES)}, reference_kind),"
        " CASE WHEN verdict_name = 'drift' AND level_name = 'alarm' THEN 0"
        " WHEN verdict_name = 'drift' AND level_name = 'notice' THEN 1 WHEN verdict_name = 'inconclusive' THEN 2"
        " ELSE 3 END, abs(effect_size) DESC NULLS LAST, subject_kind, subject_name, test_name, effect_name"
    )
    rows = reader.of_run("monitoring.drift", tuple(_DRIFT_COLUMNS.values()), order_by=order)
    defaults = _default_thresholds(reader)
    found = []
    for row in rows:
        values = {name: row[column] for name, column in _DRIFT_COLUMNS.items()}
        notice, alarm = defaults.get(values["effect_name"], (None, None))
        values["notice_threshold"] = values["notice_threshold"] or notice
        values["alarm_threshold"] = values["alarm_threshold"] or alarm
        values["sentence"] = values["sentence"] or ""
        found.append(DriftRow(**values))
    return tuple(found)


def _default_thresholds(reader: RunReader) -> dict[str, tuple[float, float]]:
    """Notice and alarm by effect where the table keeps none; those of categories are not the workspace's to set."""
    policy = reader.run.workspace.drift
    return dict.fromkeys(("probit_d", "cohen_h"), (policy.notice_effect, policy.alarm_effect))
