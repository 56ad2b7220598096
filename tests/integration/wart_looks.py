"""A workspace on real files as far as staging and features, and what its doors said; the warts are counted in it.

Owns: looking. Does not own which warts there are (`warts.py` and the modules of cases that it collects).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pytest

from tasks.config.errors import GateFailed
from tasks.config.loading import load_workspace
from tasks.ingest.raw_views import build_raw_views
from tasks.ingest.tasks import ingest_source
from tasks.quality.gate import run_checks
from tasks.warehouse.build import build_schema
from tasks.warehouse.run import Run, open_run
from tests.integration.corridor import PSEUDONYM_KEY, run_corridor

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Setting:
    """A workspace of the repository, a date, and what is changed of it: a mapping as somebody in a hurry writes it.

    Attributes:
        folder: of the workspace.
        as_of: the day.
        overrides: `a.b.c=value`; `$DATA` is the folder of the sets.
        sources: those that are kept of the workspace's, where the warts are of these alone.
        until: the last room that a wart is followed to; `published` is the whole corridor.
    """

    folder: str
    as_of: dt.date
    overrides: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    until: Literal["staging", "features", "published"] = "staging"


@dataclass(frozen=True)
class Look:
    """A run that went as far as the doors let it; `told` is every sentence of a check that failed."""

    run: Run
    told: list[str] = field(default_factory=list)

    def count(self, sql: str) -> int:
        """The one number that a query returns."""
        return int(self.run.warehouse.value(sql))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse."""
        return self.run.warehouse.rows(sql)

    def wrong(self, meaning: str) -> int:
        """How many rows, values or groups the failed check of that meaning found; 0 where it did not fail."""
        return self.count(
            "SELECT coalesce(sum(unexpected_count), 0) FROM ops.check_result"
            f" WHERE NOT is_success AND contains(meaning, '{meaning}')"
        )

    def sentence(self, meaning: str) -> str:
        """The sentence of a failed check, without the name of its expectation."""
        (found,) = {told.rpartition(" [")[0] for told in self.told if meaning in told}
        return found

    def quarantined(self, source: str, column: str) -> int:
        """Problems noted of a column of a source."""
        return self.count(
            f"SELECT count(*) FROM ops.quarantine WHERE source_name = '{source}' AND column_name = '{column}'"
        )

    def reasons(self, source: str, column: str) -> str:
        """Why, with the number of rows and one value of each reason."""
        found = self.rows(
            "SELECT reason, min(value_text), count(*) FROM ops.quarantine"
            " LEFT JOIN raw.quarantined_value USING (load_id, row_number, column_name)"
            f" WHERE source_name = '{source}' AND column_name = '{column}' GROUP BY ALL ORDER BY 3 DESC, 1"
        )
        return "; ".join(f"{column} {value!r}: {reason} ({count:,})" for reason, value, count in found)


@contextmanager
def look_at(setting: Setting, data: Path, output: Path) -> Iterator[Look]:
    """Follow a setting's files as far as its warts go; a door that stops the run is the end of it.

    Where the corridor has been run to the folder before, it is looked at as it is.
    """
    home = str(data.resolve())
    overrides = [override.replace("$DATA", home) for override in setting.overrides]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESEGMENT_TEST_DATA", home)
        patch.setenv("RESEGMENT_PSEUDONYM_KEY", PSEUDONYM_KEY)
        space = load_workspace(REPOSITORY / setting.folder, overrides=overrides)
        if setting.sources:
            space = space.model_copy(update={"sources": {name: space.sources[name] for name in setting.sources}})
        if setting.until == "published" and not (output / "published").exists():
            run_corridor(REPOSITORY / setting.folder, setting.as_of, output, *overrides)
    with open_run(space, as_of=setting.as_of, known_as_of=None, output=output) as run:
        look = Look(run)
        if setting.until != "published":
            look.told.extend(_follow(run, setting))
        yield look


def _follow(run: Run, setting: Setting) -> Iterator[str]:
    """Ingest, check, stage, check, and build features where they are looked at; every sentence of a failed check."""
    for name in run.workspace.sources:
        ingest_source.fn(run, name)
    run.identify()
    build_raw_views(run)
    try:
        yield from (finding.sentence for finding in run_checks(run, "raw").failed("warning"))
        build_schema(run, "staging")
        yield from (finding.sentence for finding in run_checks(run, "staging").failed("warning"))
        if setting.until == "features":
            build_schema(run, "features")
    except GateFailed as stop:
        yield from (line.strip() for line in stop.message.splitlines()[1:])


@cache
def read(path: Path, separator: str = ",") -> pl.DataFrame:
    """A file as it is, every value a text; empty ones are null."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    return pl.read_csv(path, separator=separator, infer_schema=False)


Count = Callable[[Path], int]


@dataclass(frozen=True)
class Wart:
    """One wart of one set, where it is met, and how that shows.

    Attributes:
        data_set: the folder of the set.
        listed: what the README of the data calls it.
        what: what is counted, in words.
        count: how many there are, counted in the file by hand.
        how: `handled` by a mapping or rule, or `caught` by a check or the quarantine.
        where: the file and what in it.
        setting: the workspace that meets it.
        seen: what the pipeline made of it, as a number.
        expected: what that number has to be, by hand; the same as `count` where left out.
        told: what the reader is told.
    """

    data_set: str
    listed: str
    what: str
    count: Count
    how: Literal["handled", "caught"]
    where: str
    setting: Setting
    seen: Callable[[Look], int]
    told: Callable[[Look], str]
    expected: Count | None = None


def silent(words: str) -> Callable[[Look], str]:
    """Nothing is said of it during a run; the words are for the page."""
    return lambda _: words


def check_says(meaning: str) -> Callable[[Look], str]:
    """The sentence of a check that failed."""
    return lambda look: look.sentence(meaning)


def load_says(source: str) -> Callable[[Look], str]:
    """The line that a run prints of a source's file."""

    def told(look: Look) -> str:
        ((read_, loaded, out, left),) = look.rows(
            "SELECT rows_read_count, rows_loaded_count, rows_quarantined_count, rows_left_out_count FROM ops.load"
            f" WHERE source_name = '{source}'"
        )
        return f"{source}: {read_:,} rows read, {loaded:,} loaded, {out:,} quarantined; {left:,} left out"

    return told
