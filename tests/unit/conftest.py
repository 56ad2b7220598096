"""What the tests of several rooms share."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.config.shipped import shipped
from tasks.config.workspace import Workspace
from tasks.warehouse import migrations, models
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import OutputPaths, Run, open_run
from tests.workspaces import AS_OF, OpenRun

#: Whom there is, what was bought and when: what most segmentations of tests ask for.
_FEW = {"customer_value", "customer_basket", "customer_cadence", "customer_demographics"}


@pytest.fixture(scope="module")
def few_features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """As if a handful of the models of features were shipped alone.

    Half of a small run's time goes into the others. For modules about rooms further down, whose tests ask for none of
    them; a feature that is not there is an error, and no test could miss it unawares.
    """
    folder = tmp_path_factory.mktemp("few") / "sql"
    shutil.copytree(shipped("sql"), folder)
    for path in (folder / "features").iterdir():
        if path.stem not in _FEW:
            path.unlink()

    def shipped_few(name: str) -> Path:
        return folder if name == "sql" else shipped(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "shipped", shipped_few)
        yield


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse as the first run of a folder makes it: three hundred statements, which each test would repeat."""
    path = tmp_path_factory.mktemp("empty") / "warehouse.duckdb"
    with Warehouse.open(path) as warehouse:
        migrations.migrate(warehouse)
    return path


@pytest.fixture
def opened(tmp_path: Path, empty_warehouse: Path) -> OpenRun:
    """Opens a run of a workspace in a temporary output folder, of which no copy is kept: nobody restores it."""

    @contextmanager
    def open_it(workspace: Workspace, as_of: dt.date = AS_OF, known_as_of: dt.datetime | None = None) -> Iterator[Run]:
        output = tmp_path / "out"
        if not output.exists():
            output.mkdir()
            shutil.copy(empty_warehouse, OutputPaths(output).warehouse)
        with open_run(workspace, as_of=as_of, known_as_of=known_as_of, output=output, is_scratch=True) as run:
            yield run

    return open_it
