"""What a run came to: its rows in the tables that are kept by run, without what only says where they come from.

Owns: the digest of a result, how two results differ, and what is noted of both in `ops.run`. Two runs with the same
result may be put in each other's place: nothing that a reader or a later run sees would change, but for run ids and for
which files were counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.ledger import KEPT_BY_RUN, Publication
from tasks.warehouse.run import Run

#: Where rows come from: the same rows may come from other files, and after another run.
_ORIGINS = ("as_of_date", "run_id", "training_run_id")
_TABLES_OF_ORIGIN = ("monitoring.run_summary",)


def note_result(run: Run) -> str:
    """Keep the digest of a run's result, and of what it followed; returns the former."""
    digest = result_digest(run.warehouse, run.run_id)
    run.warehouse.execute(
        "UPDATE ops.run SET result_sha256 = $result, earlier_sha256 = $earlier WHERE attempt_id = $attempt",
        {"result": digest, "earlier": earlier_digest(run.warehouse, run.earlier()), "attempt": run.attempt_id},
    )
    return digest


def earlier_digest(warehouse: Warehouse, earlier: Sequence[Publication]) -> str:
    """A digest of the results of earlier dates, which a run may look at any of: for drift, for what follows seasons."""
    known: dict[str, str] = dict(
        warehouse.rows(
            "SELECT run_id, arg_max(result_sha256, started_at) FROM ops.run WHERE result_sha256 IS NOT NULL GROUP BY 1"
        )
    )
    said = [f"{item.as_of} {known.get(item.run_id, item.run_id)}" for item in earlier]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def result_digest(warehouse: Warehouse, run_id: str) -> str:
    """A digest of a run's rows, whatever their order; the same for the same rows under one version of DuckDB."""
    parts = []
    for table, columns in _tables(warehouse):
        listed = ", ".join(map(identifier, columns))
        count, total = warehouse.rows(
            f"SELECT count(*), coalesce(sum(CAST(hash({listed}) AS HUGEINT)), 0) FROM {table} WHERE run_id = $run_id",
            {"run_id": run_id},
        )[0]
        if count:
            parts.append(f"{table} {count} {total}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def changed_rows(warehouse: Warehouse, before: str, after: str) -> dict[str, tuple[int, int]]:
    """Rows that only the one and only the other of two runs has, by table; tables without such rows are left out."""
    found = {}
    for table, columns in _tables(warehouse):
        listed = ", ".join(map(identifier, columns))
        then, now = (f"SELECT {listed} FROM {table} WHERE run_id = {literal(run_id)}" for run_id in (before, after))
        gone, came = (
            int(warehouse.value(f"SELECT count(*) FROM ({one} EXCEPT ALL {other})"))
            for one, other in ((then, now), (now, then))
        )
        if gone or came:
            found[table] = (gone, came)
    return found


def drop_result(warehouse: Warehouse, run_id: str) -> None:
    """Drop a run's rows, which are published for no date."""
    with warehouse.transaction():
        for table, _ in _tables(warehouse, origins=True):
            warehouse.execute(f"DELETE FROM {table} WHERE run_id = $run_id", {"run_id": run_id})


def _tables(warehouse: Warehouse, *, origins: bool = False) -> list[tuple[str, list[str]]]:
    """Tables that are kept by run, each with its columns that are part of the result."""
    rows = warehouse.rows(
        "SELECT table_schema || '.' || table_name, list(column_name ORDER BY ordinal_position)"
        " FROM information_schema.tables"
        " JOIN information_schema.columns USING (table_catalog, table_schema, table_name)"
        " WHERE table_type = 'BASE TABLE' AND table_catalog = current_catalog()"
        " AND list_contains($schemas, table_schema) GROUP BY ALL ORDER BY 1",
        {"schemas": list(KEPT_BY_RUN)},
    )
    return [
        (table, [name for name in columns if name not in _ORIGINS])
        for table, columns in rows
        if "run_id" in columns and (origins or table not in _TABLES_OF_ORIGIN)
    ]
