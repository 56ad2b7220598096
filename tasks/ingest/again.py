"""Reading quarantined rows again under today's mapping and hard rules.

Owns: the temporary table of the rows read again, what is wrong with them now, and adding them to `raw`. Does not own
which rows are let in (`working_off.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl

from tasks.ingest.binding import check_bindings
from tasks.ingest.erased import without_erased
from tasks.ingest.loading import kept_value
from tasks.ingest.lookups import with_lookups
from tasks.ingest.mapping import LookupFiles, Mapping, mapped_select
from tasks.ingest.quarantine import Origin, enter_problems
from tasks.ingest.raw_tables import fit_raw_table
from tasks.ingest.stored_rows import stored_reader
from tasks.warehouse import kept_rows
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.erasures import NOBODY, Erased

_TABLE = "rows_again"
_PROBLEMS = {
    "quarantine_no": pl.Int32,
    "row_number": pl.Int64,
    "column_name": pl.String,
    "value_text": pl.String,
    "reason": pl.String,
    "kind_name": pl.String,
    "action_name": pl.String,
}


class Reading:
    """Rows of one load, read again; rows are called by their number in the file."""

    def __init__(self, warehouse: Warehouse, origin: Origin) -> None:
        """Take over the temporary table; `read_again` makes one."""
        self._warehouse = warehouse
        self._origin = origin
        self._problems: dict[int, list[dict[str, Any]]] = dict(
            warehouse.rows(f"SELECT _record, _problems FROM {_TABLE}")
        )

    def was_read(self, row: int) -> bool:
        """Whether the row was a row at all."""
        return row in self._problems

    def is_out(self, row: int) -> bool:
        """Whether something keeps the row out."""
        return not self.was_read(row) or any(one["action_name"] == "row" for one in self._problems[row])

    def columns(self, row: int) -> set[str | None]:
        """Columns of which something is wrong."""
        return {one["column_name"] for one in self._problems.get(row, ())}

    def problems_of(self, row: int) -> frozenset[tuple[str | None, str]]:
        """Column and reason of each problem."""
        return frozenset((one["column_name"], one["reason"]) for one in self._problems.get(row, ()))

    def value_count(self, row: int) -> int:
        """How many values are wrong that do not keep the row out."""
        return sum(one["action_name"] == "value" for one in self._problems.get(row, ()))

    def told(self, row: int, *, of_rules: bool = True) -> list[str]:
        """What is wrong, in words and without the value; with `of_rules=False` only what leaves no value to let in."""
        if not self.was_read(row):
            return ["not a row"]
        return [
            f"{one['column_name'] or 'the line'} {one['reason']}"
            for one in self._problems[row]
            if of_rules or one["kind_name"] != "rule"
        ]

    def load(
        self,
        mapping: Mapping,
        load_id: str,
        load_no: int,
        loaded_at: dt.datetime,
        rows: Sequence[int],
        *,
        with_broken: bool,
    ) -> None:
        """Add rows to the raw table of their source; values that break a rule are left out but `with_broken`."""
        values = ", ".join(kept_value(column.name, check=not with_broken) for column in mapping.entity.columns)
        fit_raw_table(self._warehouse, mapping.table, mapping.entity)
        self._warehouse.execute(
            f"INSERT INTO {mapping.table} BY NAME SELECT {values}, {literal(load_id)} AS load_id, {load_no} AS load_no,"
            f" _record AS row_number, {literal(loaded_at)} AS loaded_at FROM {_TABLE}"
            f" WHERE _record IN (SELECT unnest({list(rows)}::BIGINT[])) ORDER BY _record"
        )

    def note_again(self, numbers: dict[int, int]) -> None:
        """Replace what is open of cases by what is wrong with their rows now.

        Args:
            numbers: of the cases, by row.
        """
        found = [
            {"quarantine_no": number, "row_number": row, **one}
            for row, number in sorted(numbers.items())
            for one in self._problems[row]
        ]
        place = {"load": self._origin.load_id, "numbers": sorted(numbers.values())}
        self._warehouse.execute(
            f"DELETE FROM {kept_rows.VALUES} AS kept USING ops.quarantine AS noted WHERE kept.load_id = noted.load_id"
            " AND kept.row_number = noted.row_number AND kept.column_name = noted.column_name"
            " AND noted.load_id = $load AND status_name = 'open' AND quarantine_no IN (SELECT unnest($numbers))",
            place,
        )
        self._warehouse.execute(
            "DELETE FROM ops.quarantine WHERE load_id = $load AND status_name = 'open'"
            " AND quarantine_no IN (SELECT unnest($numbers))",
            place,
        )
        with self._warehouse.registered("problems_again", pl.DataFrame(found, schema=_PROBLEMS)):
            enter_problems(self._warehouse, self._origin, "problems_again")


@contextmanager
def read_again(
    warehouse: Warehouse,
    mapping: Mapping,
    lookups: LookupFiles,
    origin: Origin,
    rows: Sequence[int],
    loaded_at: dt.datetime,
    erased: Erased = NOBODY,
) -> Iterator[Reading]:
    """Read stored rows of a load as their file would be read today, but for those of erased customers.

    Args:
        warehouse: in a transaction.
        mapping: today's.
        lookups: their files, by name.
        origin: the load of the file.
        rows: numbers of the rows in the file.
        loaded_at: when the file was loaded. Rules that speak of the day of loading mean that day: an event that lay in
            the future then is no better for the days that passed since.
        erased: who was; a row that only today's mapping tells to be theirs is none that can be read.

    Raises:
        SourceError: the mapping does not fit the rows, or a lookup cannot be read.
    """
    with stored_reader(warehouse, mapping, origin.load_id, origin.file_name, rows) as reader:
        relation = with_lookups(warehouse, mapping, lookups, reader.relation)
        kinds = check_bindings(warehouse, mapping, reader, relation)
        columns = ", ".join(identifier(column.name) for column in mapping.entity.columns)
        mapped = mapped_select(mapping, relation, loaded_at, kinds)
        select, _ = without_erased(warehouse, mapping, mapped, erased)
        warehouse.execute(
            f"CREATE OR REPLACE TEMP TABLE {_TABLE} AS SELECT _record, _problems, {columns} FROM ({select})"
        )
    yield Reading(warehouse, origin)
    warehouse.execute(f"DROP TABLE {_TABLE}")
