"""Where a plan is computed: a scratch warehouse beside the real one, thrown away afterwards.

Owns: what is copied, and that the real warehouse is only read, and closed before anything is computed. Does not own
what is computed.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.config.errors import OutputError, UsageError
from tasks.config.workspace import Workspace
from tasks.warehouse import erasures, ledger, migrations
from tasks.warehouse.basis import bases
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.damage import damage_told
from tasks.warehouse.edits import edited_sections
from tasks.warehouse.ledger import Publication
from tasks.warehouse.opening import held_by
from tasks.warehouse.provenance import code_version, own_files
from tasks.warehouse.readers import nothing_was_run
from tasks.warehouse.run import OutputPaths, Run

#: The id under which the rows of a plan stand in its scratch warehouse.
PLANNED = "plan"
#: Tables of the ledger that no segmentation asks for, and that may be long.
_LEFT_OUT = ("quarantine", "quarantine_decision", "check_result", "alert", "delivery")
#: Settings that segments are computed from after features; a change of another one may change the features. How small a
#: group may be described decides of names and values.
_AFTER_FEATURES = ("contacts", "drift", "audit", "quality", "description", "name", "privacy.min_group_size")


@dataclass(frozen=True, slots=True)
class Published:
    """The newest publication, and how it was made.

    Attributes:
        current: the publication.
        said: what its workspace said, or that of what confirmed it; None: an earlier version did not keep it.
        code: the version that made it.
        known_as_of: what was loaded later was hidden from it; None: nothing was.
        has_later_loads: files were loaded, or rows worked off from quarantine, after it.
    """

    current: Publication
    said: Mapping[str, Any] | None
    code: str
    known_as_of: dt.datetime | None
    has_later_loads: bool


def published_now(paths: OutputPaths) -> Published:
    """The newest publication.

    Raises:
        UsageError: nothing is published.
        OutputError: a run is writing.
    """
    if not nothing_was_run(paths):
        with Warehouse.open(None) as warehouse, _attached(warehouse, paths):
            tables = _tables(warehouse, "ops")
            if "publication" in tables:
                found = warehouse.rows(
                    "SELECT as_of_date, run_id FROM live.ops.publication ORDER BY as_of_date DESC LIMIT 1"
                )
                if found:
                    return _made_how(warehouse, Publication(*found[0]))
    raise UsageError("nothing is published yet", where=str(paths.root), hint="run `resegment run` first")


def recomputed_because(space: Workspace, published: Published) -> list[str]:
    """Why the features of the published run cannot be taken for those of the edit; empty where they can."""
    said = published.said
    if said is None:
        return ["the published run was made by an earlier version, which did not keep what its workspace said"]
    reasons = []
    if published.code != code_version():
        reasons.append(f"the published run was made by version {published.code} of resegment, this is {code_version()}")
    if published.known_as_of is not None:
        reasons.append(f"the published run saw only what was loaded by {published.known_as_of:%Y-%m-%d %H:%M}")
    if published.has_later_loads:
        reasons.append("data were loaded after the published run")
    reasons += [edit.text for edit in edited_sections(said, space, without=_AFTER_FEATURES)]
    models = {"staging", "features"}
    files = {
        name
        for name in {*said["own_files"], *own_files(space)}
        if name.endswith(".sql")
        and name.split("/")[0] in models
        and said["own_files"].get(name) != own_files(space).get(name)
    }
    return reasons + [f"the model sql/{name} changed" for name in sorted(files)]


@contextmanager
def features_as_published(space: Workspace, paths: OutputPaths, current: Publication) -> Iterator[Run]:
    """A run of the edited workspace that finds the features of the published run under its own id.

    It follows the run that the next one of the same date would follow.
    """
    with _folder() as folder:
        limits = space.engine
        scratch = OutputPaths(folder)
        with Warehouse.open(scratch.warehouse, memory_limit=limits.memory_limit, threads=limits.threads) as warehouse:
            migrations.migrate(warehouse)
            with _attached(warehouse, paths):
                _copy_ledger(warehouse)
                previous = ledger.previous_publication(warehouse, current.as_of)
                _copy_segments(warehouse, [run.run_id for run in (current, previous) if run is not None])
                _copy_features(warehouse, current.run_id)
            run = Run(space, warehouse, scratch, current.as_of, None)
            run.run_id, run.previous = PLANNED, previous
            yield run


@contextmanager
def whole_copy(space: Workspace, paths: OutputPaths) -> Iterator[Path]:
    """An output folder with a copy of the warehouse, in which a run of any edit may be computed."""
    with _folder() as folder:
        copy = OutputPaths(folder).warehouse
        with (
            Warehouse.open(copy, memory_limit=space.engine.memory_limit) as warehouse,
            _attached(warehouse, paths),
        ):
            warehouse.execute(f"COPY FROM DATABASE live TO {identifier(copy.stem)}")
        erasures.copy_to(paths.root, folder)
        yield folder


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="resegment-plan-") as folder:
        yield Path(folder)


@contextmanager
def _attached(warehouse: Warehouse, paths: OutputPaths) -> Iterator[None]:
    """The real warehouse as `live`, read-only, as long as the block runs."""
    try:
        warehouse.execute(f"ATTACH {literal(str(paths.warehouse))} AS live (READ_ONLY)")
    except OutputError as error:
        if damage := damage_told(error.message, paths.warehouse):
            raise damage from error
        raise OutputError(
            held_by(error.message) or f"cannot be read now: {error.message}",
            where=str(paths.warehouse),
            hint="is a run writing? wait for it to end, and plan again",
        ) from error
    try:
        yield
    finally:
        warehouse.execute("DETACH live")


def _tables(warehouse: Warehouse, schema: str) -> list[str]:
    return [
        name
        for (name,) in warehouse.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_catalog = 'live' AND table_schema = $schema"
            " AND table_type = 'BASE TABLE' ORDER BY table_name",
            {"schema": schema},
        )
    ]


def _made_how(warehouse: Warehouse, current: Publication) -> Published:
    (basis,) = bases(warehouse, [current], table="live.ops.run")
    later = " OR ".join(
        f"EXISTS (SELECT 1 FROM live.ops.{table} WHERE {column} > $finished)"
        for table, column in (("load", "loaded_at"), ("delivery", "seen_at"))
    )
    has_later = warehouse.value(f"SELECT coalesce({later}, false)", {"finished": basis.finished_at})
    return Published(current, basis.said, basis.code, basis.known_as_of, has_later)


def _copy_ledger(warehouse: Warehouse) -> None:
    for name in _tables(warehouse, "ops"):
        if name not in _LEFT_OUT:
            warehouse.execute(f"CREATE TABLE IF NOT EXISTS ops.{identifier(name)} AS FROM live.ops.{name} LIMIT 0")
            warehouse.execute(f"INSERT INTO ops.{identifier(name)} BY NAME FROM live.ops.{identifier(name)}")


def _copy_segments(warehouse: Warehouse, run_ids: list[str]) -> None:
    listed = ", ".join(map(literal, run_ids))
    for name in _tables(warehouse, "segments"):
        table = f"segments.{identifier(name)}"
        has_run = "run_id" in dict(warehouse.columns(f"SELECT * FROM live.{table}"))
        chosen = f" WHERE run_id IN ({listed})" if has_run and name in {"definition", "membership"} else ""
        warehouse.execute(f"CREATE TABLE {table} AS SELECT * FROM live.{table}{chosen}")


def _copy_features(warehouse: Warehouse, run_id: str) -> None:
    """The published run's rows, which the plan sees as its own, too."""
    warehouse.execute("CREATE SCHEMA kept")
    for name in _tables(warehouse, "features"):
        table = identifier(name)
        warehouse.execute(
            f"CREATE TABLE kept.{table} AS SELECT * FROM live.features.{table} WHERE run_id = {literal(run_id)}"
        )
        warehouse.execute(
            f"CREATE VIEW features.{table} AS SELECT * FROM kept.{table}"
            f" UNION ALL SELECT * REPLACE ({literal(PLANNED)} AS run_id) FROM kept.{table}"
        )
