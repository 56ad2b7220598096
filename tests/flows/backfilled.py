"""A world in which files come late and dates are computed anew, and the same world computed once, from scratch.

The corridor runs without its checks and pages here: what they say is no part of the result, and they take most of the
time.
"""

from __future__ import annotations

import datetime as dt
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import yaml

from flows import backfill_steps, corridor, rebuild, refresh, stale
from flows.embedded import embedded_prefect
from tasks.backfill.request import Request
from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tasks.warehouse import ledger
from tasks.warehouse.backfill_ledger import Backfill
from tasks.warehouse.run import OutputPaths, open_ledger
from tests.workspaces import small_workspace

MONTHS = (dt.date(2025, 4, 30), dt.date(2025, 5, 31), dt.date(2025, 6, 30))
HEADER = "order,line,customer,at,product,category,units,price"
#: Where a row comes from: of `run` the rows that count files, and ids of runs everywhere.
_ORIGINS = {
    "run_id",
    "previous_run_id",
    "known_as_of",
    "load_count",
    "data_sha256",
    "rows_read_count",
    "rows_loaded_count",
    "rows_quarantined_count",
}


@contextmanager
def without_checks() -> Iterator[None]:
    """Runs compute and publish, and are neither checked nor told of."""
    with (
        embedded_prefect(),
        mock.patch.object(corridor, "check"),
        mock.patch.object(refresh, "check_published"),
        mock.patch.object(refresh, "write_report"),
        mock.patch.object(refresh, "raise_alerts"),
        mock.patch.object(refresh, "send_alerts"),
        mock.patch.object(backfill_steps, "check_published"),
        mock.patch.object(rebuild, "check_published"),
        mock.patch.object(backfill_steps, "write_report"),
        mock.patch.object(backfill_steps, "raise_alerts"),
        mock.patch.object(backfill_steps, "send_alerts"),
    ):
        yield


def order_lines(draw: random.Random, count: int, *, since: dt.date = dt.date(2025, 1, 1), days: int = 180) -> str:
    """Lines of few orders, so that some correct others."""
    lines = [HEADER]
    for _ in range(count):
        day = since + dt.timedelta(days=draw.randrange(days))
        lines.append(
            f"o{draw.randrange(3 * count)},1,c{draw.randrange(30):02},{day} {draw.randrange(24):02}:00:00,"
            f"p{draw.randrange(5)},{draw.choice(('bread', 'wine'))},{draw.randint(1, 4)},{draw.randint(1, 9)}.50"
        )
    return "\n".join(lines) + "\n"


class World:
    """A workspace folder whose files come one delivery after the other; `folder` holds it and its output."""

    def __init__(self, folder: Path, segmentations: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self.tree: dict[str, Any] = small_workspace()
        self.tree["sources"]["orders"]["path"] = "orders_*.csv"
        self.tree["segmentations"] = segmentations or self.tree["segmentations"]
        #: Every delivery: the name of a file with its content, and when all that came till then was loaded.
        self.deliveries: list[tuple[str, str]] = []
        self.loaded_at: list[dt.datetime] = []
        folder.mkdir(parents=True)

    @property
    def space(self) -> Workspace:
        (self.folder / "resegment.yaml").write_text(yaml.safe_dump(self.tree, sort_keys=False))
        return load_workspace(self.folder)

    @property
    def output(self) -> Path:
        return self.folder / "out"

    def deliver(self, name: str, content: str) -> None:
        """A file comes, or comes again, and is loaded."""
        (self.folder / name).write_text(content)
        self.deliveries.append((name, content))
        with open_ledger(self.space, self.output, is_new=True) as run:
            run.as_of = MONTHS[-1]
            corridor.gather(run)
        self.loaded_at.append(ledger.utc_now())

    def run(self, day: dt.date, known_as_of: dt.datetime | None = None) -> None:
        """An ordinary run."""
        assert self.space
        refresh.refresh(str(self.folder), as_of=day, known_as_of=known_as_of)

    def backfill(self, **asked: Any) -> Backfill | None:  # noqa: ANN401 - fields of a request
        """A whole backfill; None where nothing was to be done."""
        space = self.space
        number = backfill_steps.begin(space, self.output, Request(**asked), by="test", reason="")
        return None if number is None else backfill_steps.go_on(space, self.output, number)

    def stale(self) -> dict[dt.date, str]:
        return {one.as_of: one.text for one in stale.read_stale(self.space, OutputPaths(self.output))}

    def published(self) -> dict[dt.date, dict[str, list[tuple[Any, ...]]]]:
        """What readers find in the partitions of each date, but for where it comes from."""
        found: dict[dt.date, dict[str, list[tuple[Any, ...]]]] = {}
        with duckdb.connect() as connection:
            for file in sorted((self.output / "published").glob("*/as_of_date=*/*.parquet")):
                columns = connection.sql(f"SELECT * FROM '{file}'").columns
                chosen = ", ".join(f'"{name}"' for name in columns if name not in _ORIGINS)
                day = dt.date.fromisoformat(file.parent.name.removeprefix("as_of_date="))
                rows = connection.execute(f"SELECT {chosen} FROM '{file}' ORDER BY ALL").fetchall()
                found.setdefault(day, {})[file.parent.parent.name] = rows
        return found

    def rebuilt(self, folder: Path, known: dict[dt.date, int] | None = None) -> World:
        """The same deliveries and definitions in another folder, each published date computed once, oldest first.

        Args:
            folder: the other one.
            known: of dates that are to see the first deliveries alone: how many.
        """
        shutil.rmtree(folder, ignore_errors=True)
        other = World(folder)
        other.tree = self.tree
        for name, content in self.deliveries:
            other.deliver(name, content)
        for day in self.published():
            count = (known or {}).get(day)
            other.run(day, other.loaded_at[count - 1] if count else None)
        return other


def differing(one: World, other: World) -> dict[dt.date, list[str]]:
    """Dates whose tables differ, with the names of those."""
    left, right = one.published(), other.published()
    assert left.keys() == right.keys()
    found = {day: [name for name in left[day] if left[day][name] != right[day][name]] for day in left}
    return {day: names for day, names in found.items() if names}
