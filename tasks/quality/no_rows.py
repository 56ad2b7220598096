"""An expectation of ours: a query of the wrong rows returns none.

Owns: the class, which Great Expectations registers as `expect_no_rows` when this module is imported. Imported by
`adapter.py` alone, for Great Expectations takes seconds to import.

Great Expectations' `UnexpectedRowsExpectation` runs every query twice, once for the rows and once for their number,
wraps the batch differently for queries with and without JOIN, and prints to standard output where a query does not name
the batch. This one asks for the number; examples of the rows are looked for only where there are any (`gate.py`).
"""

from __future__ import annotations

from typing import Any, ClassVar

from tasks.quality.batch_metric import BatchMetricExpectation


class ExpectNoRows(BatchMetricExpectation):
    """Succeeds where `query` returns no rows, or few enough; the result tells how many, and how many the batch has.

    Attributes:
        query: a SELECT of the wrong rows.
        mostly: the share of the batch's rows that suffices to be right (0–1).
    """

    query: str
    mostly: float = 1.0

    metric_dependencies: ClassVar[tuple[str, ...]] = ("query.row_count", "table.row_count")
    success_keys: ClassVar[tuple[str, ...]] = ("query",)

    def _judge(self, metrics: dict[str, Any]) -> dict[str, Any]:
        found, rows = metrics["query.row_count"], metrics["table.row_count"]
        return {
            "success": found == 0 or found <= (1 - self.mostly) * rows,
            "result": {"element_count": rows, "unexpected_count": found},
        }
