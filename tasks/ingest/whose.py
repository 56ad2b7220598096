"""Whose the quarantined rows are, as today's mapping reads them.

Owns: finding that out; a row that was kept out has no columns of its entity. Does not own the rows
(`stored_rows.py`), or what is asked of them (`tasks/erasure`).
"""

from __future__ import annotations

from tasks.config.errors import ResegmentError
from tasks.ingest.binding import check_bindings
from tasks.ingest.discovery import find_lookups
from tasks.ingest.lookups import with_lookups
from tasks.ingest.mapping import Mapping, mapped_select, parse_mapping
from tasks.ingest.stored_rows import stored_reader
from tasks.warehouse import kept_rows
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.run import Run

#: A quarantined row: the load of its file, and its number there.
KeptRow = tuple[str, int]


def customers_in_quarantine(run: Run) -> dict[KeptRow, str]:
    """The company's own id of the customer of each quarantined row, also of those that were let in since.

    Rows of sources that are gone, or that today's mapping does not fit, are not among them. A line that is no row is
    among them where the folders of its file alone say whose it is, as `customer=C0000007` does.
    """
    found: dict[KeptRow, str] = {}
    for load_id, source, file in run.warehouse.rows(
        f"SELECT DISTINCT load_id, source_name, file_name FROM {kept_rows.ROWS} JOIN ops.load USING (load_id)"
        " ORDER BY ALL"
    ):
        if source in run.workspace.sources and KEY in run.workspace.sources[source].columns:
            mapping = parse_mapping(run.workspace, source)
            found |= {(load_id, row): customer for row, customer in _customers(run, mapping, load_id, file)}
    return found


def _customers(run: Run, mapping: Mapping, load_id: str, file: str) -> list[tuple[int, str]]:
    warehouse = run.warehouse
    kept = warehouse.rows(
        f"SELECT row_number FROM {kept_rows.ROWS} WHERE load_id = $load ORDER BY 1", {"load": load_id}
    )
    loaded_at = warehouse.value("SELECT loaded_at FROM ops.load WHERE load_id = $load", {"load": load_id})
    try:
        lookups, _ = find_lookups(run.workspace, mapping)
        with stored_reader(
            warehouse, mapping, load_id, file, [number for (number,) in kept], with_lines=True
        ) as reader:
            relation = with_lookups(warehouse, mapping, lookups, reader.relation)
            kinds = check_bindings(warehouse, mapping, reader, relation)
            select = mapped_select(mapping, relation, loaded_at, kinds)
            return warehouse.rows(f"SELECT _record, {KEY} FROM ({select}) WHERE {KEY} IS NOT NULL ORDER BY 1")
    except ResegmentError:
        # Another mapping read them then, or the files of lookups are not here: their texts are searched all the same.
        return []
