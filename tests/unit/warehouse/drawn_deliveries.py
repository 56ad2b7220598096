"""Deliveries as they come, drawn by a seed: what is recomputed from changes is held against a build from scratch."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import yaml

from tasks.config.errors import UsageError
from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tasks.features.build import build_all
from tasks.warehouse import increments
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
    with open_run(space, as_of=as_of, known_as_of=None, output=space.directory / "out", is_scratch=True) as run:
        ingest_and_stage(run)
        build_all(run)
        yield run


def walk(folder: Path, seed: int, steps: int = STEPS) -> int:
    """Days on which this and that is delivered, each computed from changes and anew; returns how many tables were not.

    Much changes for so few rows: that a build from scratch would take less time is left out of account, so that whatever
    can be computed from changes is.

    Raises:
        AssertionError: a table has other rows than a build from scratch gives.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret is drawn
    space = made_workspace(folder)
    (space.directory / FILES[0]).write_text(made_orders(draw))
    (space.directory / "people.csv").write_text(made_people(draw))
    as_of, incremental = FIRST + dt.timedelta(days=5), 0
    for _ in range(steps):
        for _ in range(draw.randint(0, 2)):
            deliver(draw, space.directory)
        as_of += dt.timedelta(days=draw.choice((0, 1, 1, 2, -3)))
        with mock.patch.object(increments, "_FEW", 0), built(space, as_of) as run:
            incremental += len(run.changes)
            found = tables(run)
            run.workspace = space.model_copy(update={"engine": space.engine.model_copy(update={"incremental": False})})
            run.changes = {}
            ingest_and_stage(run)
            build_all(run)
            assert found == tables(run), f"seed {seed}, {as_of}"
            let_in(draw, run)
            if draw.random() < 0.7:
                note_publication(run.warehouse, Publication(as_of, run.run_id))
    return incremental
