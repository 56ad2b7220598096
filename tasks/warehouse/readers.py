"""Opening the warehouse of an output folder to read it, without the writer's lock.

Owns: what is said where it cannot be: nothing was run, it is gone, an older or a later version wrote it. Readers of
what is published do not come here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tasks.config.errors import OutputError, SqlError, UsageError
from tasks.warehouse import copying, migrations
from tasks.warehouse.alone import refuse_gone
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.damage import refuse_older

if TYPE_CHECKING:
    from tasks.warehouse.run import OutputPaths


def nothing_was_run(paths: OutputPaths) -> bool:
    """Whether there is no warehouse because there never was one.

    Raises:
        DamageError: there was one, and it is gone.
    """
    refuse_gone(paths)
    return not paths.warehouse.exists()


@contextmanager
def opened_to_read(paths: OutputPaths) -> Iterator[Warehouse]:
    """The warehouse of a folder; nothing is changed in it.

    Raises:
        UsageError: nothing has been run there.
        DamageError: it is damaged, gone or older than its copy.
        OutputError: a run is writing, or a later version of resegment wrote it; or an older one, which did not write
            what is asked for.
    """
    if nothing_was_run(paths):
        raise UsageError("nothing has been run here yet", where=str(paths.root), hint="run `resegment run` first")
    with Warehouse.open(paths.warehouse, read_only=True) as warehouse:
        version = migrations.version_of(warehouse)
        if version == migrations.VERSION:
            # What is published may be of later runs, and would be told otherwise.
            refuse_older(paths.warehouse, migrations.copy_no(warehouse), copying.copied_no(paths.copy))
        try:
            yield warehouse
        except SqlError as error:
            if version < migrations.VERSION:
                raise OutputError(
                    f"was written by an older version of resegment ({error.message})",
                    where=str(paths.warehouse),
                    hint="`resegment run` brings it up to this version; what is published stays readable",
                ) from error
            raise
