"""What is asked of files more than once: that something is on disk, or there under two names, and what its bytes are.

Owns: how that is done. Does not own any file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path


def flush_file(path: Path) -> None:
    """Have what was written into a file on disk."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def flush_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def link(source: Path, target: Path) -> None:
    """A file that never changes in place under another name, too; its folder must be there."""
    try:
        os.link(source, target)
    except OSError:
        # Some file systems have no hard links.
        shutil.copy2(source, target)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
