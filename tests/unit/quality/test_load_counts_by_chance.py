"""Whatever comes in whatever order, what was counted of loads is what their rows say: nothing doubled, lost or stale."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.config.entities import ENTITIES
from tasks.ingest.raw_tables import fit_raw_table
from tasks.quality import load_counts
from tasks.quality.load_counts import COUNTED, TABLE, Counted, keep, relation
from tasks.warehouse import ledger, migrations
from tasks.warehouse.connection import Warehouse

ENTITY, LINES = ENTITIES["order_lines"], "raw.s__order_lines"
COUNTS = [
    Counted("s", ENTITY, "rows"),
    Counted("s", ENTITY, "empty", "customer_id"),
    Counted("s", ENTITY, "empty", "unit_price_amount"),
    Counted("s", ENTITY, "level", "unit_price_amount"),
    Counted("s", ENTITY, "mix", "channel_name"),
    Counted("s", ENTITY, "mix", "order_id"),
    Counted("s", ENTITY, "mix", "order_id", "shape"),
    Counted("s", ENTITY, "mix", "quantity", "sign"),
    Counted("s", ENTITY, "mix", "ordered_at", "hour"),
]
#: Days overlap between loads; moments, ids, prices and channels may be missing, prices nought or below.
ROWS = f"""
    INSERT INTO {LINES} BY NAME SELECT
        substr('abc', 1 + h % 3, 1) || h % 40 AS order_id,
        CASE WHEN h % 5 > 0 THEN 'c' || h % 7 END AS customer_id,
        CASE WHEN h % 11 > 0 THEN TIMESTAMP '2025-06-30' - to_days((h % 4)::INTEGER) + to_hours((h % 3)::INTEGER) END
            AS ordered_at,
        h % 3 - 1 AS quantity,
        CASE WHEN h % 7 > 0 THEN h % 1000 / 100 - 1 END AS unit_price_amount,
        CASE h % 4 WHEN 0 THEN 'web' WHEN 1 THEN 'app' END AS channel_name,
        $number AS load_no,
        n AS row_number
    FROM (SELECT n, (hash(n + $seed * 1000) // 16)::BIGINT AS h FROM range($size) AS r (n))
"""


class Killed(Exception):  # noqa: N818 - no error of ours: the process ends
    """The process ends here."""


@dataclass(slots=True)
class World:
    """A source that gets loads, and whose loads are counted now and then."""

    warehouse: Warehouse
    patch: pytest.MonkeyPatch
    loads: list[int] = field(default_factory=list)

    def load(self, seed: int, size: int, parent: str | None = None) -> None:
        """A file comes; of one whose rows were worked off, rows that are there already come again."""
        number = len(self.loads) + 1
        self.warehouse.execute(ROWS, {"number": number, "seed": seed, "size": size})
        ledger.insert(
            self.warehouse,
            "load",
            {
                "load_id": f"l{number}",
                "load_no": number,
                "source_name": "s",
                "entity_name": "order_lines",
                "file_name": f"{number}.csv",
                "file_sha256": str(number),
                "loaded_at": dt.datetime(2025, 7, 1),
                "rows_loaded_count": size if parent is None else 0,
                "parent_load_id": parent,
            },
        )
        self.loads.append(number)

    def count(self, seen: list[int], *, until: str | None = None) -> None:
        """A run that sees some loads counts them, and may be killed when it writes to a table."""
        execute = Warehouse.execute

        def killed(warehouse: Warehouse, sql: str, *arguments: object) -> int:
            if until is not None and sql.startswith(f"INSERT INTO {until} "):
                raise Killed
            return execute(warehouse, sql, *arguments)  # type: ignore[arg-type] - passed on

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Warehouse, "execute", killed)
            try:
                kept = keep(self.warehouse, [(COUNTS, seen)])
            except Killed:
                return
        # Loads of which all that is asked for is kept are read, others counted: alone or together, it is the same.
        alone = " UNION ALL ".join(f"FROM {relation([count], seen, kept)}" for count in COUNTS)
        of_rows = self.rows(relation(COUNTS, seen, ()))
        assert self.rows(f"({alone})") == self.rows(relation(COUNTS, seen, kept)) == of_rows

    def rows(self, found: str) -> list[tuple[object, ...]]:
        """What is counted, in one order."""
        return self.warehouse.rows(f"SELECT * FROM {found} ORDER BY ALL")

    def take(self, step: tuple[str, int, int]) -> None:
        """Do one thing."""
        name, seed, size = step
        seen = [number for number in self.loads if seed >> number % 5 & 1] or self.loads
        match name:
            case "load":
                self.load(seed, size)
            case "worked off" if self.loads:
                self.load(seed, size // 4, parent=f"l{1 + seed % len(self.loads)}")
            case "otherwise":
                self.patch.setattr(load_counts, "_SHAPE", ("upper({value})", "lower({value})")[seed % 2])
            case "killed" if self.loads:
                self.count(seen, until=(COUNTED, TABLE)[seed % 2])
            case "count" if self.loads:
                self.count(seen)


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None, threads=1) as opened:
        migrations.migrate(opened)
        fit_raw_table(opened, LINES, ENTITY)
        yield opened


STEPS = st.tuples(
    st.sampled_from(["load", "load", "worked off", "otherwise", "killed", "count", "count"]),
    st.integers(0, 63),
    st.sampled_from([0, 1, 40, 90]),
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=3, max_size=9))
def test_loads_are_what_was_counted_of_them(warehouse: Warehouse, steps: list[tuple[str, int, int]]) -> None:
    for table in (LINES, "ops.load"):
        warehouse.execute(f"DELETE FROM {table}")
    for table in (TABLE, COUNTED):
        warehouse.execute(f"DROP TABLE IF EXISTS {table}")
    with pytest.MonkeyPatch.context() as patch:
        # Few enough that of some loads all counts are kept, and of others not those of ids.
        patch.setattr(load_counts, "_FEW", 8)
        world = World(warehouse, patch)
        world.load(1, 40)
        for step in steps:
            world.take(step)
        world.count(world.loads)
        of_rows = relation(COUNTS, world.loads, ())
        ids = [count.count_id for count in COUNTS]
        listed = ", ".join(f"'{name}'" for name in ids)
        kept = f"(SELECT * FROM {TABLE} WHERE count_id IN ({listed}))"
        whole = f"(SELECT * FROM {of_rows} SEMI JOIN (SELECT * FROM {COUNTED} WHERE is_kept) USING (load_no, count_id))"
        assert world.rows(kept) == world.rows(whole)
