"""What the folders of a path say, as `sales/store=9/dt=2025-06-01/part-0.parquet` does: columns that are in no file.

Owns: reading them out of a path, SQL of their values, and how they count in what a file is known by. Does not own
whether they are columns (`options.hive_partitions`), or which path a file is called by (`mapping.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as Values
from pathlib import PurePath
from urllib.parse import unquote

from tasks.warehouse.connection import identifier, literal

#: Text by column; None: there is no value.
Folders = Values[str, str | None]

#: What Hive and Spark call a folder of rows without a value.
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
#: What the reader of a file counts its rows and lines by.
_TAKEN = frozenset({"_record", "_row"})


def folders_in(path: str) -> dict[str, str | None]:
    """The columns that the folders of a path are; of two of one name, in any case, the inner one counts."""
    found: dict[str, tuple[str, str | None]] = {}
    for folder in PurePath(path).parent.parts:
        name, equals, text = folder.partition("=")
        column = unquote(name)
        if equals and column.strip() and column.casefold() not in _TAKEN:
            found[column.casefold()] = column, None if text in {"", _NO_VALUE} else unquote(text)
    return dict(found.values())


def folder_called(path: str, column: str) -> str | None:
    """The folder of a path that is the column, as it is written there."""
    wanted = column.casefold()
    named = [part for part in PurePath(path).parent.parts if unquote(part.partition("=")[0]).casefold() == wanted]
    return next((part for part in reversed(named) if "=" in part), None)


def is_column_where(folder: str) -> str:
    """What is to be done for a folder to be a column, in words."""
    return f"the folder {folder} is a column with options: {{hive_partitions: true}}"


def known_by(sha256: str, folders: Folders) -> str:
    """What a file is known by: its bytes, and what its folders say, without which its rows would be others."""
    if not folders:
        return sha256
    said = sorted((name.casefold(), value) for name, value in folders.items())
    return hashlib.sha256(json.dumps([sha256, said]).encode()).hexdigest()


def value_of(folders: Folders, column: str) -> str:
    """SQL of what the folders say of a column, in any case of its name."""
    value = next((value for name, value in folders.items() if name.casefold() == column.casefold()), None)
    return f"CAST({literal(value)} AS VARCHAR)"


def beside(relation: str, folders: Folders) -> str:
    """A relation whose rows have the folders' columns behind their own."""
    if not folders:
        return relation
    listed = ", ".join(f"{value_of(folders, name)} AS {identifier(name)}" for name in folders)
    return f"(SELECT *, {listed} FROM {relation})"
