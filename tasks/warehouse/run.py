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
from dataclasses import dataclass
from pathlib import Path

from tasks.config.errors import GateFailed, UsageError, WorkspaceError
from tasks.config.workspace import Workspace
from tasks.warehouse import ledger, model_ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.lock import writer_lock
from tasks.warehouse.provenance import code_version, own_files, said_text


@dataclass(frozen=True, slots=True)
class Changed:
    """Rows of a table that went or came since a build.

    Attributes:
        since: the attempt that built the table as it was.
        relation: a temporary table of them; rows that went and came again as they were may be among them.
    """

    since: str
    relation: str


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
        self._identified_by: list[tuple[str, int, str, str]] | None = None
        #: Of tables that were brought up to this run: what changed.
        self.changes: dict[str, Changed] = {}

    @property
    def attempt(self) -> dict[str, object]:
        """The columns by which `ops` tables know this run."""
        return {"attempt_id": self.attempt_id, "run_id": self.run_id or None, "as_of_date": self.as_of}

    @property
    def sql_folder(self) -> Path:
        """The workspace's own SQL models; need not exist."""
        return self.workspace.directory / "sql"

    def visible_loads(self) -> list[tuple[str, int, str, str]]:
        """Loads the run may see as (load_id, load_no, source, entity), oldest first.

        Those of the workspace's sources, delivered by `known_as_of`. A file that was delivered again with other
        content, or is mapped otherwise by now, counts as it was delivered last, unless its source says that versions
        add up. A file that is gone from its folder has been loaded, and stays. Once a run is identified they are the
        loads that it is identified by.
        """
        if self._identified_by is not None:
            return list(self._identified_by)
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
        families = {load_id: (name, entity) for load_id, _, name, entity in seen}
        worked_off = self.warehouse.rows(
            "SELECT load_id, load_no, parent_load_id FROM ops.load"
            " WHERE parent_load_id IS NOT NULL AND ($known IS NULL OR loaded_at <= $known)",
            {"known": self.known_as_of},
        )
        seen |= {(load_id, number, *families[parent]) for load_id, number, parent in worked_off if parent in families}
        return sorted(seen, key=lambda load: load[1])

    def file_loads(self) -> dict[int, int]:
        """Of the visible loads that were worked off from quarantine: the load of their file, by load numbers."""
        numbers = [number for _, number, *_ in self.visible_loads()]
        return dict(
            self.warehouse.rows(
                "SELECT child.load_no, parent.load_no FROM ops.load AS child JOIN ops.load AS parent"
                " ON child.parent_load_id = parent.load_id WHERE list_contains($numbers, child.load_no)",
                {"numbers": numbers},
            )
        )

    def identify(self) -> None:
        """Give the run its id: a digest of everything that its results depend on, and of nothing else.

        The same files, workspace, dates and code give the same id in any folder at any time.
        """
        self._identified_by = None
        self._identified_by = self.visible_loads()
        self.previous = ledger.previous_publication(self.warehouse, self.as_of)
        parts = {
            "as_of": self.as_of.isoformat(),
            "known_as_of": self.known_as_of.isoformat() if self.known_as_of else None,
            "workspace": self.workspace.digest(),
            "own files": own_files(self.workspace),
            "loads": [load_id for load_id, *_ in self.visible_loads()],
            "code": code_version(),
            "key": self.workspace.key_fingerprint(),
            "previous": self.previous.run_id if self.previous else None,
            "decisions on models": model_ledger.seen(self.warehouse, self.as_of, self.known_as_of),
        }
        self.run_id = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
        self.warehouse.execute(
            "UPDATE ops.run SET run_id = $run_id, previous_run_id = $previous_id, previous_as_of_date ="
            " $previous_as_of, load_numbers = $loads WHERE attempt_id = $attempt_id",
            {
                "run_id": self.run_id,
                "previous_id": self.previous.run_id if self.previous else None,
                "previous_as_of": self.previous.as_of if self.previous else None,
                "loads": [number for _, number, *_ in self.visible_loads()],
                "attempt_id": self.attempt_id,
            },
        )


@contextmanager
def open_run(workspace: Workspace, *, as_of: dt.date, known_as_of: dt.datetime | None, output: Path) -> Iterator[Run]:
    """Open an output folder for one run, alone, and keep in the ledger how the run ends.

    Raises:
        OutputError: the folder cannot be written, or another run holds it.
        WorkspaceError: customers are to be pseudonymised and the key is missing, too short, or not the one that what is
            published here was made with.
    """
    paths = OutputPaths(output)
    key_fingerprint = workspace.key_fingerprint()
    with _alone(workspace, paths) as warehouse:
        _repair(warehouse, paths)
        _refuse_other_identities(warehouse, workspace, key_fingerprint)
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
                "workspace_json": said_text(workspace),
                "key_fingerprint": key_fingerprint,
            },
        )
        try:
            yield run
        except GateFailed as error:
            ledger.finish_attempt(warehouse, run.attempt_id, "gate_failed", error.message)
            raise
        except BaseException as error:
            ledger.finish_attempt(warehouse, run.attempt_id, "failed", ledger.told(error))
            raise
        ledger.finish_attempt(warehouse, run.attempt_id, "published")


@contextmanager
def _alone(workspace: Workspace, paths: OutputPaths) -> Iterator[Warehouse]:
    """The warehouse of an output folder, its ledger as this version wants it, while nobody else writes there."""
    limits = workspace.engine
    with (
        writer_lock(paths.root),
        Warehouse.open(paths.warehouse, memory_limit=limits.memory_limit, threads=limits.threads) as warehouse,
    ):
        ledger.prepare(warehouse)
        yield warehouse


def _refuse_other_identities(warehouse: Warehouse, workspace: Workspace, key_fingerprint: str | None) -> None:
    """Customers keep their ids as long as an output folder lives.

    Under another key everybody would have left and a stranger have entered in his place; and where ids were plain
    before, the history would go on showing them.
    """
    published = warehouse.rows(
        "SELECT key_fingerprint, max(publication.as_of_date) FROM ops.publication AS publication"
        " JOIN ops.run AS run USING (run_id) WHERE key_fingerprint IS DISTINCT FROM $fingerprint GROUP BY 1 LIMIT 1",
        {"fingerprint": key_fingerprint},
    )
    if not published:
        return
    (other, as_of), *_ = published
    now = "plain" if key_fingerprint is None else f"pseudonyms under key {key_fingerprint}"
    then = "plain" if other is None else f"pseudonyms under key {other}"
    raise WorkspaceError(
        f"privacy: customer ids would be {now}; those published here as of {as_of} are {then}"
        " (keys are told by their fingerprints)",
        where=workspace.line_of("privacy", "pseudonymise"),
        hint="set the policy and key of then, or give --output a new folder, where every customer begins anew",
    )


@contextmanager
def open_ledger(workspace: Workspace, output: Path) -> Iterator[Run]:
    """Open an output folder for work on its ledger, alone; no attempt of a run is noted.

    Raises:
        UsageError: nothing has been run there.
        OutputError: the folder cannot be written, or a run holds it.
    """
    paths = OutputPaths(output)
    if not paths.warehouse.exists():
        raise UsageError("nothing has been run here yet", where=str(output), hint="run `resegment run` first")
    with _alone(workspace, paths) as warehouse:
        yield Run(workspace, warehouse, paths, dt.date.max, None)


@contextmanager
def open_newest(workspace: Workspace, output: Path) -> Iterator[Run]:
    """Open an output folder, alone, where its newest published run left off: that is `previous`, and its date the date.

    Raises:
        UsageError: nothing has been run there, or nothing is published.
        OutputError: the folder cannot be written, or a run holds it.
    """
    with open_ledger(workspace, output) as opened:
        published = ledger.publications(opened.warehouse)
        if not published:
            raise UsageError("nothing is published yet", where=str(output), hint="run `resegment run` first")
        run = Run(workspace, opened.warehouse, opened.paths, published[-1].as_of, None)
        run.run_id, run.previous = published[-1].run_id, published[-1]
        yield run


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
