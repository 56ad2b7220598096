"""A company whose features are given, so that a run is a moment: only dividing, writing and publishing are real."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import polars as pl

from tasks.config.workspace import Workspace
from tasks.insight.model_events import model_events
from tasks.segments.divide import divide_by
from tasks.segments.tasks import ask_earlier_definitions, write_segments
from tasks.warehouse import attempts, ledger, migrations
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.connection import Warehouse, literal
from tasks.warehouse.ledger import Publication
from tasks.warehouse.models import ModelColumn
from tasks.warehouse.run import Backfilled, OutputPaths, Run
from tests.unit.segments.made_runs import dictionary, members, model

Fact = tuple[str, dt.date, float, str]


class _Facts:
    """A catalogue of two features, of the customers who had come by the run's date."""

    def __init__(self, run: Run) -> None:
        self._as_of = run.as_of
        self.features = {
            "net_amount": ModelColumn("net_amount", "what he spent", "currency"),
            "top_category_name": ModelColumn("top_category_name", "what he buys", kind="category"),
        }

    def relation(self, run_id: str, names: Iterable[str] | None = None) -> str:
        del run_id, names
        return f"(SELECT * EXCLUDE (since) FROM facts WHERE since <= {literal(self._as_of)})"


def facts_of(run: Run) -> Catalogue:
    """In place of `catalogue_of`."""
    return cast("Catalogue", _Facts(run))


class Company:
    """Runs of a workspace, one after another in one warehouse."""

    def __init__(self, space: Workspace, warehouse: Warehouse, facts: Iterable[Fact]) -> None:
        self.space, self.warehouse = space, warehouse
        migrations.migrate(warehouse)
        columns = ["customer_id", "since", "net_amount", "top_category_name"]
        with warehouse.registered("given", pl.DataFrame(list(facts), schema=columns, orient="row")):
            warehouse.execute("CREATE TABLE facts AS FROM given")

    def run(
        self,
        date: dt.date,
        known: dt.datetime | None = None,
        space: Workspace | None = None,
        live: Publication | None = None,
    ) -> dict[str, Any]:
        """Publish a date; what stands in it afterwards. With `live`, as a backfill by the models of that run does."""
        run = Run(space or self.space, self.warehouse, OutputPaths(Path("nowhere")), date, known)
        if live is not None:
            run.backfill = Backfilled(tuple(ledger.publications(self.warehouse)), live, ledger.utc_now())
        attempts.start_attempt(self.warehouse, {"attempt_id": run.attempt_id, "as_of_date": date})
        run.identify()
        names = run.workspace.segmentations
        divisions = {name: divide_by(run, facts_of(run), name, {}) for name in names}
        write_segments.fn(run, divisions)
        ask_earlier_definitions.fn(run)
        ledger.note_publication(self.warehouse, Publication(date, run.run_id))
        found = self.warehouse.rows(
            "SELECT segmentation_id, model_no, status_name FROM segments.model_version WHERE run_id = $run"
            " ORDER BY 1, 2",
            {"run": run.run_id},
        )
        return {
            "id": run.run_id,
            "notes": {name: division.note for name, division in divisions.items()},
            "versions": {
                name: [f"{number} {status}" for key, number, status in found if key == name] for name in names
            },
            "models": {name: model(run, name)[:2] for name in names},
            "high": list(members(run, "tiers").values()).count("tiers.high"),
            "likes": dictionary(run, "likes"),
            "events": {event["event_name"]: event["sentence"] for event in model_events(run)},
        }

    @contextmanager
    def newest(self, space: Workspace | None = None) -> Iterator[Run]:
        """As `open_newest`."""
        last = ledger.publications(self.warehouse)[-1]
        run = Run(space or self.space, self.warehouse, OutputPaths(Path("nowhere")), last.as_of, None)
        run.run_id, run.previous = last.run_id, last
        yield run
