"""Which files a source has, and which of them are new.

Owns: globs, digests and load ids. A load id follows from the file's bytes and the mapping, so the same file never
loads twice, under whatever name it is delivered; but where its folders are columns, they are part of what it says. Does
not own what it looks up elsewhere (`looked_up.py`).
"""

from __future__ import annotations

import errno
import glob
import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tasks.config.errors import SourceError
from tasks.config.workspace import Workspace
from tasks.ingest.folders import known_by
from tasks.ingest.mapping import LookupFiles, Mapping
from tasks.warehouse.pulls import Pull

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of a source; `name` is its path below the workspace, or the whole path where it lies elsewhere.

    `sha256` is of its bytes and, where they are columns, of what its folders say; `bytes_sha256` of the bytes alone,
    where that is another one.

    The name is the path as the source says it: where a part of that is a link that leads to another folder every day,
    such as `latest`, the file there is a new version of one file. One that holds what was pulled from a database is
    called by database and source, and says of which `pull`. The load id of another one whose source has lookups is not
    the last word: it is of the file alone.
    """

    path: Path
    name: str
    sha256: str
    mapping_sha256: str
    load_id: str
    lookups: LookupFiles
    pull: Pull | None = None
    bytes_sha256: str | None = None


def find_files(workspace: Workspace, mapping: Mapping) -> list[FoundFile]:
    """The files of a source in the order of their paths.

    Raises:
        SourceError: a path or glob of the source matches no file, or a file cannot be read.
    """
    paths = _paths(workspace, mapping)
    lookups, mapping_sha256 = find_lookups(workspace, mapping)
    return [_found(mapping, path, said, mapping_sha256, lookups) for path, said in paths]


def newest_file(workspace: Workspace, mapping: Mapping) -> tuple[Path, LookupFiles]:
    """The last file of a source, and its lookups by name; none of them is read.

    Raises:
        SourceError: a path or glob matches no file.
    """
    return _paths(workspace, mapping)[-1][0], _lookups(workspace, mapping)


def _paths(workspace: Workspace, mapping: Mapping) -> list[tuple[Path, Path]]:
    """Where each file lies, in that order, and how the source says it; a file that it says in several ways is one."""
    where = workspace.line_of("sources", mapping.name, "path")
    found: dict[Path, Path] = {}
    for pattern in mapping.source.patterns:
        for path, said in _matches(workspace, pattern, where):
            found.setdefault(path, said)
    return sorted(found.items())


def find_lookups(workspace: Workspace, mapping: Mapping) -> tuple[LookupFiles, str]:
    """The files of the lookups of a source by name, and the digest of what turns the bytes of its files into rows.

    Of a source in a database that is what lies in lookups, too: rows that were pulled before are not there to be looked
    up again, so that another value in a lookup is another mapping.

    Raises:
        SourceError: a lookup's path or glob matches no file, or it cannot be read.
    """
    lookups = _lookups(workspace, mapping)
    return lookups, mapping.digest([] if mapping.source.database is None else digests(mapping, lookups))


def digests(mapping: Mapping, lookups: LookupFiles) -> list[str]:
    """SHA-256 of what each file of the lookups says, in the order of their names and paths."""
    return [digest for name in sorted(lookups) for digest in lookup_digests(mapping, lookups, name)]


def lookup_digests(mapping: Mapping, lookups: LookupFiles, name: str) -> list[str]:
    """The same of one of the lookups: of the bytes and, where they are columns, of what folders say."""
    options = mapping.source.lookups[name].options
    return [known_by(digest_of(path), mapping.folders_of(path, options)) for path in lookups[name]]


def _lookups(workspace: Workspace, mapping: Mapping) -> LookupFiles:
    return {
        name: sorted(
            dict(_matches(workspace, lookup.path, workspace.line_of("sources", mapping.name, "lookups", name, "path")))
        )
        for name, lookup in mapping.source.lookups.items()
    }


def _found(mapping: Mapping, path: Path, said: Path, mapping_sha256: str, lookups: LookupFiles) -> FoundFile:
    of_bytes = digest_of(path)
    sha256 = known_by(of_bytes, mapping.folders_of(path, mapping.source.options))
    load_id = load_id_of(mapping.name, sha256, mapping_sha256)
    other = None if of_bytes == sha256 else of_bytes
    # Where the workspace itself is said by a link, its files lie in it all the same.
    lies_inside = path.is_relative_to(mapping.directory) and not said.is_relative_to(mapping.directory)
    name = mapping.called(path if lies_inside else said)
    return FoundFile(path, name, sha256, mapping_sha256, load_id, lookups, bytes_sha256=other)


def load_id_of(source: str, sha256: str, mapping_sha256: str, *more: str) -> str:
    """The id of what is loaded: the same bytes of a source, read in the same way, have the same."""
    return hashlib.sha256("|".join((source, sha256, mapping_sha256, *more)).encode()).hexdigest()[:16]


def _matches(workspace: Workspace, pattern: str, where: str) -> list[tuple[Path, Path]]:
    """Where each file of a pattern lies, and how the pattern says it."""
    absolute = workspace.resolve(pattern)
    below = str(Path(pattern).expanduser())
    try:
        # A name such as `orders [final].csv` may be written as it is; of the workspace's folder nothing is a pattern.
        is_name = not glob.has_magic(pattern) or ("*" not in pattern and absolute.is_file())
        names = [below] if is_name else _named_like(below, workspace.directory)
        said = [workspace.directory / name for name in names]
        found = [(path.resolve(), Path(os.path.normpath(path))) for path in said if path.is_file()]
        is_folder = not found and absolute.is_dir()
    except OSError as error:
        raise SourceError(
            f"cannot look for files: {error.strerror or error}",
            where=str(error.filename or absolute),
            hint="give this user the right to read and enter the folder",
        ) from error
    if is_folder:
        raise SourceError(
            f"{absolute} is a folder, expected a file",
            where=where,
            hint=f"name the files in it, such as {pattern.rstrip('/')}/*.csv",
        )
    if not found:
        what = "there is no file" if is_name else "no file matches"
        raise SourceError(
            f"{what} {absolute}",
            where=where,
            hint="paths are relative to the workspace; correct the path or deliver the file",
        )
    return found


def _named_like(pattern: str, folder: Path) -> list[str]:
    """Names that match a pattern.

    Raises:
        PermissionError: a folder that the pattern leads through may not be read; `glob` takes it for an empty one, and
            files in it would be missing without a word.
    """
    whole = Path(pattern)
    for one in reversed((whole, *whole.parents[:-1])):
        # Who knows the names need not read the folder.
        needed = os.R_OK | os.X_OK if glob.has_magic(one.name) else os.X_OK
        for name in glob.glob(str(one.parent), root_dir=folder, recursive=True):
            place = folder / name
            if place.is_dir() and not os.access(place, needed):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
    return sorted(glob.glob(pattern, root_dir=folder, recursive=True))


@lru_cache(maxsize=4096)
def _digest_of_state(path: Path, _size: int, _modified_ns: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def digest_of(path: Path) -> str:
    """SHA-256 of a file; one that several sources map is read once."""
    try:
        state = path.stat()
        return _digest_of_state(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise SourceError(
            f"cannot read the file: {error.strerror or error}",
            where=str(path),
            hint="give this user the right to read it",
        ) from error
