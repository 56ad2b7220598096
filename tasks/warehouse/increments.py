"""Building a table from what has changed since it was built last, and from scratch where that cannot be told.

Owns: which rows of a model may have changed, and writing those alone, so that the table is the one that a build from
scratch would have given. Does not own what changed in `raw` (`changes.py`) or the models.

A model of `staging` says in its header by which columns its rows depend on rows of what it reads (`incremental`). Where
these columns' values have seen no change, no row changes; the others are computed anew from their rows alone. A model
of `features` whose SQL does not name the as-of day gives the same row for a customer none of whose rows has changed:
that row is taken from the run before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tasks.config.entities import ENTITIES
from tasks.config.errors import WorkspaceError
from tasks.warehouse import tables
from tasks.warehouse.changes import Built, built_before, changed_raw_rows, note_built
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.models import SqlModel
from tasks.warehouse.redirect import redirected
from tasks.warehouse.run import Changed, Run

_CUSTOMER = ("customer_id",)
#: Of so many rows read one may change before a build from scratch takes less time.
_FEW = 5
_STAMPS = "as_of_date, run_id"


def build_staged(run: Run, model: SqlModel, *, is_compared: bool) -> int:
    """Bring a table of `staging` up to the run; returns the number of its rows.

    Args:
        run: the run.
        model: of the table.
        is_compared: whether the customers whose rows changed are asked for (`build_features`), where the model is not
            incremental and the rows have to be compared.

    Raises:
        WorkspaceError: a table that the model reads lacks a column of its `incremental` header.
    """
    built = built_before(run, model, {})
    keys = _changed_keys(run, model, built) if built and model.incremental else None
    if built and keys:
        _update(run, model, built, keys)
    elif built and is_compared and not model.incremental:
        _rebuild_and_compare(run, model, built)
    else:
        with run.warehouse.transaction():
            note_built(run, model, {}, tables.rebuild(run, model.name, model.sql))
    return int(run.warehouse.value(f"SELECT count(*) FROM {model.name}"))


def build_features(run: Run, model: SqlModel, views: Mapping[str, str]) -> int:
    """Write a run's rows of a table of `features`; returns their number.

    Args:
        run: the run.
        model: of the table.
        views: SELECTs that the model reads in place of tables.
    """
    names = [column.name for column in model.columns]
    built = built_before(run, model, views)
    customers = _changed_customers(run, model, built) if built else None
    if built and customers:
        # What is of no customer has not changed, and is read whole.
        restricted = dict(views) | {
            table: _among(f"({views.get(table, f'SELECT * FROM {table}')})", _CUSTOMER, customers)
            for table in map(str.lower, model.reads)
            if _CUSTOMER[0] in dict(run.warehouse.columns(f"SELECT * FROM {table}"))
        }
        columns = ", ".join(map(identifier, names))
        with redirected(run.warehouse, model, restricted) as anew:
            kept = (
                f"SELECT {columns} FROM {model.name} WHERE run_id = {literal(built.run_id)}"
                f" AND customer_id NOT IN (SELECT customer_id FROM {customers})"
            )
            rows = f"{kept} UNION ALL SELECT {columns} FROM ({anew.sql}\n)"
            count = tables.write_rows(run, model.name, rows, names)
    else:
        with redirected(run.warehouse, model, views) as shielded:
            count = tables.write_rows(run, model.name, shielded.sql, names)
    note_built(run, model, views, count)
    return count


def _changed_keys(run: Run, model: SqlModel, built: Built) -> str | None:
    """A temporary table of the key values that have seen a change; None where all may have."""
    parts = []
    for table in sorted(model.reads):
        _check_columns(run, model, table)
        schema, name = table.split(".")
        part = (
            changed_raw_rows(run, name, built, model.incremental)
            if schema == "raw"
            else _changed_since(run, table, built, model.incremental)
        )
        if part is None:
            return None
        parts.append(part)
    keys = f"keys_of_{model.table}"
    count = _gather(run, keys, model.incremental, parts)
    return keys if count * _FEW <= _rows_read(run, model) else None


def _rows_read(run: Run, model: SqlModel) -> int:
    """Rows of the largest table that a model reads: what a build from scratch goes through, however few come of it."""
    return max((int(run.warehouse.value(f"SELECT count(*) FROM {table}")) for table in sorted(model.reads)), default=0)


def _changed_customers(run: Run, model: SqlModel, built: Built) -> str | None:
    """A temporary table of the customers whose features may have changed; None where all may have."""
    if model.is_dated or model.grain != "customer" or built.run_id == run.run_id:
        return None
    kept = run.warehouse.value(f"SELECT count(*) FROM {model.name} WHERE run_id = {literal(built.run_id)}")
    parts = [_changed_since(run, table, built, _CUSTOMER) for table in sorted(model.reads)]
    if kept != built.row_count or None in parts:
        return None
    customers = f"customers_of_{model.table}"
    count = _gather(run, customers, _CUSTOMER, [part for part in parts if part])
    return customers if count * _FEW <= built.row_count else None


def _changed_since(run: Run, table: str, built: Built, columns: Sequence[str]) -> str | None:
    changed = run.changes.get(table)
    if changed is None or changed.since != built.build_id:
        return None
    return f"SELECT {', '.join(map(identifier, columns))} FROM {changed.relation}"


def _gather(run: Run, name: str, columns: Sequence[str], selects: Collection[str]) -> int:
    listed = ", ".join(map(identifier, columns))
    known = " AND ".join(f"{identifier(column)} IS NOT NULL" for column in columns)
    run.warehouse.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT DISTINCT {listed} FROM ({' UNION ALL '.join(selects)})"
        f" WHERE {known}"
    )
    return int(run.warehouse.value(f"SELECT count(*) FROM {name}"))


def _among(relation: str, columns: Sequence[str], keys: str) -> str:
    """A SELECT of the rows whose key is in a table of keys; their hashes are compared first, for that is fast."""
    listed = ", ".join(map(identifier, columns))
    return (
        f"SELECT * FROM (SELECT * FROM {relation} WHERE hash({listed}) IN (SELECT hash({listed}) FROM {keys}))"
        f" SEMI JOIN {keys} USING ({listed})"
    )


def _update(run: Run, model: SqlModel, built: Built, keys: str) -> None:
    """Replace the rows of some keys, and the stamp of all rows."""
    incoming, changed = f"incoming_of_{model.table}", f"changed_of_{model.table}"
    listed = ", ".join(map(identifier, model.incremental))
    restricted = {table.lower(): _among(table, model.incremental, keys) for table in model.reads}
    with redirected(run.warehouse, model, restricted) as anew:
        run.warehouse.execute(f"CREATE OR REPLACE TEMP TABLE {incoming} AS {anew.sql}")
    run.warehouse.execute(
        f"CREATE OR REPLACE TEMP TABLE {changed} AS"
        f" SELECT * EXCLUDE ({_STAMPS}) FROM ({_among(model.name, model.incremental, keys)})"
        f" UNION ALL BY NAME SELECT * FROM {incoming}"
    )
    with run.warehouse.transaction():
        tables.restamp(run, model.name)
        run.warehouse.execute(
            f"DELETE FROM {model.name} WHERE hash({listed}) IN (SELECT hash({listed}) FROM {keys})"
            f" AND ({listed}) IN (SELECT ({listed}) FROM {keys})"
        )
        run.warehouse.execute(f"INSERT INTO {model.name} BY NAME {tables.stamped(run, f'SELECT * FROM {incoming}')}")
        count = int(run.warehouse.value(f"SELECT count(*) FROM {model.name}"))
        note_built(run, model, {}, count)
    run.changes[model.name] = Changed(built.build_id, changed)


def _rebuild_and_compare(run: Run, model: SqlModel, built: Built) -> None:
    """Build from scratch, and keep which customers' rows are others than before.

    Where rows are of no customer, a change of any of them may matter to everybody.
    """
    before, changed = f"before_of_{model.table}", f"changed_of_{model.table}"
    columns = ", ".join(identifier(column.name) for column in model.columns)
    run.warehouse.execute(f"CREATE OR REPLACE TEMP TABLE {before} AS SELECT {columns} FROM {model.name}")
    with run.warehouse.transaction():
        note_built(run, model, {}, tables.rebuild(run, model.name, model.sql))
    now = f"SELECT {columns} FROM {model.name}"
    is_of_customers = any(column.name == _CUSTOMER[0] for column in model.columns)
    customer = "" if is_of_customers else ", NULL::VARCHAR AS customer_id"
    count = run.warehouse.execute(
        f"CREATE OR REPLACE TEMP TABLE {changed} AS SELECT *{customer} FROM"
        f" ((SELECT * FROM {before} EXCEPT ALL {now}) UNION ALL ({now} EXCEPT ALL SELECT * FROM {before}))"
    )
    run.warehouse.execute(f"DROP TABLE {before}")
    if is_of_customers or not count:
        run.changes[model.name] = Changed(built.build_id, changed)


def _check_columns(run: Run, model: SqlModel, table: str) -> None:
    schema, name = table.split(".")
    present = (
        set(ENTITIES[name].column_names)
        if schema == "raw" and name in ENTITIES
        else {column for column, _ in run.warehouse.columns(f"SELECT * FROM {table}")}
    )
    if missing := [column for column in model.incremental if column not in present]:
        raise WorkspaceError(
            f"the header says `incremental: {', '.join(model.incremental)}`, but {table} has no {missing[0]}",
            where=f"{model.path}:1",
            hint="name columns that every table it reads has, or leave the line out: the table is then built anew",
        )
