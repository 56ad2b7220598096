"""Files of the workspace that no run has loaded yet, so that nothing is known of what they change.

Owns: telling of them. Does not own which files there are (`tasks/ingest/discovery.py`).
"""

from __future__ import annotations

from tasks.config.counting import counted
from tasks.config.errors import SourceError
from tasks.config.workspace import Workspace
from tasks.ingest.discovery import find_files
from tasks.ingest.looked_up import is_loaded, was_read_so
from tasks.ingest.mapping import parse_mapping
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.readers import nothing_was_run, opened_to_read
from tasks.warehouse.run import OutputPaths


def unseen_files(space: Workspace, paths: OutputPaths) -> str | None:
    """That there are files which no run has loaded, or that they cannot be looked at; None where there are none."""
    if nothing_was_run(paths):
        return None
    with opened_to_read(paths) as warehouse:
        try:
            return files_not_loaded(warehouse, space) if warehouse.table_exists("ops.load") else None
        except SourceError as error:
            return f"whether files are not loaded yet is not known: {error.message} ({error.where})"


def files_not_loaded(warehouse: Warehouse, space: Workspace) -> str | None:
    """That there are files which no run has loaded, in words; None where there are none.

    Raises:
        SourceError: a source has no file, or one cannot be read.
    """
    mappings = [parse_mapping(space, name) for name, source in space.sources.items() if source.database is None]
    waiting = [
        (mapping, file)
        for mapping in mappings
        for file in find_files(space, mapping)
        if not is_loaded(warehouse, mapping, file)
    ]
    again = {file.load_id for mapping, file in waiting if was_read_so(warehouse, mapping, file)}
    new = {file.load_id for _, file in waiting} - again
    said = [f"{counted(len(new), 'file is', 'files are')} not loaded yet"] if new else []
    if again:
        said.append(f"{counted(len(again), 'file has', 'files have')} to be held against lookups that have changed")
    return f"{' and '.join(said)}: what changes by that is known once it is done" if said else None
