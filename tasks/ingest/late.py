"""What came after a run: rows of `staging` that its date would have otherwise by today's loads.

Owns: that comparison, of the rows alone that came or went. Does not own which loads a run saw (`ops.run`) or which it
would see today (`tasks/warehouse/loads.py`), or the models.

A date sees nothing that happened after it. So most loads that came later change nothing: their rows are of later days,
repeat what was known, or are corrected by what was known already. Only a row of `staging` that is another one counts;
that it comes by another name, since its source was renamed, makes none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tasks.config.entities import ENTITIES
from tasks.config.workspace import Workspace
from tasks.ingest.raw_views import Earlier, entity_rows
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.earlier_records import earlier_records
from tasks.warehouse.loads import Load, file_loads
from tasks.warehouse.models import SqlModel, load_models
from tasks.warehouse.redirect import redirected

#: A table with this column names rows of `raw`; what comes of them stands in other tables.
_NAMES_RAW_ROWS = "load_no"
_SIDES = ("then", "now")
#: Says by which name of the workspace a row came; no result of ours depends on it.
_ORIGIN = "source_name"


@dataclass(frozen=True, slots=True)
class LateRows:
    """Rows of one table that would be others.

    Attributes:
        table: of `staging`.
        row_count: rows that would come, or those that would go where these are more.
        customer_count: of how many customers; None where rows are of no customer.
        load_count: loads that came or went since, of what the table is made of.
    """

    table: str
    row_count: int
    customer_count: int | None
    load_count: int

    @property
    def sentence(self) -> str:
        """It in words."""
        whose = "" if self.customer_count is None else f" of {_counted(self.customer_count, 'customer')}"
        return (
            f"{self.table}: {_counted(self.row_count, 'row')}{whose} would be other than then"
            f" ({_counted(self.load_count, 'load')} came or went since)"
        )


def late_rows(
    warehouse: Warehouse, workspace: Workspace, as_of: dt.date, then: Iterable[int], now: Iterable[Load]
) -> list[LateRows]:
    """Rows of `staging` of a date that differ between two sets of loads; tables without such rows are left out.

    Args:
        warehouse: may be open for reading only.
        workspace: of today.
        as_of: the date.
        then: numbers of the loads that were seen.
        now: the loads that would be seen.
    """
    sides = {"then": _loads(warehouse, then), "now": list(now)}
    since = _since(warehouse, sides, as_of)
    if not since:
        return []
    models = load_models("staging", as_of=as_of, features=workspace.features, extra=workspace.directory / "sql")
    comparison = _Comparison(warehouse, workspace, sides, since, as_of)
    found = [comparison.of(model) for model in models]
    comparison.forget()
    return [one for one in found if one is not None]


def _loads(warehouse: Warehouse, numbers: Iterable[int]) -> list[Load]:
    return warehouse.rows(
        "SELECT load_id, load_no, source_name, entity_name FROM ops.load"
        " WHERE list_contains($numbers, load_no) ORDER BY load_no",
        {"numbers": sorted(numbers)},
    )


def _since(warehouse: Warehouse, sides: Mapping[str, list[Load]], as_of: dt.date) -> dict[str, list[Load]]:
    """Loads that only one side sees and that hold rows which the date may see, by entity."""
    found: dict[str, list[Load]] = {}
    for load in sorted(set(sides["then"]) ^ set(sides["now"]), key=lambda one: one[1]):
        found.setdefault(load[3], []).append(load)
    return {
        name: loads
        for name, loads in found.items()
        if warehouse.value(f"SELECT 1 FROM ({_seen_rows(name, loads, as_of, ['load_no'])}) LIMIT 1") is not None
    }


def _seen_rows(name: str, loads: list[Load], as_of: dt.date, columns: Iterable[str]) -> str:
    """A SELECT of rows of some loads that happened by the date, or that say nothing of when."""
    moment = ENTITIES[name].event_time
    end = literal(dt.datetime.combine(as_of + dt.timedelta(days=1), dt.time()))
    by_then = f" AND ({identifier(moment)} IS NULL OR {identifier(moment)} < {end})" if moment else ""
    listed = ", ".join(map(identifier, columns))
    parts = []
    for source in sorted({source for _, _, source, _ in loads}):
        numbers = ", ".join(str(number) for _, number, one, _ in loads if one == source)
        table = f"raw.{identifier(f'{source}__{name}')}"
        parts.append(f"SELECT {listed} FROM {table} WHERE load_no IN ({numbers}){by_then}")
    return " UNION ALL ".join(parts)


class _Comparison:
    """Models of `staging` over two sets of loads; what an earlier model gave is read by later ones."""

    def __init__(
        self,
        warehouse: Warehouse,
        workspace: Workspace,
        sides: Mapping[str, list[Load]],
        since: Mapping[str, list[Load]],
        as_of: dt.date,
    ) -> None:
        self._warehouse, self._sides, self._since = warehouse, sides, since
        self._hidden = workspace.privacy.pseudonymise
        self._unread = set() if _is_read(_ORIGIN, workspace) else {_ORIGIN}
        self._origins = {
            side: file_loads(warehouse, [number for _, number, *_ in loads]) for side, loads in sides.items()
        }
        self._earlier = {
            side: Earlier(earlier_records(warehouse, loads, as_of), as_of) for side, loads in sides.items()
        }
        self._known: set[str] = set()

    def of(self, model: SqlModel) -> LateRows | None:
        """What of a table would be others; None where nothing is, or it is made of other tables of `staging` alone."""
        entities = {table.split(".")[1] for table in map(str.lower, model.reads) if table.startswith("raw.")}
        loads = {load[0] for name in entities & self._since.keys() for load in self._since[name]}
        if not loads:
            return None
        for side in _SIDES:
            with self._read_by(model, side) as anew:
                self._warehouse.execute(f"CREATE OR REPLACE TEMP TABLE {_table(model.name, side)} AS {anew.sql}")
        self._known.add(model.name)
        names = [column.name for column in model.columns]
        if _NAMES_RAW_ROWS in names:
            return None
        compared = ", ".join(identifier(name) for name in names if name not in self._unread)
        then, now = (f"SELECT {compared} FROM {_table(model.name, side)}" for side in _SIDES)
        customers = f"count(DISTINCT {KEY})" if KEY in names else "NULL"
        came, gone, whose = self._warehouse.rows(
            f"SELECT count(*) FILTER (is_new), count(*) FILTER (NOT is_new), {customers} FROM ("
            f"SELECT *, true AS is_new FROM ({now} EXCEPT ALL {then}) UNION ALL BY NAME"
            f" SELECT *, false AS is_new FROM ({then} EXCEPT ALL {now}))"
        )[0]
        return LateRows(model.name, max(came, gone), whose, len(loads)) if came or gone else None

    def forget(self) -> None:
        """Drop what was kept."""
        for name in self._known:
            for side in _SIDES:
                self._warehouse.execute(f"DROP TABLE {_table(name, side)}")

    @contextmanager
    def _read_by(self, model: SqlModel, side: str) -> Iterator[SqlModel]:
        """The model over the loads of a side, restricted to keys with a change where it is incremental."""
        views = {}
        reads = {table: table.split(".") for table in sorted(map(str.lower, model.reads))}
        restriction = self._restriction(model, {name for schema, name in reads.values() if schema == "raw"})
        for table, (schema, name) in reads.items():
            if schema == "raw":
                rows = entity_rows(
                    ENTITIES[name], self._sides[side], self._origins[side], self._earlier[side], hidden=self._hidden
                )
                views[table] = f"SELECT * FROM ({rows}){restriction}"
            elif table in self._known:
                views[table] = f"SELECT * FROM {_table(table, side)}"
            else:
                # What is made of other entities has not changed by these loads, or is told of its own table.
                views[table] = f"SELECT * FROM {table} WHERE false"
        with redirected(self._warehouse, model, views) as anew:
            yield anew

    def _restriction(self, model: SqlModel, entities: set[str]) -> str:
        """A condition for the rows of keys that a load of one side alone has; empty where the model has no keys."""
        wanted = set(model.incremental)
        if not wanted or any(not wanted <= set(ENTITIES[one].column_names) for one in entities):
            return ""
        keys = " UNION ".join(
            _seen_rows(name, self._since[name], dt.date.max - dt.timedelta(days=1), model.incremental)
            for name in sorted(entities & self._since.keys())
        )
        listed = ", ".join(map(identifier, model.incremental))
        return f" WHERE ({listed}) IN (SELECT ({listed}) FROM ({keys}))"


def _is_read(column: str, workspace: Workspace) -> bool:
    """Whether a model of the workspace's own names a column."""
    return any(column in file.read_text(encoding="utf-8") for file in (workspace.directory / "sql").rglob("*.sql"))


def _table(name: str, side: str) -> str:
    return identifier(f"{side}_{name.split('.')[1]}")


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"
