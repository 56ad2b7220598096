"""A real Prefect server and worker on this machine: start both, deploy, trigger a run, wait, show it.

    python deploy/local.py [--workspace DIR] [--keep]

Owns: that order. With `--keep` server and worker go on until they are interrupted. The deployments are those of
`prefect.yaml`; their schedules are paused, so that nothing starts by itself while one looks.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
POOL = "resegment"
_START_SECONDS = 180


def main() -> int:
    """Returns 0 where the run that was triggered ended well."""
    parser = argparse.ArgumentParser(description="deploy to a Prefect server of this machine, and run once")
    parser.add_argument("--workspace", type=Path, default=HERE.parent / "resegment-demo", help="default: the demo's")
    parser.add_argument("--home", type=Path, help="where server and worker keep what is theirs; default: thrown away")
    parser.add_argument("--keep", action="store_true", help="leave both running afterwards, until Ctrl-C")
    options = parser.parse_args()
    workspace = options.workspace.resolve()
    if not (workspace / "resegment.yaml").exists():
        sys.stderr.write(f"{workspace} holds no resegment.yaml; run `make demo` first, or give --workspace DIR\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="resegment-deploy-") as folder:
        return _deploy(workspace, options.home or Path(folder), keep=options.keep)


def _deploy(workspace: Path, home: Path, *, keep: bool) -> int:
    home.mkdir(parents=True, exist_ok=True)
    environment = _environment(home, workspace)
    with _started(["server", "start", "--host", "127.0.0.1", "--port", _port(environment)], environment, home):
        _wait_for(int(_port(environment)))
        _prefect(environment, "work-pool", "create", POOL, "--type", "process", "--overwrite")
        _prefect(environment, "deploy", "--all", "--prefect-file", str(HERE / "prefect.yaml"))
        _prefect(environment, "deployment", "schedule", "pause", "--all")
        with _started(["worker", "start", "--pool", POOL], environment, home):
            code = _prefect(
                environment, "deployment", "run", f"scheduled refresh/{workspace.name}-daily", "--watch", check=False
            )
            _prefect(environment, "flow-run", "ls")
            if keep:
                sys.stdout.write(f"server: {environment['PREFECT_API_URL'].removesuffix('/api')}  (Ctrl-C ends it)\n")
                _until_interrupted()
            return code


def _environment(home: Path, workspace: Path) -> dict[str, str]:
    """What server, worker and command line run with: a home of their own, and nothing sent out."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
    return kept | {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "RESEGMENT_CODE": str(HERE.parent),
        "RESEGMENT_WORKSPACE": str(workspace),
        "RESEGMENT_NAME": workspace.name,
    }


def _port(environment: dict[str, str]) -> str:
    return environment["PREFECT_API_URL"].removesuffix("/api").rpartition(":")[2]


@contextmanager
def _started(arguments: list[str], environment: dict[str, str], home: Path) -> Iterator[None]:
    """A Prefect process for as long as the block runs; it and its children end with it."""
    with (home / f"{arguments[0]}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *arguments],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    message = f"the Prefect server did not start within {_START_SECONDS} s; its log is server.log of --home DIR"
    raise SystemExit(message)


def _prefect(environment: dict[str, str], *arguments: str, check: bool = True) -> int:
    """Run a command of Prefect in the root of the repository; returns its exit code."""
    command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
    done = subprocess.run(command, env=environment, cwd=HERE.parent, check=False)
    if check and done.returncode:
        message = f"`prefect {' '.join(arguments)}` failed with exit code {done.returncode}; what it says is above"
        raise SystemExit(message)
    return done.returncode


def _until_interrupted() -> None:
    try:
        signal.pause()
    except KeyboardInterrupt:
        sys.stdout.write("ended\n")


if __name__ == "__main__":
    sys.exit(main())
