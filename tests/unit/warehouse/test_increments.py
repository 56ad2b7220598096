"""What is recomputed from changes alone is what a build from scratch gives, whatever came, went or was corrected."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.config.errors import UsageError
from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tasks.features.build import build_all
from tasks.warehouse.build import models_of_run
from tasks.warehouse.ledger import Publication, note_publication
from tasks.warehouse.run import Run, open_run
from tests.staged import ingest_and_stage
from tests.unit.ingest.made_quarantine import decide, open_numbers
from tests.workspaces import small_workspace

FIRST = dt.date(2025, 6, 1)
FILES = ("orders_a.csv", "orders_b.csv", "orders_c.csv")
CUSTOMERS = ("anna", "ben", "cleo", "dora", "emil", "")
STEPS = 6


def made_workspace(folder: Path, **engine: object) -> Workspace:
    """Orders of a glob of files, each replacing its earlier version, and a file of customers."""
    tree: dict[str, Any] = small_workspace()
    tree["sources"]["orders"]["path"] = "orders_*.csv"
    tree["sources"]["people"] = {
        "entity": "customers",
        "format": "csv",
        "path": "people.csv",
        "columns": {"customer_id": "id", "country_name": "country", "registered_at": "since"},
    }
    tree["engine"] = engine
    folder.mkdir(exist_ok=True)
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    return load_workspace(folder)


def made_orders(draw: random.Random) -> str:
    """Few keys, so that files correct each other's lines, and move them to other customers and days."""
    lines = ["order,line,customer,at,product,category,units,price"]
    for _ in range(draw.randint(0, 12)):
        day = FIRST + dt.timedelta(days=draw.randint(0, 20))
        lines.append(
            f"o{draw.randint(1, 15)},{draw.randint(1, 2)},{draw.choice(CUSTOMERS)},{day} {draw.randint(0, 23):02}:00:00,"
            f"p{draw.randint(1, 4)},{draw.choice(('bread', 'wine'))},{draw.choice((1, 2, -1))},"
            f"{draw.choice(('1.50', '12.25', '-1.00', 'x'))}"
        )
    return "\n".join(lines) + "\n"


def made_people(draw: random.Random) -> str:
    known = draw.sample(CUSTOMERS[:-1], draw.randint(1, 4))
    rows = [f"{name},{draw.choice(('FR', 'DE'))},2025-06-{draw.randint(1, 20):02}" for name in known]
    return "\n".join(["id,country,since", *rows]) + "\n"


def deliver(draw: random.Random, folder: Path) -> None:
    """A file comes, or comes again with other content, so that the rows of its earlier version are gone."""
    name = draw.choice((*FILES, "people.csv"))
    (folder / name).write_text(made_people(draw) if name == "people.csv" else made_orders(draw))


def let_in(draw: random.Random, run: Run) -> None:
    """Rows with a negative price are let in now and then; those without a price cannot be."""
    numbers = open_numbers(run)
    if numbers and draw.random() < 0.4:
        with contextlib.suppress(UsageError):
            decide(run, "released", draw.choice(numbers), because="drawn")


def tables(run: Run) -> dict[str, list[tuple[Any, ...]]]:
    return {
        model.name: run.warehouse.rows(
            f"SELECT {', '.join(column.name for column in model.columns)}, as_of_date, run_id FROM {model.name}"
            + (f" WHERE run_id = '{run.run_id}'" if schema == "features" else "")
            + " ORDER BY ALL"
        )
        for schema in ("staging", "features")
        for model in models_of_run(run, schema)
    }


@contextlib.contextmanager
def built(space: Workspace, as_of: dt.date) -> Iterator[Run]:
    with open_run(space, as_of=as_of, known_as_of=None, output=space.directory / "out") as run:
        ingest_and_stage(run)
        build_all(run)
        yield run


@pytest.mark.parametrize("seed", range(3))
def test_an_incremental_run_equals_a_full_one_whatever_happened(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - no secret is drawn
    space = made_workspace(tmp_path / "w")
    (space.directory / FILES[0]).write_text(made_orders(draw))
    (space.directory / "people.csv").write_text(made_people(draw))
    as_of, incremental = FIRST + dt.timedelta(days=5), 0
    for _ in range(STEPS):
        for _ in range(draw.randint(0, 2)):
            deliver(draw, space.directory)
        as_of += dt.timedelta(days=draw.choice((0, 1, 1, 2, -3)))
        with built(space, as_of) as run:
            incremental += len(run.changes)
            found = tables(run)
            run.workspace = space.model_copy(update={"engine": space.engine.model_copy(update={"incremental": False})})
            run.changes = {}
            ingest_and_stage(run)
            build_all(run)
            assert found == tables(run)
            let_in(draw, run)
            if draw.random() < 0.7:
                note_publication(run.warehouse, Publication(as_of, run.run_id))
    assert incremental > 0


def test_a_table_of_few_rows_is_brought_up_like_the_one_it_comes_from(tmp_path: Path) -> None:
    space = made_workspace(tmp_path / "w")
    header = "order,line,customer,at,product,category,units,price\n"
    line = "o{0},1,anna,2025-06-0{1} 10:00:00,p1,bread,1,1.50\n"
    (space.directory / FILES[0]).write_text(header + "".join(line.format(no, 1) for no in range(20)))
    (space.directory / "people.csv").write_text("id,country,since\nanna,FR,2025-06-01\n")
    with built(space, FIRST):
        pass
    (space.directory / FILES[1]).write_text(header + line.format(20, 2))
    with built(space, FIRST + dt.timedelta(days=1)) as run:
        # No line repeats, so that the table of superseded ones is empty; what orders are made from is nearly all there.
        assert run.warehouse.value("SELECT count(*) FROM staging.superseded_order_lines") == 0
        assert {f"staging.{name}" for name in ("superseded_order_lines", "order_lines", "orders")} <= run.changes.keys()
        assert run.warehouse.value("SELECT count(*) FROM staging.orders") == 21
