"""Which load a file is where its source has lookups: it is loaded anew when what it looks up came out otherwise.

Owns: finding that out. Does not own the join (`lookups.py`), or where it is kept, so that files are not read again
while the lookups stay as they are (`tasks/warehouse/looked_up.py`).

A list of products changes every day, and an order of last year names none of the new ones: were all files loaded anew
with it, every run would read all lines, and keep them once more.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from tasks.config.errors import SqlError
from tasks.ingest.beginning import check_whole
from tasks.ingest.binding import check_bindings
from tasks.ingest.discovery import FoundFile, digests, load_id_of
from tasks.ingest.loading import unreadable
from tasks.ingest.lookups import with_kept_lookups
from tasks.ingest.mapping import Mapping
from tasks.ingest.opening import open_source
from tasks.warehouse import looked_up
from tasks.warehouse.connection import Warehouse, identifier


def identified(warehouse: Warehouse, mapping: Mapping, file: FoundFile) -> FoundFile:
    """The file with the id of its load, by what it looks up.

    Raises:
        SourceError: it has to be looked into, and it or a lookup cannot be read.
        WorkspaceError: a lookup has not the column that it is joined by.
    """
    if not _looks_up(mapping):
        return file
    basis = _basis(mapping, file)
    load_id = looked_up.load_of(warehouse, basis)
    if load_id is None:
        load_id = load_id_of(mapping.name, file.sha256, file.mapping_sha256, _digest(warehouse, mapping, file))
        looked_up.note(warehouse, basis, load_id)
    return replace(file, load_id=load_id)


def is_loaded(warehouse: Warehouse, mapping: Mapping, file: FoundFile) -> bool:
    """Whether a run has loaded a file; of one that would have to be looked into that is not known, and not so."""
    load_id = looked_up.load_of(warehouse, _basis(mapping, file)) if _looks_up(mapping) else file.load_id
    return bool(warehouse.value("SELECT count(*) FROM ops.load WHERE load_id = $load", {"load": load_id}))


def was_read_so(warehouse: Warehouse, mapping: Mapping, file: FoundFile) -> bool:
    """Whether the bytes of a file were loaded by the same mapping, so that the lookups alone can be other ones."""
    return _looks_up(mapping) and bool(
        warehouse.value(
            "SELECT count(*) FROM ops.load WHERE source_name = $source AND file_sha256 = $file"
            " AND mapping_sha256 = $mapping",
            {"source": mapping.name, "file": file.sha256, "mapping": file.mapping_sha256},
        )
    )


def forget_earlier(warehouse: Warehouse, mapping: Mapping, file: FoundFile) -> None:
    """Drop what is kept of the source's lookups as they were before those of this file."""
    if _looks_up(mapping):
        looked_up.forget_earlier(warehouse, _basis(mapping, file))


def _looks_up(mapping: Mapping) -> bool:
    """Of a database, what lies in lookups is a part of the mapping (`discovery.find_lookups`)."""
    return bool(mapping.source.lookups) and mapping.source.database is None


def _basis(mapping: Mapping, file: FoundFile) -> looked_up.Basis:
    lookups = hashlib.sha256("|".join(digests(mapping, file.lookups)).encode()).hexdigest()
    return looked_up.Basis(mapping.name, file.sha256, file.mapping_sha256, lookups)


def _digest(warehouse: Warehouse, mapping: Mapping, file: FoundFile) -> str:
    """Of the keys that a file names, and of what stands beside them in the columns that are read."""
    check_whole(file.path)
    reader = open_source(warehouse, mapping, file.path)
    columns = [
        f"{identifier(name)}.{identifier(column)}"
        for name, lookup in mapping.source.lookups.items()
        for column in sorted({lookup.key, *mapping.looked_up[name]})
    ]
    listed = ", ".join(f"{column} AS {identifier(str(number))}" for number, column in enumerate(columns))
    relation = with_kept_lookups(warehouse, mapping, file.lookups, reader.relation)
    check_bindings(warehouse, mapping, reader, relation)
    try:
        count, total = warehouse.rows(
            "SELECT count(*), CAST(bit_xor(md5_number(CAST(to_json(looked) AS VARCHAR))) AS VARCHAR)"
            f" FROM (SELECT DISTINCT {listed} FROM {relation}) AS looked"
        )[0]
    except SqlError as error:
        raise unreadable(mapping, file, error) from error
    return f"{count} {total}"
