"""One writer per output folder, across processes.

Owns: the lock file. An operating-system lock dies with its holder, so a killed run never blocks the next one.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.config.errors import OutputError


@contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Hold the folder's lock as long as the block runs.

    Raises:
        OutputError: another run holds it (its process id is named), or the folder cannot be written.
    """
    path = folder / ".lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"cannot write the output folder: {error.strerror}",
            where=str(folder),
            hint="choose another with --output DIR, or give this user the right to write there",
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            handle.seek(0)
            raise OutputError(
                f"another run is writing here ({_holder(handle.read())})",
                where=str(folder),
                hint="wait for it to end, or give this run its own --output DIR",
            ) from error
        handle.seek(0)
        handle.truncate()
        handle.write(json.dumps({"pid": os.getpid()}))
        handle.flush()
        yield


def _holder(text: str) -> str:
    try:
        return f"process {json.loads(text)['pid']}"
    except (ValueError, KeyError, TypeError):
        return "process unknown"
