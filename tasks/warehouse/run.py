"""One run: its workspace, its dates, its place on disk, its open warehouse.

Owns: opening and closing a run, its identity, and what it follows. Every room's tasks take a `Run`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tasks.config.errors import GateFailed, UsageError
from tasks.config.workspace import Workspace
from tasks.warehouse import attempts, erasures, ledger, model_ledger, published_files
from tasks.warehouse.alone import alone, refuse_gone
from tasks.warehouse.connection import PULLED_NAME, SPILL_NAME, Warehouse
from tasks.warehouse.earlier_records import earlier_records
from tasks.warehouse.ledger import Publication
from tasks.warehouse.loads import Load, file_loads, loads_seen
from tasks.warehouse.output_state import refuse_other_identities
from tasks.warehouse.provenance import code_version, own_files, said_text
from tasks.warehouse.run_log import RunLog, run_log
from tasks.warehouse.step_ledger import Step, keep_steps

#: How long a backfill waits for a run that holds the folder: as long as a run of a large company takes.
WAIT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Changed:
    """Rows of a table that went or came since a build.

    Attributes:
        since: the attempt that built the table as it was.
        relation: a temporary table of them; rows that went and came again as they were may be among them.
    """

    since: str
    relation: str


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What a run follows that is part of a backfill.

    Attributes:
        line: what will be published once the backfill is, oldest first.
        live: the run whose models are used, because they were in use on that date; None: as any run, it takes over
            those of the run before it, and learns what is due.
        seen_until: files loaded and decisions made later are not seen.
    """

    line: tuple[Publication, ...]
    live: Publication | None
    seen_until: dt.datetime


class OutputPaths:
    """Where an output folder keeps what; a contract with readers."""

    def __init__(self, root: Path) -> None:
        """Name the places below `root`; nothing is created."""
        self.root = root
        self.warehouse = root / "warehouse.duckdb"
        self.copy = root / "copy"
        self.published = root / "published"
        self.published_database = self.published / published_files.DATABASE
        self.manifest = self.published / "manifest.json"
        self.building = root / ".building"
        self.spill = root / SPILL_NAME
        self.pulled = root / PULLED_NAME
        self.report = root / "report"
        self.logs = root / "logs"
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
        self.began = time.monotonic()  # a clock that nobody sets
        self.run_id = ""
        self.previous: Publication | None = None
        self._identified_by: list[Load] | None = None
        #: How the run stands in a backfill; None of any other.
        self.backfill: Backfilled | None = None
        #: How its attempt is noted when it ends well.
        self.ends_as = "published"
        #: Of tables that were brought up to this run: what changed.
        self.changes: dict[str, Changed] = {}
        #: What the steps took that are over.
        self.steps: list[Step] = []
        #: The file that tells of this run; None of what is no run.
        self.log: RunLog | None = None

    @property
    def attempt(self) -> dict[str, object]:
        """The columns by which `ops` tables know this run."""
        return {"attempt_id": self.attempt_id, "run_id": self.run_id or None, "as_of_date": self.as_of}

    def note(self, **facts: object) -> None:
        """Write one line into the log of the run."""
        if self.log is not None:
            self.log.note(**facts)

    @property
    def sql_folder(self) -> Path:
        """The workspace's own SQL models; need not exist."""
        return self.workspace.directory / "sql"

    @property
    def sees_until(self) -> dt.datetime | None:
        """What was loaded or decided later is not seen; None: everything is."""
        moments = [self.known_as_of, self.backfill.seen_until if self.backfill else None]
        return min((moment for moment in moments if moment is not None), default=None)

    def visible_loads(self) -> list[Load]:
        """Loads the run may see (`loads.loads_seen`); of an identified run those that it is identified by."""
        if self._identified_by is not None:
            return list(self._identified_by)
        return loads_seen(self.warehouse, self.workspace.sources, self.sees_until)

    def file_loads(self) -> dict[int, int]:
        """Of the visible loads that were worked off from quarantine: the load of their file, by load numbers."""
        return file_loads(self.warehouse, [number for _, number, *_ in self.visible_loads()])

    def earlier(self) -> list[Publication]:
        """The runs of earlier dates that this one follows, oldest first: what is published, or will be with it."""
        line = ledger.publications(self.warehouse) if self.backfill is None else self.backfill.line
        return [item for item in line if item.as_of < self.as_of]

    def stand_for(self, attempt_id: str, line: Sequence[Publication], run_id: str, loads: Sequence[Load]) -> None:
        """Be a run again that was identified and computed before, in a line of what is or will be published."""
        self.attempt_id, self.run_id, self._identified_by = attempt_id, run_id, list(loads)
        self.previous = max(
            (item for item in line if item.as_of < self.as_of), key=lambda item: item.as_of, default=None
        )

    def identify(self) -> None:
        """Give the run its id: a digest of everything that its results depend on, and of nothing else.

        The same files, workspace, dates and code give the same id in any folder at any time.
        """
        self._identified_by = None
        self._identified_by = self.visible_loads()
        earlier = self.earlier()
        self.previous = earlier[-1] if earlier else None
        parts = {
            "as_of": self.as_of.isoformat(),
            "known_as_of": self.known_as_of.isoformat() if self.known_as_of else None,
            "workspace": self.workspace.digest(),
            "own files": own_files(self.workspace),
            "loads": [load_id for load_id, *_ in self.visible_loads()],
            "code": code_version(),
            "key": self.workspace.key_fingerprint(),
            "previous": self.previous.run_id if self.previous else None,
            "decisions on models": model_ledger.seen(self.warehouse, self.as_of, self.sees_until),
        }
        if earlier_loads := earlier_records(self.warehouse, self.visible_loads(), self.as_of):
            parts["earlier records"] = [load_id for load_id, *_ in earlier_loads]
        if erased := erasures.in_warehouse(self.warehouse):
            parts["erased"] = sorted(one.hash for one in erased)
        if self.backfill and self.backfill.live:
            parts["models of"] = self.backfill.live.run_id
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
def open_run(
    workspace: Workspace,
    *,
    as_of: dt.date,
    known_as_of: dt.datetime | None,
    output: Path,
    backfill: Backfilled | None = None,
    is_scratch: bool = False,
) -> Iterator[Run]:
    """Open an output folder for one run, alone, and keep in the ledger how the run ends.

    A run that is part of a backfill ends as computed, for it is published later, with the others. Of a folder that is
    thrown away (`is_scratch`) no copy is kept.

    Raises:
        OutputError: the folder cannot be written, or another run holds it.
        DamageError: its warehouse is damaged, gone or older than its copy.
        WorkspaceError: customers are to be pseudonymised and the key is missing, too short, or not the one that what is
            published here was made with.
    """
    paths = OutputPaths(output)
    key_fingerprint = workspace.key_fingerprint()
    with alone(workspace, paths, WAIT_SECONDS if backfill else 0, is_scratch=is_scratch) as warehouse:
        refuse_other_identities(warehouse, workspace, key_fingerprint)
        run = Run(workspace, warehouse, paths, as_of, known_as_of)
        run.backfill, run.ends_as = backfill, "computed" if backfill else run.ends_as
        attempts.start_attempt(
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
        with run_log(paths.logs, run.attempt_id, run, kept=workspace.observe.logs_kept) as run.log:
            try:
                yield run
            except GateFailed as error:
                _finish(run, "gate_failed", error.message)
                raise
            except BaseException as error:
                _finish(run, "failed", ledger.told(error))
                raise
            _finish(run, run.ends_as)


def _finish(run: Run, status: str, message: str | None = None) -> None:
    """Keep how a run ended, and what its steps took."""
    run.note(level="info" if message is None else "error", event="run ended", status=status, message=message)
    with run.warehouse.transaction():
        attempts.finish_attempt(run.warehouse, run.attempt_id, status, message, time.monotonic() - run.began)
        keep_steps(run.warehouse, run.attempt, run.steps)


@contextmanager
def open_ledger(workspace: Workspace, output: Path, *, is_new: bool = False, wait_seconds: float = 0) -> Iterator[Run]:
    """Open an output folder for work on its ledger, alone; no attempt of a run is noted.

    Args:
        workspace: of the folder.
        output: the folder.
        is_new: nothing needs to have been run there.
        wait_seconds: how long a run that holds the folder is waited for.

    Raises:
        UsageError: nothing has been run there.
        OutputError: the folder cannot be written, or a run holds it.
    """
    paths = OutputPaths(output)
    refuse_gone(paths)
    if not is_new and not paths.warehouse.exists():
        raise UsageError("nothing has been run here yet", where=str(output), hint="run `resegment run` first")
    with alone(workspace, paths, wait_seconds) as warehouse:
        yield Run(workspace, warehouse, paths, dt.date.max, None)


@contextmanager
def open_newest(workspace: Workspace, output: Path) -> Iterator[Run]:
    """Open an output folder, alone, where its newest published run left off: that is `previous`, and its date the date.

    Raises:
        UsageError: nothing has been run there, or nothing is published.
        OutputError: the folder cannot be written, or a run holds it.
    """
    with open_ledger(workspace, output) as opened:
        yield newest_run(workspace, opened.warehouse, opened.paths)


def newest_run(workspace: Workspace, warehouse: Warehouse, paths: OutputPaths) -> Run:
    """The newest published run, which is its own `previous`. Raises UsageError where nothing is published."""
    published = ledger.publications(warehouse)
    if not published:
        raise UsageError("nothing is published yet", where=str(paths.root), hint="run `resegment run` first")
    run = Run(workspace, warehouse, paths, published[-1].as_of, None)
    run.run_id, run.previous = published[-1].run_id, published[-1]
    return run
