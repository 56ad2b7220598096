"""A real Prefect server for tests, and the processes that carry a marker in their environment."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest


def alive(marker: str) -> list[int]:
    """Ids of the processes that carry the marker."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # ended meanwhile, or is another user's
            if marker.encode() in environment.read_bytes():
                found.append(int(environment.parent.name))
    return found


def end(marker: str) -> None:
    """Kill the processes that carry the marker."""
    for process_id in alive(marker):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)


@contextmanager
def prefect_server(home: Path) -> Iterator[str]:
    """A server on the loopback interface, with a home and a database of its own; gives the URL of its API."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PREFECT_HOME": str(home),
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_UI_ENABLED": "false",
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
        "MARKER": (marker := f"server-{uuid4()}"),
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(command, env=settings, cwd=home, stdout=log, stderr=log)
    try:
        wait_for_port(port, server, home / "server.log")
        yield f"http://127.0.0.1:{port}/api"
    finally:
        end(marker)
        server.wait()


def wait_for_port(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server accepts connections; with a new database it takes 10 to 30 s."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the Prefect server did not start:\n{log.read_text(encoding='utf-8')}")
