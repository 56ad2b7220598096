"""`raw.<entity>`: one view over all sources of an entity, of the loads that a run may see.

Owns: the views that staging models read, with pseudonyms in the place of customer ids where the workspace asks for
them. Does not own the raw tables (`raw_tables.py`) or the pseudonyms (`pseudonyms.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tasks.config.entities import ENTITIES
from tasks.config.entity import Entity
from tasks.ingest import pseudonyms
from tasks.ingest.raw_tables import fit_raw_table
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.earlier_records import earlier_records, records_before
from tasks.warehouse.loads import Load
from tasks.warehouse.run import Run


def build_raw_views(run: Run) -> None:
    """Make the view of every entity; one that no source maps to is there and empty.

    Raises:
        WorkspaceError: ids are to be hashed, and the key is missing or too short.
    """
    hidden = run.workspace.privacy.pseudonymise
    pseudonyms.keep_pseudonyms(run)
    loads = run.visible_loads()
    for source, entity_name in sorted({(source, name) for *_, source, name in loads}):
        fit_raw_table(run.warehouse, _table(source, entity_name), ENTITIES[entity_name])
    origins = run.file_loads()
    earlier = earlier_records(run.warehouse, loads, run.as_of)
    # A transaction waits for the disk once, not for every view.
    with run.warehouse.transaction():
        for entity in ENTITIES.values():
            select = entity_rows(entity, loads, origins, Earlier(earlier, run.as_of), hidden=hidden)
            run.warehouse.execute(f"CREATE OR REPLACE VIEW raw.{entity.name} AS {select}")


@dataclass(frozen=True, slots=True)
class Earlier:
    """Loads that are seen no more, of which records count for a day (`tasks/warehouse/earlier_records.py`)."""

    loads: Sequence[Load]
    as_of: dt.date


def entity_rows(
    entity: Entity, loads: Iterable[Load], file_loads: Mapping[int, int], earlier: Earlier, *, hidden: bool
) -> str:
    """A SELECT of the rows of an entity in some loads.

    Args:
        entity: of the rows.
        loads: of any entities.
        file_loads: of loads that were worked off from quarantine: the load of their file.
        earlier: records of earlier versions of files.
        hidden: whether pseudonyms stand in the place of customer ids.
    """
    numbers: dict[str, list[int]] = {}
    for _, number, source, name in loads:
        if name == entity.name:
            numbers.setdefault(source, []).append(number)
    parts = [
        _part(entity, source, _rows(entity, source, listed, file_loads), hidden=hidden)
        for source, listed in sorted(numbers.items())
    ]
    older: dict[str, list[int]] = {}
    for _, number, source, name in earlier.loads:
        if name == entity.name:
            older.setdefault(source, []).append(number)
    parts += [
        _part(entity, source, records_before(source, numbers[source], listed, earlier.as_of), hidden=hidden)
        for source, listed in sorted(older.items())
    ]
    return " UNION ALL ".join(parts or [_empty(entity)])


def _part(entity: Entity, source: str, rows: str, *, hidden: bool) -> str:
    hidden &= KEY in entity.column_names
    columns = ", ".join(
        f"known.pseudonym AS {identifier(name)}" if hidden and name == KEY else f"loaded.{identifier(name)}"
        for name in entity.column_names
    )
    # A LEFT JOIN, as the buyer of an anonymous sale is NULL and stays so.
    known = f" LEFT JOIN {pseudonyms.TABLE} AS known ON loaded.{KEY} = known.{KEY}" if hidden else ""
    return f"SELECT {columns}, {literal(source)} AS source_name, load_no, row_number FROM {rows} AS loaded{known}"


def _rows(entity: Entity, source: str, numbers: list[int], file_loads: Mapping[int, int]) -> str:
    """The source's rows, those that were worked off from quarantine in the place that they have in their file.

    They carry their file's load number, for a row that was kept out for a while is no newer than those beside it; and
    of a row that was read several times, to put a blanked value back, the last reading counts.
    """
    table = _table(source, entity.name)
    seen = f"load_no IN ({', '.join(map(str, numbers))})"
    worked_off = {number: file_loads[number] for number in numbers if number in file_loads}
    if not worked_off:
        return f"(SELECT * FROM {table} WHERE {seen})"
    cases = " ".join(f"WHEN {number} THEN {file_load}" for number, file_load in worked_off.items())
    file_load = f"CASE load_no {cases} ELSE load_no END"
    again = (
        f"SELECT {file_load} AS load_no, row_number, max(load_no) AS newest_no FROM {table}"
        f" WHERE load_no IN ({', '.join(map(str, worked_off))}) GROUP BY ALL"
    )
    return (
        f"(SELECT * EXCLUDE (read_no, newest_no) FROM (SELECT * REPLACE ({file_load} AS load_no), load_no AS read_no"
        f" FROM {table} WHERE {seen}) LEFT JOIN ({again}) USING (load_no, row_number)"
        " WHERE read_no = coalesce(newest_no, read_no))"
    )


def _table(source: str, entity_name: str) -> str:
    return f"raw.{identifier(f'{source}__{entity_name}')}"


def _empty(entity: Entity) -> str:
    columns = ", ".join(f"CAST(NULL AS {column.type}) AS {identifier(column.name)}" for column in entity.columns)
    return (
        f"SELECT {columns}, CAST(NULL AS VARCHAR) AS source_name, CAST(NULL AS INTEGER) AS load_no,"
        " CAST(NULL AS BIGINT) AS row_number WHERE false"
    )
