"""The warehouse of an output folder, held by one writer: what must hold before it writes, and what is done after.

Owns: the order of that: the lock, that the file is there and no older than its copy, its schema as this version wants
it, the ledger as readers see it; and in the end the copy. Does not own any of these.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tasks.config.errors import GateFailed, OutputError
from tasks.warehouse import copy_manifest, copying, erasures, migrations
from tasks.warehouse.connection import PULLED_NAME, SPILL_NAME, Warehouse
from tasks.warehouse.damage import refuse_lost, refuse_older
from tasks.warehouse.file_modes import owner_only
from tasks.warehouse.lock import writer_lock
from tasks.warehouse.output_state import repair

if TYPE_CHECKING:
    from tasks.config.workspace import Workspace
    from tasks.warehouse.run import OutputPaths

log = logging.getLogger("resegment.warehouse")

#: How long commands that only read are waited for, such as a `status` that somebody gives while a run is due.
READERS_SECONDS = 60.0


@contextmanager
def alone(
    workspace: Workspace, paths: OutputPaths, wait_seconds: float = 0, *, is_scratch: bool = False
) -> Iterator[Warehouse]:
    """The warehouse of an output folder as this version wants it, while nobody else writes there; then it is copied."""
    limits = workspace.engine
    with (
        writer_lock(paths.root, wait_seconds=wait_seconds),
        owner_only(paths.root, is_wanted=workspace.publish.owner_only),
    ):
        refuse_gone(paths)
        _refuse_links(paths)
        # What a killed process spilled there would lie there until another one spills; what it pulled, for ever.
        for leftover in (SPILL_NAME, PULLED_NAME):
            shutil.rmtree(paths.root / leftover, ignore_errors=True)
        with Warehouse.open(
            paths.warehouse,
            memory_limit=limits.memory_limit,
            threads=limits.threads,
            wait_seconds=READERS_SECONDS,
        ) as warehouse:
            migrations.migrate(warehouse)
            refuse_older(paths.warehouse, migrations.copy_no(warehouse), copying.copied_no(paths.copy))
            repair(warehouse, paths.manifest)
            erasures.sync(warehouse, paths.root)
            try:
                yield warehouse
            except GateFailed:
                _copy(warehouse, paths, is_scratch=is_scratch)
                raise
            _copy(warehouse, paths, is_scratch=is_scratch)


def _copy(warehouse: Warehouse, paths: OutputPaths, *, is_scratch: bool) -> None:
    """Bring the copy up; that it cannot be undoes nothing that was done, and is an alert of the next run."""
    if is_scratch or not warehouse.is_open:
        return
    before = migrations.copy_problem(warehouse)
    try:
        copying.bring_up(warehouse, paths.copy)
        problem = None
    except OutputError as error:
        log.warning("%s", error)
        problem = error.message
    if problem != before:
        migrations.note_copy_problem(warehouse, problem)


def _refuse_links(paths: OutputPaths) -> None:
    """Refuse a link in the place of what is replaced whole: the link would be, and what it leads to stay as it was.

    Raises:
        OutputError: there is one.
    """
    for path in (paths.warehouse, paths.published):
        if path.is_symlink():
            raise OutputError(
                "is a link, and would be replaced by what is published or erased next; what it leads to would stay",
                where=str(path),
                hint="move there what it leads to; the output folder as a whole may be a link",
            )


def refuse_gone(paths: OutputPaths) -> None:
    """Refuse to begin anew where a warehouse was.

    Raises:
        DamageError: it is gone, and what was made from it is there.
    """
    refuse_lost(paths.warehouse, (paths.copy / copy_manifest.NAME, paths.manifest))
