"""Sending the OpenLineage events of a run: to a file beside its log, or where the environment says.

Owns: when they are sent, and that trouble with it fails no run. Does not own what they say (`events.py`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from tasks.config.databases import DIALECT
from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse, identifier
from tasks.warehouse.run import Run

if TYPE_CHECKING:
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import RunEvent

    from tasks.telemetry.events import Check, Origin, Published, Story

log = logging.getLogger("resegment.telemetry")

#: What of the environment says where events go; the same as for any program that uses OpenLineage's client.
_SAID_BY = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT")
_NAMESPACE = "OPENLINEAGE_NAMESPACE"


@contextmanager
def lineage_of(run: Run, job: str) -> Iterator[None]:
    """Tell that a run begins, and when the block is left how it ended and what its steps read and wrote.

    Without a word of the environment the events go to `logs/TIME-ATTEMPT.lineage.json`, one a line. That a collector
    does not take them is a warning, once a run.

    Args:
        run: which is open.
        job: what it is for, such as `refresh`.
    """
    if not run.workspace.observe.lineage or run.log is None:
        yield
        return
    from tasks.telemetry.events import Story

    story = Story(
        os.environ.get(_NAMESPACE, "resegment"),
        run.workspace.name,
        job,
        run.attempt_id,
        run.as_of,
        run.paths.warehouse,
        run.paths.published_database,
    )
    sender = _Sender(run.log.path.with_suffix(".lineage.json"))
    sender.send([story.start(ledger.utc_now())])
    try:
        yield
    except BaseException as error:
        _tell_end(run, story, sender, error)
        raise
    _tell_end(run, story, sender, None)


class _Sender:
    """Sends events, until one is not taken."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._client: OpenLineageClient | None = None
        self._is_given_up = False

    def send(self, events: Iterable[RunEvent]) -> None:
        try:
            client = self._client = self._client or _client(self._file)
            for event in events:
                if self._is_given_up:
                    return
                client.emit(event)
        except Exception as error:  # noqa: BLE001 - whatever a transport raises: lineage is no reason to fail a run
            self._is_given_up = True
            log.warning("lineage was not taken, no more is sent of this run: %s", f"{type(error).__name__}: {error}")


def _client(file: Path) -> OpenLineageClient:
    from openlineage.client import OpenLineageClient
    from openlineage.client.transport.file import FileConfig, FileTransport

    if any(name.startswith(_SAID_BY) for name in os.environ):
        return OpenLineageClient()
    return OpenLineageClient(transport=FileTransport(FileConfig(str(file), append=True)))


def _tell_end(run: Run, story: Story, sender: _Sender, error: BaseException | None) -> None:
    files = _loaded_files(run)
    sender.send(story.steps(run.steps, files, _checks(run)))
    sender.send(
        [
            story.end(
                ledger.utc_now(),
                error=None if error is None else ledger.told(error),
                is_aborted=error is not None and not isinstance(error, Exception),
                files=[file for of_source in files.values() for file in of_source],
                published=_published(run) if error is None and run.ends_as == "published" else (),
            )
        ]
    )


def _loaded_files(run: Run) -> dict[str, list[Origin]]:
    from tasks.telemetry.events import Origin

    found: dict[str, list[Origin]] = {}
    for source, name, place in run.warehouse.rows(
        "SELECT load.source_name, file_name, place_name FROM ops.load LEFT JOIN ops.pull USING (load_id)"
        " WHERE attempt_id = $attempt ORDER BY load_no",
        {"attempt": run.attempt_id},
    ):
        query = run.workspace.sources[source].query
        if place is None or query is None:
            found.setdefault(source, []).append(Origin("file", str(run.workspace.resolve(name))))
            continue
        hosts, _, database = place.rpartition("/")
        tables = [f"{database}.{table}" for table in _tables_of(query)]
        found.setdefault(source, []).extend(Origin(f"postgres://{hosts}", table) for table in tables)
    return found


def _tables_of(query: str) -> list[str]:
    """The tables that a query of PostgreSQL reads, as `schema.table`, each once."""
    tree = sqlglot.parse_one(query, dialect=DIALECT)
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = [table for table in tree.find_all(exp.Table) if table.name and (table.db or table.name not in named)]
    return sorted({f"{table.db or 'public'}.{table.name}" for table in tables})


def _checks(run: Run) -> list[Check]:
    from tasks.telemetry.events import Check

    rows = run.warehouse.rows(
        "SELECT table_name, expectation_name, column_name, is_success FROM ops.check_result"
        " WHERE attempt_id = $attempt AND is_success IS NOT NULL ORDER BY door_name, table_name, check_no",
        {"attempt": run.attempt_id},
    )
    return [Check(*row) for row in rows]


def _published(run: Run) -> list[Published]:
    from tasks.telemetry.events import Published

    with Warehouse.open(run.paths.published_database, read_only=True) as published:
        names = [
            name
            for (name,) in published.rows(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY 1"
            )
        ]
        return [
            Published(
                name,
                tuple(published.columns(f"SELECT * FROM {identifier(name)}")),
                int(published.value(f"SELECT count(*) FROM {identifier(name)}")),
            )
            for name in names
        ]
