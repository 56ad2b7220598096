"""How much memory this process held at most while something went on.

Owns: measuring that. Does not own what is done with the figure (`steps.py`).
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATM = Path("/proc/self/statm")
_PERIOD_SECONDS = 0.02


class Peak:
    """The most bytes held so far; None where the system does not tell."""

    def __init__(self) -> None:
        """Nothing is measured yet."""
        self.bytes: int | None = None

    def note(self, found: int | None) -> None:
        """Take in one measurement."""
        if found is not None and (self.bytes is None or found > self.bytes):
            self.bytes = found


@contextmanager
def peak_memory() -> Iterator[Peak]:
    """Measure the resident memory of this process while the block runs.

    The system keeps one peak for the whole life of a process. Where the block raises it, that is exact; else it is the
    highest of measurements that are 20 ms apart. Where the system does not tell what is held now (macOS), the peak is
    known only of a block that raises that of the process.
    """
    peak, before, is_over = Peak(), _lifetime_peak(), threading.Event()
    peak.note(_held())

    def measure() -> None:
        while not is_over.wait(_PERIOD_SECONDS):
            peak.note(_held())

    watcher = threading.Thread(target=measure, name="peak memory", daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        is_over.set()
        watcher.join()
        peak.note(_held())
        after = _lifetime_peak()
        if after > before:
            peak.note(after)


def _held() -> int | None:
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _lifetime_peak() -> int:
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found * 1024
