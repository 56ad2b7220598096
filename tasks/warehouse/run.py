"""One run: its workspace, its dates, its place on disk, its open warehouse.

Owns: opening and closing a run, its identity, and what it follows. Every room's tasks take a `Run`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tasks.config.errors import GateFailed, ResegmentError
from tasks.config.workspace import Workspace
from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.lock import writer_lock


class OutputPaths:
    """Where an output folder keeps what; a contract with readers."""

    def __init__(self, root: Path) -> None:
        """Name the places below `root`; nothing is created."""
        self.root = root
        self.warehouse = root / "warehouse.duckdb"
        self.published = root / "published"
        self.published_database = self.published / "published.duckdb"
        self.manifest = self.published / "manifest.json"
        self.building = root / ".building"
        self.report = root / "report"
        self.data_docs = root / "data_docs"


class Run:
    """What a task needs to know of the run it works for."""

    def __init__(
        self,
        workspace: Workspace,
        warehouse: Warehouse,
        paths: OutputPaths,
        as_of: dt.date,
        known_as_of: dt.datetime | None,
    ) -> None:
        """A run that has no identity yet: see `identify`."""
        self.workspace = workspace
        self.warehouse = warehouse
        self.paths = paths
        self.as_of = as_of
        self.known_as_of = known_as_of
        self.attempt_id = uuid.uuid4().hex
        self.run_id = ""
        self.previous: Publication | None = None

    @property
    def attempt(self) -> dict[str, object]:
        """The columns by which `ops` tables know this run."""
        return {"attempt_id": self.attempt_id, "run_id": self.run_id or None, "as_of_date": self.as_of}

    @property
    def sql_folder(self) -> Path:
        """The workspace's own SQL models; need not exist."""
        return self.workspace.directory / "sql"

    def _own_files(self) -> dict[str, str]:
        """Digests of the workspace's own models and expectations, by their paths in it."""
        folders = [self.sql_folder]
        if self.workspace.quality.expectations:
            folders.append(self.workspace.resolve(self.workspace.quality.expectations))
        files = [file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()]
        return {f"{file.parent.name}/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    def visible_loads(self) -> list[tuple[str, int, str, str]]:
        """Loads the run may see as (load_id, load_no, source, entity), oldest first.

        Those of the workspace's sources, delivered by `known_as_of`. A file that was delivered again with other
        content, or is mapped otherwise by now, counts as it was delivered last, unless its source says that versions
        add up. A file that is gone from its folder has been loaded, and stays.
        """
        rows = self.warehouse.rows(
            "SELECT source_name, load_id, load_no, entity_name, row_number() OVER"
            " (PARTITION BY source_name, delivery.file_name ORDER BY delivery_no DESC) = 1 AS is_newest"
            " FROM ops.delivery JOIN ops.load USING (source_name, load_id) WHERE $known IS NULL OR seen_at <= $known",
            {"known": self.known_as_of},
        )
        sources = self.workspace.sources
        seen = {
            (load_id, number, name, entity)
            for name, load_id, number, entity, is_newest in rows
            if name in sources and sources[name].entity == entity and (is_newest or sources[name].versions == "add")
        }
        return sorted(seen, key=lambda load: load[1])

    def identify(self) -> None:
        """Give the run its id: a digest of everything that its results depend on, and of nothing else.

        The same files, workspace, dates and code give the same id in any folder at any time.
        """
        self.previous = ledger.previous_publication(self.warehouse, self.as_of)
        parts = {
            "as_of": self.as_of.isoformat(),
            "known_as_of": self.known_as_of.isoformat() if self.known_as_of else None,
            "workspace": self.workspace.digest(),
            "own files": self._own_files(),
            "loads": [load_id for load_id, *_ in self.visible_loads()],
            "code": code_version(),
            "previous": self.previous.run_id if self.previous else None,
        }
        self.run_id = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
        self.warehouse.execute(
            "UPDATE ops.run SET run_id = $run_id, previous_run_id = $previous_id, previous_as_of_date = $previous_as_of"
            " WHERE attempt_id = $attempt_id",
            {
                "run_id": self.run_id,
                "previous_id": self.previous.run_id if self.previous else None,
                "previous_as_of": self.previous.as_of if self.previous else None,
                "attempt_id": self.attempt_id,
            },
        )


def code_version() -> str:
    """The installed version of this project."""
    try:
        return version("resegment")
    except PackageNotFoundError:
        return "unknown"


@contextmanager
def open_run(workspace: Workspace, *, as_of: dt.date, known_as_of: dt.datetime | None, output: Path) -> Iterator[Run]:
    """Open an output folder for one run, alone, and keep in the ledger how the run ends.

    Raises:
        OutputError: the folder cannot be written, or another run holds it.
    """
    paths = OutputPaths(output)
    with (
        writer_lock(output),
        Warehouse.open(
            paths.warehouse, memory_limit=workspace.engine.memory_limit, threads=workspace.engine.threads
        ) as warehouse,
    ):
        ledger.prepare(warehouse)
        _repair(warehouse, paths)
        run = Run(workspace, warehouse, paths, as_of, known_as_of)
        ledger.start_attempt(
            warehouse,
            {
                "attempt_id": run.attempt_id,
                "workspace_name": workspace.name,
                "as_of_date": as_of,
                "known_as_of": known_as_of,
                "code_version": code_version(),
                "workspace_sha256": workspace.digest(),
            },
        )
        try:
            yield run
        except GateFailed as error:
            ledger.finish_attempt(warehouse, run.attempt_id, "gate_failed", error.message)
            raise
        except BaseException as error:
            message = error.message if isinstance(error, ResegmentError) else f"{type(error).__name__}: {error}"
            ledger.finish_attempt(warehouse, run.attempt_id, "failed", message)
            raise
        ledger.finish_attempt(warehouse, run.attempt_id, "published")


def _repair(warehouse: Warehouse, paths: OutputPaths) -> None:
    """Bring the ledger up to what readers see: a run killed right after the swap had no time to note it."""
    if not paths.manifest.exists():
        return
    manifest = json.loads(paths.manifest.read_text(encoding="utf-8"))
    known = set(ledger.publications(warehouse))
    for date, run_id in manifest["runs"].items():
        publication = Publication(dt.date.fromisoformat(date), run_id)
        if publication not in known:
            ledger.note_publication(warehouse, publication)
