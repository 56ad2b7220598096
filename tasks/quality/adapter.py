"""Great Expectations on our open DuckDB: the one place that starts it, and the mends that it needs there.

Owns: turning checks into Great Expectations' objects and its results into `Outcome`s. Does not own which checks there
are (`suites.py`) or what follows from them (`gate.py`).

The mends, each held by a test that says when it is no longer needed:

- Great Expectations 1.24 gives its connection back before it reads the result. SQLAlchemy ends the transaction then,
  and with it the result of duckdb-engine's one cursor, and most expectations fail with an exception that is told as bad
  data. Nothing is begun on a `ReadingConnection`, and so nothing ended.
- A second opening of the warehouse's file would be refused: the data source is handed a cursor of the open connection.
- Importing it sends all warnings of the process to the log; progress bars are on; its log goes to standard error.
- It builds the configuration of an expectation anew each of the twenty-odd times that a validation asks for it, a sixth
  of the time of a door: while one runs, `_kept_configuration` gives the one that was built.
- To tell metrics apart it asks numpy of each argument that is None: `_plain_as_they_are` hands on what JSON can hold.
- duckdb-engine hangs a compiler on SQLAlchemy's TRY_CAST, which keeps DuckDB's types alive until after the interpreter
  has ended, and DuckDB prints a page about that. We cast nothing through SQLAlchemy: the compiler is taken off.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from operator import is_
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tasks.config.errors import ResegmentError
from tasks.quality.suites import Check
from tasks.quality.vocabulary import HISTORY, HISTORY_RULE, NO_ROWS, UNIQUE_KEY
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.engine_errors import without_values

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    from tasks.quality.data_docs import DataDocs

#: How many wrong values of a column a result brings along.
EXAMPLE_COUNT = 5
#: What SQLAlchemy would take for a parameter, such as the colon of a struct.
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")
#: How SQLAlchemy introduces a message of the database.
_DRIVER = re.compile(r"^\(\S+\) ")
_FORMAT: dict[str, Any] = {"result_format": "BASIC", "partial_unexpected_count": EXAMPLE_COUNT}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one check.

    Attributes:
        number: of the check in its suite.
        is_success: whether the data are as expected; meaningless where there is an `error`.
        observed: the figure or values that an expectation on a whole column or table saw.
        element_count: rows of the batch.
        unexpected_count: how many rows, values or keys are wrong; None where an expectation does not count.
        examples: some of the wrong values.
        error: why the check could not be run: a defect of the check or the pipeline, not of the data.
    """

    number: int
    is_success: bool
    observed: object = None
    element_count: int | None = None
    unexpected_count: int | None = None
    examples: tuple[object, ...] = field(default_factory=tuple)
    error: str | None = None


@cache
def load() -> None:
    """Import Great Expectations and mend it, once in a process; takes seconds."""
    with _quietly():
        shown = warnings.showwarning
        import duckdb_engine  # noqa: F401 - registers DuckDB with SQLAlchemy
        from great_expectations.core import id_dict
        from great_expectations.expectations.expectation import Expectation

        import tasks.quality.like_history
        import tasks.quality.no_rows
        import tasks.quality.unique_key  # noqa: F401 - they register our expectations

        if warnings.showwarning is not shown:
            logging.captureWarnings(capture=False)
    _kept_configuration.__wrapped__ = Expectation.configuration.fget  # type: ignore[attr-defined]
    Expectation.configuration = property(_kept_configuration)  # type: ignore[method-assign,assignment]
    _plain_as_they_are.__wrapped__ = id_dict.convert_to_json_serializable  # type: ignore[attr-defined]
    id_dict.convert_to_json_serializable = _plain_as_they_are  # type: ignore[assignment,attr-defined]
    log = logging.getLogger("great_expectations")
    log.addHandler(logging.NullHandler())
    log.propagate = False


#: By the identity of an expectation: itself, which keeps that identity from being given again, what its fields were,
#: and its configuration. Filled and emptied by one validation.
_configurations: dict[int, tuple[Expectation, tuple[object, ...], ExpectationConfiguration]] = {}


def _kept_configuration(expectation: Expectation) -> ExpectationConfiguration:
    """The configuration of an expectation, built anew only where one of its fields was set since."""
    fields = tuple(vars(expectation).values())
    kept = _configurations.get(id(expectation))
    if kept is not None and len(kept[1]) == len(fields) and all(map(is_, kept[1], fields)):
        return kept[2]
    built: ExpectationConfiguration = _kept_configuration.__wrapped__(expectation)  # type: ignore[attr-defined]
    _configurations[id(expectation)] = expectation, fields, built
    return built


_PLAIN = frozenset({str, int, bool, type(None)})


def _plain_as_they_are(data: dict[str, object]) -> object:
    """Arguments of a metric as JSON can hold them: most are texts and None, and need not be gone through."""
    if all(type(value) in _PLAIN for value in data.values()):
        return data
    return _plain_as_they_are.__wrapped__(data)  # type: ignore[attr-defined]


class Inspector:
    """Great Expectations over one open warehouse, for the checks of one door; closed by `with`."""

    def __init__(self, warehouse: Warehouse, relations: Mapping[str, str], documents: DataDocs | None = None) -> None:
        """Open a context that lives in memory and reads through a cursor of the warehouse's connection.

        Args:
            warehouse: open; a transaction of it that is not committed is not seen.
            relations: the rows of each table that is to be looked at, as they would stand after FROM.
            documents: keeps the results for Great Expectations' own pages, where somebody wants them.
        """
        self._documents = documents
        load()
        self._relations = dict(relations)
        import great_expectations
        from great_expectations.data_context.types.base import ProgressBarsConfig

        from tasks.quality.reading_connection import ReadingConnection

        with _quietly():
            context = great_expectations.get_context(mode="ephemeral")
            context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
            # All at once: each asset that is added later makes Great Expectations write its whole configuration.
            self._source: SQLDatasource = context.data_sources.add_sql(  # type: ignore[call-arg] # its stub lacks these
                name="warehouse",
                connection_string="duckdb:///:memory:",
                kwargs={"creator": lambda: ReadingConnection(warehouse.connection.cursor())},
                assets=[
                    {"type": "query", "name": table, "query": f"SELECT * FROM {relation}"}
                    for table, relation in relations.items()
                ],
            )

    def __enter__(self) -> Self:
        """The inspector itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the cursors back: an open one would keep the warehouse's file open after the warehouse is closed."""
        self._source.get_execution_engine().engine.dispose()
        self._source.get_engine().dispose()

    def inspect(
        self,
        table: str,
        checks: Sequence[Check],
        queries: Mapping[int, str],
        arguments: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> list[Outcome]:
        """Run checks of one table in one call; the outcomes are in the order of the checks.

        Args:
            table: one of `relations`.
            checks: the checks.
            queries: the SELECT of wrong rows, or of a series, of the checks that have one, by number.
            arguments: what the checks on history are told beside their query, by number.

        Raises:
            ResegmentError: Great Expectations does not take a check as it is written.
        """
        import great_expectations

        told = arguments or {}
        configurations = [
            _configuration(check, self._relations[table], queries.get(check.number), told.get(check.number, {}))
            for check in checks
        ]
        with _quietly():
            try:
                asset = self._source.get_asset(table)
                batch = asset.get_batch(asset.build_batch_request())
                suite = great_expectations.ExpectationSuite(name=table, expectations=configurations)
                validation = batch.validate(suite, result_format=_FORMAT)
            except Exception as error:
                raise ResegmentError(
                    f"Great Expectations does not take the checks of {table}: {' '.join(str(error).split())}",
                    where=checks[0].where.rsplit(":", 1)[0],
                    hint="correct the expectation that it names",
                ) from error
            finally:
                _configurations.clear()
        if self._documents is not None:
            self._documents.keep(table, checks, validation)
        outcomes = {outcome.number: outcome for outcome in map(_outcome, validation.results)}
        lost = Outcome(0, is_success=False, error="Great Expectations returned no result for it")
        return [outcomes.get(check.number, lost) for check in checks]


@contextmanager
def _quietly() -> Iterator[None]:
    """Great Expectations and its libraries warn of each other; those are not the user's to mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _configuration(check: Check, relation: str, query: str | None, arguments: Mapping[str, Any]) -> dict[str, Any]:
    expectation = check.expectation
    mostly = {} if expectation.mostly is None else {"mostly": expectation.mostly}
    kwargs: dict[str, Any] = {**expectation.kwargs, **mostly}
    name = expectation.type
    if name == UNIQUE_KEY:
        kwargs = {"relation": relation, **kwargs}
    elif query is not None and name in HISTORY:
        kwargs = {**HISTORY_RULE, **_without_source(kwargs), **arguments, "query": _escaped(query)}
    elif query is not None:
        name, kwargs = NO_ROWS, {"query": _escaped(query), **mostly}
    return {"type": name, "kwargs": kwargs, "severity": expectation.severity, "meta": {"number": check.number}}


def _without_source(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """What the rule needs; where the figures come from is in the query."""
    return {key: value for key, value in kwargs.items() if key not in {"columns", "by", "against"}}


def _escaped(query: str) -> str:
    """SQL for Great Expectations, which fills in braces, and SQLAlchemy, which takes `:name` for a parameter."""
    # The query is put between brackets on one line: it may end in a comment.
    return _PARAMETER.sub(r"\\:", query.replace("{", "{{").replace("}", "}}")) + "\n"


def _outcome(result: ExpectationValidationResult) -> Outcome:
    configuration = result.expectation_config
    number = configuration.meta["number"] if configuration and configuration.meta else 0
    error = _error(result.exception_info)
    if error:
        return Outcome(number, is_success=False, error=error)
    told = result.result
    return Outcome(
        number,
        is_success=bool(result.success),
        observed=told.get("observed_value"),
        element_count=told.get("element_count"),
        unexpected_count=told.get("unexpected_count"),
        examples=tuple(told.get("partial_unexpected_list") or ()),
    )


def _error(information: dict[str, Any] | None) -> str | None:
    """What went wrong, of one exception or of one for each metric; None where nothing did."""
    if not information:
        return None
    parts = [information] if "raised_exception" in information else list(information.values())
    messages = [str(part["exception_message"]) for part in parts if part["raised_exception"]]
    return without_values(_DRIVER.sub("", messages[0].strip())) if messages else None
