"""How long overlap takes at a million customers in hundreds of segments, beside a bare sparse matrix product.

    python -m tests.benchmarks.overlap_speed [--customers 1000000] [--segments 200 1000] [--memberships 15]

Each customer is in about so many segments drawn at random, so that there are as many exact combinations as customers.
Prints seconds of the clock and of the processor for: reading memberships and money from the warehouse, all pairs (counts,
money, contacts, phi, p-values, relations), all combinations, the change since a previous run in which one membership in
twenty was another, and writing the pairs; and for the bare product of the same 0/1 matrix, counts alone, as SciPy
computes it. All in one process, one after the other. Trust the processor's time: other programs take their share of the clock.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from tasks.config.overlap import OverlapPolicy
from tasks.config.workspace import Workspace
from tasks.overlap.facts import combination_rows, overlap_rows
from tasks.overlap.memberships import Memberships
from tasks.overlap.reading import read_before, read_customers
from tasks.warehouse import tables
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import OutputPaths, Run
from tests.benchmarks.rules_speed import AS_OF
from tests.workspaces import small_workspace

T = TypeVar("T")
_FIRST_RUN = ("read", "pairs", "combinations", "write")
_EARLIER = AS_OF.replace(day=1)


def made_run(folder: Path, customers: int, segments: int, memberships: int) -> Run:
    """A run with memberships, money and no contacts, and a previous one."""
    warehouse = Warehouse.open(folder / "warehouse.duckdb")
    for schema in ("features", "segments", "staging", "monitoring"):
        warehouse.execute(f"CREATE SCHEMA {schema}")
    warehouse.execute("CREATE TABLE staging.campaign_contacts (customer_id VARCHAR, contacted_at TIMESTAMP)")
    stamped = f"DATE '{AS_OF}' AS as_of_date, name AS run_id"
    runs = "(VALUES ('now'), ('before')) AS runs(name)"
    warehouse.execute(
        f"CREATE TABLE features.customer_value AS SELECT {stamped}, printf('C%07d', i) AS customer_id,"
        " CAST(hash(i) % 5000000 / 100 AS DECIMAL(18, 4)) AS net_amount, CAST(hash(i + 1) % 500000 / 100 AS"
        f" DECIMAL(18, 4)) AS net_365d_amount FROM range({customers}) AS made(i), {runs}"
    )
    warehouse.execute(
        f"CREATE TABLE segments.definition AS SELECT {stamped}, printf('s%02d', i // 20) AS segmentation_id,"
        " printf('s%02d.part_%04d', i // 20, i) AS segment_id, 'active' AS status_name, NULL::VARCHAR AS channel_name"
        f" FROM range({segments}) AS made(i), {runs}"
    )
    warehouse.execute(
        f"CREATE TABLE segments.membership AS SELECT DISTINCT {stamped}, printf('C%07d', i // {memberships}) AS"
        " customer_id, printf('s%02d', segment // 20) AS segmentation_id, printf('s%02d.part_%04d', segment // 20,"
        " segment) AS segment_id, 1.0::DOUBLE AS strength_share, NULL::VARCHAR AS rival_segment_id"
        f" FROM (SELECT name, i, hash(i + CASE WHEN name = 'before' AND i % 20 = 0 THEN 1000000000 ELSE 0 END)"
        f" % {segments} AS segment FROM range({customers * memberships}) AS made(i), {runs})"
    )
    run = Run(Workspace.model_validate(small_workspace()), warehouse, OutputPaths(folder), AS_OF, None)
    run.run_id, run.previous = "now", Publication(_EARLIER, "before")
    return run


class _Clock:
    """Steps with their times."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float, float]] = []

    def time(self, what: str, step: Callable[[], T]) -> T:
        wall, processor = time.perf_counter(), time.process_time()
        found = step()
        self.rows.append((what, time.perf_counter() - wall, time.process_time() - processor))
        return found


def bare_product(memberships: Memberships) -> object:
    """Counts of all pairs as somebody would compute them by hand."""
    from scipy.sparse import csr_array

    ones = np.ones(len(memberships.members), dtype=np.int64)
    shape = (memberships.customer_count, len(memberships.segment_ids))
    inside = csr_array((ones, memberships.members, memberships.starts), shape=shape)
    return (inside.T @ inside).toarray()


def measure(customers: int, segments: int, memberships: int) -> list[tuple[str, float, float]]:
    """Seconds of the clock and of the processor, by step."""
    policy, clock = OverlapPolicy(), _Clock()
    with tempfile.TemporaryDirectory() as folder:
        run = made_run(Path(folder), customers, segments, memberships)
        read = clock.time("read", lambda: read_customers(run, policy))
        facts = lambda before: overlap_rows(read, before, policy, single=frozenset(), least=5)  # noqa: E731
        pairs = clock.time("pairs", lambda: facts(None))
        clock.time("combinations", lambda: combination_rows(read, 5))
        clock.time("write", lambda: tables.write_frame(run, "monitoring.overlap", pairs))
        before = clock.time("read the previous run", lambda: read_before(run, read))
        clock.time("pairs with their change", lambda: facts(before))
        clock.time("bare product", lambda: bare_product(read.memberships))
        run.warehouse.close()
    return clock.rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--segments", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--memberships", type=int, default=15)
    chosen = parser.parse_args()
    for segments in chosen.segments:
        rows = measure(chosen.customers, segments, chosen.memberships)
        first = [row for row in rows if row[0] in _FIRST_RUN]
        rows.append(("the whole of a first run", sum(row[1] for row in first), sum(row[2] for row in first)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        lines = [f"  {what:<26}{wall:8.2f} s{processor:8.2f} s of the processor" for what, wall, processor in rows]
        told = [f"{chosen.customers:,} customers, {segments:,} segments, peak memory so far {peak:,.0f} MB", *lines]
        print("\n".join(told), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
