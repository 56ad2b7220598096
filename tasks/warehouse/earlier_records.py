"""What was said of a customer before his newest record became true, where a file holds no more than that one.

Owns: which records of versions of a file that was delivered again count for a past day. Does not own which loads are
seen (`loads.py`).

A customer file is delivered again and again under one name, with one record a customer. Its newest version says since
when its records are true (`updated_at`), and nothing of before: of a day before that it would say that nothing is known
of the customer. What the version before it said of him then was not taken back, only followed. A customer who is not in
the newest version is gone, and a record of the same time or of an earlier one corrects.

What a query gives of a source is one such file, in however many pulls it came; and where a source was moved from files
to a database or back, what came the one way is a version of what came the other way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from tasks.config.entities import ENTITIES
from tasks.warehouse import pulls
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.loads import Load

#: The entity whose rows are versions of a record, each true from its event time on.
ENTITY = "customers"
#: Loads of earlier versions of the files that are seen, by the numbers of loads, which ascend.
_REPLACED = """
WITH named AS (
    SELECT DISTINCT load.load_id, load.load_no, load.entity_name, delivery.source_name, delivery.file_name,
        pull.load_id IS NOT NULL AS is_pulled
    FROM ops.load AS load
    JOIN ops.delivery AS delivery USING (source_name, load_id)
    LEFT JOIN {pulled} AS pull ON load.load_id = pull.load_id
    WHERE load.entity_name = $entity AND load.parent_load_id IS NULL
)
SELECT DISTINCT older.load_id, older.load_no, older.source_name, older.entity_name
FROM named AS older
JOIN named AS newer USING (source_name)
WHERE list_contains($numbers, newer.load_no) AND NOT list_contains($numbers, older.load_no)
    AND older.load_no < newer.load_no
    AND (older.file_name = newer.file_name OR older.is_pulled OR newer.is_pulled)
ORDER BY older.load_no
"""


def earlier_records(warehouse: Warehouse, loads: Iterable[Load], as_of: dt.date) -> list[Load]:
    """Loads that are seen no more, of which a record counts for a day, oldest first."""
    numbers: dict[str, list[int]] = {}
    for _, number, source, entity in loads:
        if entity == ENTITY:
            numbers.setdefault(source, []).append(number)
    seen = sorted(number for listed in numbers.values() for number in listed)
    if not seen:
        return []
    # A warehouse that an older version made is only read by some commands, and not brought up.
    select = _REPLACED.format(pulled=pulls.TABLE if warehouse.table_exists(pulls.TABLE) else pulls.NONE)
    replaced: list[Load] = warehouse.rows(select, {"entity": ENTITY, "numbers": seen})
    found: set[int] = set()
    for source in sorted({load[2] for load in replaced}):
        older = [number for _, number, one, _ in replaced if one == source]
        rows = records_before(source, numbers[source], older, as_of)
        found |= {number for (number,) in warehouse.rows(f"SELECT DISTINCT load_no FROM {rows}")}
    return [load for load in replaced if load[1] in found]


def records_before(source: str, seen: Sequence[int], older: Sequence[int], as_of: dt.date) -> str:
    """SQL for a FROM: of customers of whom the seen loads tell nothing that was true by a day what older ones told."""
    entity = ENTITIES[ENTITY]
    table, moment = f"raw.{identifier(f'{source}__{entity.name}')}", identifier(str(entity.event_time))
    end = literal(dt.datetime.combine(as_of + dt.timedelta(days=1), dt.time()))
    newest, before = (", ".join(map(str, numbers)) for numbers in (seen, older))
    return (
        f"(SELECT * FROM {table} WHERE load_no IN ({before}) AND ({moment} IS NULL OR {moment} < {end})"
        f" AND customer_id IN (SELECT customer_id FROM {table} WHERE load_no IN ({newest}) GROUP BY customer_id"
        f" HAVING count({moment}) = count(*) AND min({moment}) >= {end}))"
    )
