"""The log of one run: a file of JSON lines, each with the ids of the run, written at once.

Owns: the folder `logs` of an output folder. No value of a source is in it: rooms log counts and names, and of errors
that are not ours only the kind and the place are told (`ledger.told`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tasks.config.errors import OutputError

_ROOMS = "resegment"


class Told(Protocol):
    """What a log is of."""

    @property
    def attempt(self) -> Mapping[str, object]:
        """The ids that stand in every line; may change while the log is open."""


class RunLog(logging.Handler):
    """Writes what the rooms log, and what is noted of the steps."""

    def __init__(self, path: Path, told: Told) -> None:
        """Open the file at `path`, in a folder that is there."""
        super().__init__(logging.INFO)
        self.path = path
        self._told = told
        self._file = path.open("a", encoding="utf-8")

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line of a room."""
        room = record.name.rpartition(".")[2]
        self.note(level=record.levelname.lower(), room=room, message=record.getMessage())

    def note(self, **facts: Any) -> None:  # noqa: ANN401 - whatever JSON has a form for
        """Write one line."""
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": now, **self._told.attempt, **facts}, default=str, ensure_ascii=False)
        try:
            self._file.write(f"{line}\n")
            self._file.flush()
        except OSError:
            # A full disk is told by whoever needs the disk for the run itself.
            return

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            # Of a full disk what could not be written is tried once more here.
            self._file.close()
        super().close()


@contextmanager
def run_log(folder: Path, attempt_id: str, told: Told, *, kept: int) -> Iterator[RunLog]:
    """Have a file of its own for a run, `logs/TIME-ATTEMPT.jsonl`, while the block runs.

    Args:
        folder: `logs` of the output folder.
        attempt_id: of the run.
        told: whose ids stand in every line.
        kept: how many runs' files are there afterwards; older ones are removed.

    Raises:
        OutputError: the folder cannot be written.
    """
    name = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%f}-{attempt_id[:8]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _forget_old(folder, kept)
        log = RunLog(folder / f"{name}.jsonl", told)
    except OSError as error:
        raise OutputError(
            f"cannot write the log of the run: {error.strerror or error}",
            where=str(folder),
            hint="free space, or give this user the right to write there",
        ) from error
    with _heard_by(log):
        yield log


@contextmanager
def _heard_by(log: RunLog) -> Iterator[None]:
    """Have the log get all that rooms say; other handlers get what they would have got without it."""
    logger = logging.getLogger(_ROOMS)
    level, before = logger.level, logger.getEffectiveLevel()
    others = [*logger.handlers, *logging.root.handlers]

    def is_heard(record: logging.LogRecord) -> bool:
        if record.levelno >= before or not record.name.startswith(f"{_ROOMS}."):
            return True
        # A room that was given a level of its own is heard from that level on.
        return logging.getLogger(record.name).level != logging.NOTSET

    for handler in others:
        handler.addFilter(is_heard)
    logger.addHandler(log)
    logger.setLevel(min(before, logging.INFO))
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(log)
        for handler in others:
            handler.removeFilter(is_heard)
        log.close()


def _forget_old(folder: Path, kept: int) -> None:
    """Leave room for the files of one run more."""
    runs = sorted({path.name.partition(".")[0] for path in folder.glob("*.jsonl")}, reverse=True)
    for run in runs[max(kept - 1, 0) :]:
        for path in folder.glob(f"{run}.*"):
            path.unlink(missing_ok=True)
