"""The page of entities: what a source maps to.

Owns: its layout. Does not own the entities (`tasks/config/entities.py`) or what ingest does (`tasks/ingest`).
"""

from __future__ import annotations

from collections.abc import Iterator

from generator.markdown import code, grid
from tasks.config.entities import ENTITIES
from tasks.config.entity import Column, Entity, OnBreak

_ENTITIES = """\
What sources map to: a source names a SQL expression for every required column, and for what else it has. The value is
cast to the type given here. What happens to a row:

- a value that cannot be read as its type, or a required value that is missing: the row is quarantined;
- a value that breaks the hard rule of its column: as the table says; a missing value breaks no rule;
- rows read = rows loaded + rows quarantined, always. `ops.quarantine` holds every problem with source, file, row
  number, column and reason, `resegment quarantine` works them off: see
  [work-off-the-quarantine.md](../how-to/work-off-the-quarantine.md).

Times and days are the company's: whatever zone a source writes, they are kept as a clock in `calendar.timezone` shows
them, so that an order of half past midnight there is of that day
([how sources write times](../how-to/add-a-source.md#times)).

The class is what a column is at least treated as; without one it is `plain`. Values of `contact` and `sensitive`
columns never leave staging: see [protect-personal-data.md](../how-to/protect-personal-data.md).

How rows of one key become one is told with the tables of [staging](tables.md#staging)."""

_BROKEN: dict[OnBreak, str] = {"row": "row quarantined", "value": "value blanked, row stays"}


def entities_page() -> Iterator[str]:
    """Every entity with its columns and hard rules."""
    yield _ENTITIES
    for entity in ENTITIES.values():
        yield f"## {entity.name}"
        yield f"One row is {entity.row}. {_identity(entity)}"
        yield grid(
            ("column", "type", "required", "meaning", "class", "hard rule", "where it is broken"),
            map(_row, entity.columns),
        )


def _identity(entity: Entity) -> str:
    key = ", ".join(map(code, entity.key))
    return f"Key: {key}. " + (f"Event time: {code(entity.event_time)}." if entity.event_time else "No event time.")


def _row(column: Column) -> tuple[str, ...]:
    rule = column.rule
    return (
        code(column.name),
        column.type,
        "yes" if column.required else "",
        column.meaning,
        "" if column.privacy == "plain" else column.privacy,
        rule.expected if rule else "",
        _BROKEN[rule.on_break] if rule else "",
    )
