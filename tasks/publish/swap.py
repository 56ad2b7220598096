"""Making a publication visible in one step.

Owns: the exchange of two folders. A reader that opens a path sees the old publication or the new one; a reader that has
a file open keeps it. Does not own what is in the folders (`build.py`).
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from pathlib import Path

from tasks.config.errors import OutputError
from tasks.warehouse.disk import flush_file, flush_folder

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_MACOS_RENAME_SWAP = 2
_NOT_SUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}


def swap_in(candidate: Path, published: Path) -> None:
    """Put `candidate` in the place of `published`, and remove what was there.

    Where the system can exchange two folders at once (Linux, macOS), there is no moment without a publication.
    Elsewhere two renames follow each other; a kill between them is repaired by `recover`.

    Raises:
        OutputError: the file system refuses.
    """
    try:
        _flush(candidate)
        if not published.exists():
            candidate.rename(published)
        elif _exchange(candidate, published):
            shutil.rmtree(candidate)
        else:
            retired = _retired(published)
            published.rename(retired)
            candidate.rename(published)
            shutil.rmtree(retired)
        flush_folder(published.parent)
    except OSError as error:
        raise OutputError(
            f"cannot publish: {error.strerror or error}",
            where=str(published),
            hint="the last good publication stays; correct the folder and run again",
        ) from error


def recover(published: Path) -> None:
    """Bring back what a kill between two renames left without its name."""
    retired = _retired(published)
    if retired.exists() and not published.exists():
        retired.rename(published)
    elif retired.exists():
        shutil.rmtree(retired)


def _retired(published: Path) -> Path:
    return published.with_name(f".{published.name}.retired")


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders in one system call; False where the system or file system cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(first), os.fsencode(second)
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
        status = library.renamex_np(*names, _MACOS_RENAME_SWAP)
    elif hasattr(library, "renameat2"):
        status = library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
    else:
        return False
    if status == 0:
        return True
    code = ctypes.get_errno()
    if code in _NOT_SUPPORTED:
        return False
    raise OSError(code, os.strerror(code), str(second))


def _flush(folder: Path) -> None:
    """Have everything on disk before it gets its name, so that a power cut cannot publish half a file."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            flush_folder(path)
        else:
            flush_file(path)
    flush_folder(folder)
