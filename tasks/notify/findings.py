"""What of a run is worth somebody's attention.

Owns: which rows of the monitoring tables become alerts. Does not own the verdicts (`tasks/drift`, `tasks/overlap`).
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.config.drift import SOURCE_CHECKS
from tasks.config.overlap import OverlapPolicy
from tasks.warehouse.connection import identifier
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
    # What has not changed since the run before was told then. A nested pair is told where its overlap grew by more than
    # chance: on the edge of the limit, a few customers would make it one in every other run.
    "overlap": (
        "SELECT 'warning', 'overlap', now.segment_id_a, now.segment_id_a || ' and ' || now.segment_id_b || ' are '"
        " || now.relation_name || ': they share ' || now.intersection_count || ' customers (Jaccard '"
        " || round(now.jaccard_share, 2) || ')'"
        " FROM monitoring.overlap AS now LEFT JOIN monitoring.overlap AS before ON before.run_id = $previous_id"
        " AND before.segment_id_a = now.segment_id_a AND before.segment_id_b = now.segment_id_b"
        " WHERE now.run_id = $run_id AND now.relation_name IS DISTINCT FROM before.relation_name"
        " AND (now.relation_name = 'redundant'"
        " OR (now.relation_name = 'nested' AND now.trend_name IN ('grows', 'new')))"
        " ORDER BY 3, 4"
    ),
    "conflict": (
        "SELECT CASE WHEN now.intersection_count >= $grave * customers.customer_count"
        " OR coalesce(now.year_net_amount >= $grave * customers.net_amount, false) THEN 'critical' ELSE 'warning' END,"
        " 'conflict', now.segment_id_a, now.segment_id_a || ' and ' || now.segment_id_b || ' both have a treatment on '"
        " || now.channel_name || ' for ' || now.intersection_count || ' customers'"
        " || coalesce(' (net amount ' || printf('%.0f', now.net_amount) || ')', '')"
        " || ', and nothing says which goes first'"
        " FROM monitoring.overlap AS now LEFT JOIN monitoring.overlap AS before ON before.run_id = $previous_id"
        " AND before.segment_id_a = now.segment_id_a AND before.segment_id_b = now.segment_id_b"
        " CROSS JOIN (SELECT count(*) AS customer_count, sum({year_amount}) AS net_amount FROM features.customer_value"
        " WHERE run_id = $run_id) AS customers"
        " WHERE now.run_id = $run_id AND now.is_conflict AND NOT coalesce(before.is_conflict, false)"
        " ORDER BY now.intersection_count DESC, 4"
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
    """Drift alarms, named transitions, waiting models, new overlaps and conflicts, and failed warnings of a run."""
    names: dict[str, object] = {
        "run_id": run.run_id,
        "previous_id": run.previous.run_id if run.previous else None,
        "attempt_id": run.attempt_id,
        "grave": OverlapPolicy().grave_share,
        "is_quiet": run.workspace.drift.alerts_from("source") == "never",
        "of_history": list(SOURCE_CHECKS),
    }
    year_amount = identifier(run.workspace.features.year_amount)
    return _drift(run) + [
        Finding(*(str(value) for value in row))
        for query in (text.replace("{year_amount}", year_amount) for text in _QUERIES.values())
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
