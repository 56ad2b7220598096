"""The gate at a door: runs the suites of the door's tables, keeps what they say, and stops the run where it must.

Owns: what is checked, what is skipped and why, the rows in `ops.check_result`, and the verdict. Does not own how a
check is run (`adapter.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tasks.config.entities import CONTACT_COLUMNS
from tasks.config.errors import GateFailed, ResegmentError, SqlError
from tasks.quality.adapter import EXAMPLE_COUNT, Inspector, Outcome
from tasks.quality.data_docs import DataDocs
from tasks.quality.findings import Finding, GateReport, shown
from tasks.quality.leaks import contact_values, with_leak_checks
from tasks.quality.queries import CANDIDATE, QueryContext
from tasks.quality.suites import DOORS, Check, Door, Expectation, Suite, load_suites
from tasks.quality.vocabulary import HISTORY
from tasks.quality.words import in_words
from tasks.warehouse import ledger
from tasks.warehouse.connection import literal
from tasks.warehouse.privacy import privacy_of
from tasks.warehouse.run import Run

_FAILURES_TOLD = 10


def run_checks(run: Run, door: Door, candidate: Path | None = None, documents: DataDocs | None = None) -> GateReport:
    """Run every suite of a door's tables and keep the results in `ops.check_result`.

    Args:
        run: the run, identified; its tables of this door are written and committed.
        door: `raw` looks at `raw.*` and `ops.load`, the others at the schema of their name.
        candidate: the DuckDB file to be published; for `published`, and open nowhere else.
        documents: keeps the results for Great Expectations' own pages, where somebody wants them.

    Raises:
        GateFailed: a critical check failed; its message tells each.
        SqlError: a check could not be run: a table or column is missing, or a query is wrong.
        WorkspaceError: a suite cannot be read.
    """
    context = QueryContext.of_run(run)
    suites = load_suites(run.workspace, door)
    if door == "raw":
        context = context.with_counts(run, suites)
    with _attached(run, candidate):
        present = _tables(run, door)
        if door == "published":
            suites = with_leak_checks(suites, _texts(run, present))
        plans = [_planned(run, suite, context, is_present=suite.table in present) for suite in suites]
        withheld = CONTACT_COLUMNS | privacy_of(run).protected_names()
        relations = {plan.suite.table: context.rows(plan.suite.table) for plan in plans if plan.due}
        with Inspector(run.warehouse, relations, documents) as inspector:
            findings = [finding for plan in plans for finding in _judged(run, plan, inspector, withheld)]
        _keep_sizes(run, relations)
    report = GateReport(door, tuple(findings))
    _keep(run, report)
    _raise_error(report)
    _raise_failure(report)
    return report


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done with a suite: the checks that are due, and why the others are not, by number."""

    suite: Suite
    due: tuple[Check, ...]
    queries: dict[int, str]
    arguments: dict[int, dict[str, Any]]
    skipped: dict[int, str]


def _planned(run: Run, suite: Suite, context: QueryContext, *, is_present: bool) -> _Plan:
    mapped = {source.entity for source in run.workspace.sources.values()}
    skipped: dict[int, str] = {}
    for check in suite.checks:
        unmapped = [name for name in (*suite.requires, *check.expectation.requires) if name not in mapped]
        if unmapped:
            skipped[check.number] = f"no source maps to {unmapped[0]}"
        elif not is_present and suite.may_be_missing:
            skipped[check.number] = suite.may_be_missing
    due = tuple(check for check in suite.checks if check.number not in skipped)
    if due and not is_present:
        raise ResegmentError(
            f"the table {suite.table} is to be checked, and is not there",
            where=due[0].where,
            hint="the step before this door writes it; where it may be absent, its suite says `may_be_missing: why`",
        )
    queries = {check.number: query for check in due if (query := context.query(suite.table, check)) is not None}
    arguments = {check.number: context.arguments(suite.table, check) for check in due}
    return _Plan(suite, due, queries, arguments, skipped)


def _judged(run: Run, plan: _Plan, inspector: Inspector, withheld: frozenset[str]) -> list[Finding]:
    """The findings of one suite, skipped checks included, in the order of its checks."""
    table = plan.suite.table
    outcomes = inspector.inspect(table, plan.due, plan.queries, plan.arguments) if plan.due else []
    judged = {
        check.number: outcome
        if check.expectation.type in HISTORY
        else _with_examples(run, outcome, check.expectation, plan.queries.get(check.number), withheld)
        for check, outcome in zip(plan.due, outcomes, strict=True)
    }
    return [
        Finding(table, check, judged.get(check.number), plan.skipped.get(check.number), withheld)
        for check in plan.suite.checks
    ]


def _with_examples(
    run: Run, outcome: Outcome, expectation: Expectation, query: str | None, withheld: frozenset[str]
) -> Outcome:
    """The outcome with some of the rows that a failed check's query returns, and what they say."""
    if query is None or outcome.is_success or outcome.error:
        return outcome
    rows = run.warehouse.records(f"SELECT * FROM ({query}\n) LIMIT {EXAMPLE_COUNT}")
    return Outcome(
        outcome.number,
        is_success=False,
        observed=in_words(expectation, rows, outcome.unexpected_count or 0, withheld),
        element_count=outcome.element_count,
        unexpected_count=outcome.unexpected_count,
        examples=tuple({key: row[key] for key in row if key not in withheld} for row in rows),
    )


def _texts(run: Run, tables: set[str]) -> dict[str, list[str]]:
    """The text columns of each published table."""
    rows = run.warehouse.rows(
        "SELECT 'published.' || table_name, column_name FROM information_schema.columns"
        f" WHERE table_catalog = '{CANDIDATE}' AND table_schema = 'main' AND data_type = 'VARCHAR'"
        " ORDER BY table_name, ordinal_position"
    )
    return {table: [column for owner, column in rows if owner == table] for table in sorted(tables)}


@contextmanager
def _attached(run: Run, candidate: Path | None) -> Iterator[None]:
    """The candidate of the published file, beside the warehouse and not to be written, and what it may not hold."""
    if candidate is None:
        yield
        return
    run.warehouse.execute(f"ATTACH {literal(str(candidate))} AS {CANDIDATE} (READ_ONLY)")
    try:
        with contact_values(run):
            yield
    finally:
        run.warehouse.execute(f"DETACH {CANDIDATE}")


def _tables(run: Run, door: Door) -> set[str]:
    """The tables and views of a door that are there, as `schema.table`."""
    where = "table_catalog = current_catalog() AND list_contains($schemas, table_schema)"
    parameters = {"schemas": list(DOORS[door])}
    if door == "published":
        where, parameters = f"table_catalog = '{CANDIDATE}' AND table_schema = 'main'", {}
    rows = run.warehouse.rows(
        f"SELECT table_schema, table_name FROM information_schema.tables WHERE {where}", parameters
    )
    return {f"{'published' if door == 'published' else schema}.{name}" for schema, name in rows}


def _keep(run: Run, report: GateReport) -> None:
    """Write the results, in place of any that this attempt has of the same tables."""
    rows = [run.attempt | {"door_name": report.door} | _result_row(finding) for finding in report.findings]
    with run.warehouse.transaction():
        run.warehouse.execute(
            "DELETE FROM ops.check_result WHERE attempt_id = $attempt AND list_contains($tables, table_name)",
            {"attempt": run.attempt_id, "tables": sorted({finding.table for finding in report.findings})},
        )
        with run.warehouse.registered("checked", pl.DataFrame(rows, infer_schema_length=None)):
            run.warehouse.execute("INSERT INTO ops.check_result BY NAME SELECT * FROM checked")


def _keep_sizes(run: Run, relations: Mapping[str, str]) -> None:
    """Write how many rows the tables have: the history that later runs are judged by."""
    if not relations:
        return
    counts = " UNION ALL ".join(
        f"SELECT {literal(table)} AS table_name, count(*) AS row_count FROM {relation}"
        for table, relation in relations.items()
    )
    with run.warehouse.transaction():
        run.warehouse.execute(
            "DELETE FROM ops.table_size WHERE run_id = $run AND list_contains($tables, table_name)",
            {"run": run.run_id, "tables": list(relations)},
        )
        run.warehouse.execute(
            f"INSERT INTO ops.table_size SELECT $run, $as_of, table_name, row_count FROM ({counts})",
            {"run": run.run_id, "as_of": run.as_of},
        )


def _result_row(finding: Finding) -> dict[str, object]:
    """A row of `ops.check_result`; `is_success` is null where a check was not run or could not be."""
    expectation, outcome, examples = finding.check.expectation, finding.outcome, finding.examples
    # What a check on history observed is a sentence; other figures are short, or cut.
    is_sentence = expectation.type in HISTORY
    observed = finding.observed if is_sentence or finding.observed is None else shown(finding.observed)
    if finding.skipped is not None:
        observed = f"not checked: {finding.skipped}"
    elif outcome is not None and outcome.error:
        observed = f"could not be run: {outcome.error}"
    return {
        "table_name": finding.table,
        "check_no": finding.check.number,
        "expectation_name": expectation.type,
        "column_name": expectation.column_name,
        "severity_name": expectation.severity,
        "is_success": None if outcome is None or outcome.error else outcome.is_success,
        "meaning": expectation.meaning,
        "mostly_share": expectation.mostly,
        "consequence": expectation.consequence,
        "owner_name": expectation.owner,
        "runbook": expectation.runbook,
        "observed_value": observed,
        "element_count": outcome.element_count if outcome else None,
        "unexpected_count": outcome.unexpected_count if outcome else None,
        "example_values": json.dumps(examples, default=str, ensure_ascii=False) if examples else None,
        "checked_at": ledger.utc_now(),
    }


def _raise_error(report: GateReport) -> None:
    for finding in report.findings:
        if finding.outcome is not None and finding.outcome.error:
            raise SqlError(
                f"the check “{finding.check.expectation.meaning}” of {finding.table} could not be run:"
                f" {finding.outcome.error}",
                where=finding.check.where,
                hint="the check or the table is wrong, not the data; nothing was published",
            )


def _raise_failure(report: GateReport) -> None:
    failures = report.failed("critical")
    if not failures:
        return
    more = len(failures) - _FAILURES_TOLD
    told = [finding.sentence for finding in failures[:_FAILURES_TOLD]] + ([f"and {more} more"] if more > 0 else [])
    count = f"{len(failures)} critical check{'s' * (len(failures) != 1)} failed"
    raise GateFailed(
        f"{count} at the door {report.door}; what was published stays\n  " + "\n  ".join([*told, _whose(failures)]),
        where=failures[0].check.where,
        hint="correct the source; a rule that does not fit the company is replaced by a suite in quality.expectations",
    )


def _whose(failures: list[Finding]) -> str:
    """Who works on the failures and by which pages, such as ``for source owner: runbooks/unreadable-rows.md``."""
    pages: dict[str, list[str]] = {}
    for finding in failures:
        expectation = finding.check.expectation
        listed = pages.setdefault(expectation.owner or "nobody", [])
        if expectation.runbook and expectation.runbook not in listed:
            listed.append(expectation.runbook)
    return "; ".join(f"for {owner}" + (f": {', '.join(listed)}" if listed else "") for owner, listed in pages.items())
