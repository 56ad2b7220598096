"""Entering rows into quarantine: a note in the ledger, the row and its values in `raw`.

Owns: what is kept of a row with problems, and the numbers that people call it by. Does not own finding problems
(`mapping.py`) or what becomes of the rows later (`working_off.py`).

A number stands for a row of a load: all of its problems share it, for a row is let in or left out as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tasks.warehouse import kept_rows
from tasks.warehouse.connection import Warehouse, literal

#: What a struct of `_problems` holds (`mapping.py`).
PROBLEM = "STRUCT(column_name VARCHAR, value_text VARCHAR, reason VARCHAR, kind_name VARCHAR, action_name VARCHAR)"
#: DuckDB's reasons why a line is no row, in words that quote nothing of the line.
_REJECTED = {
    "UNQUOTED VALUE": "quotation marks that do not match",
    "LINE SIZE OVER MAXIMUM": "longer than options.max_line_bytes",
    "INVALID ENCODING": "bytes that are not of options.encoding",
}
_COLUMNS = r"Expected Number of Columns: (\d+) Found: (\d+)"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from."""

    load_id: str
    source_name: str
    entity_name: str
    file_name: str

    @property
    def columns(self) -> str:
        """As columns of a SELECT."""
        return (
            f"{literal(self.load_id)} AS load_id, {literal(self.source_name)} AS source_name,"
            f" {literal(self.entity_name)} AS entity_name, {literal(self.file_name)} AS file_name"
        )


def rows_with_problems(select: str, relation: str, number: str) -> str:
    """SELECT of (row_number, problems, row_json) of a file's rows that have problems.

    Args:
        select: the mapped rows, with `_record` and `_problems`.
        relation: the file's rows as they came, with `_record`.
        number: SQL of the row's number in the file.
    """
    return (
        f"SELECT {number} AS row_number, _problems AS problems, row_json FROM ({select}) AS checked"
        f" JOIN (SELECT CAST(_record AS BIGINT) AS _record, CAST(to_json(original) AS VARCHAR) AS row_json"
        # As texts: a JSON number would not keep a decimal as it was.
        f" FROM (SELECT CAST(COLUMNS(*) AS VARCHAR) FROM {relation}) AS original) AS originals USING (_record)"
        " WHERE len(_problems) > 0"
    )


def rejected_lines(*, without: Iterable[int] = ()) -> str:
    """SELECT of (row_number, problems, row_json) of the lines that DuckDB's CSV reader noted as no rows.

    Args:
        without: numbers of lines that are left out, as DuckDB counts them.
    """
    words = " ".join(f"WHEN '{error}' THEN ': {said}'" for error, said in _REJECTED.items())
    found = f"regexp_extract(min(error_message), '{_COLUMNS}', 2)"
    wanted = f"regexp_extract(min(error_message), '{_COLUMNS}', 1)"
    told = (
        f"'not a row' || CASE WHEN {found} <> '' THEN ': ' || {found} || ' columns, expected ' || {wanted}"
        f" ELSE CASE CAST(min(error_type) AS VARCHAR) {words} ELSE '' END END"
    )
    return (
        "SELECT line - (SELECT CAST(bool_or(has_header) AS INTEGER) FROM reject_scans) AS row_number,"
        f" [{{'column_name': NULL, 'value_text': NULL, 'reason': {told}, 'kind_name': 'not_a_row',"
        " 'action_name': 'row'}] AS problems,"
        # Bytes that are no text are lost: such a line stands in brackets, and is not read again.
        " CAST(CASE WHEN bool_or(error_type = 'INVALID ENCODING') THEN to_json([min(csv_line)])"
        " ELSE to_json(min(csv_line)) END AS VARCHAR) AS row_json FROM reject_errors"
        f" WHERE NOT list_contains({list(without)}::BIGINT[], line) GROUP BY line"
    )


def enter(warehouse: Warehouse, origin: Origin, selects: list[str], column_types: str) -> int:
    """Keep rows with their problems; the caller owns the transaction.

    Args:
        warehouse: where.
        origin: the load that they belong to.
        selects: SELECTs of (row_number, problems, row_json).
        column_types: the columns of a row and what they were before they became texts, as a JSON object.

    Returns:
        How many values are kept out alone, without their row.
    """
    parts = " UNION ALL ".join(
        f"SELECT CAST(row_number AS BIGINT) AS row_number, CAST(problems AS {PROBLEM}[]) AS problems, row_json"
        f" FROM ({select})"
        for select in selects
    )
    warehouse.execute(f"CREATE OR REPLACE TEMP TABLE incoming_rows AS {parts}")
    warehouse.execute(
        f"INSERT INTO {kept_rows.ROWS} SELECT {literal(origin.load_id)}, row_number, row_json, {literal(column_types)}"
        " FROM incoming_rows ORDER BY row_number"
    )
    warehouse.execute(
        "CREATE OR REPLACE TEMP TABLE incoming_problems AS SELECT row_number, unnest(problems, recursive := true),"
        " CAST((SELECT coalesce(max(quarantine_no), 0) FROM ops.quarantine)"
        " + dense_rank() OVER (ORDER BY row_number) AS INTEGER) AS quarantine_no FROM incoming_rows"
    )
    blanked = enter_problems(warehouse, origin, "incoming_problems")
    for table in ("incoming_rows", "incoming_problems"):
        warehouse.execute(f"DROP TABLE {table}")
    return blanked


def enter_problems(warehouse: Warehouse, origin: Origin, table: str) -> int:
    """Note problems as open; returns how many of them blank a value.

    Args:
        warehouse: where; the caller owns the transaction.
        origin: the load of the rows.
        table: of (quarantine_no, row_number) and the fields of a problem.
    """
    warehouse.execute(
        f"INSERT INTO ops.quarantine BY NAME SELECT {origin.columns}, * EXCLUDE (value_text), 'open' AS status_name"
        f" FROM {table} ORDER BY quarantine_no, column_name"
    )
    warehouse.execute(
        f"INSERT INTO {kept_rows.VALUES} SELECT {literal(origin.load_id)}, row_number, column_name, value_text"
        f" FROM {table} WHERE value_text IS NOT NULL ORDER BY row_number, column_name"
    )
    return int(warehouse.value(f"SELECT count(*) FROM {table} WHERE action_name = 'value'"))
