"""Errors of DuckDB in our words."""

from __future__ import annotations

import duckdb
import pytest

from tasks.config.errors import OutputError, SqlError
from tasks.warehouse.engine_errors import translated

_ON_COMMIT = 'TransactionContext Error: Failed to commit: Could not write file "out/warehouse.duckdb.wal": '


def test_a_commit_that_finds_no_room_is_a_full_disk() -> None:
    with (
        pytest.raises(OutputError, match="the disk is full: .*No space left on device") as told,
        translated("COMMIT", None),
    ):
        raise duckdb.TransactionException(_ON_COMMIT + "No space left on device")
    assert told.value.hint == "free space; what was published stays as it was"


def test_another_error_of_a_commit_names_the_statement() -> None:
    with pytest.raises(SqlError, match="conflict") as told, translated("COMMIT", None):
        raise duckdb.TransactionException("TransactionContext Error: Failed to commit: conflict")
    assert told.value.hint == "in the statement: COMMIT"
