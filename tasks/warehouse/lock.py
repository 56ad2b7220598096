"""One writer per output folder, across processes.

Owns: the lock file. An operating-system lock dies with its holder, so a killed run never blocks the next one.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.config.errors import OutputError

log = logging.getLogger("resegment.warehouse")

_POLL_SECONDS = 0.2


@contextmanager
def writer_lock(folder: Path, *, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the folder's lock as long as the block runs; wait for it so long where another run holds it.

    Raises:
        OutputError: another run holds it (its process id is named), or the folder cannot be written.
    """
    path = folder / ".lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+", encoding="utf-8")
        if not os.access(folder, os.W_OK | os.X_OK):
            # The lock's own file may be there from before, and be writable; what a run writes beside it is not.
            handle.close()
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise OutputError(
            f"cannot write the output folder: {error.strerror}",
            where=str(folder),
            hint="choose another with --output DIR, or give this user the right to write there",
        ) from error
    with handle:
        try:
            _take(handle.fileno(), wait_seconds)
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


def _take(descriptor: int, wait_seconds: float) -> None:
    """Take the lock; raises OSError where somebody else has it till the end."""
    end, is_told = time.monotonic() + wait_seconds, False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= end:
                raise
            if not is_told:
                log.warning("another run is writing here; waiting for it, up to %.0f minutes", wait_seconds / 60)
                is_told = True
            time.sleep(_POLL_SECONDS)
        else:
            return


def _holder(text: str) -> str:
    try:
        return f"process {json.loads(text)['pid']}"
    except (ValueError, KeyError, TypeError):
        return "process unknown"
