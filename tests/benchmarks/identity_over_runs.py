"""Segments over many runs: who is called otherwise though nothing happened to him, which ids go on, what is told.

    RESEGMENT_TEST_DATA=../shared/data python -m tests.benchmarks.identity_over_runs [--output docs/benchmarks-identity.md]

Runs the demo at 24 dates (its history has 18 months: every half month of the last year) and Online Retail at six ends of
months, with clusters refitted every 90 days, and reads the warehouses that come out. A customer is *unchanged* between two
runs where every feature of his clusters is the same number at both. Writes a Markdown page. Not a pytest module.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from tests.integration.corridor import EXAMPLES, run_corridor

DEMO_DATES = tuple(
    date
    for month in range(12)
    for date in (
        dt.date(2024 + (6 + month) // 12, (6 + month) % 12 + 1, 15),
        (dt.date(2024 + (7 + month) // 12, (7 + month) % 12 + 1, 1) - dt.timedelta(days=1)),
    )
)
RETAIL_DATES = tuple(dt.date(2011, month, day) for month, day in ((3, 31), (4, 30), (5, 31), (6, 30), (7, 31), (8, 31)))


@dataclass(frozen=True)
class Step:
    """Two runs that follow each other, and what became of the members of one cluster segmentation between them."""

    date: dt.date
    common: int
    moved: int
    unchanged: int
    unchanged_moved: int
    reasons: str
    ids: tuple[str, ...]
    decision: str
    events: tuple[str, ...]


def publish(workspace: Path, dates: Sequence[dt.date], output: Path, *overrides: str) -> None:
    """Every date, one after the other."""
    for date in dates:
        run_corridor(workspace, date, output, *overrides)
        sys.stderr.write(f"{workspace.name} {date}\n")


def clusters_of(workspace: Path) -> dict[str, list[str]]:
    """Features by cluster segmentation of a workspace."""
    tree = yaml.safe_load((workspace / "resegment.yaml").read_text(encoding="utf-8"))
    return {name: one["features"] for name, one in tree["segmentations"].items() if one.get("kind") == "clusters"}


def steps(output: Path, name: str, features: Sequence[str]) -> Iterator[Step]:
    """What happened between each two published runs."""
    with duckdb.connect(str(output / "warehouse.duckdb"), read_only=True) as connection:
        runs = connection.execute("SELECT as_of_date, run_id FROM ops.publication ORDER BY as_of_date").fetchall()
        for (_, before), (date, now) in itertools.pairwise(runs):
            yield Step(date, *_counts(connection, name, features, before, now), *_told(connection, name, now))


def _counts(
    connection: duckdb.DuckDBPyConnection, name: str, features: Sequence[str], before: str, now: str
) -> tuple[int, int, int, int]:
    """Customers of both runs; of them those who moved; the unchanged; of these those who moved."""
    tables = connection.execute(
        "SELECT DISTINCT any_value(table_name ORDER BY table_name) FROM duckdb_columns()"
        " WHERE schema_name = 'features' AND list_contains($names, column_name) GROUP BY column_name ORDER BY 1",
        {"names": list(features)},
    ).fetchall()
    joins = " ".join(
        f"JOIN (SELECT * FROM features.{table} WHERE run_id = $run) USING (customer_id)" for (table,) in tables
    )
    for key, run in (("was", before), ("here", now)):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {key} AS SELECT customer_id, segment_id, row({', '.join(features)}) AS told"
            f" FROM (SELECT * FROM segments.membership WHERE run_id = $run AND segmentation_id = $name) {joins}",
            {"run": run, "name": name},
        )
    return connection.execute(
        "SELECT count(*), count(*) FILTER (was.segment_id <> here.segment_id),"
        " count(*) FILTER (was.told IS NOT DISTINCT FROM here.told), count(*) FILTER"
        " (was.told IS NOT DISTINCT FROM here.told AND was.segment_id <> here.segment_id)"
        " FROM was JOIN here USING (customer_id)"
    ).fetchall()[0]


def _told(
    connection: duckdb.DuckDBPyConnection, name: str, run: str
) -> tuple[str, tuple[str, ...], str, tuple[str, ...]]:
    """Why customers moved, the ids in use, what became of the model, and the events, as the run told them."""

    def of_run(select: str, rest: str) -> list[tuple[Any, ...]]:
        where = f" WHERE run_id = $run AND segmentation_id = $name {rest}"
        return connection.execute(select + where, {"run": run, "name": name}).fetchall()

    reasons = of_run(
        "SELECT why_name, count(*) FROM monitoring.change",
        "AND change_name = 'moved' GROUP BY why_name ORDER BY count(*) DESC, why_name",
    )
    ids = of_run("SELECT segment_id FROM segments.definition", "AND status_name = 'active' ORDER BY segment_id")
    decision = of_run("SELECT decision FROM segments.model", "")
    events = of_run("SELECT sentence FROM monitoring.segment_event", "AND event_name <> 'survive' ORDER BY sentence")
    return (
        ", ".join(f"{why} {count}" for why, count in reasons) or "–",
        tuple(segment.split(".", 1)[1] for (segment,) in ids),
        decision[0][0] if decision else "–",
        tuple(sentence for (sentence,) in events),
    )


def section(title: str, name: str, found: Sequence[Step]) -> str:
    """A table a segmentation, with its sums."""
    lines = [
        f"## {title}: `{name}`",
        "",
        "| run | common customers | moved | unchanged | of these moved | why they moved | ids | model |",
        "|---|---:|---:|---:|---:|---|---|---|",
    ]
    lines += [
        f"| {one.date} | {one.common:,} | {one.moved:,} | {one.unchanged:,} | {one.unchanged_moved:,} | {one.reasons}"
        f" | {' '.join(one.ids)} | {one.decision} |"
        for one in found
    ]
    churned, still = sum(one.unchanged_moved for one in found), sum(one.unchanged for one in found)
    worst = max((one.unchanged_moved / one.unchanged for one in found if one.unchanged), default=0.0)
    lines += [
        "",
        (
            f"Unchanged customers who were called otherwise: {churned:,} of {still:,} ({churned / max(still, 1):.2%}; worst run"
            f" {worst:.2%}). Told:"
        ),
        "",
        *(f"- {one.date}: {sentence}" for one in found for sentence in one.events),
        *(
            ["- nothing: no segment split, merged, vanished or emerged, and no model took over"]
            if not any(one.events for one in found)
            else []
        ),
    ]
    return "\n".join(lines)


def main() -> None:
    """Run both, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--customers", type=int, default=2000)
    options = parser.parse_args()
    parts = [
        (
            "# Segments over many runs\n\nWritten by `python -m tests.benchmarks.identity_over_runs`. *Unchanged*: customers"
            " whose features in the segmentation are the same numbers at both runs. Refits are due every 90 days."
        )
    ]
    with tempfile.TemporaryDirectory(prefix="resegment-bench-") as scratch:
        demo = Path(scratch) / "demo"
        shutil.copytree(EXAMPLES / "demo", demo, ignore=shutil.ignore_patterns("out", "data"))
        cases = [("Demo, 24 runs", demo, DEMO_DATES, (f"generate.customers={options.customers}",))]
        if Path(os.environ.get("RESEGMENT_TEST_DATA", "../shared/data"), "online_retail").is_dir():
            cases.append(("Online Retail, six runs", EXAMPLES / "retail", RETAIL_DATES, ()))
        for title, workspace, dates, overrides in cases:
            output = Path(scratch) / f"out of {workspace.name}"
            clusters = clusters_of(workspace)
            refits = [f"segmentations.{name}.refit.every_days=90" for name in clusters]
            publish(workspace, dates, output, *overrides, *refits)
            parts += [section(title, name, list(steps(output, name, features))) for name, features in clusters.items()]
    page = "\n\n".join(parts) + "\n"
    if options.output:
        options.output.write_text(page, encoding="utf-8")
    else:
        sys.stdout.write(page)


if __name__ == "__main__":
    main()
