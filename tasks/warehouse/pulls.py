"""Pulls: what was read from databases, and up to where, so that the next pull goes on from there.

Owns: `ops.pull`, one row for each load that was pulled, and `raw.pulled_row`, digests of the rows that the next pull of
a source may read again; both written with the load. Does not own reading the database (`tasks/ingest/postgres.py`), or
which loads are seen (`loads.py`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tasks.warehouse.connection import Warehouse, identifier

TABLE, ROWS = "ops.pull", "raw.pulled_row"
#: In the place of the table where there is none.
NONE = "(SELECT NULL::VARCHAR AS load_id, NULL::TIMESTAMP AS read_from WHERE false)"
COLUMNS = (
    "load_id VARCHAR PRIMARY KEY, source_name VARCHAR, place_name VARCHAR, read_from TIMESTAMP, newest_at TIMESTAMP"
)
_ROW_COLUMNS = "source_name VARCHAR, row_md5 UHUGEINT, copy_no BIGINT"


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull of a source.

    Attributes:
        place: host and database.
        read_from: rows from this time of the source's `since` on were read, and those without one; None: all rows.
        newest: of such times that were read the newest that is none of the future; None: there was none.
        seen: temporary table of (row_md5, copy_no) of the rows that the next pull may read again; None: there are none.
    """

    place: str
    read_from: dt.datetime | None = None
    newest: dt.datetime | None = None
    seen: str | None = None


def create_rows(warehouse: Warehouse) -> None:
    """Make the table of digests where it is missing."""
    warehouse.execute(f"CREATE TABLE IF NOT EXISTS {ROWS} ({_ROW_COLUMNS})")


def pulled_until(warehouse: Warehouse, source: str, mapping_sha256: str, place: str) -> dt.datetime | None:
    """Up to which time a source has been pulled; None where all of its rows are to be read.

    That is so where it never was, and where mapping, query or database are others than those of the newest pull of all
    rows, from which the pulls after it go on.
    """
    until: dt.datetime | None = warehouse.value(
        "WITH delivered AS (SELECT delivery_no, mapping_sha256, place_name, read_from, newest_at"
        " FROM ops.delivery JOIN ops.load USING (source_name, load_id) JOIN ops.pull USING (source_name, load_id)"
        " WHERE source_name = $source),"
        " whole AS (SELECT delivery_no AS first_no, mapping_sha256 = $mapping AND place_name = $place AS goes_on"
        " FROM delivered WHERE read_from IS NULL ORDER BY delivery_no DESC LIMIT 1)"
        " SELECT max(newest_at) FROM delivered, whole WHERE goes_on AND delivery_no >= first_no",
        {"source": source, "mapping": mapping_sha256, "place": place},
    )
    return until


def next_number(warehouse: Warehouse, source: str) -> int:
    """The number of the next increment of a source, which no earlier one has."""
    return int(warehouse.value("SELECT count(*) + 1 FROM ops.delivery WHERE source_name = $source", {"source": source}))


def note_pull(warehouse: Warehouse, load_id: str, source: str, pull: Pull) -> None:
    """Note a pull; in the transaction of its load or delivery, so that the next one goes on from what is there."""
    warehouse.execute(
        f"INSERT OR REPLACE INTO {TABLE} VALUES ($load, $source, $place, $read_from, $newest)",
        {"load": load_id, "source": source, "place": pull.place, "read_from": pull.read_from, "newest": pull.newest},
    )
    create_rows(warehouse)
    warehouse.execute(f"DELETE FROM {ROWS} WHERE source_name = $source", {"source": source})
    if pull.seen is not None:
        warehouse.execute(
            f"INSERT INTO {ROWS} SELECT $source, row_md5, copy_no FROM temp.{identifier(pull.seen)}", {"source": source}
        )


def begin_anew(warehouse: Warehouse, source: str) -> None:
    """Have all rows of a source read by its next pull: a load is gone, and the pulls after it do not have its rows."""
    if warehouse.table_exists(TABLE):
        warehouse.execute(f"UPDATE {TABLE} SET place_name = NULL WHERE source_name = $source", {"source": source})


def forget_rows(warehouse: Warehouse) -> None:
    """Drop the digests, which are of rows of persons; the next pulls load some rows twice, which staging leaves out."""
    create_rows(warehouse)
    warehouse.execute(f"DELETE FROM {ROWS}")
