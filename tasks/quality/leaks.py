"""The check that no contact value is published, of every published table, a workspace's own ones too.

Owns: the check and its SQL. It is in no suite, for a suite can be replaced, and a table may have none. Does not own
which columns are contact data (`tasks/warehouse/privacy.py`) or running the check (`gate.py`).

A text that stands in `staging` as contact data of anybody and is published by chance is no leak: the workspace's own
words (names of segments, messages, themes that comments are labelled with), and single words that features have from
plain columns, such as a town that is somebody's name too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from tasks.quality.suites import Check, Expectation, Suite
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.privacy import privacy_of
from tasks.warehouse.run import Run

#: Contact values of the run while the door is being checked: (value_text, contact_name).
_VALUES = "staging.contact_value"
#: What comments are labelled with; a comment may be made of such a word alone.
_THEMES = "monitoring.comment_class"
#: A shorter text is too common to be told apart.
_SHORTEST = 5
#: What the check says in plain words.
MEANING = "no text is a contact value of a person (contact data never leaves staging)"
_REMEDY = "take it out of the model, or switch on privacy.pseudonymise"
_REMEDY_OF_IDS = "ids are contact data: switch on privacy.pseudonymise"


@contextmanager
def contact_values(run: Run) -> Iterator[None]:
    """The distinct contact values of `staging` in a table, as long as the block runs."""
    parts = [
        f"SELECT {_same(column)} AS value_text, {literal(name)} AS contact_name FROM {table}"
        f" WHERE length(trim({identifier(column)})) >= {_SHORTEST}"
        for (table, column), name in privacy_of(run).contact_columns()
        if _is_text(run.warehouse, table, column)
    ]
    parts = parts or ["SELECT NULL::VARCHAR AS value_text, NULL::VARCHAR AS contact_name WHERE false"]
    innocent = " UNION ".join(_innocent(run))
    run.warehouse.execute(
        f"CREATE OR REPLACE TABLE {_VALUES} AS SELECT value_text, min(contact_name) AS contact_name"
        f" FROM ({' UNION ALL '.join(parts)}) GROUP BY value_text"
        + (
            f" HAVING value_text NOT IN (SELECT value_text FROM ({innocent}) WHERE value_text IS NOT NULL)"
            if innocent
            else ""
        )
    )
    try:
        yield
    finally:
        run.warehouse.execute(f"DROP TABLE IF EXISTS {_VALUES}")


def _same(column: str) -> str:
    return f"lower(trim({identifier(column)}))"


def _is_text(warehouse: Warehouse, table: str, column: str) -> bool:
    return warehouse.table_exists(table) and (column, "VARCHAR") in [
        (name.lower(), kind) for name, kind in warehouse.columns(f"SELECT * FROM {table}")
    ]


def _innocent(run: Run) -> Iterator[str]:
    """SELECTs of texts of the run that are published whoever the customers are."""
    tables = run.warehouse.rows(
        "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns"
        " WHERE table_catalog = current_catalog() AND data_type = 'VARCHAR' AND column_name <> 'customer_id'"
        " AND (table_schema = 'features' OR table_schema = 'segments' AND table_name = 'definition') ORDER BY ALL"
    )
    for table, column in tables:
        word = (
            ""
            if table == "segments.definition"
            else f" AND regexp_full_match({identifier(column)}, '\\s*\\p{{L}}+\\s*')"
        )
        yield f"SELECT DISTINCT {_same(column)} AS value_text FROM {table} WHERE run_id = {literal(run.run_id)}{word}"
    if run.warehouse.table_exists(_THEMES):
        yield f"SELECT DISTINCT {_same('class_name')} AS value_text FROM {_THEMES} WHERE run_id = {literal(run.run_id)}"


def with_leak_checks(suites: Iterable[Suite], texts: dict[str, list[str]]) -> list[Suite]:
    """The suites of the published door, each with the check; a table without a suite gets one.

    Args:
        suites: of the door.
        texts: by published table that is there, its text columns.
    """
    known = {suite.table: suite for suite in suites}
    for table, columns in texts.items():
        suite = known.get(table, Suite(table, "A table of the workspace.", (), None, ()))
        number = max((check.number for check in suite.checks), default=0) + 1
        if columns:
            check = Check(number, _expectation(columns), f"{__file__}:1")
            known[table] = replace(suite, checks=(*suite.checks, check))
    return [known[table] for table in sorted(known)]


def _expectation(columns: list[str]) -> Expectation:
    """Each text column that holds contact values, with their number; the values themselves are not told."""
    parts = " UNION ALL ".join(
        f"SELECT {literal(column)} AS column_name, {literal(_REMEDY_OF_IDS if column == 'customer_id' else _REMEDY)}"
        f" AS remedy, value_text FROM (SELECT DISTINCT {_same(column)} AS value_text FROM {{{{ batch }}}})"
        for column in columns
    )
    query = (
        f"SELECT column_name, contact_name AS values_of, count(*) AS value_count, remedy"
        f" FROM ({parts}) INNER JOIN {_VALUES} USING (value_text) GROUP BY ALL ORDER BY ALL"
    )
    return Expectation(type="expect_no_rows", kwargs={"query": query}, severity="critical", meaning=MEANING)
