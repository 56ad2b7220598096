"""Proving a mapping on the file that is there, before anything runs.

Owns: which file that is, and that its beginning alone is read. Does not own the proof (`mapping.py`).
"""

from __future__ import annotations

import logging

from tasks.config.errors import SourceError
from tasks.config.workspace import Workspace
from tasks.ingest.absent_keys import absent_keys
from tasks.ingest.binding import check_bindings
from tasks.ingest.discovery import newest_file
from tasks.ingest.lookups import lookup_readers, with_lookups
from tasks.ingest.mapping import Mapping
from tasks.ingest.opening import open_source
from tasks.warehouse.connection import Warehouse

log = logging.getLogger("resegment.ingest")


def rehearse(warehouse: Warehouse, workspace: Workspace, mapping: Mapping) -> bool:
    """Bind every expression to the columns of a source's last file; returns whether there was one.

    A file that is not there, or that cannot be read, is no defect of the workspace: the one is to come, of the other a
    warning tells, as the run will.

    Raises:
        SourceError: a column is not in the file (the nearest one is named), or an expression is not valid there.
    """
    if mapping.source.query is not None:
        return False
    try:
        path, lookups = newest_file(workspace, mapping)
    except SourceError:
        return False
    try:
        reader = open_source(warehouse, mapping, path)
        for name in mapping.source.lookups:
            list(lookup_readers(warehouse, mapping, lookups, name))
    except SourceError as error:
        log.warning("%s: its columns could not be tried on a file: %s", mapping.name, " ".join(str(error).split()))
        return False
    check_bindings(warehouse, mapping, reader, with_lookups(warehouse, mapping, lookups, reader.relation))
    for absent in absent_keys(warehouse, mapping, path):
        log.warning("%s: %s", mapping.name, absent)
    return True
