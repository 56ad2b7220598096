"""What the manifest of a publication says of its files, those of Parquet and that of DuckDB: each one's digest.

Owns: that list, and what differs from it. Does not own building the files (`tasks/publish/build.py`). Parquet has no
checksum of its own, and that of a block of DuckDB's file is right again once somebody has written to it: a value that
was changed in place is found by this alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from tasks.warehouse.disk import digest

#: Key of the manifest; one that was written by an earlier version has none.
FILES = "files"
#: The file of DuckDB below the published folder; each publication builds it anew, and its bytes are never the same.
DATABASE = "published.duckdb"


def listed(manifest: Path) -> dict[str, str]:
    """Digests by path below the published folder; empty where the manifest tells none or cannot be read."""
    try:
        tree = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    files = tree.get(FILES) if isinstance(tree, dict) else None
    return files if isinstance(files, dict) else {}


def digests(folder: Path, known: Mapping[str, str]) -> dict[str, str]:
    """Digests of the files of a publication, with those that should be there and are not.

    Args:
        folder: that of a publication.
        known: digests of files that were taken over from an earlier publication: what was changed or lost since is not
            right for having been taken over.
    """
    taken = {name: digest(folder / name) for name in _names(folder) if name not in known}
    return dict(sorted((taken | dict(known)).items()))


def kept(published: Path, is_kept: Callable[[str], bool]) -> dict[str, str]:
    """What the manifest of `published` says of the partitions that the next publication takes over.

    Args:
        published: the folder.
        is_kept: whether the partitions of a name such as ``as_of_date=2025-06-30`` are taken over.
    """
    before = listed(published / "manifest.json")
    return {
        name: told for name, told in before.items() if name != DATABASE and is_kept(PurePosixPath(name).parent.name)
    }


def changed_files(published: Path) -> dict[str, str]:
    """What is wrong with the files that are or should be there, by the manifest; empty where it lists none."""
    said = listed(published / "manifest.json")
    # A list of before it had the file of DuckDB says nothing of that.
    there = [name for name in _names(published) if name != DATABASE or name in said] if said else []
    found = dict.fromkeys(said.keys() - set(there), "is gone")
    for name in there:
        if name not in said:
            found[name] = "is none of the files that were published"
        elif digest(published / name) != said[name]:
            found[name] = "holds other bytes than were published"
    return dict(sorted(found.items()))


def list_rewritten(published: Path, target: Path) -> None:
    """Have the manifest of `target`, written from `published` file by file, tell the digests of its own files.

    One that was changed or lost before stays told as that.
    """
    path = target / "manifest.json"
    said = listed(path)
    if not said:
        return
    tree = json.loads(path.read_text(encoding="utf-8"))
    now = {name: digest(target / name) for name in _names(target) if name in said}
    tree[FILES] = said | {name: told for name, told in now.items() if digest(published / name) == said[name]}
    # It may be a second name of the published one, which readers hold.
    path.unlink()
    write_manifest(path, tree)


def write_manifest(path: Path, tree: Mapping[str, object]) -> None:
    """Write a manifest; its place is new."""
    path.write_text(json.dumps(tree, indent=2) + "\n", encoding="utf-8")


def _names(folder: Path) -> list[str]:
    files = [*folder.glob("*/as_of_date=*/*.parquet"), *folder.glob(DATABASE)]
    return sorted(path.relative_to(folder).as_posix() for path in files)
