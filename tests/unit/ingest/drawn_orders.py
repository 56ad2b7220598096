"""Deliveries and decisions in an order drawn by a seed, and what must hold of the rows after each."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, field

from tasks.config.errors import UsageError
from tasks.config.workspace import Workspace
from tasks.warehouse.build import build_schema
from tasks.warehouse.ledger import utc_now
from tasks.warehouse.run import Run
from tests.unit.ingest.made_quarantine import HEADER, counts, decide, ingest, open_numbers, seen
from tests.workspaces import MakeWorkspace, OpenRun

#: Ways to map units and discount: more or less of the rows pass.
MAPPINGS = (
    (),
    ("sources.orders.columns.quantity=replace(units, ' pcs', '')",),
    ("sources.orders.columns.discount_amount=-1 * CAST(price AS DOUBLE)",),
    (
        "sources.orders.columns.quantity=replace(units, ' pcs', '')",
        "sources.orders.columns.discount_amount=1 + TRY_CAST(price AS DOUBLE)",
    ),
)
UNITS, PRICES = ("1", "2 pcs", "x", ""), ("1.0", "-1.0", "y")
FILES = ("a.csv", "b.csv")
STEPS = 12


@dataclass
class World:
    """What was delivered last under each name, and what a run of each earlier time saw."""

    files: dict[str, str] = field(default_factory=dict)
    views: list[tuple[dt.datetime, object]] = field(default_factory=list)


def made_file(draw: random.Random, name: str) -> str:
    """A file whose rows have keys of their own: the file's letter and the row's number."""
    rows = []
    for number in range(1, draw.randint(2, 7)):
        if draw.random() < 0.15:
            rows.append("too,short")
        else:
            units, price = draw.choice(UNITS), draw.choice(PRICES)
            rows.append(f"{name[0]}{number},1,anna,2025-06-01,p{draw.randint(1, 10**6)},bread,{units},{price}")
    return HEADER + "\n".join(rows) + "\n"


def deliver(draw: random.Random, world: World, space: Workspace) -> None:
    name = draw.choice(FILES)
    world.files[name] = made_file(draw, name)
    (space.directory / name).write_text(world.files[name])


def decide_something(draw: random.Random, run: Run) -> None:
    numbers = open_numbers(run)
    chosen = draw.sample(numbers, draw.randint(0, len(numbers)))
    decision = draw.choice(("replayed", "released", "discarded"))
    if decision == "replayed":
        decide(run, "replayed", *chosen)
    for number in chosen if decision != "replayed" else ():
        # Some cannot be released; what was let in before them stays.
        with contextlib.suppress(UsageError):
            decide(run, decision, number, because="drawn")


def check(run: Run, world: World) -> None:
    """Counts add up per load and in sums, and staging has each delivered row at most once."""
    assert not run.warehouse.rows(
        "SELECT load_id FROM ops.load WHERE rows_read_count IS DISTINCT FROM rows_loaded_count + rows_quarantined_count"
    )
    read, loaded, out, blanked = counts(run)
    rows = seen(run)
    assert loaded == len(rows)
    visible = [load_id for load_id, *_ in run.visible_loads()]
    waiting = run.warehouse.rows(
        "SELECT load_id, row_number, bool_or(action_name = 'row') AS is_out, count(*) FILTER (action_name = 'value')"
        " FROM ops.quarantine WHERE status_name = 'open' AND list_contains($loads, load_id) GROUP BY ALL",
        {"loads": visible},
    )
    assert out == sum(is_out for _, _, is_out, _ in waiting)
    assert blanked == sum(values for *_, values in waiting)
    delivered = Counter(text.count("\n") - 1 for text in world.files.values())
    discarded = run.warehouse.value(
        "SELECT coalesce(-sum(rows_read_count), 0)::BIGINT FROM ops.load"
        " WHERE parent_load_id IS NOT NULL AND list_contains($loads, load_id)",
        {"loads": visible},
    )
    assert read + discarded == sum(size * times for size, times in delivered.items())
    build_schema(run, "staging")
    keys = [key for (key,) in run.warehouse.rows("SELECT order_id FROM staging.order_lines")]
    assert len(set(keys)) == len(keys) == loaded


def up_to_date(run: Run, world: World) -> bool:
    """Whether what the run sees is what was delivered last: not between a delivery and its load."""
    rows = run.warehouse.value(
        "SELECT sum(rows_read_count)::BIGINT FROM ops.load WHERE parent_load_id IS NULL"
        " AND list_contains($loads, load_id)",
        {"loads": [load_id for load_id, *_ in run.visible_loads()]},
    )
    return rows == sum(text.count("\n") - 1 for text in world.files.values())


def walk(make: MakeWorkspace, opened: OpenRun, seed: int, steps: int = STEPS) -> int:
    """Deliver, map, run and decide in any order; returns how many times rows were worked off.

    Raises:
        AssertionError: a row is lost or counts twice, or what was seen at an earlier moment has changed.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret
    world = World()
    space = make("sources.orders.path=?.csv")
    (space.directory / "orders.csv").unlink()
    deliver(draw, world, space)
    mapping: tuple[str, ...] = ()
    worked_off = 0
    for _ in range(steps):
        step = draw.choice(("deliver", "map", "run", "decide", "decide", "decide"))
        if step == "deliver":
            deliver(draw, world, space)
        if step == "map":
            mapping = draw.choice(MAPPINGS)
        with opened(make("sources.orders.path=?.csv", *mapping)) as run:
            (space.directory / "orders.csv").unlink()
            # A decision about another mapping comes before the files are loaded anew, or after.
            if step != "decide" or draw.random() < 0.5 or not world.views:
                ingest(run)
            if step == "decide":
                decide_something(draw, run)
            if step != "decide" or draw.random() < 0.5:
                ingest(run)
            current = {name for (name,) in run.warehouse.rows("SELECT DISTINCT file_name FROM ops.delivery")}
            if current >= world.files.keys() and up_to_date(run, world):
                run.run_id = f"{seed}"
                check(run, world)
            worked_off = int(run.warehouse.value("SELECT count(*) FROM ops.load WHERE parent_load_id IS NOT NULL"))
            world.views.append((utc_now(), (seen(run), counts(run))))
    for moment, view in world.views:
        with opened(space, known_as_of=moment) as run:
            assert (seen(run), counts(run)) == view, f"seed {seed}, {moment}"
    return worked_off
