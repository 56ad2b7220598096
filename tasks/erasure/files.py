"""The files of an output folder beside databases and partitions: pages, logs, whatever lies there.

Owns: striking words out of texts, each file replaced whole. Does not own the words (`person.py`).
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tasks.erasure.holdings import STRUCK
from tasks.erasure.striking import Needles, struck
from tasks.warehouse.erasures import KEY_NAME, LIST_NAME
from tasks.warehouse.run import OutputPaths

#: Of runs that were killed: nobody reads them any more.
_SCRATCH = (".building", ".spill")
_NEW = ".erasing"


def drop_scratch(paths: OutputPaths) -> None:
    """Remove what killed runs and erasures left half-built; for the holder of the lock alone."""
    for name in _SCRATCH:
        shutil.rmtree(paths.root / name, ignore_errors=True)


def other_files(paths: OutputPaths) -> list[Path]:
    """Files that are neither the warehouse, nor published, nor what erasures are noted in, by path."""
    own = {paths.warehouse, paths.root / LIST_NAME, paths.root / KEY_NAME, paths.root / ".lock"}
    return [
        path
        for path in sorted(paths.root.rglob("*"))
        if path.is_file() and path not in own and not path.is_relative_to(paths.published)
    ]


def strike_out(paths: OutputPaths, words: Sequence[str]) -> Counter[str]:
    """Strike words out of every text file; returns in how many files of each folder.

    What is no text in UTF-8 stays as it is; the search afterwards tells of it.
    """
    counts: Counter[str] = Counter()
    needles = Needles(words)
    for path in other_files(paths):
        content = path.read_bytes()
        if not needles.are_in(content):
            continue
        try:
            text = content.decode()
        except UnicodeDecodeError:
            continue
        _replace(path, struck(text, words))
        counts[f"{path.relative_to(paths.root)}{STRUCK}"] += 1
    return counts


def _replace(path: Path, text: str) -> None:
    new = path.with_name(path.name + _NEW)
    new.write_bytes(text.encode())
    shutil.copymode(path, new)
    with new.open("rb") as handle:
        os.fsync(handle.fileno())
    new.replace(path)
