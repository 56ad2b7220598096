"""Sources that are called otherwise by now: which they are, and what is told where one of them is loaded.

Owns: knowing a source again by what it reads: it is new, another one of the same entity and mapping is gone from the
workspace. Does not own loading. Loads belong to a name, so a renamed source is loaded anew, and what its folder does
not hold any more is seen no longer: nothing of that may come without a word.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.config.counting import counted
from tasks.config.errors import SourceError
from tasks.config.workspace import Workspace
from tasks.ingest.discovery import FoundFile, find_lookups
from tasks.ingest.mapping import parse_mapping
from tasks.warehouse.connection import Warehouse


def former_names(warehouse: Warehouse, workspace: Workspace) -> dict[str, str]:
    """Of sources that are not loaded yet, and read what one read that the workspace names no longer: its name."""
    loaded = warehouse.rows(
        "SELECT source_name, arg_max(entity_name, load_no), arg_max(mapping_sha256, load_no) FROM ops.load"
        " WHERE parent_load_id IS NULL GROUP BY 1 ORDER BY 1"
    )
    names = {name for name, *_ in loaded}
    gone = {(entity, mapping): name for name, entity, mapping in loaded if name not in workspace.sources}
    if not gone:
        return {}
    found: dict[str, str] = {}
    for name, source in workspace.sources.items():
        if name in names or all(entity != source.entity for entity, _ in gone):
            continue
        try:
            _, mapping = find_lookups(workspace, parse_mapping(workspace, name))
        except SourceError:
            # A lookup is not there; whoever loads the source is told.
            continue
        former = gone.pop((source.entity, mapping), None)
        if former is not None:
            found[name] = former
    return found


def told_of_former_name(warehouse: Warehouse, workspace: Workspace, name: str, files: Sequence[FoundFile]) -> list[str]:
    """What follows from a new name, before the first file is loaded by it; nothing where the source has no former one.

    Args:
        warehouse: of the run.
        workspace: of today.
        name: of the source.
        files: all that it has.
    """
    former = former_names(warehouse, workspace).get(name)
    if former is None:
        return []
    delivered = warehouse.rows(
        "SELECT delivery.file_name, arg_max(file_sha256, delivery_no) FROM ops.delivery JOIN ops.load USING (load_id)"
        " WHERE delivery.source_name = $former AND rows_read_count > 0 GROUP BY 1 ORDER BY 1",
        {"former": former},
    )
    names, contents = {file.name for file in files}, {file.sha256 for file in files}
    missing = [file for file, content in delivered if file not in names and content not in contents]
    told = f"reads what {former} read, which the workspace names no longer: by another name it is loaded anew"
    if missing and workspace.sources[name].database is None:
        told += (
            f"; of {former} {counted(len(missing), 'file is', 'files are')} not there any more, and seen no longer,"
            f" such as {missing[0]}: put back what counts, or call the source {former} again"
        )
    return [told]
