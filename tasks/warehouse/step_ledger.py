"""What each step of a run took: rows, seconds, memory, and the tables that it read and wrote.

Owns: what is kept of a step, in `ops.step`. Does not own measuring it (`steps.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run.

    Attributes:
        name: of the task, such as `check`.
        subject: what it was done for: a source, a door, a segmentation; empty where there is one such step a run.
        started_at: UTC without a zone.
        seconds: on the clock.
        processor_seconds: of all threads.
        peak_bytes: the most memory that the process held meanwhile; None where the system does not tell.
        read: tables, as `schema.table`, that its statements name.
        written: tables with the rows that were put in.
        error: how it failed; None where it did not.
    """

    name: str
    subject: str
    started_at: dt.datetime
    seconds: float
    processor_seconds: float
    peak_bytes: int | None
    read: tuple[str, ...]
    written: tuple[tuple[str, int], ...]
    error: str | None

    @property
    def title(self) -> str:
        """The step in words."""
        return f"{self.name} {self.subject}".strip()

    @property
    def rows(self) -> int:
        """Rows that were put in, of all tables."""
        return sum(rows for _, rows in self.written)


def keep_steps(warehouse: Warehouse, attempt: Mapping[str, object], steps: Sequence[Step]) -> None:
    """Write the steps of a run into `ops.step`; the caller holds a transaction."""
    for number, step in enumerate(steps, 1):
        ledger.insert(
            warehouse,
            "step",
            {
                **attempt,
                "step_no": number,
                "step_name": step.name,
                "subject_name": step.subject,
                "started_at": step.started_at,
                "clock_seconds": step.seconds,
                "processor_seconds": step.processor_seconds,
                "peak_bytes": step.peak_bytes,
                "row_count": step.rows,
                "read_tables": list(step.read),
                "written_tables": [table for table, _ in step.written],
                "error_message": step.error,
            },
        )
