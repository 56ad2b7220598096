"""An expectation of ours: no row has a key that is null or that another row has.

Owns: the class, which Great Expectations registers as `expect_key_to_be_unique` when this module is imported, and the
metric that it stands on. Imported by `adapter.py` alone, for Great Expectations takes seconds to import.

Great Expectations' own expectation joins the table to itself: of ten million rows that takes three times as long, and
its memory grows with the rows. Rows of one key have one hash; so where there are as many hashes as rows no key repeats,
and only a suspicion is looked into by the keys themselves. Hashes are looked at a few millions at a time, by their
remainder, so that memory does not grow with the rows; each time the table is scanned for the columns of the key.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.metrics.metric_provider import MetricProvider, metric_value

from tasks.quality.batch_metric import BatchMetricExpectation
from tasks.quality.row_queries import key_query, suspicion_query

if TYPE_CHECKING:
    from great_expectations.validator.metric_configuration import MetricConfiguration

#: Hashes that are held at once: about 60 bytes each.
_ROWS_AT_ONCE = 2_000_000


class RepeatedKeys(MetricProvider):
    """How many keys are null or stand on more than one row."""

    metric_name = "key.repeated_count"
    domain_keys = ("batch_id", "row_condition", "condition_parser")
    value_keys = ("relation", "columns")

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls,  # noqa: N805 - Great Expectations makes a class method of it
        execution_engine: SqlAlchemyExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> int:
        del metric_domain_kwargs, runtime_configuration
        relation, columns = metric_value_kwargs["relation"], metric_value_kwargs["columns"]
        parts = max(1, math.ceil(metrics["table.row_count"] / _ROWS_AT_ONCE))
        for part in range(parts):
            if _value(execution_engine, suspicion_query(relation, columns, part=part, parts=parts)):
                return _value(execution_engine, f"SELECT count(*) FROM ({key_query(relation, columns)})")
        return 0

    @classmethod
    def _get_evaluation_dependencies(cls, metric: MetricConfiguration, *_: object, **__: object) -> dict[str, Any]:
        from great_expectations.validator.metric_configuration import MetricConfiguration

        return {"table.row_count": MetricConfiguration("table.row_count", metric.metric_domain_kwargs)}


def _value(engine: SqlAlchemyExecutionEngine, query: str) -> int:
    # SQLAlchemy takes `:name` for a parameter.
    row = engine.execute_query(sqlalchemy.text(query.replace(":", r"\:"))).fetchone()
    return int(row[0]) if row else 0


class ExpectKeyToBeUnique(BatchMetricExpectation):
    """Succeeds where no key is null or stands twice; the result tells how many do, and how many rows the batch has.

    Attributes:
        relation: the batch, as it stands after FROM.
        columns: the key.
    """

    relation: str
    columns: list[str]

    metric_dependencies: ClassVar[tuple[str, ...]] = ("key.repeated_count", "table.row_count")
    success_keys: ClassVar[tuple[str, ...]] = ("relation", "columns")

    def _judge(self, metrics: dict[str, Any]) -> dict[str, Any]:
        found = metrics["key.repeated_count"]
        return {
            "success": found == 0,
            "result": {"element_count": metrics["table.row_count"], "unexpected_count": found},
        }
