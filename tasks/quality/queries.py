"""The SQL of checks: which rows of a table a run is judged by, and what a query in a suite turns into.

Owns: `{{ batch }}` and the other names that a query in a suite may use, and how uniqueness is found out cheaply. Does
not own running any of it (`gate.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import jinja2
import sqlglot
from sqlglot import exp

from tasks.config.errors import WorkspaceError
from tasks.config.segmentations import RulesSegmentation
from tasks.config.workspace import Workspace
from tasks.quality import vocabulary
from tasks.quality.suites import DOORS, Check, load_suites
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.run import Run
from tasks.warehouse.tables import KEPT_BY_RUN

#: The name under which a candidate of the published file is attached while it is checked.
CANDIDATE = "checked_candidate"

_ENVIRONMENT = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - SQL, not HTML


@dataclass(frozen=True)
class QueryContext:
    """What the queries of one run's checks are made from."""

    workspace: Workspace
    as_of: dt.date
    run_id: str
    load_ids: tuple[str, ...]

    @classmethod
    def of_run(cls, run: Run) -> QueryContext:
        """The context of a run that has its id."""
        return cls(run.workspace, run.as_of, run.run_id, tuple(load_id for load_id, *_ in run.visible_loads()))

    def rows(self, table: str) -> str:
        """A relation of the rows that the run is judged by, to stand after FROM.

        Of `ops.load` the loads that the run sees, of tables kept by run its own rows, of `published` the candidate's,
        of any other table all rows.
        """
        schema, name = table.split(".")
        if table == "ops.load":
            return f"(SELECT * FROM ops.load WHERE load_id IN ({_listed(self.load_ids)}))"
        if schema in KEPT_BY_RUN:
            return f"(SELECT * FROM {schema}.{identifier(name)} WHERE run_id = {literal(self.run_id)})"
        if schema == "published":
            return f"{CANDIDATE}.main.{identifier(name)}"
        return f"{schema}.{identifier(name)}"

    def query(self, table: str, check: Check) -> str | None:
        """The SELECT whose rows are wrong; None where the check is Great Expectations' own.

        Raises:
            WorkspaceError: the query's template uses a name that there is not, or cannot be read.
        """
        expectation = check.expectation
        if expectation.type == vocabulary.UNIQUE_KEY:
            return key_query(self.rows(table), expectation.kwargs["columns"])
        if expectation.type != vocabulary.NO_ROWS:
            return None
        names = {"batch": self.rows(table), **self._names}
        try:
            return _ENVIRONMENT.from_string(expectation.kwargs["query"]).render(names).strip().rstrip(";")
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            raise WorkspaceError(
                f"cannot render the query: {error}", where=check.where, hint=f"queries may use {', '.join(names)}"
            ) from error

    @cached_property
    def _names(self) -> dict[str, object]:
        segmentations = self.workspace.segmentations.items()
        rules = {name: kind for name, kind in segmentations if isinstance(kind, RulesSegmentation)}
        return {
            "rows": self.rows,
            "as_of": literal(self.as_of),
            "as_of_end": literal(dt.datetime.combine(self.as_of + dt.timedelta(days=1), dt.time())),
            "run_id": literal(self.run_id),
            "windows": self.workspace.features.windows,
            "max_quarantined_share": repr(self.workspace.quality.max_quarantined_share),
            "control_tolerance": repr(self.workspace.quality.control_tolerance),
            # Where a customer may be in several segments, and where everyone must be in one.
            "multiple": _listed(name for name, kind in rules.items() if kind.match == "any"),
            "complete": _listed(
                name
                for name, kind in rules.items()
                if kind.match == "first" and kind.otherwise is not None and kind.population is None
            ),
        }


def key_query(relation: str, columns: list[str]) -> str:
    """A SELECT of the keys that are null or stand on more than one row of `relation`, with the number of their rows.

    It is exact, and cheap where all is well: rows of one key have one hash, so where there are as many hashes as rows
    no key repeats, and only a suspicion is looked into by the keys themselves. Of 10M order lines with short keys that
    takes as long as grouping by the key and three quarters of the memory (of long keys, less of both), and a third of
    either of what Great Expectations' own expectation takes (tests/benchmarks/quality_speed.py).
    """
    key = ", ".join(identifier(column) for column in columns)
    missing = " OR ".join(f"{identifier(column)} IS NULL" for column in columns)
    return (
        f"SELECT {key}, count(*) AS row_count FROM {relation}"
        f" WHERE (SELECT count(*) > count(DISTINCT hash({key})) OR coalesce(bool_or({missing}), false) FROM {relation})"
        f" GROUP BY {key} HAVING count(*) > 1 OR {missing}"
    )


def validate_suites(workspace: Workspace) -> int:
    """Read every suite, ours and the workspace's own, and try its queries; returns the number of checks.

    Raises:
        WorkspaceError: a suite cannot be read, or a query in it is not one SELECT.
    """
    context = QueryContext(workspace, dt.date(2000, 1, 1), "0" * 16, ())
    count = 0
    for door in DOORS:
        for suite in load_suites(workspace, door):
            count += len(suite.checks)
            for check in suite.checks:
                query = context.query(suite.table, check)
                if query is not None:
                    _parse(query, check.where)
    return count


def _parse(query: str, where: str) -> None:
    hint = "it selects the rows that are wrong, in DuckDB's SQL"
    try:
        statements = sqlglot.parse(query, dialect="duckdb")
    except sqlglot.ParseError as error:
        first = error.errors[0] if error.errors else {}
        near = f"{first.get('description', error)} near {first.get('highlight', '')!r}"
        raise WorkspaceError(f"the query is not one SELECT: {near}", where=where, hint=hint) from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise WorkspaceError("the query is not one SELECT", where=where, hint=hint)


def _listed(values: Iterable[str]) -> str:
    """What stands between the brackets of IN or NOT IN; no id is empty, so of no values it is the empty text."""
    return ", ".join(literal(value) for value in values) or "''"
