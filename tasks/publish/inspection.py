"""Whether what is published is whole, and what the ledger says it is.

Owns: that comparison. Does not own reading the files (`tasks/warehouse/inspection.py`) or building them anew
(`build.py`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.warehouse.connection import Warehouse
from tasks.warehouse.inspection import damage_of_database, damage_of_parquet
from tasks.warehouse.ledger import Publication
from tasks.warehouse.published_files import DATABASE, changed_files, listed
from tasks.warehouse.run import OutputPaths


def damage_of_publication(paths: OutputPaths, line: Sequence[Publication], *, has_parquet: bool) -> list[str]:
    """What is wrong with what is published; empty where nothing is.

    Args:
        paths: of the output folder.
        line: what the ledger says is published.
        has_parquet: whether there should be partitions.
    """
    if not line:
        return []
    found = _of_manifest(paths.manifest, line)
    tables: set[str] = set()
    if told := damage_of_database(paths.published_database):
        found.append(f"{paths.published_database.name} {told}")
    else:
        tables = _tables(paths.published_database)
    changed = changed_files(paths.published)
    if (other := changed.pop(DATABASE, None)) and not told:
        found.append(f"{DATABASE} {other}")
    if has_parquet:
        found += _of_partitions(paths.published, tables, line[-1].as_of, changed)
    return found


def unpublished(manifest: Path, line: Sequence[Publication]) -> list[Publication]:
    """What the ledger says is published and the manifest does not name.

    The ledger is noted after readers see it, so that there is none unless somebody changed the folder.
    """
    seen = set(_named(manifest).items())
    return [item for item in line if (item.as_of.isoformat(), item.run_id) not in seen]


def seen_still(manifest: Path, line: Sequence[Publication], day: dt.date) -> str | None:
    """The run by which readers see a date that the ledger does not say is published; None where they do not.

    It was taken back, and the process ended before readers saw that.
    """
    if not line or any(item.as_of == day for item in line):
        return None
    return _named(manifest).get(day.isoformat())


def _named(manifest: Path) -> dict[str, str]:
    """Runs by date, as a manifest names them; none where it cannot be read."""
    try:
        return dict(json.loads(manifest.read_text(encoding="utf-8"))["runs"])
    except (ValueError, KeyError, TypeError, OSError):
        return {}


def _tables(database: Path) -> set[str]:
    with Warehouse.open(database, read_only=True) as published:
        rows = published.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'")
    return {name for (name,) in rows}


def _of_manifest(path: Path, line: Sequence[Publication]) -> list[str]:
    try:
        runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
    except FileNotFoundError:
        return [f"{path.name} is gone"]
    except (ValueError, KeyError, TypeError, OSError):
        return [f"{path.name} cannot be read"]
    if runs != {item.as_of.isoformat(): item.run_id for item in line}:
        return [f"{path.name} names other runs than the ledger"]
    return []


def _of_partitions(published: Path, known: set[str], newest: dt.date, changed: Mapping[str, str]) -> list[str]:
    """Partitions that are missing, files that cannot be read, and changed ones.

    Which there should be tells the manifest: a table that came or went with a version or a model of the workspace has
    partitions of some dates. One of before it listed files tells none: what one table has, every other has to have.

    Args:
        published: the folder.
        known: tables that are published, as far as that can be told: of one nothing at all may be left.
        newest: the newest published date.
        changed: what is wrong with files by the manifest.
    """
    partitions = sorted(published.glob("*/as_of_date=*"))
    last, tables, dates = f"as_of_date={newest.isoformat()}", known, set[str]()
    if not listed(published / "manifest.json"):
        tables, dates = known | {path.parent.name for path in partitions}, {path.name for path in partitions}
    wanted = [
        published / table / date / "part-0.parquet" for table in sorted(tables) for date in sorted({*dates, last})
    ]
    found = {path.relative_to(published).as_posix(): "is gone" for path in wanted if not path.exists()}
    damaged = damage_of_parquet(published.glob("*/as_of_date=*/*.parquet"))
    found |= dict(changed) | {
        path.relative_to(published).as_posix(): f"is damaged: {told}" for path, told in damaged.items()
    }
    told = [f"{name} {told}" for name, told in sorted(found.items())]
    return told if partitions else ["all Parquet partitions are gone", *told]
