"""Flows as the command line runs them, in processes of their own: with no server, and with a real one."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest

from flows.embedded import embedded_prefect, prepare_environment
from tests.prefect_server import alive, end

Start = Callable[..., "Run"]
PROGRAM = Path(__file__).with_name("embedded_program.py")
pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds left-over processes in /proc")

TASKS = 25
SUM = sum(range(TASKS))


class Run(NamedTuple):
    """A process that runs one scenario, and the marker that it and all its children carry in their environment."""

    process: subprocess.Popen[str]
    marker: str

    def finish(self) -> tuple[int, str, str]:
        """Exit code, stdout and stderr; a run takes about 4 s, most of it importing Prefect."""
        out, err = self.process.communicate(timeout=240)
        return self.process.returncode, out, err


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """Starts a scenario with a HOME and the environment given; the shell's own PREFECT settings do not reach it."""
    started: list[Run] = []

    def start_one(scenario: str, home: Path, **environment: str) -> Run:
        marker = f"run-{uuid4()}"
        env = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "MARKER": marker}
        command = [sys.executable, "-W", "always::ResourceWarning", str(PROGRAM), scenario]
        process = subprocess.Popen(
            command,
            env=env | environment,
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(Run(process, marker))
        return started[-1]

    yield start_one
    # A run that behaves has ended, with all it started; one that does not must not outlive its test.
    for run in started:
        end(run.marker)
        run.process.communicate()


def test_two_runs_at_a_time_print_and_leave_nothing_of_their_own(start: Start, tmp_path: Path) -> None:
    home, audit = tmp_path / "home", tmp_path / "audit"
    home.mkdir()
    watched = start("quick", home, RESEGMENT_TEST_AUDIT=str(audit), TMPDIR=str(home))
    # Nobody, root included, can create a folder there; nobody listens at that proxy; and an empty URL is none.
    homeless = start("quick", tmp_path, HOME="/proc/nowhere", HTTP_PROXY="http://127.0.0.1:9", PREFECT_API_URL="")
    for run in (watched, homeless):
        assert run.finish() == (0, f"{SUM}\n", "")
        assert alive(run.marker) == []
    assert list(home.iterdir()) == []
    # One file is created and removed: `tempfile` tries whether its folder can be written.
    done = [line for line in audit.read_text(encoding="utf-8").splitlines() if not line.startswith(f"open {home}/")]
    assert done == []


def test_failure_shows_the_error_of_the_task_and_nothing_else(start: Start, tmp_path: Path) -> None:
    run = start("failing", tmp_path, TMPDIR=str(tmp_path))
    assert run.finish() == (1, "ValueError: step 7 cannot be done\n", "")
    assert alive(run.marker) == []
    # Prefect writes the exception of a failed flow to its result storage.
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("sent", "code", "said"),
    [
        (signal.SIGINT, 130, "interrupted\n"),
        (signal.SIGTERM, -signal.SIGTERM, ""),
        (signal.SIGKILL, -signal.SIGKILL, ""),
    ],
)
def test_a_signal_ends_the_run_quietly_and_wholly(
    start: Start, tmp_path: Path, sent: signal.Signals, code: int, said: str
) -> None:
    run = start("slow", tmp_path, TMPDIR=str(tmp_path))
    assert run.process.stdout is not None
    assert run.process.stdout.readline() == "waiting\n"
    assert alive(run.marker) == [run.process.pid]  # else the scan proves nothing
    run.process.send_signal(sent)
    assert run.finish() == (code, said, "")
    assert alive(run.marker) == []
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def served(start: Start, prefect_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """Exit code and stdout of the story, run against the server; Prefect's own log lines are on its stderr."""
    code, out, _ = start("story", tmp_path_factory.mktemp("served"), PREFECT_API_URL=prefect_url).finish()
    return code, out


@pytest.mark.usefixtures("served", "prefect_imported")
def test_the_same_flow_is_recorded_by_a_real_server(prefect_url: str) -> None:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName

    with SyncPrefectClient(prefect_url) as client:
        (flow_run,) = client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=["quick"])))
        assert flow_run.state_name == "Completed"
        # Task runs reach the server as events, which it stores a little later.
        deadline = time.monotonic() + 20
        while True:
            states = [run.state_name for run in client.read_task_runs() if run.flow_run_id == flow_run.id]
            if states == ["Completed"] * TASKS or time.monotonic() > deadline:
                break
            time.sleep(0.2)
    assert states == ["Completed"] * TASKS


def test_the_engine_behaves_as_it_does_with_a_real_server(
    start: Start, served: tuple[int, str], tmp_path: Path
) -> None:
    """Retries, hooks, subflows, names, tags, artifacts: whatever changes in Prefect's API shows up here."""
    code, told = served
    assert code == 0
    assert told.count(" run_count=") == 16
    assert start("story", tmp_path).finish() == (code, told, "")


@pytest.fixture(scope="module")
def prefect_imported() -> None:
    """Prefect in this process, imported as the command line imports it."""
    prepare_environment()
    importlib.import_module("prefect.main")


@pytest.mark.usefixtures("prefect_imported")
def test_a_flow_that_needs_a_server_says_what_for() -> None:
    from prefect import flow
    from prefect.variables import Variable

    from flows.inprocess_api import PrefectServerNeeded

    @flow
    def asks() -> None:
        Variable.get("colour")

    with pytest.raises(PrefectServerNeeded, match="GET /variables/name/colour") as raised, embedded_prefect():
        asks()
    assert "PREFECT_API_URL" in str(raised.value.hint)


@pytest.mark.usefixtures("prefect_imported")
def test_a_context_restores_what_it_changed_and_keeps_a_home_it_was_given(tmp_path: Path) -> None:
    from prefect import flow
    from prefect.client.orchestration import get_client
    from prefect.context import SyncClientContext
    from prefect.settings import get_current_settings

    @flow
    def fails() -> None:
        raise ValueError("as it should")

    before = get_current_settings(), logging.getLogger("prefect").level
    for home in (tmp_path / "one", tmp_path / "two"):
        with embedded_prefect(home):
            assert str(get_client(sync_client=True).api_url) == "http://in-process.invalid/api/"
            assert not home.exists()
            with pytest.raises(ValueError, match="as it should"):
                fails()
        assert len(list((home / "storage").iterdir())) == 1
    assert (get_current_settings(), logging.getLogger("prefect").level) == before
    assert SyncClientContext.get() is None


@pytest.mark.usefixtures("prefect_imported")
def test_where_prefect_has_an_api_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    # There is none at the address; that it is asked for is tested with the schedules.
    monkeypatch.setattr("flows.embedded.ask_server", lambda: None)
    from prefect import flow
    from prefect.context import SyncClientContext
    from prefect.settings import temporary_settings

    with temporary_settings({"api.url": "http://127.0.0.1:9/api"}), embedded_prefect():
        assert SyncClientContext.get() is None

    @flow
    def nested() -> bool:
        outer = SyncClientContext.get()
        with embedded_prefect():
            return SyncClientContext.get() is outer

    with embedded_prefect():
        assert nested()


@pytest.mark.usefixtures("prefect_imported")
def test_a_signal_hidden_by_an_error_of_the_engine_is_raised_again() -> None:
    from prefect.exceptions import TerminationSignal

    def fail_over(signalled: BaseException) -> None:
        try:
            raise signalled
        except BaseException:  # noqa: BLE001 - what the engine does
            raise ValueError("Task run is not set")  # noqa: B904 - without a cause, as there

    with pytest.raises(KeyboardInterrupt), embedded_prefect():
        fail_over(KeyboardInterrupt())
    with pytest.raises(SystemExit) as ended, embedded_prefect():
        fail_over(TerminationSignal(signal.SIGTERM))
    assert ended.value.code == 143
    with pytest.raises(ValueError, match="Task run is not set"), embedded_prefect():
        fail_over(OSError())
