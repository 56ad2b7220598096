"""Opening a file of a source, or of one of its lookups, as the workspace says that it is written.

Owns: that all who read a file read it alike, with the columns that its folders are. Does not own reading
(`readers.py`), or what folders say (`folders.py`).
"""

from __future__ import annotations

from pathlib import Path

from tasks.ingest.mapping import Mapping
from tasks.ingest.readers import Reader, open_reader
from tasks.warehouse.connection import Warehouse


def open_source(warehouse: Warehouse, mapping: Mapping, path: Path) -> Reader:
    """A file of the source.

    Raises:
        SourceError: it is empty, not of its format, cut short, or in another encoding.
    """
    source = mapping.source
    folders = mapping.folders_of(path, source.options)
    return open_reader(warehouse, path, source.stored_as, source.options, mapping.wanted, folders)


def open_lookup(warehouse: Warehouse, mapping: Mapping, name: str, path: Path) -> Reader:
    """A file of one of the source's lookups.

    Raises:
        SourceError: it is empty, not of its format, cut short, or in another encoding.
    """
    lookup = mapping.source.lookups[name]
    read = frozenset({lookup.key, *mapping.looked_up[name]})
    folders = mapping.folders_of(path, lookup.options)
    return open_reader(warehouse, path, lookup.format, lookup.options, read, folders)
