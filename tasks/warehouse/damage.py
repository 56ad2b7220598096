"""Telling a damaged or lost warehouse from other troubles, and saying what to do about it.

Owns: by which of DuckDB's words damage is known, and the errors that say so. Does not own mending it (`restoring.py`).
"""

from __future__ import annotations

from pathlib import Path

from tasks.config.errors import DamageError

#: What DuckDB says where a block, the header or the log of a database file is not what was written.
_SIGNS = (
    "not a valid DuckDB database file",
    "Corrupt database file",
    "Could not read enough bytes from file",
    "replaying WAL",
    "Failed to deserialize",
)
_REBUILD = "`resegment rebuild` makes it anew from what is kept of it in copy/; what is published stays readable"


def damage_told(text: str, path: Path | None) -> DamageError | None:
    """The error to raise where DuckDB's words say that its own file is damaged; None where they do not.

    Args:
        text: DuckDB's message.
        path: the file that was open. A message about another file, such as a source's Parquet, is none about it.
    """
    if path is None or not any(sign in text for sign in _SIGNS):
        return None
    if "file" in text and '"' in text and path.name not in text:
        return None
    return DamageError(f"is damaged: {text}", where=str(path), hint=_REBUILD)


def refuse_lost(warehouse: Path, manifests: tuple[Path, ...]) -> None:
    """Refuse to begin a new warehouse where one was, and is gone.

    Raises:
        DamageError: the file is not there, and something beside it was made from it.
    """
    if warehouse.exists():
        return
    for manifest in manifests:
        if manifest.exists():
            raise DamageError(
                f"is gone, while {manifest.parent.name}/ beside it was made from it",
                where=str(warehouse),
                hint=_REBUILD,
            )


def refuse_older(warehouse: Path, copy_no: int, copied_no: int) -> None:
    """Refuse to go on from a warehouse that knows less than its copy, such as one that was put back from a backup.

    Raises:
        DamageError: it does.
    """
    if copy_no < copied_no:
        raise DamageError(
            f"is older than the copy beside it: it was copied {copy_no} times, the copy is number {copied_no}",
            where=str(warehouse),
            hint="`resegment rebuild` takes the copy; to go on from the older file, move copy/ and published/ away",
        )
