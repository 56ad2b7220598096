"""Who moves after a date that was confirmed did not move by what that date has seen.

Every line is delivered again with another store, of which no result depends: the date is computed anew, comes out as it
was published, and its run stays, by the newer loads.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.features.tasks import build_features
from tasks.insight.news import write_news
from tasks.warehouse import backfill_ledger, ledger
from tasks.warehouse.backfill_ledger import BackfillDate
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run, open_run
from tests.staged import ingest_and_stage
from tests.workspaces import ORDERS, small_workspace

pytestmark = pytest.mark.usefixtures("few_features")

JUNE, AUGUST = dt.date(2025, 6, 30), dt.date(2025, 8, 15)


def stores(name: str) -> str:
    header, *lines = ORDERS.splitlines()
    return "\n".join([f"{header},store", *(f"{line},{name}" for line in lines)]) + "\n"


@contextmanager
def opened(folder: Path, day: dt.date, store: str) -> Iterator[Run]:
    tree: dict[str, Any] = small_workspace()
    tree["sources"]["orders"]["columns"]["store_id"] = "store"
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    (folder / "orders.csv").write_text(stores(store))
    with open_run(load_workspace(folder), as_of=day, known_as_of=None, output=folder / "out", is_scratch=True) as run:
        ingest_and_stage(run)
        yield run


@pytest.mark.parametrize(("is_confirmed", "late"), [(False, [("anna",), ("ben",)]), (True, [])])
def test_what_a_confirmed_date_has_seen_is_not_late(tmp_path: Path, is_confirmed: bool, late: list[tuple[str]]) -> None:
    with opened(tmp_path, JUNE, "north") as first:
        build_features.fn(first)
        published = Publication(JUNE, first.run_id)
        ledger.note_publication(first.warehouse, published)
    if is_confirmed:
        with opened(tmp_path, JUNE, "south") as again:
            again.ends_as = "confirmed"
            date = BackfillDate(
                JUNE, "", is_asked=True, status="confirmed", attempt_id=again.attempt_id, published_run_id=first.run_id
            )
            backfill_ledger.finish_date(again.warehouse, 1, date, "confirmed")
            assert again.run_id != first.run_id
    with opened(tmp_path, AUGUST, "south") as then:
        assert then.previous == published
        build_features.fn(then)
        write_news(then, catalogue_of(then))
        assert (
            then.warehouse.rows(
                "SELECT customer_id FROM monitoring.customer_news WHERE news_name = 'late' ORDER BY ALL"
            )
            == late
        )
