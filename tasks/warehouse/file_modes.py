"""Who may read what a run writes.

Owns: the modes of files and folders below an output folder. The system's own rules (`umask`) hold unless the workspace
asks for more.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.config.errors import OutputError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def owner_only(folder: Path, *, is_wanted: bool) -> Iterator[None]:
    """Have only the owner read `folder` and whatever is written while the block runs, where that is wanted.

    The folder itself is closed to others, so that nobody reads either what was written in it before. Where it is not
    wanted nothing is changed: a folder that somebody closed stays closed.

    Raises:
        OutputError: the folder is somebody else's.
    """
    if not is_wanted:
        yield
        return
    try:
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) & ~_OTHERS)
    except OSError as error:
        raise OutputError(
            f"cannot close the output folder to others: {error.strerror or error}",
            where=str(folder),
            hint="publish.owner_only needs a folder of this user's own",
        ) from error
    before = os.umask(_OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def readable(path: Path) -> None:
    """Give a file that was made for its owner alone the mode that any other file would have got."""
    mask = os.umask(_OTHERS)
    os.umask(mask)
    path.chmod(0o666 & ~mask)
