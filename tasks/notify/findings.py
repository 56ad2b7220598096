"""What of a run is worth somebody's attention.

Owns: which rows of the monitoring tables become alerts. Does not own the verdicts (`tasks/drift`, `tasks/overlap`).
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.config.drift import SOURCE_CHECKS
from tasks.warehouse.run import Run


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at."""

    severity: str
    kind: str
    subject: str
    message: str


_QUERIES = {
    "transition": (
        "SELECT 'warning', 'transition', coalesce(from_segment_ids, to_segment_ids), sentence"
        " FROM monitoring.segment_event WHERE run_id = $run_id AND event_name <> 'survive' ORDER BY sentence"
    ),
    "model": (
        "SELECT 'warning', 'model', segmentation_id, segmentation_id || ': model ' || model_no || ' of '"
        " || trained_as_of_date || ' waits for a decision: ' || reason"
        " || coalesce('; ' || moved_count || ' of ' || customer_count || ' customers would move', '')"
        " || ' (`resegment model diff ' || segmentation_id || '`)'"
        " FROM segments.model_version WHERE run_id = $run_id AND status_name = 'waiting' ORDER BY segmentation_id"
    ),
    "overlap": (
        "SELECT 'warning', 'overlap', segment_id_a, segment_id_a || ' and ' || segment_id_b || ' are ' || relation_name"
        " || ': they share ' || intersection_count || ' customers (Jaccard ' || round(jaccard_share, 2) || ')'"
        " FROM monitoring.overlap WHERE run_id = $run_id AND relation_name = 'redundant' ORDER BY 3, 4"
    ),
    "quality": (
        "SELECT 'warning', 'quality', table_name, table_name || ': not so: ' || meaning || ' (' || CASE"
        " WHEN observed_value IS NOT NULL THEN 'found ' || observed_value"
        " ELSE unexpected_count || ' of ' || element_count || ' rows' END || ')'"
        " FROM ops.check_result WHERE attempt_id = $attempt_id AND NOT is_success"
        " AND NOT ($is_quiet AND severity_name = 'warning' AND list_contains($of_history, expectation_name))"
        " ORDER BY 3, 4"
    ),
}
_DRIFT = (
    "SELECT subject_kind, subject_name, max(level_name = 'alarm') AS is_alarm,"
    " arg_min(sentence, (level_name <> 'alarm', p_adjusted, test_name, part_name)) AS sentence FROM monitoring.drift"
    " WHERE run_id = $run_id AND level_name <> 'none' AND reference_kind = 'previous'"
    " GROUP BY subject_kind, subject_name ORDER BY is_alarm DESC, subject_name, subject_kind"
)


def findings_of(run: Run) -> list[Finding]:
    """Drift alarms, named transitions, models that wait, redundant segments and failed warnings of a run."""
    names = {
        "run_id": run.run_id,
        "attempt_id": run.attempt_id,
        "is_quiet": run.workspace.drift.alerts_from("source") == "never",
        "of_history": list(SOURCE_CHECKS),
    }
    return _drift(run) + [
        Finding(*(str(value) for value in row))
        for query in _QUERIES.values()
        for row in run.warehouse.rows(query, {key: value for key, value in names.items() if f"${key}" in query})
        if all(value is not None for value in row)
    ]


def _drift(run: Run) -> list[Finding]:
    """One for each subject that changed since the previous run, as far as the policy of its kind wants it told."""
    found = []
    for kind, subject, is_alarm, sentence in run.warehouse.rows(_DRIFT, {"run_id": run.run_id}):
        if run.workspace.drift.alerts_from(kind) in (["alarm", "notice"] if is_alarm else ["notice"]):
            found.append(Finding("critical" if is_alarm else "warning", "drift", subject, sentence))
    return found
