"""The files of an output folder beside databases and partitions: pages, logs, whatever lies there.

Owns: striking words out of texts, each file replaced whole. Does not own the words (`person.py`).
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.erasure.holdings import STRUCK
from tasks.erasure.striking import Needles, struck
from tasks.warehouse.disk import flush_file
from tasks.warehouse.erasures import KEY_NAME, LIST_NAME
from tasks.warehouse.run import OutputPaths

_NEW = ".erasing"


def drop_scratch(paths: OutputPaths) -> None:
    """Remove what killed runs and erasures left half-built; for the holder of the lock alone.

    What DuckDB has spilled since the lock was taken is of the warehouse that is open now.
    """
    shutil.rmtree(paths.building, ignore_errors=True)
    since = (paths.root / ".lock").stat().st_mtime_ns
    for path in paths.spill.glob("*"):
        if path.is_file() and path.stat().st_mtime_ns < since:
            path.unlink(missing_ok=True)


def own_spill(paths: OutputPaths) -> list[Path]:
    """What the open warehouse has spilled; it goes when that is closed."""
    return [path for path in paths.spill.rglob("*") if path.is_file()]


def other_files(paths: OutputPaths) -> list[Path]:
    """Files that are neither the warehouse, nor published, nor what erasures are noted in, by path."""
    own = {paths.warehouse, paths.root / LIST_NAME, paths.root / KEY_NAME, paths.root / ".lock"}
    return [
        path
        for path in sorted(paths.root.rglob("*"))
        if path.is_file()
        and path not in own
        and not path.is_relative_to(paths.published)
        and not path.is_relative_to(paths.spill)
    ]


def strike_out(paths: OutputPaths, words: Sequence[str]) -> Counter[str]:
    """Strike words out of every text file; returns which files had any."""
    counts: Counter[str] = Counter()
    for path, text in _with(paths, words):
        if text is not None:
            _replace(path, struck(text, words))
            counts[f"{path.relative_to(paths.root)}{STRUCK}"] += 1
    return counts


def unwritable(paths: OutputPaths, words: Sequence[str]) -> list[str]:
    """Files with words in them that are no texts in UTF-8, such as copies of databases: nothing can be struck out."""
    return [str(path.relative_to(paths.root)) for path, text in _with(paths, words) if text is None]


def named_after(paths: OutputPaths, words: Sequence[str]) -> list[str]:
    """Files and folders with words in their names, such as an export that somebody put there."""
    needles = Needles(words)
    below = (str(path.relative_to(paths.root)) for path in sorted(paths.root.rglob("*")))
    return [name for name in below if needles.are_in(name.encode(errors="replace"))]


def _with(paths: OutputPaths, words: Sequence[str]) -> Iterator[tuple[Path, str | None]]:
    """Files with words in them, and their texts; None where a file is none."""
    needles = Needles(words)
    for path in other_files(paths):
        content = path.read_bytes()
        if needles.are_in(content):
            try:
                yield path, content.decode()
            except UnicodeDecodeError:
                yield path, None


def _replace(path: Path, text: str) -> None:
    new = path.with_name(path.name + _NEW)
    new.write_bytes(text.encode())
    shutil.copymode(path, new)
    flush_file(new)
    new.replace(path)
