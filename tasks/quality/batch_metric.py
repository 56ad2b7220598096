"""What our own expectations have in common: a batch as a whole is judged by metrics of it.

Owns: the base class, which hides what Great Expectations hands to a validation beside the metrics. Imported by modules
that `adapter.py` imports alone, for Great Expectations takes seconds to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from great_expectations.expectations.expectation import BatchExpectation, Expectation
from great_expectations.expectations.registry import get_metric_kwargs
from great_expectations.validator.metric_configuration import MetricConfiguration

if TYPE_CHECKING:
    from great_expectations.execution_engine.execution_engine import ExecutionEngine
    from great_expectations.validator.validator import ValidationDependencies


class BatchMetricExpectation(BatchExpectation):
    """An expectation whose result follows from its metrics and arguments."""

    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "row_condition", "condition_parser")

    def get_validation_dependencies(
        self, execution_engine: ExecutionEngine[Any] | None = None, runtime_configuration: dict[str, Any] | None = None
    ) -> ValidationDependencies:
        """The metrics and what each is asked of: as the base class says, which builds itself anew for every metric."""
        needed: ValidationDependencies = Expectation.get_validation_dependencies(
            self, execution_engine, runtime_configuration
        )
        said = self.configuration.kwargs
        for name in self.metric_dependencies:
            keys = get_metric_kwargs(name)
            parts = (keys["metric_domain_keys"], keys["metric_value_keys"])
            asked = [{key: said.get(key, self._get_default_value(key)) for key in part} for part in parts]
            needed.set_metric_configuration(name, MetricConfiguration(name, *asked))
        return needed

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
