"""What our own expectations have in common: a batch as a whole is judged by metrics of it.

Owns: the base class, which hides what Great Expectations hands to a validation beside the metrics. Imported by modules
that `adapter.py` imports alone, for Great Expectations takes seconds to import.
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.expectations.expectation import BatchExpectation


class BatchMetricExpectation(BatchExpectation):
    """An expectation whose result follows from its metrics and arguments."""

    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "row_condition", "condition_parser")

    def _judge(self, metrics: dict[str, Any]) -> dict[str, Any]:
        """`success` and `result`, as Great Expectations wants them."""
        raise NotImplementedError

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: object = None,
    ) -> dict[str, Any]:
        del runtime_configuration, execution_engine
        return self._judge(metrics)
