"""Decisions about a row that outlive a change of the mapping.

Owns: finding rows of a file that was loaded anew, with the same content, on which somebody has decided before. Does not
own carrying the decision out (`working_off.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tasks.ingest.decisions import Decider, DecisionName
from tasks.ingest.discovery import FoundFile
from tasks.ingest.working_off import work_off
from tasks.warehouse.run import Run

#: Open cases by what was decided on the same row of the same file before. A release was about some problems, and holds
#: where there are no others; a discard is about the row. Since when folders are columns, or no more, a file is known by
#: something else: then its bytes tell that it is the same; of two files of the same bytes in two folders they do not.
_DECIDED_BEFORE = """
WITH contents AS (
    SELECT load_id, file_sha256, false AS is_of_bytes FROM ops.load WHERE source_name = $source
    UNION ALL
    SELECT load_id, bytes_sha256, true FROM ops.load JOIN bytes_of USING (file_sha256) WHERE source_name = $source
),

problems AS (
    SELECT
        load_id,
        file_sha256,
        is_of_bytes,
        row_number,
        quarantine_no,
        status_name,
        list_sort(list(concat_ws(' ', column_name, reason))) AS what
    FROM ops.quarantine
    JOIN contents USING (load_id)
    GROUP BY ALL
),

decided AS (
    SELECT problems.*, decision.decided_by, decision.decision_reason, decision.decided_at
    FROM problems
    JOIN ops.quarantine_decision AS decision
        ON problems.quarantine_no = decision.quarantine_no AND problems.status_name = decision.decision_name
    WHERE problems.status_name IN ('released', 'discarded')
)

SELECT current.quarantine_no, decided.status_name, decided.decided_by, decided.decision_reason
FROM problems AS current
JOIN decided
    ON current.file_sha256 = decided.file_sha256
    AND NOT (current.is_of_bytes AND decided.is_of_bytes)
    AND current.row_number = decided.row_number
    AND current.load_id <> decided.load_id
WHERE
    current.status_name = 'open'
    AND list_contains($loads, current.load_id)
    AND (decided.status_name = 'discarded' OR list_has_all(decided.what, current.what))
QUALIFY row_number() OVER (PARTITION BY current.quarantine_no ORDER BY decided.decided_at DESC) = 1
ORDER BY current.quarantine_no
"""


def carry_over(run: Run, source: str, files: Sequence[FoundFile]) -> int:
    """Decide again what was decided on rows of a file that another mapping has loaded anew; returns how many.

    Without it, each change of a mapping would bring every released and discarded row of the source back.

    Args:
        run: that has loaded what is new.
        source: its name.
        files: all that it has.
    """
    loads = [load_id for load_id, *_ in run.visible_loads()]
    with run.warehouse.registered("bytes_of", _bytes_of(files)):
        rows = run.warehouse.rows(_DECIDED_BEFORE, {"source": source, "loads": loads})
    alike: dict[tuple[str, str, str | None], list[int]] = {}
    for number, decision, by, because in rows:
        alike.setdefault((decision, by, because), []).append(number)
    for (decision, by, because), numbers in alike.items():
        name: DecisionName = "released" if decision == "released" else "discarded"
        work_off(run, name, Decider(by, because), numbers=numbers)
    return len(rows)


def _bytes_of(files: Sequence[FoundFile]) -> pl.DataFrame:
    """The digests of the bytes of files that are known by their folders, too."""
    digests = sorted({(file.sha256, file.bytes_sha256) for file in files if file.bytes_sha256 is not None})
    return pl.DataFrame(digests, schema={"file_sha256": pl.String, "bytes_sha256": pl.String}, orient="row")
