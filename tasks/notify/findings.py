"""What of a run is worth somebody's attention.

Owns: which rows of the monitoring tables become alerts. Does not own the verdicts (`tasks/drift`, `tasks/overlap`), how
much hangs on them (`facts.py`), or who is told (`book.py`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from tasks.config.alert_kinds import AlertKind
from tasks.config.drift import RECENT, SOURCE_CHECKS
from tasks.config.overlap import OverlapPolicy
from tasks.notify.parts import Parts, of_check
from tasks.warehouse.connection import identifier
from tasks.warehouse.run import Run


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at.

    Attributes:
        is_news: it was not so in the run before; what merely goes on is not in the run's own list.
        opens: it is worth an alert by itself; else it only keeps one open that stands already.
        customer_count: customers it is about; None: unknown, or not about customers.
        net_amount: what they brought in within a year, likewise.
        owner: who works on it; None: whoever the workspace names.
        cause: what is likely behind it; None: what is likely behind alerts of its kind.
        consequence: what readers would get wrong; None: nothing is known of it.
        since: the date of what a change is told beside; None: it is no change.
        parts: what is wrong of the subject, where several things may be (`parts.py`).
    """

    severity: str
    kind: AlertKind
    subject: str
    message: str
    is_news: bool = True
    opens: bool = True
    customer_count: int | None = None
    net_amount: float | None = None
    owner: str | None = None
    cause: str | None = None
    consequence: str | None = None
    since: dt.date | None = None
    parts: Parts = field(default_factory=dict)


#: What a run finds in its own tables, in the order in which it is told; each query gives severity, kind, subject,
#: message, and what else of a `Finding` it knows.
_OF_TABLES = {
    "emerging": (
        "SELECT 'warning' AS severity, 'emerging' AS kind, candidate_id AS subject, sentence AS message,"
        " customer_count FROM monitoring.emerging_segment"
        " WHERE run_id = $run_id AND list_contains($told_candidates, status_name) ORDER BY subject"
    ),
    "transition": (
        "SELECT 'warning' AS severity, 'transition' AS kind, coalesce(from_segment_ids, to_segment_ids) AS subject,"
        " sentence AS message FROM monitoring.segment_event WHERE run_id = $run_id AND event_name <> 'survive'"
        " AND is_by_chance IS DISTINCT FROM true ORDER BY sentence"
    ),
    # What has not changed since the run before was told then. A nested pair is told where its overlap grew by more than
    # chance: on the edge of the limit, a few customers would make it one in every other run. That all segments
    # which divide some customers lie inside another says something of that one, and the audit says it, once. A segment
    # that is projected holds those that it was learnt on, because it is to.
    "overlap": (
        "WITH sides AS (SELECT segment_id_a AS outer_id, split_part(segment_id_b, '.', 1) AS inner_name,"
        " b_count AS inner_count, intersection_count FROM monitoring.overlap WHERE run_id = $run_id UNION ALL"
        " SELECT segment_id_b, split_part(segment_id_a, '.', 1), a_count, intersection_count FROM monitoring.overlap"
        " WHERE run_id = $run_id), holding_all AS (SELECT outer_id, inner_name FROM sides"
        " WHERE inner_count > 0 AND list_contains($single, inner_name) GROUP BY ALL"
        " HAVING count(*) > 1 AND sum(intersection_count) >= $inside * sum(inner_count))"
        " SELECT 'warning' AS severity, 'overlap' AS kind, now.segment_id_a || ' and ' || now.segment_id_b AS subject,"
        " now.segment_id_a || ' and ' || now.segment_id_b || ' are ' || now.relation_name || ': they share '"
        " || format('{:,} customers (Jaccard {})', now.intersection_count, round(now.jaccard_share, 2)) AS message,"
        " now.intersection_count >= $few AND (now.relation_name IS DISTINCT FROM before.relation_name"
        " OR before.intersection_count < $few) AND (now.relation_name = 'redundant' OR now.trend_name IN"
        " ('grows', 'new') AND holding_all.outer_id IS NULL) AS is_news, is_news AS opens,"
        " now.intersection_count AS customer_count, now.year_net_amount AS net_amount"
        " FROM monitoring.overlap AS now LEFT JOIN monitoring.overlap AS before ON before.run_id = $previous_id"
        " AND before.segment_id_a = now.segment_id_a AND before.segment_id_b = now.segment_id_b"
        " LEFT JOIN holding_all ON outer_id = if(now.a_count > now.b_count, now.segment_id_a, now.segment_id_b)"
        " AND inner_name = split_part(if(now.a_count > now.b_count, now.segment_id_b, now.segment_id_a), '.', 1)"
        " WHERE now.run_id = $run_id AND now.relation_name IN ('redundant', 'nested') AND NOT list_contains($projected,"
        " split_part(now.segment_id_a, '.', 1) || ' ' || split_part(now.segment_id_b, '.', 1)) ORDER BY subject"
    ),
    "conflict": (
        "SELECT CASE WHEN now.intersection_count >= $grave * customers.customer_count"
        " OR coalesce(now.year_net_amount >= $grave * customers.net_amount, false) THEN 'critical' ELSE 'warning' END"
        " AS severity, 'conflict' AS kind, now.segment_id_a || ' and ' || now.segment_id_b AS subject,"
        " now.segment_id_a || ' and ' || now.segment_id_b || ' both have a treatment on '"
        " || now.channel_name || format(' for {:,} customers', now.intersection_count)"
        " || coalesce(format(' (net amount {:,.0f})', CAST(now.net_amount AS DOUBLE)), '')"
        " || ', and nothing says which goes first' AS message, NOT coalesce(before.is_conflict, false) AS is_news,"
        " now.intersection_count AS customer_count, now.year_net_amount AS net_amount"
        " FROM monitoring.overlap AS now LEFT JOIN monitoring.overlap AS before ON before.run_id = $previous_id"
        " AND before.segment_id_a = now.segment_id_a AND before.segment_id_b = now.segment_id_b"
        " CROSS JOIN (SELECT count(*) AS customer_count, sum({year_amount}) AS net_amount FROM features.customer_value"
        " WHERE run_id = $run_id) AS customers"
        " WHERE now.run_id = $run_id AND now.is_conflict"
        " ORDER BY now.intersection_count DESC, message"
    ),
}
_WAITING_MODELS = (
    "SELECT 'warning' AS severity, 'model' AS kind, segmentation_id AS subject, segmentation_id || ': model '"
    " || model_no || ' of ' || trained_as_of_date || ' waits for a decision: ' || reason"
    " || coalesce(format('; {:,} of {:,} customers would move', moved_count, customer_count), '')"
    " || ' (`resegment model diff ' || segmentation_id || '`)' AS message, moved_count AS customer_count,"
    " model_no"
    " FROM segments.model_version WHERE run_id = $run_id AND status_name = 'waiting' ORDER BY segmentation_id"
)
_FAILED_CHECKS = (
    "SELECT severity_name AS severity, CASE WHEN runbook LIKE '%late-or-stale-data%' THEN 'source_late'"
    " ELSE 'quality' END AS kind, table_name AS subject, table_name || ': not so: ' || meaning"
    " || coalesce(' (' || CASE WHEN observed_value IS NOT NULL THEN 'found ' || observed_value"
    " ELSE format('{:,} of {:,} rows', unexpected_count, element_count) END || ')', '') AS message,"
    " owner_name AS owner, consequence, meaning, unexpected_count, example_values"
    " FROM ops.check_result WHERE attempt_id = $attempt_id AND NOT is_success"
    " AND NOT ($is_quiet AND severity_name = 'warning' AND list_contains($of_history, expectation_name))"
    " ORDER BY subject, message"
)
#: Candidate segments of which status are told, by the policy of the workspace.
_TOLD_CANDIDATES = {"candidate": ["candidate", "promoted"], "promoted": ["promoted"], "never": ["none"]}
_DRIFT = (
    "SELECT subject_kind, subject_name, max(level_name = 'alarm') AS is_alarm, arg_min("
    " CASE reference_kind WHEN 'previous' THEN '' ELSE 'Since ' || reference_as_of_date || ': ' END || sentence,"
    " (level_name <> 'alarm', p_adjusted, reference_kind, test_name, part_name)) AS sentence,"
    " min(reference_as_of_date) AS since FROM monitoring.drift"
    " WHERE run_id = $run_id AND level_name <> 'none' AND list_contains($recent, reference_kind)"
    " GROUP BY subject_kind, subject_name ORDER BY is_alarm DESC, subject_name, subject_kind"
)


def findings_of(run: Run) -> list[Finding]:
    """Drift, candidate segments, transitions, waiting models, overlaps and conflicts, and failed warnings of a run."""
    names: dict[str, object] = {
        "run_id": run.run_id,
        "previous_id": run.previous.run_id if run.previous else None,
        "grave": OverlapPolicy().grave_share,
        "inside": OverlapPolicy().nested_containment,
        "single": sorted(run.workspace.single_membership),
        # Pairs of segmentations, as pairs of segments stand: the first in order of ids first.
        "projected": [" ".join(sorted(two)) for two in run.workspace.projections.items()],
        # Fewer are nobody's finding; of two, one in common is half.
        "few": max(run.workspace.privacy.min_group_size, 2),
        "told_candidates": _TOLD_CANDIDATES[run.workspace.drift.emerging.alert],
    }
    year_amount = identifier(run.workspace.features.year_amount)
    found = [
        Finding(**row)
        for query in _OF_TABLES.values()
        for row in _found(run, query.replace("{year_amount}", year_amount), names)
    ]
    return _drift(run) + found + waiting_models(run) + failed_checks(run)


def waiting_models(run: Run) -> list[Finding]:
    """Versions that wait for a decision; whoever knows of one does not know of the next, which is a part of its own."""
    rows = _found(run, _WAITING_MODELS, {"run_id": run.run_id})
    return [Finding(parts={f"model {row.pop('model_no')}": 0}, **row) for row in rows]


def failed_checks(run: Run) -> list[Finding]:
    """Checks that failed in this attempt; in one that was stopped, those that stopped it are among them."""
    names: dict[str, object] = {
        "attempt_id": run.attempt_id,
        "is_quiet": run.workspace.drift.alerts_from("source") == "never",
        "of_history": list(SOURCE_CHECKS),
    }
    found = []
    for row in _found(run, _FAILED_CHECKS, names):
        parts = of_check(row.pop("meaning"), row.pop("unexpected_count"), row.pop("example_values"))
        found.append(Finding(**row, parts=parts))
    return found


def checked_tables(run: Run) -> list[str]:
    """Tables on which this attempt came to a verdict."""
    rows = run.warehouse.rows(
        "SELECT DISTINCT table_name FROM ops.check_result WHERE attempt_id = $attempt AND is_success IS NOT NULL"
        " ORDER BY table_name",
        {"attempt": run.attempt_id},
    )
    return [table for (table,) in rows]


def _found(run: Run, query: str, names: dict[str, object]) -> list[dict[str, Any]]:
    rows = run.warehouse.records(query, {key: value for key, value in names.items() if f"${key}" in query})
    return [row for row in rows if row["message"] is not None]


def _drift(run: Run) -> list[Finding]:
    """One for each subject that changed of late, as far as the policy of its kind wants it told.

    What shows since the previous run, since a window ago and since before a season is one thing to look at.
    """
    found = []
    names: dict[str, object] = {"run_id": run.run_id, "recent": list(RECENT)}
    for kind, subject, is_alarm, sentence, since in run.warehouse.rows(_DRIFT, names):
        if run.workspace.drift.alerts_from(kind) in (["alarm", "notice"] if is_alarm else ["notice"]):
            told: AlertKind = "size_change" if kind == "segment_size" else "drift"
            found.append(Finding("critical" if is_alarm else "warning", told, subject, sentence, since=since))
    return found
