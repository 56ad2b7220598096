"""`raw.<entity>`: one view over all sources of an entity, of the loads that a run may see.

Owns: the views that staging models read, with pseudonyms in the place of customer ids where the workspace asks for
them. Does not own the raw tables (`loading.py`) or the pseudonyms (`pseudonyms.py`).
"""

from __future__ import annotations

from tasks.config.entities import ENTITIES, Entity
from tasks.ingest import pseudonyms
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.run import Run


def build_raw_views(run: Run) -> None:
    """Make the view of every entity; one that no source maps to is there and empty.

    Raises:
        WorkspaceError: ids are to be hashed, and the key is missing or too short.
    """
    hidden = run.workspace.privacy.pseudonymise
    pseudonyms.keep_pseudonyms(run)
    loads: dict[tuple[str, str], list[int]] = {}
    for _, number, source, entity_name in run.visible_loads():
        loads.setdefault((source, entity_name), []).append(number)
    for entity in ENTITIES.values():
        parts = [
            _part(entity, source, numbers, hidden=hidden)
            for (source, name), numbers in sorted(loads.items())
            if name == entity.name
        ]
        run.warehouse.execute(
            f"CREATE OR REPLACE VIEW raw.{entity.name} AS {' UNION ALL '.join(parts or [_empty(entity)])}"
        )


def _part(entity: Entity, source: str, numbers: list[int], *, hidden: bool) -> str:
    hidden &= KEY in entity.column_names
    columns = ", ".join(
        f"known.pseudonym AS {identifier(name)}" if hidden and name == KEY else f"loaded.{identifier(name)}"
        for name in entity.column_names
    )
    # A LEFT JOIN, as the buyer of an anonymous sale is NULL and stays so.
    known = f" LEFT JOIN {pseudonyms.TABLE} AS known ON loaded.{KEY} = known.{KEY}" if hidden else ""
    return (
        f"SELECT {columns}, {literal(source)} AS source_name, load_no, row_number"
        f" FROM raw.{identifier(f'{source}__{entity.name}')} AS loaded{known}"
        f" WHERE load_no IN ({', '.join(map(str, numbers))})"
    )


def _empty(entity: Entity) -> str:
    columns = ", ".join(f"CAST(NULL AS {column.type}) AS {identifier(column.name)}" for column in entity.columns)
    return (
        f"SELECT {columns}, CAST(NULL AS VARCHAR) AS source_name, CAST(NULL AS INTEGER) AS load_no,"
        " CAST(NULL AS BIGINT) AS row_number WHERE false"
    )
