"""An output folder belongs to one workspace: the files of two companies in one would be published as one.

Owns: refusing a workspace of another name that has nothing of what was loaded. Does not own pseudonyms, of which a
folder has one kind (`tasks/warehouse/output_state.py`).
"""

from __future__ import annotations

from tasks.config.errors import SourceError, UsageError
from tasks.config.workspace import Workspace
from tasks.ingest.discovery import find_files, find_lookups
from tasks.ingest.mapping import parse_mapping
from tasks.warehouse.run import Run


def refuse_other_workspace(run: Run) -> None:
    """Prove that the workspace is the one that published here, before anything of it is loaded.

    It may be called otherwise: then it has a file that was loaded here, or puts the same query to a database.

    Raises:
        UsageError: it is another one.
    """
    name = run.warehouse.value(
        "SELECT arg_max(workspace_name, started_at) FROM ops.run"
        " WHERE run_id IN (SELECT run_id FROM ops.publication) AND workspace_name IS NOT NULL"
    )
    if name is None or name == run.workspace.name or _has_what_was_loaded(run):
        return
    raise UsageError(
        f"this folder holds what the workspace {name!r} has published, and this one, {run.workspace.name!r}, has no"
        " file that was loaded here",
        where=str(run.paths.root),
        hint=f"give --output a folder of its own; if it is the same company, leave its name {name!r}",
    )


def _has_what_was_loaded(run: Run) -> bool:
    rows = run.warehouse.rows("SELECT file_sha256, mapping_sha256 FROM ops.load")
    files, mappings = {file for file, _ in rows}, {mapping for _, mapping in rows}
    return any(_is_known(run.workspace, name, files, mappings) for name in run.workspace.sources)


def _is_known(space: Workspace, name: str, files: set[str], mappings: set[str]) -> bool:
    mapping = parse_mapping(space, name)
    try:
        if mapping.source.database is not None:
            return find_lookups(space, mapping)[1] in mappings
        # By its bytes, too: since it was loaded folders may have become columns.
        return any(files & {file.sha256, file.bytes_sha256} for file in find_files(space, mapping))
    except SourceError:
        # Whoever loads it is told.
        return False
