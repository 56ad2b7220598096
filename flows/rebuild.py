"""Making a damaged or lost warehouse anew from its copy, and what is published from the warehouse.

Owns: the order, and the exchange of the warehouse file. What is published stays readable until what is built in its
place has passed its gate. Does not own reading the copy back (`tasks/warehouse/restoring.py`) or publishing
(`tasks/publish`). Prefect reads the types of a flow when it is served from another process, so they are not postponed
here.
"""

import datetime as dt
import logging
from pathlib import Path
from typing import TypedDict

from prefect import flow

from flows.forget_steps import end_stopped
from tasks.config.errors import OutputError, SqlError
from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tasks.ingest.tasks import see_as_then
from tasks.publish.inspection import damage_of_publication, unpublished
from tasks.publish.tasks import begin_dates, build_one, publish_dates
from tasks.quality.tasks import check_published
from tasks.warehouse import erasures, ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.disk import flush_folder, link
from tasks.warehouse.file_modes import owner_only
from tasks.warehouse.inspection import damage_of_warehouse
from tasks.warehouse.lock import writer_lock
from tasks.warehouse.past_run import past_run
from tasks.warehouse.published_files import DATABASE, listed
from tasks.warehouse.restoring import Loss, restore
from tasks.warehouse.run import OutputPaths, Run, open_ledger

log = logging.getLogger("resegment.publish")

#: So many dates are named, of as many as there may be.
_NAMED = 3
#: What a damaged warehouse is called from then on.
DAMAGED = "warehouse.damaged.duckdb"


class LossSummary(TypedDict):
    """What could not be recovered, where it was kept, and what to do."""

    what: str
    where: str
    hint: str


class RebuildSummary(TypedDict):
    """What was wrong, and what was done.

    `kept_as` is the damaged file; `erased_since_count` counts customers who were erased after it was written: it may
    hold them still. `erased_again_count` are those whom the copy brought back, as one out of a backup does, and who
    are erased again.
    """

    warehouse: str | None
    published: list[str]
    is_warehouse_rebuilt: bool
    is_published_anew: bool
    kept_as: str | None
    erased_since_count: int
    erased_again_count: int
    dates: list[str]
    lost: list[LossSummary]


def look(space: Workspace, folder: Path) -> RebuildSummary:
    """What is wrong with an output folder; nothing is changed.

    Raises:
        OutputError: a run is writing, or a later version of resegment made the folder.
    """
    paths = OutputPaths(folder)
    if not paths.warehouse.exists():
        wrong: str | None = "is gone" if paths.copy.exists() or paths.manifest.exists() else None
    else:
        wrong = damage_of_warehouse(paths.warehouse, paths.copy)
    published: list[str] = []
    if wrong is None and paths.warehouse.exists():
        with Warehouse.open(paths.warehouse, read_only=True) as warehouse:
            line = ledger.publications(warehouse) if warehouse.table_exists("ops.publication") else []
        published = damage_of_publication(paths, line, has_parquet=space.publish.parquet)
    return RebuildSummary(
        warehouse=wrong,
        published=published,
        is_warehouse_rebuilt=False,
        is_published_anew=False,
        kept_as=None,
        erased_since_count=0,
        erased_again_count=0,
        dates=[],
        lost=[],
    )


@flow(name="rebuild", flow_run_name="rebuild {workspace}", persist_result=False)
def rebuild(workspace: str = ".", output: str | None = None, overrides: list[str] | None = None) -> RebuildSummary:
    """Make the warehouse anew where it is damaged, gone or older than its copy, and what is published where that is.

    Args:
        workspace: folder that holds `resegment.yaml`.
        output: folder of the output. Default: what the workspace says.
        overrides: ``a.b.c=value`` replacing values of the workspace file.

    Raises:
        DamageError: the copy is not enough.
        GateFailed: what would be published fails a critical check; what was published stays.
        OutputError: the output folder cannot be written, or another run holds it.
    """
    space = load_workspace(Path(workspace), overrides=overrides or [])
    folder = space.output_folder(output)
    paths, done = OutputPaths(folder), look(space, folder)
    losses: list[Loss] = []
    if done["warehouse"] is not None:
        losses, kept = _restored(space, paths)
        if kept is not None:
            done["kept_as"], done["erased_since_count"] = str(kept), _erased_since(kept, folder)
        done["is_warehouse_rebuilt"] = True
        done["lost"] = [LossSummary(what=loss.what, where=loss.where, hint=loss.hint) for loss in losses]
    if done["is_warehouse_rebuilt"] or done["published"]:
        with open_ledger(space, folder) as run:
            line = ledger.publications(run.warehouse)
            done["dates"] = [item.as_of.isoformat() for item in line]
            done["published"] = damage_of_publication(paths, line, has_parquet=space.publish.parquet)
            if done["published"]:
                publish_again(run)
                done["is_published_anew"] = True
    if done["is_warehouse_rebuilt"]:
        # A copy out of a backup knows nothing of later erasures; whoever rebuilds has no run to wait for.
        done["erased_again_count"] = end_stopped(space, folder)
    return done


def _restored(space: Workspace, paths: OutputPaths) -> tuple[list[Loss], Path | None]:
    """Put a warehouse made from the copy in the place of the old one, which is kept beside it."""
    beside = paths.root / ".rebuilding.duckdb"
    with writer_lock(paths.root), owner_only(paths.root, is_wanted=space.publish.owner_only):
        losses = restore(paths.copy, beside, space.engine.memory_limit)
        kept_as = _set_aside(paths.warehouse)
        beside.replace(paths.warehouse)
        flush_folder(paths.root)
    return losses, kept_as


def _set_aside(warehouse: Path) -> Path | None:
    """Keep the old file under another name, and under its own until it is replaced; its log belongs to it alone."""
    if not warehouse.exists():
        return None
    kept, log = warehouse.with_name(DAMAGED), warehouse.with_name(warehouse.name + ".wal")
    kept.unlink(missing_ok=True)
    link(warehouse, kept)
    if log.exists():
        log.replace(kept.with_name(kept.name + ".wal"))
    return kept


def _erased_since(kept: Path, folder: Path) -> int:
    """How many customers were erased after a warehouse was written; of one that cannot be read that is not known."""
    try:
        with Warehouse.open(kept, read_only=True) as old:
            known = {one.hash for one in erasures.in_warehouse(old)} if old.table_exists("ops.erasure") else set()
    except (OutputError, SqlError):
        return 0
    return len({one.hash for one in erasures.read(folder)} - known)


def publish_lost(run: Run) -> None:
    """Publish every date again where readers do not see all that the ledger says, before anything is added to it.

    So it is where somebody put an older `published/` back, or took it away: what is added would be the last word, and
    nobody would miss the partitions that are not there.
    """
    lost = unpublished(run.paths.manifest, ledger.publications(run.warehouse))
    if lost:
        dates = ", ".join(item.as_of.isoformat() for item in lost[:_NAMED]) + (", …" if len(lost) > _NAMED else "")
        log.warning("what was published of %s is not there: every date is published again", dates)
        publish_again(run)


def publish_again(run: Run) -> None:
    """Build every date anew from the warehouse, and swap them in together."""
    line = tuple(ledger.publications(run.warehouse))
    oldest = run.workspace.publish.kept_since(line[-1].as_of)
    named = [Path(name).parent for name in listed(run.paths.manifest) if name != DATABASE]
    there = [*run.paths.published.glob("*/as_of_date=*"), *named]
    anew = [item for item in line if item.as_of >= oldest]
    # Of a date that is lost nothing stays, for nothing stands behind it.
    known = {item.as_of for item in line}
    lost = {dt.date.fromisoformat(path.name.removeprefix("as_of_date=")) for path in there} - known
    newest = run
    candidate = begin_dates(run, line, sorted({item.as_of for item in anew} | lost))
    for item in anew:
        newest = past_run(run, item, line)
        see_as_then(newest)
        build_one(newest, candidate, line)
        check_published(newest, candidate)
    publish_dates(newest, candidate, line)
