"""Sources that are gone from the workspace, called otherwise or mapped anew: which they are, and what is told of it.

Owns: that, and knowing a source again by what it reads. Does not own loading. Loads belong to a name, so a renamed
source is loaded anew, and what its folder does not hold any more is seen no longer: nothing of that may come without a
word.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.config.counting import counted
from tasks.config.errors import SourceError
from tasks.config.workspace import Workspace
from tasks.ingest.discovery import FoundFile, find_files, find_lookups
from tasks.ingest.mapping import parse_mapping
from tasks.warehouse.basis import bases
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import Run


def former_names(warehouse: Warehouse, workspace: Workspace) -> dict[str, str]:
    """Of sources that are not loaded yet, and read what one read that the workspace names no longer: its name.

    They map it in the same way, and have a file of it; or they put the same query to a database.
    """
    loaded = warehouse.rows(
        "SELECT source_name, entity_name, mapping_sha256, list(file_sha256) FROM ops.load"
        " WHERE parent_load_id IS NULL GROUP BY ALL ORDER BY max(load_no)"
    )
    names = {name for name, *_ in loaded}
    gone = {
        (entity, mapping): (name, files) for name, entity, mapping, files in loaded if name not in workspace.sources
    }
    found: dict[str, str] = {}
    for name, source in workspace.sources.items():
        if name in names or all(entity != source.entity for entity, _ in gone):
            continue
        mapping = parse_mapping(workspace, name)
        try:
            _, digest = find_lookups(workspace, mapping)
            files = [] if source.database else find_files(workspace, mapping)
        except SourceError:
            # A file is not there, or cannot be read; whoever loads the source is told.
            continue
        former, contents = gone.get((source.entity, digest), (None, []))
        if former is not None and (source.database or any(file.sha256 in contents for file in files)):
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
    missing = _not_there(warehouse, former, files)
    told = f"reads what {former} read, which the workspace names no longer: by another name it is loaded anew"
    if missing and workspace.sources[name].database is None:
        told += (
            f"; of {former} {counted(len(missing), 'file is', 'files are')} not there any more, and seen no longer,"
            f" such as {missing[0]}: put back what counts, or call the source {former} again"
        )
    return [told]


def told_of_earlier_files(warehouse: Warehouse, name: str, files: Sequence[FoundFile]) -> list[str]:
    """Of a source that is mapped anew: which files of before are none of its own any more, and count all the same.

    Args:
        warehouse: of the run.
        name: of the source, which reads files.
        files: all that it has.
    """
    missing = _not_there(warehouse, name, files)
    if not missing:
        return []
    what = counted(len(missing), "file that was loaded before is", "files that were loaded before are")
    todo = "where today's files say the same rows again, call the source otherwise: one not named any more is not seen"
    said = f"is mapped anew, and {what} no more where it reads, such as {missing[0]}"
    return [f"{said}: that goes on counting as it was mapped then; {todo}"]


def _not_there(warehouse: Warehouse, name: str, files: Sequence[FoundFile]) -> list[str]:
    """Names of files that a source had rows of, and that are not among these, under another name neither."""
    delivered = warehouse.rows(
        "SELECT delivery.file_name, arg_max(file_sha256, delivery_no) FROM ops.delivery JOIN ops.load USING (load_id)"
        " WHERE delivery.source_name = $name AND rows_read_count > 0 AND load_id NOT IN (SELECT load_id FROM ops.pull)"
        # Of a file that moved the new place is asked.
        " AND delivery.file_name NOT IN (SELECT file_name FROM ops.delivery WHERE source_name = $name"
        " GROUP BY 1 HAVING arg_max(load_id IS NULL, delivery_no))"
        " GROUP BY 1 ORDER BY 1",
        {"name": name},
    )
    names, contents = {file.name for file in files}, {file.sha256 for file in files}
    return [file for file, content in delivered if file not in names and content not in contents]


def told_of_gone_sources(run: Run) -> list[str]:
    """Of sources that the previous run saw, and that the workspace names no longer: what is seen of them no more.

    Of one that is called otherwise by now, that was told when it was loaded.
    """
    if run.previous is None:
        return []
    (basis,) = bases(run.warehouse, [run.previous])
    gone = run.warehouse.rows(
        "WITH now AS (SELECT * FROM ops.load WHERE list_contains($present, load_no))"
        " SELECT source_name, entity_name, sum(rows_loaded_count) FROM ops.load"
        " WHERE list_contains($seen, load_no) AND NOT list_contains($named, source_name)"
        # What is seen by another name: a file by its content, what a query gave by the query.
        " AND file_sha256 NOT IN (SELECT file_sha256 FROM now WHERE file_sha256 IS NOT NULL)"
        " AND NOT (load_id IN (SELECT load_id FROM ops.pull) AND mapping_sha256 IN (SELECT mapping_sha256 FROM now))"
        " GROUP BY ALL ORDER BY ALL",
        {
            "seen": list(basis.loads or ()),
            "named": list(run.workspace.sources),
            "present": [number for _, number, *_ in run.visible_loads()],
        },
    )
    return [
        f"{name}: the workspace names it no longer: {counted(rows, 'row')} of {entity}, which the run of"
        f" {run.previous.as_of} saw, are gone"
        for name, entity, rows in gone
    ]
