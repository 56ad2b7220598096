"""A source that is moved from files to a database: what was known before it was, and what was true before."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.ingest.tasks import identify_run, ingest_source, pull_source, stage
from tasks.warehouse import ledger
from tasks.warehouse.run import Run, open_run
from tests.postgres_server import Server
from tests.workspaces import ORDERS, small_workspace

pytestmark = pytest.mark.usefixtures("few_features")

APRIL, MAY, JUNE = dt.date(2025, 4, 30), dt.date(2025, 5, 31), dt.date(2025, 6, 30)
COLUMNS = {"customer_id": "id", "updated_at": "updated", "country_name": "country"}
FILES = {"entity": "customers", "format": "csv", "path": "customers.csv", "columns": COLUMNS}
TABLE = {"entity": "customers", "database": "crm", "query": "SELECT * FROM person", "columns": COLUMNS}


def write(place: Path, customers: dict[str, Any]) -> None:
    said = small_workspace()
    said["databases"] = {"crm": {"url_env": "CRM_URL"}}
    said["sources"] = {**said["sources"], "crm": customers}  # type: ignore[dict-item]
    (place / "resegment.yaml").write_text(yaml.safe_dump(said, sort_keys=False))
    (place / "orders.csv").write_text(ORDERS)


def person(server: Server, *rows: tuple[str, str, str]) -> None:
    """The table anew, with these rows."""
    server.run(
        "DROP TABLE IF EXISTS person",
        "CREATE TABLE person (id text, updated timestamp, country text)",
        f"INSERT INTO person VALUES {', '.join(map(str, rows))}",
    )


def staged(place: Path, day: dt.date, *, known: dt.datetime | None = None, is_loaded: bool = True) -> dict[str, str]:
    """Where customers of the source live, after what is new was loaded."""
    space = load_workspace(place)
    with open_run(space, as_of=day, known_as_of=known, output=place / "out", is_scratch=True) as run:
        for name, source in space.sources.items() if is_loaded else ():
            ingest_source.fn(run, name, pull_source.fn(run, name) if source.database else None)
        return _countries(run)


def _countries(run: Run) -> dict[str, str]:
    identify_run.fn(run)
    stage.fn(run)
    rows = run.warehouse.rows("SELECT customer_id, country_name FROM staging.customers WHERE is_declared ORDER BY ALL")
    return dict(rows)


def test_before_the_move_what_was_known_are_the_files(tmp_path: Path, database: Server) -> None:
    write(tmp_path, FILES)
    (tmp_path / "customers.csv").write_text("id,updated,country\nanna,2025-01-01,Norway\n")
    assert staged(tmp_path, JUNE) == {"anna": "Norway"}
    before = ledger.utc_now()
    person(database, ("anna", "2025-01-01", "Iceland"))
    write(tmp_path, TABLE)
    # A plan, and `status --stale`, look at the workspace of today before anything of it is pulled.
    assert staged(tmp_path, JUNE, is_loaded=False) == {"anna": "Norway"}
    assert staged(tmp_path, JUNE) == {"anna": "Iceland"}
    assert staged(tmp_path, JUNE, known=before) == {"anna": "Norway"}


@pytest.mark.parametrize("since", [{}, {"since": "updated"}])
def test_what_files_said_was_true_before_counts_after_the_move(
    tmp_path: Path, database: Server, since: dict[str, str]
) -> None:
    write(tmp_path, FILES)
    (tmp_path / "customers.csv").write_text(
        "id,updated,country\nanna,2025-01-01,Norway\nben,2025-01-01,Norway\ngone,2025-01-01,Norway\n"
    )
    assert set(staged(tmp_path, APRIL)) == {"anna", "ben", "gone"}
    person(database, ("anna", "2025-05-10", "Sweden"), ("ben", "2025-01-01", "Iceland"))
    write(tmp_path, TABLE | since)
    assert staged(tmp_path, MAY) == {"anna": "Sweden", "ben": "Iceland"}
    # A correction is as true of then, and who is gone is gone, as with a file that is delivered again.
    assert staged(tmp_path, APRIL) == {"anna": "Norway", "ben": "Iceland"}
    person(database, ("anna", "2025-06-10", "Denmark"), ("ben", "2025-01-01", "Iceland"))
    assert staged(tmp_path, JUNE) == {"anna": "Denmark", "ben": "Iceland"}
    # Whatever is edited of the query has all rows read again: they are a version of all pulls before, increments too.
    write(tmp_path, TABLE | since | {"query": "SELECT id, updated, country FROM person"})
    assert staged(tmp_path, JUNE) == {"anna": "Denmark", "ben": "Iceland"}
    assert staged(tmp_path, MAY) == {"anna": "Sweden", "ben": "Iceland"}
    assert staged(tmp_path, APRIL) == {"anna": "Norway", "ben": "Iceland"}
    # And back to files.
    write(tmp_path, FILES)
    (tmp_path / "customers.csv").write_text("id,updated,country\nanna,2025-06-20,Norway\nben,2025-01-01,Iceland\n")
    assert staged(tmp_path, JUNE) == {"anna": "Norway", "ben": "Iceland"}
    assert staged(tmp_path, dt.date(2025, 6, 15)) == {"anna": "Denmark", "ben": "Iceland"}
    assert staged(tmp_path, APRIL) == {"anna": "Norway", "ben": "Iceland"}
