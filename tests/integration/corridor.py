"""The whole corridor inside the test process, and what readers find afterwards."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from flows.embedded import embedded_prefect
from tasks.warehouse.summary import RunSummary
from tests.flows.backfilled import without_checks

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples"
#: What the examples that publish pseudonyms are run with; no secret.
PSEUDONYM_KEY = "the key of the examples in tests"


def published_id(customer_id: str) -> str:
    """The pseudonym of a customer under that key, by hand: `p_` and half of an HMAC-SHA256."""
    digest = hmac.new(PSEUDONYM_KEY.encode(), b"customer_id\0" + customer_id.encode(), hashlib.sha256)
    return "p_" + digest.hexdigest()[:32]


def run_corridor(workspace: Path, as_of: dt.date, output: Path, *overrides: str) -> RunSummary:
    """Publish one date, as `resegment run --quiet` does."""
    from flows.refresh import refresh

    with embedded_prefect():
        return refresh(workspace=str(workspace), as_of=as_of, output=str(output), overrides=list(overrides))


def run_earlier(workspace: Path, as_of: dt.date, output: Path, *overrides: str) -> RunSummary:
    """Publish a date that is there for a later one to be compared with: without checks, alerts and pages.

    They take half of the time, and no published table has anything of them.
    """
    with without_checks():
        return run_corridor(workspace, as_of, output, *overrides)


def partition(output: Path, table: str, as_of: dt.date) -> pl.DataFrame:
    """A published table of one date, as a reader of Parquet sees it."""
    return pl.read_parquet(output / "published" / table / f"as_of_date={as_of}" / "part-0.parquet")


def partition_digests(output: Path, *dates: dt.date) -> dict[str, str]:
    """SHA-256 of every published Parquet file, by its path; of these dates only, where some are named."""
    named = {f"as_of_date={date}" for date in dates}
    published = output / "published"
    return {
        str(path.relative_to(published)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(published.rglob("*.parquet"))
        if not named or path.parent.name in named
    }


def rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a DuckDB file that no run holds."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def ledger(output: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the warehouse of an output folder."""
    return rows(output / "warehouse.duckdb", sql)
