"""Other tools on the same snapshots as ours, each in an environment of its own, where it is installed.

Owns: their environments (`make peers` installs them), starting and asking them. Does not own how they are called
(`peer_worker.py`): their pins clash with ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
import polars as pl

REPOSITORY = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("RESEGMENT_PEERS", REPOSITORY / ".venv-peers"))
#: Names of the tools, with the environment of each.
TOOLS = {"evidently": HOME / "evidently", "nannyml": HOME / "nannyml"}
QUIET = {
    "DO_NOT_TRACK": "1",
    "NML_DISABLE_USAGE_LOGGING": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": "",
    "MPLBACKEND": "agg",
}


class Pair(NamedTuple):
    """Two snapshots."""

    reference: pl.DataFrame
    current: pl.DataFrame


class Peer:
    """One tool in a process of its own, asked about one pair of snapshots after another."""

    def __init__(self, name: str) -> None:
        """Start it; `name` is one of `TOOLS` that `is_installed`."""
        command = [str(TOOLS[name] / "bin" / "python"), str(Path(__file__).with_name("peer_worker.py")), name]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | QUIET
        )

    def flagged(self, pair: Pair, names: list[str]) -> set[str]:
        """Columns of `names` that it flags.

        Raises:
            RuntimeError: it died.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        columns = {
            f"{side}:{name}": frame[name].to_numpy().astype(str) if frame[name].dtype == pl.String else frame[name]
            for side, frame in (("reference", pair.reference), ("current", pair.current))
            for name in names
        }
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "snapshots.npz"
            np.savez(path, **columns)
            self._process.stdin.write(f"{path}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            message = f"{self._process.args!s} ended with {self._process.wait()}"
            raise RuntimeError(message)
        return set(json.loads(answer))

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def is_installed(name: str) -> bool:
    """Whether a tool has its environment here."""
    return (TOOLS[name] / "bin" / "python").exists()


def installed() -> list[str]:
    """The tools that are."""
    return [name for name in TOOLS if is_installed(name)]


def version(name: str) -> str:
    """Version of an installed tool."""
    command = [str(TOOLS[name] / "bin" / "python"), "-c", f"import importlib.metadata as m; print(m.version({name!r}))"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
