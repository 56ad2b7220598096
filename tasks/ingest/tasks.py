"""The ingest room's Prefect tasks: sources to `raw`, `raw` to `staging`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from prefect import State, task
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from tasks.config.counting import counted
from tasks.config.errors import ConnectionLostError
from tasks.ingest.absent_keys import absent_keys
from tasks.ingest.carrying_over import carry_over
from tasks.ingest.classes import keep_classes
from tasks.ingest.days_as_moments import days_as_moments
from tasks.ingest.discovery import FoundFile, find_files
from tasks.ingest.loading import check_not_emptied, load_file
from tasks.ingest.looked_up import forget_earlier, identified, was_read_so
from tasks.ingest.lookups import lines_lost
from tasks.ingest.mapping import Mapping, parse_mapping
from tasks.ingest.moved import take_along
from tasks.ingest.other_workspace import refuse_other_workspace
from tasks.ingest.pulling import pull
from tasks.ingest.raw_views import build_raw_views
from tasks.ingest.renamed import told_of_earlier_files, told_of_former_name, told_of_gone_sources
from tasks.ingest.staging import build_staging
from tasks.warehouse import ledger, pulls
from tasks.warehouse.erasures import erased_customers
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.ingest")


def _may_pass(_task: object, _run: object, state: State[Any]) -> bool:
    """Whether it may help to ask again: not where a query is wrong, or a password."""
    return isinstance(state.data, ConnectionLostError)


@task(
    name="pull source",
    task_run_name="pull {name}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=3,
    retry_delay_seconds=exponential_backoff(backoff_factor=2),
    retry_jitter_factor=0.5,
    retry_condition_fn=_may_pass,
)
@recorded
def pull_source(run: Run, name: str) -> FoundFile | None:
    """Read a source out of its database into a file; None where there is nothing new.

    Nothing is changed by it, so that it may be tried again from its beginning.

    Raises:
        ConnectionLostError: the database cannot be reached, or was lost on the way, several times.
        SourceError: it refuses.
    """
    mapping = parse_mapping(run.workspace, name)
    try:
        pulled = pull(run, mapping)
    except ConnectionLostError as error:
        log.warning("%s: %s", name, error.message)
        raise
    if pulled is None:
        log.info("%s: nothing new in database %s", name, mapping.source.database)
    return pulled


@task(name="know the workspace", cache_policy=NO_CACHE, persist_result=False)
@recorded
def know_workspace(run: Run) -> None:
    """Prove that the output folder is this workspace's, before anything is loaded.

    Raises:
        UsageError: it is another one's.
    """
    refuse_other_workspace(run)


@task(name="ingest source", task_run_name="ingest {name}", cache_policy=NO_CACHE, persist_result=False)
@recorded
def ingest_source(run: Run, name: str, pulled: FoundFile | None = None) -> int:
    """Load the new files of a source, or what was pulled of it, and delete that; returns how many there were."""
    mapping = parse_mapping(run.workspace, name)
    if mapping.source.database is None:
        return _load_new(run, mapping, find_files(run.workspace, mapping))
    try:
        # Also where nothing came: a run that was killed after its load may have carried nothing over.
        return _load_new(run, mapping, [pulled] if pulled else [])
    finally:
        if pulled is not None:
            pulled.path.unlink(missing_ok=True)


def _told_of_files(run: Run, mapping: Mapping, files: Sequence[FoundFile], file: FoundFile) -> list[str]:
    """What is told of a source once, however many new files it has.

    Lost lines, keys of a mapping that is new, and what a new name does.
    """
    told = lines_lost(run.warehouse, mapping, file.lookups)
    if not _is_mapped_before(run, mapping.name, file):
        told += absent_keys(run.warehouse, mapping, file.path)
        told += told_of_former_name(run.warehouse, run.workspace, mapping.name, files)
        if file.pull is None:
            told += told_of_earlier_files(run.warehouse, mapping.name, files)
    return told


def _is_mapped_before(run: Run, name: str, file: FoundFile) -> bool:
    return bool(
        run.warehouse.rows(
            "SELECT 1 FROM ops.load WHERE source_name = $source AND mapping_sha256 = $mapping LIMIT 1",
            {"source": name, "mapping": file.mapping_sha256},
        )
    )


def _follow_moved(run: Run, name: str, files: Sequence[FoundFile]) -> None:
    """Files that moved keep their history; of a mapping that is new, what stays behind is told with that."""
    told = take_along(run, name, files)
    for sentence in told if _is_mapped_before(run, name, files[0]) else []:
        log.warning("%s: %s", name, sentence)


def _load_new(run: Run, mapping: Mapping, files: Sequence[FoundFile]) -> int:
    name = mapping.name
    erased = erased_customers(run.workspace, run.paths.root)
    known = {load_id for (load_id,) in run.warehouse.rows("SELECT load_id FROM ops.load")}
    if mapping.source.database is None:
        _follow_moved(run, name, files)
    new = 0
    for position, found in enumerate(files, 1):
        check_not_emptied(run.warehouse, name, found)
        file = identified(run.warehouse, mapping, found)
        if file.load_id in known:
            _note_known(run, name, file)
            continue
        told = [] if new else _told_of_files(run, mapping, files, file)
        is_again = was_read_so(run.warehouse, mapping, file)
        counts = load_file(run.warehouse, mapping, file, run.attempt_id, erased)
        told += [] if new else days_as_moments(run.warehouse, mapping, file.load_id)
        for sentence in told:
            log.warning("%s: %s", name, sentence)
        known.add(file.load_id)
        new += 1
        log.info(
            "%s: %s (%d of %d): %s rows read, %s loaded, %s quarantined%s%s%s%s",
            name,
            file.name,
            position,
            len(files),
            f"{counts.read:,}",
            f"{counts.loaded:,}",
            f"{counts.quarantined:,}",
            f", {counts.blanked:,} values blanked" if counts.blanked else "",
            f"; {counts.left_out:,} left out" if counts.left_out else "",
            f"; {counts.erased:,} rows of erased customers left out" if counts.erased else "",
            "; loaded anew, for lookups say something else of it" if is_again else "",
        )
    if files:
        forget_earlier(run.warehouse, mapping, files[-1])
    if carried := carry_over(run, name, files):
        log.info("%s: %d rows were released or discarded before, and are again", name, carried)
    if files and not new:
        database = mapping.source.database
        log.info("%s: nothing new in %s", name, f"database {database}" if database else counted(len(files), "file"))
    return new


def _note_known(run: Run, name: str, file: FoundFile) -> None:
    """Note that content that was loaded before has come again."""
    with run.warehouse.transaction():
        ledger.note_delivery(
            run.warehouse, source=name, file=file.name, load_id=file.load_id, attempt_id=run.attempt_id
        )
        if file.pull is not None:
            pulls.note_pull(run.warehouse, file.load_id, name, file.pull)


@task(name="identify run", cache_policy=NO_CACHE, persist_result=False)
@recorded
def identify_run(run: Run) -> str:
    """Fix what the run sees, and give it the id that follows from that."""
    run.identify()
    build_raw_views(run)
    for warning in keep_classes(run) + told_of_gone_sources(run):
        log.warning(warning)
    log.info("run %s as of %s", run.run_id, run.as_of)
    return run.run_id


@task(name="see sources as then", cache_policy=NO_CACHE, persist_result=False)
@recorded
def see_as_then(run: Run) -> None:
    """Show in `raw` what a run saw that is published after another one was computed: its checks ask for that."""
    build_raw_views(run)


@task(name="stage", cache_policy=NO_CACHE, persist_result=False)
@recorded
def stage(run: Run) -> dict[str, int]:
    """Build the canonical entities as of the run's date."""
    counts = build_staging(run)
    for table, rows in counts.items():
        log.info("%s: %s rows", table, f"{rows:,}")
    return counts
