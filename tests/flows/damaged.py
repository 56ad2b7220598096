"""Folders of runs that are harmed and rebuilt: the harm, the command, and what is there before and after."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb

from tests.flows.backfilled import World, without_checks
from tests.flows.test_cli import resegment

#: Made again by the next run, or counting states of the copy.
_FOLLOWS = ("ops.built", "ops.warehouse")


def published_files(world: World) -> dict[str, str]:
    folder = world.output / "published"
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.parquet"))
    }


def held(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the warehouse that is not made again from others."""
    with duckdb.connect(str(world.output / "warehouse.duckdb"), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables()"
            " WHERE schema_name <> 'staging' AND table_name NOT LIKE 'load_count%'"
        ).fetchall()
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()
            for (table,) in sorted(tables)
            if table not in _FOLLOWS
        }


def rebuilt(world: World, *arguments: str, has_checks: bool = False) -> dict[str, Any]:
    with contextlib.nullcontext() if has_checks else without_checks():
        done = resegment("rebuild", *arguments, "--quiet", "--json", cwd=world.folder)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def removed(path: Path) -> None:
    path.unlink()


def cut_short(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def overwritten(path: Path) -> None:
    """Every block in the middle, in which rows lie."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 3)
        file.write(b"\xa5" * (size // 3))
