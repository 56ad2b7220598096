"""What the folder `copy/` holds: a list of Parquet files, and what must be true of each.

Owns: the list (`manifest.json`), which is the copy: a file that it does not name is none of it. Does not own what is
copied and when (`copying.py`), or reading it back (`restoring.py`).
"""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path

from tasks.config.errors import DamageError
from tasks.warehouse.disk import digest, flush_folder

FORMAT = 1
NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a table.

    Attributes:
        table: ``schema.table``.
        key: which of its rows: empty for all, ``load-7`` for those of a load, a run's id for those of a run.
        stamp: by what it is known that rows of that key are others than before.
        file: below `copy/`; empty where there are no rows.
        row_count: how many.
        fingerprint: a sum over hashes of the rows, in `columns`.
        columns: of the table when the file was written.
        size: bytes of the file.
        sha256: of the file.
    """

    table: str
    key: str
    stamp: str
    file: str
    row_count: int
    fingerprint: str
    columns: tuple[str, ...]
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class CopyManifest:
    """The copy.

    Attributes:
        copy_no: counts the states of the copy; the warehouse notes the same number.
        schema_version: of the warehouse (`migrations.py`).
        engine: the version of DuckDB that fingerprints are of.
        tables: the statement that creates each table.
        parts: the rows.
    """

    copy_no: int
    schema_version: int
    engine: str
    tables: dict[str, str]
    parts: tuple[Part, ...]


def read_manifest(folder: Path) -> CopyManifest | None:
    """The list of a copy; None where there is none.

    Raises:
        DamageError: it cannot be read, or is of a later format.
    """
    path = folder / NAME
    if not path.exists():
        return None
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["format"] != FORMAT:
            raise DamageError(
                f"is of format {said['format']}, this version reads {FORMAT}",
                where=str(path),
                hint="use the version of resegment that wrote it",
            )
        parts = tuple(Part(**{**part, "columns": tuple(part["columns"])}) for part in said["parts"])
        return CopyManifest(said["copy_no"], said["schema_version"], said["engine"], said["tables"], parts)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamageError(
            f"is damaged: {type(error).__name__}",
            where=str(path),
            hint="put the folder back from a backup; while the warehouse is whole, move it away: the next run makes it",
        ) from error


def write_manifest(folder: Path, manifest: CopyManifest) -> None:
    """Put a new list in the place of the old one, in one step; the files that it names are on disk."""
    said = {"format": FORMAT, **dataclasses.asdict(manifest)}
    path, beside = folder / NAME, folder / f".{NAME}"
    with beside.open("w", encoding="utf-8") as handle:
        json.dump(said, handle, indent=1)
        handle.flush()
        os.fsync(handle.fileno())
    beside.replace(path)
    flush_folder(folder)


def drop_unlisted(folder: Path, manifest: CopyManifest) -> None:
    """Remove files that the list does not name: of earlier states, or of a copy that was killed."""
    listed = {part.file for part in manifest.parts} | {NAME}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).as_posix() not in listed:
            path.unlink()
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def damage_of(folder: Path, part: Part) -> str | None:
    """What is wrong with the file of a part; None where it is as it was written."""
    if not part.file:
        return None
    path = folder / part.file
    try:
        size = path.stat().st_size
        if size != part.size:
            return f"has {size} bytes, and was written with {part.size}"
        return None if digest(path) == part.sha256 else "holds other bytes than were written"
    except OSError as error:
        return str(error.strerror).lower()
