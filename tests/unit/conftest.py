"""What the tests of several rooms share."""

from __future__ import annotations

import datetime as dt
import gc
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.config.shipped import shipped
from tasks.config.workspace import Workspace
from tasks.warehouse import migrations, models
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import OutputPaths, Run, open_run
from tests.workspaces import AS_OF, ORDERS, MakeWorkspace, OpenRun, small_workspace

StageOnce = Callable[..., Path]
OnCopy = Callable[..., AbstractContextManager[Run]]

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


@pytest.fixture(scope="module")
def no_collection() -> Iterator[None]:
    """statsmodels collects garbage at each call, which takes half a second where much has been imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "collect", lambda *_: 0)
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


@pytest.fixture
def opened_for_good(tmp_path: Path) -> OpenRun:
    """The same as a company opens it, from nothing and with a copy beside it: for tests of what is on disk."""

    @contextmanager
    def open_it(workspace: Workspace, as_of: dt.date = AS_OF, known_as_of: dt.datetime | None = None) -> Iterator[Run]:
        with open_run(workspace, as_of=as_of, known_as_of=known_as_of, output=tmp_path / "out") as run:
            yield run

    return open_it


@pytest.fixture(scope="module")
def staged_once(tmp_path_factory: pytest.TempPathFactory) -> StageOnce:
    """`staged_once(fill, tree=…)`: the output folder of a run after `fill(run)`, made once for the tests of a module."""

    def stage_once(
        fill: Callable[[Run], object],
        *overrides: str,
        tree: dict[str, object] | None = None,
        orders: str = ORDERS,
        as_of: dt.date = AS_OF,
    ) -> Path:
        folder = tmp_path_factory.mktemp("staged")
        (folder / "orders.csv").write_text(orders)
        (folder / "resegment.yaml").write_text(yaml.safe_dump(tree or small_workspace(), sort_keys=False))
        space = load_workspace(folder, overrides=overrides)
        with open_run(space, as_of=as_of, known_as_of=None, output=folder / "out", is_scratch=True) as run:
            run.identify()
            fill(run)
        return folder / "out"

    return stage_once


@pytest.fixture
def on_copy(tmp_path: Path, make_workspace: MakeWorkspace, opened: OpenRun) -> OnCopy:
    """`with on_copy(folder, tree=…) as run`: the same run once more, which its test may change."""

    @contextmanager
    def open_copy(staged: Path, *overrides: str, tree: dict[str, object] | None = None) -> Iterator[Run]:
        shutil.copytree(staged, tmp_path / "out")
        with opened(make_workspace(*overrides, tree=tree)) as run:
            run.identify()
            yield run

    return open_copy
