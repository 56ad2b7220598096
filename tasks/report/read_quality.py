"""Reading check results and the quarantine.

Owns: their queries, and that no contact value leaves them. Does not own: the verdict on the run (`read_run.py`).
"""

from __future__ import annotations

from typing import Any

from tasks.report.privacy import mask_emails, shown_examples, shown_value
from tasks.report.reader import RunReader
from tasks.report.run_records import CheckRow, QuarantineExample, QuarantineReason

_REASONS_SHOWN = 100
_EXAMPLES_SHOWN = 3
_EXAMPLES_OF_CHECK = 5
#: How expectations end that tell of shares, means and numbers of rows, and of no row.
_LIKE_EARLIER = "_to_be_like_earlier_ones"
_CHECK_COLUMNS = (
    "door_name",
    "table_name",
    "expectation_name",
    "column_name",
    "severity_name",
    "is_success",
    "meaning",
    "mostly_share",
    "consequence",
    "owner_name",
    "runbook",
    "observed_value",
    "element_count",
    "unexpected_count",
    "example_values",
)


def checks(reader: RunReader) -> tuple[CheckRow, ...]:
    """Every check of this attempt, in the order in which they ran."""
    rows = reader.of_run(
        "ops.check_result",
        _CHECK_COLUMNS,
        order_by="checked_at, table_name, check_no, expectation_name, column_name",
        key="attempt_id",
    )
    return tuple(_check(row) for row in rows)


def _check(row: dict[str, Any]) -> CheckRow:
    table, column = row["table_name"] or "", row["column_name"]
    is_series = (row["expectation_name"] or "").endswith(_LIKE_EARLIER)
    return CheckRow(
        door=row["door_name"] or table.partition(".")[0],
        table_name=table,
        expectation_name=row["expectation_name"] or "",
        column_name=column or "",
        severity=row["severity_name"] or "",
        is_success=row["is_success"],
        meaning=mask_emails(row["meaning"] or row["expectation_name"] or ""),
        mostly_share=row["mostly_share"],
        consequence=mask_emails(row["consequence"] or ""),
        owner=row["owner_name"] or "",
        runbook=row["runbook"] or "",
        # Of a check that was not run, is on history, or has rows of its own, this is a sentence of ours.
        observed=mask_emails(row["observed_value"] or "")
        if row["is_success"] is None or is_series or row["unexpected_count"]
        else ", ".join(shown_examples(table, column, row["observed_value"])),
        # What a series says is in its sentence: its elements are comparisons, no rows.
        element_count=None if is_series else row["element_count"],
        unexpected_count=None if is_series else row["unexpected_count"],
        examples=() if is_series else shown_examples(table, column, row["example_values"])[:_EXAMPLES_OF_CHECK],
    )


def quarantine(reader: RunReader) -> tuple[tuple[QuarantineReason, ...], int]:
    """The most frequent reasons of the loads that the run sees, with examples, and the number of reasons.

    What was worked off counts where the run does not see it, and not where it does.
    """
    loads = [load_id for load_id, *_ in reader.run.visible_loads()]
    rows = reader.warehouse.records(
        "SELECT source_name, entity_name, column_name, reason, action_name, count(*) AS problem_count,"
        " arg_min({'value': left(value_text, 500), 'file': file_name, 'row': row_number},"
        f" (file_name, row_number, load_id), {_EXAMPLES_SHOWN:d}) AS examples, count(*) OVER () AS reason_count"
        " FROM ops.quarantine LEFT JOIN raw.quarantined_value USING (load_id, row_number, column_name)"
        " WHERE list_contains($loads, load_id) AND NOT coalesce(list_contains($loads, closed_by_load_id), false)"
        " GROUP BY source_name, entity_name, column_name, reason, action_name"
        " ORDER BY problem_count DESC, source_name, column_name, reason, action_name"
        f" LIMIT {_REASONS_SHOWN:d}",
        {"loads": loads},
    )
    return tuple(_reason(row) for row in rows), int(rows[0]["reason_count"]) if rows else 0


def _reason(row: dict[str, Any]) -> QuarantineReason:
    entity, column = row["entity_name"] or "", row["column_name"]
    examples = tuple(
        QuarantineExample(shown_value(entity, column, example["value"]), example["file"] or "", example["row"])
        for example in row["examples"]
    )
    return QuarantineReason(
        source_name=row["source_name"] or "",
        entity_name=entity,
        column_name=column or "",
        reason=mask_emails(row["reason"] or ""),
        action=row["action_name"] or "",
        problem_count=row["problem_count"],
        examples=examples,
    )
