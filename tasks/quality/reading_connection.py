"""The connection that Great Expectations reads through: every statement for itself, in no transaction.

Owns: the class. Imported by `adapter.py` alone, for duckdb-engine brings SQLAlchemy along. SQLAlchemy opens a
transaction before each query and rolls it back after it, which takes as long as a small query itself. The checks of a
door only read, and nobody writes meanwhile: what is committed stands as it is from the first check to the last.
Rolling back would also lose the result, which Great Expectations reads after it has given the connection back.
"""

from __future__ import annotations

from duckdb_engine import ConnectionWrapper


class ReadingConnection(ConnectionWrapper):
    """A cursor of the warehouse on which nothing is begun, and so nothing is to be ended."""

    def begin(self) -> None:
        """Nothing."""

    def commit(self) -> None:
        """Nothing."""

    def rollback(self) -> None:
        """Nothing."""
