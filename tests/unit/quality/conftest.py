"""One corridor for all tests of the room, and ways to spoil a table of it for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import pytest

from tasks.quality.queries import QueryContext
from tasks.quality.suites import load_suites
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import Run
from tests.unit.quality import corridor

Spoil = Callable[[str, str], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run at the end of the corridor with everything as it should be; tests leave it as they found it."""
    with Warehouse.open(None, threads=2) as warehouse:
        run = corridor.start(corridor.workspace(tmp_path_factory.mktemp("corridor")), warehouse)
        QueryContext.of_run(run).with_counts(run, load_suites(run.workspace, "raw"))
        for step in (corridor.stage, corridor.build_features, corridor.divide, corridor.monitor):
            step(run)
        yield run


@pytest.fixture(scope="session")
def candidate(whole_run: Run) -> Path:
    """The file that the run would publish."""
    return corridor.publish_aside(whole_run)


@contextmanager
def spoiling(warehouse: Warehouse, table: str, sql: str) -> Iterator[None]:
    """A table after a statement, as long as the block runs; afterwards as before."""
    warehouse.execute(f"CREATE OR REPLACE TEMP TABLE as_before AS SELECT * FROM {table}")
    changed = warehouse.execute(sql)
    assert changed > 0, f"spoils nothing: {sql}"
    try:
        yield
    finally:
        with warehouse.transaction():
            warehouse.execute(f"DELETE FROM {table}")
            warehouse.execute(f"INSERT INTO {table} SELECT * FROM as_before")


@pytest.fixture
def spoiled(whole_run: Run) -> Spoil:
    """`with spoiled(table, sql)`: the table after the statement; afterwards as before."""
    return partial(spoiling, whole_run.warehouse)


@pytest.fixture
def fresh_run(tmp_path: Path) -> Iterator[Run]:
    """A run of a workspace of its own, with sources loaded and nothing built."""
    with Warehouse.open(None, threads=2) as warehouse:
        yield corridor.start(corridor.workspace(tmp_path / "workspace"), warehouse)
