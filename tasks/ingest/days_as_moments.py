"""Days that a source writes as moments: midnight in its zone, which is another day where the company is.

Owns: telling them. Does not own how times are read (`moments.py`).
"""

from __future__ import annotations

from tasks.ingest.mapping import Mapping
from tasks.warehouse.connection import Warehouse, identifier, literal

#: So many moments are not all at midnight by chance.
_FEWEST = 3


def days_as_moments(warehouse: Warehouse, mapping: Mapping, load_id: str) -> list[str]:
    """A sentence for each column of a load of which every time was midnight in UTC, and is none of the company's."""
    company = literal(mapping.clock.company)
    names = [column.name for column in mapping.entity.columns if column.type == "TIMESTAMP"]
    told = []
    for name in names:
        if name not in mapping.source.columns or mapping.clock.company == "UTC":
            continue
        shown = identifier(name)
        moment = f"timezone('UTC', timezone({company}, {shown}))"
        ((times, at_midnight, kept),) = warehouse.rows(
            f"SELECT count({shown}), count(*) FILTER ({moment} = date_trunc('day', {moment})),"
            f" count(*) FILTER ({shown} = date_trunc('day', {shown}))"
            f" FROM {mapping.table} WHERE load_id = {literal(load_id)}"
        )
        if times >= _FEWEST and times == at_midnight and not kept:
            told.append(
                f"columns.{name}: every time is midnight in UTC, which is no midnight in {mapping.clock.company}:"
                " if days are meant, take the day alone, such as left(day, 10)"
            )
    return told
