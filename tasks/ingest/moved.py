"""Files that lie elsewhere than when they were loaded, because a source's path is another one: known again, or told.

Owns: that. Does not own a source that is called otherwise (`renamed.py`), or which version of a file counts
(`tasks/warehouse/loads.py`).

A file is known by its name, and one that is not in its folder any more goes on counting: exports are put away. So of a
file that moved with its folder the former version would count beside all later ones. It is the same file where it is
called the same in its folder, has the same content, and its former place is none where the source reads. Where it has
another content that cannot be told: `2025/orders.csv` and `2026/orders.csv` are two files.
"""

from __future__ import annotations

import glob
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from tasks.config.counting import counted
from tasks.config.workspace import Workspace
from tasks.ingest.discovery import FoundFile
from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import Run

#: Content and load of a file, by its name.
_Held = Mapping[str, tuple[str, str]]


def take_along(run: Run, name: str, files: Sequence[FoundFile]) -> list[str]:
    """Note of files that moved that they are where they lie now; returns what is told of those that did not.

    Args:
        run: whose workspace says where the source reads.
        name: of the source, which reads files.
        files: all that it has; none of them has been looked at yet.
    """
    source = run.workspace.sources[name]
    held = _held(run.warehouse, name)
    patterns = [_Pattern(run.workspace, pattern) for pattern in source.patterns]
    outside = {place: what for place, what in held.items() if not any(one.says(place) for one in patterns)}
    if source.versions == "add" or not outside:
        return []
    left = dict(outside)
    places = defaultdict(list)
    for place, (content, _) in outside.items():
        places[content, Path(place).name].append(place)
    for file in files:
        for place in places[file.sha256, Path(file.name).name]:
            _note_moved(run, name, (place, file.name), outside[place][1])
            left.pop(place, None)
    # Once: after this run a file has come from each place where the source reads.
    is_elsewhere = any(not any(one.says(place) for place in held) for one in patterns)
    return _told_of_left(left) if left and is_elsewhere else []


def _held(warehouse: Warehouse, name: str) -> _Held:
    """What the files of a source hold that had rows, and were not known to be elsewhere."""
    rows = warehouse.rows(
        "WITH newest AS (SELECT file_name, load_id FROM ops.delivery WHERE source_name = $name"
        " QUALIFY row_number() OVER (PARTITION BY file_name ORDER BY delivery_no DESC) = 1)"
        " SELECT newest.file_name, file_sha256, load_id FROM newest JOIN ops.load USING (load_id)"
        " WHERE rows_read_count > 0 AND load_id NOT IN (SELECT load_id FROM ops.pull) ORDER BY 1",
        {"name": name},
    )
    return {file: (content, load_id) for file, content, load_id in rows}


def _note_moved(run: Run, name: str, places: tuple[str, str], load_id: str) -> None:
    """Note in one step that what lay in the first of two places lies in the second one, and nothing in the first."""
    former, now = places
    with run.warehouse.transaction():
        for place, held in ((now, load_id), (former, None)):
            ledger.note_delivery(run.warehouse, source=name, file=place, load_id=held, attempt_id=run.attempt_id)


def _told_of_left(left: Iterable[str]) -> list[str]:
    names = sorted(left)
    what = counted(len(names), "file that was loaded before lies", "files that were loaded before lie")
    said = f"is read elsewhere, and {what} where it reads no more, such as {names[0]}: that goes on counting"
    todo = "where today's files say the same rows again, call the source otherwise: one not named any more is not seen"
    return [f"{said}; {todo}"]


class _Pattern:
    """A path or glob of a source, which says whether a name is one of its files, be it there or not."""

    def __init__(self, workspace: Workspace, pattern: str) -> None:
        self._folder = workspace.directory
        said = Path(os.path.normpath(workspace.directory / Path(pattern).expanduser()))
        # A folder may be said by a link, and its files be known by where they lie.
        fixed = next((one for one in said.parents if not glob.has_magic(str(one))), Path("/"))
        self._ways = {said.parts, (fixed.resolve() / said.relative_to(fixed)).parts}

    def says(self, name: str) -> bool:
        """Whether a file of that name is one of its own."""
        parts = Path(self._folder, name).parts
        return any(parts == way or _is_like(parts, way) for way in self._ways)


def _is_like(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path is like a pattern, folder by folder; `**` is any number of folders."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_is_like(parts[start:], pattern[1:]) for start in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _is_like(parts[1:], pattern[1:])
