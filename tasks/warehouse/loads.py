"""Which loads are seen: of the sources of a workspace, as they were delivered by some moment.

Owns: that choice, from `ops.load` and `ops.delivery`. Does not own the moment (`run.py`) or the rows of a load.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from tasks.config.sources import Source
from tasks.warehouse import pulls
from tasks.warehouse.connection import Warehouse

#: load_id, load_no, source, entity.
Load = tuple[str, int, str, str]


def loads_seen(warehouse: Warehouse, sources: Mapping[str, Source], until: dt.datetime | None) -> list[Load]:
    """Loads that are seen, oldest first.

    Those of the sources, delivered by a moment. A file that was delivered again with other content, or is mapped
    otherwise by now, counts as it was delivered last, unless its source says that versions add up. A file that is gone
    from its folder has been loaded, and stays; one that is known to lie elsewhere by now counts by that name alone.

    Of a source in a database all that was delivered before the newest pull of all its rows counts no more, in the same
    way; and of a source that was moved from files to a database or back, only what came the way it comes now, once any
    of it has come that way by the moment: before, what is known of it is what came the other way.
    """
    # A warehouse that an older version made is only read by some commands, and not brought up.
    pulled = pulls.TABLE if warehouse.table_exists(pulls.TABLE) else pulls.NONE
    rows = warehouse.rows(
        "SELECT delivery.source_name, load_id, load_no, entity_name, pull.load_id IS NOT NULL,"
        " row_number() OVER (PARTITION BY delivery.source_name, delivery.file_name ORDER BY delivery_no DESC) = 1"
        " AND (pull.load_id IS NULL OR delivery_no >= coalesce(max(delivery_no)"
        " FILTER (pull.load_id IS NOT NULL AND pull.read_from IS NULL) OVER (PARTITION BY delivery.source_name), 0))"
        # Of a name whose file moved the newest delivery has no load.
        f" FROM ops.delivery LEFT JOIN ops.load USING (source_name, load_id) LEFT JOIN {pulled} AS pull USING (load_id)"
        " WHERE $known IS NULL OR seen_at <= $known",
        {"known": until},
    )
    rows = [row for row in rows if row[0] in sources and sources[row[0]].entity == row[3]]
    came_as_now = {name for name, *_, is_pulled, _ in rows if is_pulled == (sources[name].database is not None)}
    seen = {
        (load_id, number, name, entity)
        for name, load_id, number, entity, is_pulled, is_newest in rows
        if (is_pulled == (sources[name].database is not None) or name not in came_as_now)
        and (is_newest or sources[name].versions == "add")
    }
    families = {load_id: (name, entity) for load_id, _, name, entity in seen}
    worked_off = warehouse.rows(
        "SELECT load_id, load_no, parent_load_id FROM ops.load"
        " WHERE parent_load_id IS NOT NULL AND ($known IS NULL OR loaded_at <= $known)",
        {"known": until},
    )
    seen |= {(load_id, number, *families[parent]) for load_id, number, parent in worked_off if parent in families}
    return sorted(seen, key=lambda load: load[1])


def file_loads(warehouse: Warehouse, numbers: Collection[int]) -> dict[int, int]:
    """Of loads that were worked off from quarantine: the load of their file, by load numbers."""
    return dict(
        warehouse.rows(
            "SELECT child.load_no, parent.load_no FROM ops.load AS child JOIN ops.load AS parent"
            " ON child.parent_load_id = parent.load_id WHERE list_contains($numbers, child.load_no)",
            {"numbers": sorted(numbers)},
        )
    )
