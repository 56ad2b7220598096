"""Loading one file into `raw`: everything of it, or nothing.

Owns: the transaction that adds a file's rows, its quarantined rows and its ledger entry; rows read = rows loaded +
rows quarantined. Does not own which files there are (`discovery.py`).
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace

from tasks.config.errors import SourceError, SqlError
from tasks.ingest import quarantine
from tasks.ingest.beginning import check_whole, has_bytes, has_mixed_line_ends
from tasks.ingest.binding import check_bindings
from tasks.ingest.discovery import FoundFile
from tasks.ingest.erased import erased_lines, said_by_folders, without_erased
from tasks.ingest.folders import beside
from tasks.ingest.lookups import with_kept_lookups
from tasks.ingest.mapping import Mapping, mapped_select
from tasks.ingest.opening import open_source
from tasks.ingest.raw_tables import fit_raw_table
from tasks.ingest.readers import Reader
from tasks.ingest.sampling import keep_guesses
from tasks.ingest.unmatched_quotes import first_unmatched, read_in_order, unmatched_error
from tasks.warehouse import ledger, pulls
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.erasures import NOBODY, Erased

#: SQL: whether the problems of a mapped row keep it out.
ROW_OUT = "list_contains(list_transform(_problems, lambda problem: problem.action_name), 'row')"


@dataclass(frozen=True, slots=True)
class LoadCounts:
    """What became of a file's rows; `read == loaded + quarantined`.

    Beside them are those `left_out` by the source's `where`, and those of `erased` customers.
    """

    read: int
    loaded: int
    quarantined: int
    blanked: int
    left_out: int = 0
    erased: int = 0


def check_not_emptied(warehouse: Warehouse, source: str, file: FoundFile) -> None:
    """Prove that a file without a byte is a day without rows, and does not take away those that it had.

    Raises:
        SourceError: its version before had rows.
    """
    rows = warehouse.value(
        "SELECT coalesce(max_by(rows_read_count, delivery_no), 0) FROM ops.delivery JOIN ops.load USING (load_id)"
        " WHERE delivery.source_name = $source AND delivery.file_name = $file",
        {"source": source, "file": file.name},
    )
    if rows and not has_bytes(file.path):
        raise SourceError(
            f"the file is empty; rows in its version before: {rows:,}",
            where=str(file.path),
            hint="was the export cut short? where there is no row any more, deliver it with one empty line",
        )


def load_file(
    warehouse: Warehouse, mapping: Mapping, file: FoundFile, attempt_id: str, erased: Erased = NOBODY
) -> LoadCounts:
    """Read a file twice, once to find what is wrong, once to add its rows, in one transaction.

    Rows of erased customers are left out and counted.

    Raises:
        SourceError: the file as a whole cannot be read.
    """
    check_whole(file.path)
    reader = open_source(warehouse, mapping, file.path)
    number = int(warehouse.value("SELECT coalesce(max(load_no), 0) + 1 FROM ops.load"))
    load = _Load(warehouse, mapping, file, reader, number, ledger.moment(warehouse), erased)
    kinds = check_bindings(warehouse, mapping, reader, load.joined(reader.relation))
    try:
        with warehouse.transaction():
            counts = load.add_rows(kinds)
            load.note(counts, attempt_id)
            keep_guesses(warehouse, mapping, file, reader)
            ledger.note_delivery(
                warehouse, source=mapping.name, file=file.name, load_id=file.load_id, attempt_id=attempt_id
            )
    except SqlError as error:
        raise unreadable(mapping, file, error) from error
    return counts


def unreadable(mapping: Mapping, file: FoundFile, error: SqlError) -> SourceError:
    """What is told of a file that DuckDB cannot read as its source says."""
    kind = mapping.source.stored_as
    told, hint = error.message, "compare options.delimiter, quote and encoding with the file, or export it again"
    if file.pull is not None:
        hint = "run again; if it stays so, cast the column to text in the query"
    elif kind != "parquet" and has_mixed_line_ends(file.path):
        told, hint = "some lines end in CR LF, others in LF alone", "write them alike, for example with dos2unix"
    return SourceError(f"cannot be read as {kind}: {told}", where=str(file.path), hint=hint)


@dataclass(frozen=True, slots=True)
class _Load:
    """One file on its way into one raw table."""

    warehouse: Warehouse
    mapping: Mapping
    file: FoundFile
    reader: Reader
    number: int
    loaded_at: dt.datetime
    erased: Erased

    def joined(self, relation: str) -> str:
        """The file with its lookups beside it."""
        return with_kept_lookups(self.warehouse, self.mapping, self.file.lookups, relation)

    def add_rows(self, kinds: dict[str, str]) -> LoadCounts:
        """Add good rows to raw and the others to quarantine; the caller owns the transaction."""
        fit_raw_table(self.warehouse, self.mapping.table, self.mapping.entity)
        found = self._scan(kinds)
        rejected = self._rejected_lines()
        reader = read_in_order(self.warehouse, self.reader, self.mapping.source.options, len(rejected))
        return replace(self, reader=reader).insert(kinds, found, rejected)

    def insert(self, kinds: dict[str, str], found: tuple[int, int, int], rejected_lines: list[int]) -> LoadCounts:
        """Add what was found, with the reader that suits it."""
        accepted, rows_out, with_problems = found
        lines_erased = self._erased_lines(kinds) if rejected_lines else []
        lines_out = len(rejected_lines) - len(lines_erased)
        mapped = mapped_select(self.mapping, self.joined(self.reader.relation), self.loaded_at, kinds)
        select, rows_erased = without_erased(self.warehouse, self.mapping, mapped, self.erased)
        number = _row_number(rejected_lines)
        selects = [quarantine.rows_with_problems(select, self.reader.relation, number)] if with_problems else []
        selects += [quarantine.rejected_lines(without=lines_erased)] if lines_out else []
        blanked = self._quarantine(selects) if selects else 0
        kept = ", ".join(kept_value(column.name, check=with_problems > 0) for column in self.mapping.entity.columns)
        loaded = self.warehouse.execute(
            f"INSERT INTO {self.mapping.table} BY NAME SELECT {kept}, {literal(self.file.load_id)} AS load_id,"
            f" {self.number} AS load_no, {number} AS row_number, {literal(self.loaded_at)} AS loaded_at"
            f" FROM ({select}){f' WHERE NOT {ROW_OUT}' if rows_out else ''}"
        )
        read, out = accepted + lines_out, rows_out + lines_out
        counts = LoadCounts(read, loaded, out, blanked, self._left_out(), rows_erased + len(lines_erased))
        if counts.read != counts.loaded + counts.quarantined:
            if rejected_lines and (line := first_unmatched(self.warehouse)) is not None:
                raise unmatched_error(self.file.path, line, "rows after it cannot be told apart")
            raise SourceError(
                f"rows do not add up: {counts.read} read, {counts.loaded} loaded, {counts.quarantined} quarantined",
                where=str(self.file.path),
                hint="was the file changed while it was read? run again",
            )
        return counts

    def note(self, counts: LoadCounts, attempt_id: str) -> None:
        """Enter the load into the ledger."""
        ledger.insert(
            self.warehouse,
            "load",
            {
                "load_id": self.file.load_id,
                "load_no": self.number,
                "source_name": self.mapping.name,
                "entity_name": self.mapping.source.entity,
                "file_name": self.file.name,
                "file_sha256": self.file.sha256,
                "file_bytes": self.file.path.stat().st_size,
                "mapping_sha256": self.file.mapping_sha256,
                "loaded_at": self.loaded_at,
                "attempt_id": attempt_id,
                "rows_read_count": counts.read,
                "rows_loaded_count": counts.loaded,
                "rows_quarantined_count": counts.quarantined,
                "values_blanked_count": counts.blanked,
                "column_names": None if self.reader.described is None else list(self.reader.described),
                "rows_left_out_count": counts.left_out,
                "rows_erased_count": counts.erased,
            },
        )
        if self.file.pull is not None:
            pulls.note_pull(self.warehouse, self.file.load_id, self.mapping.name, self.file.pull)

    def _scan(self, kinds: dict[str, str]) -> tuple[int, int, int]:
        """Rows that are rows and of nobody erased, of them those to keep out, and those with any problem."""
        for table in ("reject_errors", "reject_scans"):
            self.warehouse.execute(f"DROP TABLE IF EXISTS {table}")
        relation = self.joined(self.reader.rejecting or self.reader.relation)
        mapped = mapped_select(self.mapping, relation, self.loaded_at, kinds)
        select, _ = without_erased(self.warehouse, self.mapping, mapped, self.erased)
        accepted, rows_out, with_problems = self.warehouse.rows(
            f"SELECT count(*), count(*) FILTER ({ROW_OUT}), count(*) FILTER (len(_problems) > 0) FROM ({select})"
        )[0]
        return accepted, rows_out, with_problems

    def _left_out(self) -> int:
        """Rows that the source's condition does not choose."""
        if self.mapping.source.where is None:
            return 0
        relation = self.joined(self.reader.relation)
        return int(self.warehouse.value(f"SELECT count(*) FROM {relation} WHERE NOT {self.mapping.chosen}"))

    def _rejected_lines(self) -> list[int]:
        """Numbers, counted in rows from 1, of the lines that are no rows."""
        if self.reader.rejecting is None:
            return []
        header = 1 if self.warehouse.value("SELECT bool_or(has_header) FROM reject_scans") else 0
        lines = self.warehouse.rows("SELECT DISTINCT line FROM reject_errors ORDER BY 1")
        return [line - header for (line,) in lines]

    def _erased_lines(self, kinds: dict[str, str]) -> list[int]:
        """Numbers of the lines that are no rows and are of erased customers, as DuckDB counts them."""
        owner = None
        if self.erased.hashes and self.reader.folders:
            nothing = ", ".join(f"CAST(NULL AS VARCHAR) AS {identifier(name)}" for name in self.reader.own_columns)
            relation = self.joined(beside(f"(SELECT CAST(0 AS BIGINT) AS _record, {nothing})", self.reader.folders))
            select = mapped_select(self.mapping, relation, self.loaded_at, kinds)
            owner = said_by_folders(self.warehouse, self.mapping, select)
        return erased_lines(self.warehouse, self.erased, owner)

    def _quarantine(self, selects: list[str]) -> int:
        """Note every problem and keep the row as the file has it; returns how many values were blanked."""
        mapping, file = self.mapping, self.file
        origin = quarantine.Origin(file.load_id, mapping.name, mapping.source.entity, file.name)
        columns = self.warehouse.columns(f"SELECT * EXCLUDE (_record) FROM {self.reader.relation}")
        # Those of the file's lines: what its folders say is told again by its name (`stored_rows.py`).
        types = {name: kind for name, kind in columns if name not in self.reader.folders}
        return quarantine.enter(self.warehouse, origin, selects, json.dumps(types))


def _row_number(rejected: list[int]) -> str:
    """SQL for a row's number in the file: `_record` counts only lines that are rows, so rejected ones are added."""
    if not rejected:
        return "_record"
    good_before = [number - 1 - position for position, number in enumerate(rejected)]
    return f"_record + len(list_filter({good_before}::BIGINT[], lambda before: before < _record))"


def kept_value(name: str, *, check: bool) -> str:
    """A value as it goes into raw: blanked where one of its rules says so."""
    column = identifier(name)
    if not check:
        return column
    broken = f"list_contains(list_transform(_problems, lambda problem: problem.column_name), {literal(name)})"
    return f"CASE WHEN len(_problems) > 0 AND {broken} THEN NULL ELSE {column} END AS {column}"
