"""A statement that is interrupted, and what the ledger says of a run that ended so."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import cast

import duckdb
import pytest

from tasks.config.errors import UsageError
from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse


class Raising:
    """In the place of DuckDB's connection: raises what DuckDB does, at once."""

    def __init__(self, said: str) -> None:
        self.said = said

    def execute(self, *_: object) -> None:
        raise RuntimeError(self.said)


def warehouse(said: str) -> Warehouse:
    return Warehouse(cast("duckdb.DuckDBPyConnection", Raising(said)), None)


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """A timeout as Prefect sets it: a handler, and a timer that may have run out."""

    def ended(number: int, frame: FrameType | None) -> None:
        del number, frame

    before = signal.signal(signal.SIGALRM, ended)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_statement_that_is_interrupted_raises_what_interrupted_it() -> None:
    with pytest.raises(KeyboardInterrupt):
        warehouse("Query interrupted").execute("SELECT 1")
    with alarm(3600), pytest.raises(KeyboardInterrupt):
        warehouse("Query interrupted").rows("SELECT 1")
    with alarm(0), pytest.raises(asyncio.CancelledError):
        warehouse("Query interrupted").execute("SELECT 1")
    with pytest.raises(RuntimeError, match="something else"):
        warehouse("something else").execute("SELECT 1")


def test_of_a_run_that_was_interrupted_no_line_of_code_is_told() -> None:
    assert ledger.told(KeyboardInterrupt()) == "it was interrupted or cancelled from outside"
    assert ledger.told(SystemExit(143)) == "it was interrupted or cancelled from outside"
    assert ledger.told(asyncio.CancelledError()) == "it took longer than it may, and was ended"
    assert ledger.told(UsageError("no")) == "no"
    assert ledger.told(ValueError("Anna")) == "ValueError"
