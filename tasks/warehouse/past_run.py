"""A run that was computed before, opened again: to be published, checked or told of.

Owns: finding it in the ledger. Does not own its rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run


def past_run(opened: Run, item: Publication, line: Sequence[Publication]) -> Run:
    """The run behind a publication, or behind one to come.

    Args:
        opened: a run of the same warehouse.
        item: its date and id.
        line: what is published, or will be, by which it knows what it follows.
    """
    known_as_of, attempt_id, numbers = opened.warehouse.rows(
        "SELECT known_as_of, attempt_id, load_numbers FROM ops.run WHERE run_id = $run_id"
        " ORDER BY status_name IN ('published', 'computed') DESC, started_at DESC LIMIT 1",
        {"run_id": item.run_id},
    )[0]
    run = Run(opened.workspace, opened.warehouse, opened.paths, item.as_of, known_as_of)
    loads = opened.warehouse.rows(
        "SELECT load_id, load_no, source_name, entity_name FROM ops.load"
        " WHERE list_contains($numbers, load_no) ORDER BY load_no",
        {"numbers": list(numbers or [])},
    )
    run.stand_for(attempt_id, line, item.run_id, loads)
    return run
