"""Why customers moved: one planted customer for every reason, over two runs of one workspace."""

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
from tasks.insight.measures import build_monitoring
from tasks.segments.tasks import ask_earlier_definitions, write_segments
from tasks.warehouse import ledger
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run, open_run
from tests.staged import divide_all, ingest_and_stage
from tests.workspaces import small_workspace

JUNE, AUGUST = dt.date(2025, 6, 30), dt.date(2025, 8, 15)
HEADER = "order,line,customer,at,product,category,units,price\n"
#: Day and amount of each customer's orders, as the first run finds them.
THEN = {
    "anna": [("2025-06-01", 10)],
    "bob": [("2025-06-02", 20)],
    "cleo": [("2025-06-25", 30)],
    "dan": [("2025-06-26", 40)],
    "gus": [("2025-06-03", 50)],
    "mia": [("2025-06-28", 60)],
    "tim": [("2025-06-27", 70)],
}
#: What the file has more of when it is delivered again; `gus` is taken out of it.
SINCE = {
    "anna": [("2025-07-20", 5)],
    "bob": [("2025-06-20", 5), ("2025-07-21", 5)],
    "cleo": [("2025-06-20", 5)],
    "nina": [("2025-08-01", 500), ("2025-08-02", 500)],
    **{f"o{n}": [("2025-08-03", 400 + n)] for n in range(8)},
}


def orders(*parts: dict[str, list[tuple[str, int]]], without: str = "") -> str:
    listed = [(who, day, amount) for part in parts for who, bought in part.items() for day, amount in bought]
    return HEADER + "".join(
        f"{who}-{day},1,{who},{day} 10:00:00,p1,bread,1,{amount}\n" for who, day, amount in listed if who != without
    )


def rules(when: str) -> dict[str, Any]:
    return {
        "kind": "rules",
        "basis": "behavioural",
        "segments": [{"id": "in", "name": "In", "when": when}],
        "otherwise": {"id": "out", "name": "Out"},
    }


def tree() -> dict[str, Any]:
    space: dict[str, Any] = small_workspace()
    space["sources"] |= {
        "people": {
            "entity": "customers",
            "format": "csv",
            "path": "people.csv",
            "columns": {"customer_id": "customer", "country_name": "country"},
        },
        "visits": {
            "entity": "interactions",
            "format": "csv",
            "path": "visits.csv",
            "columns": {
                "interaction_id": "visit",
                "customer_id": "customer",
                "happened_at": '"at"',
                "channel_name": "channel",
                "kind_name": "kind",
            },
        },
    }
    space["segmentations"] = {
        "often": rules("order_count >= 2"),
        "fresh": rules("recency_days <= 40"),
        "home": rules("country_name = 'Germany'") | {"basis": "geographic"},
        "edited": rules("net_amount >= 65"),
        "tiers": {
            "kind": "cuts",
            "basis": "value",
            "feature": "net_amount",
            "quantiles": [0.5],
            "refit": {"every_days": 30},
            "segments": [{"id": "low", "name": "Low"}, {"id": "high", "name": "High"}],
        },
    }
    return space


def write(folder: Path, orders_text: str, country_of_mia: str) -> None:
    (folder / "orders.csv").write_text(orders_text)
    (folder / "people.csv").write_text(f"customer,country\nmia,{country_of_mia}\ntim,Germany\n")
    (folder / "visits.csv").write_text(
        "visit,customer,at,channel,kind\nv0,anna,2025-06-01 09:00:00,web,visit\nv1,tim,2025-07-30 09:00:00,web,visit\n"
    )


def compute(run: Run) -> None:
    ingest_and_stage(run)
    build_features.fn(run)
    write_segments.fn(run, divide_all(run))
    ask_earlier_definitions.fn(run)
    build_monitoring(run)
    ledger.note_publication(run.warehouse, Publication(run.as_of, run.run_id))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The second of two runs."""
    folder = tmp_path_factory.mktemp("reasons")
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree(), sort_keys=False))

    @contextmanager
    def opened(day: dt.date, *overrides: str) -> Iterator[Run]:
        space = load_workspace(folder, overrides=list(overrides))
        with open_run(space, as_of=day, known_as_of=None, output=folder / "out", is_scratch=True) as found:
            yield found

    write(folder, orders(THEN), "Germany")
    with opened(JUNE) as first:
        compute(first)
    write(folder, orders(THEN, SINCE, without="gus"), "France")
    with opened(AUGUST, "segmentations.edited.segments.0.when=net_amount >= 75") as second:
        compute(second)
        yield second


@pytest.mark.parametrize(
    ("segmentation", "customer", "why"),
    [
        ("often", "anna", "behaviour"),
        # Bought twice by now, once in July, and once in June, of which nobody knew: what he did since counts.
        ("often", "bob", "behaviour"),
        ("often", "cleo", "late_data"),
        ("often", "nina", "new_customer"),
        ("often", "gus", "gone"),
        ("fresh", "dan", "time"),
        # He looked at the shop's page in July; recency of orders does not heed that.
        ("fresh", "tim", "time"),
        ("home", "mia", "profile"),
        ("edited", "tim", "definition"),
        ("tiers", "mia", "refit"),
        ("tiers", "tim", "refit"),
    ],
)
def test_every_planted_change_has_its_reason(run: Run, segmentation: str, customer: str, why: str) -> None:
    found = run.warehouse.rows(
        "SELECT why_name FROM monitoring.change WHERE run_id = $run AND segmentation_id = $name"
        " AND customer_id = $customer",
        {"run": run.run_id, "name": segmentation, "customer": customer},
    )
    assert found == [(why,)]


def test_news_tell_new_events_from_late_ones(run: Run) -> None:
    found = run.warehouse.rows(
        "SELECT customer_id, news_name, event_count, first_date, last_date FROM monitoring.customer_news"
        " WHERE run_id = $run AND entity_name = 'order_lines' AND customer_id IN ('anna', 'bob', 'cleo', 'gus', 'tim')"
        " ORDER BY ALL",
        {"run": run.run_id},
    )
    june, july = dt.date(2025, 6, 20), dt.date(2025, 7, 21)
    assert found == [
        ("anna", "new", 1, dt.date(2025, 7, 20), dt.date(2025, 7, 20)),
        ("bob", "late", 1, june, june),
        ("bob", "new", 1, july, july),
        ("cleo", "late", 1, june, june),
        # What is gone from the file is news of the past, too.
        ("gus", "late", 1, dt.date(2025, 6, 3), dt.date(2025, 6, 3)),
    ]


def test_nobody_has_news_of_a_first_run(run: Run) -> None:
    first = run.warehouse.value(
        "SELECT count(*) FROM monitoring.customer_news WHERE run_id <> $run", {"run": run.run_id}
    )
    assert first == 0
