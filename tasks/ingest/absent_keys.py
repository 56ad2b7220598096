"""Keys of JSON lines that a mapping reads and no line has: a misspelt one would be no value everywhere, without a word.

Owns: telling them. Does not own columns that a file with a header lacks, which are an error (`binding.py`).
"""

from __future__ import annotations

import difflib
from pathlib import Path

from tasks.ingest.folders import folder_called, is_column_where
from tasks.ingest.mapping import Mapping
from tasks.ingest.opening import open_source
from tasks.warehouse.connection import Warehouse

#: Lines that are looked at. A key may be rare: so it is told, and stops nothing.
_LINES = 10_000
_NAMED = 12


def absent_keys(warehouse: Warehouse, mapping: Mapping, path: Path) -> list[str]:
    """A sentence for each of them; none of a file of another format, or without an object.

    Raises:
        SourceError: the file cannot be read.
    """
    if mapping.source.stored_as != "jsonl":
        return []
    reader = open_source(warehouse, mapping, path)
    lines = f"SELECT _row FROM {reader.relation} WHERE json_valid(_row) LIMIT {_LINES}"
    present = [
        key
        for (key,) in warehouse.rows(
            f"SELECT DISTINCT unnest(json_keys(_row)) FROM ({lines}) WHERE json_type(_row) = 'OBJECT' ORDER BY 1"
        )
    ]
    in_folders = {name.casefold() for name in mapping.folders_of(path, mapping.source.options)}
    told = []
    # `_record` and `_row` are of every line.
    for place, names in mapping.reads.items() if present else ():
        for name in sorted({*names} - {*present, "_record", "_row"}):
            if name.casefold() in in_folders:
                continue
            near = difflib.get_close_matches(name, present, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(present[:_NAMED])}"
            if folder := folder_called(mapping.called(path), name):
                hint = is_column_where(folder)
            told.append(f"{place} reads {name!r}, which no line of {mapping.called(path)} has: it is no value; {hint}")
    return told
