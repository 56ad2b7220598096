"""An output folder opened to read its ledger: by whoever may read it, without the writer's lock, and changing nothing.

Owns: that opening, as a `Run` that the rooms' readers take. Does not own what is said where it cannot be read
(`readers.py`), or opening to write (`run.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from tasks.config.workspace import Workspace
from tasks.warehouse.readers import opened_to_read
from tasks.warehouse.run import OutputPaths, Run, newest_run


@contextmanager
def read_ledger(workspace: Workspace, paths: OutputPaths) -> Iterator[Run]:
    """The ledger of a folder. Raises as `opened_to_read` does."""
    with opened_to_read(paths) as warehouse:
        yield Run(workspace, warehouse, paths, dt.date.max, None)


@contextmanager
def read_newest(workspace: Workspace, paths: OutputPaths) -> Iterator[Run]:
    """Where the newest published run left off: that is `previous`, and its date the date.

    Raises:
        UsageError: nothing is published; else as `opened_to_read` does.
    """
    with opened_to_read(paths) as warehouse:
        yield newest_run(workspace, warehouse, paths)
