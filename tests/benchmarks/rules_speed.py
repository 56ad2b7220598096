"""How long a thousand rules take on a million customers, beside the same conditions in bare SQL.

    python -m tests.benchmarks.rules_speed [--customers 1000000] [--rules 1000] [--memory-limit 4GB]

Prints, for rules of first match and of every match: reading the workspace (YAML, trees, references), checking the rules
against the catalogue, dividing; and the same conditions as somebody would write them by hand, a CASE for the first match
and a SELECT a rule for every match. All run one after the other in one process on the same table of features. Most rules
are texts, some are trees, extend others or except some, and a customer meets three of them on average. Trust ratios, and of those
that of processor time: other programs take their share of the clock.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tasks.segments.check import check_rules
from tasks.segments.divide import divide_by
from tasks.segments.division import MEMBERS
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.connection import Warehouse, literal
from tasks.warehouse.models import ModelColumn, SqlModel
from tasks.warehouse.run import OutputPaths, Run
from tests.workspaces import small_workspace

AS_OF = dt.date(2025, 6, 30)
_TABLE = "features.customer_made"
#: Feature: SQL of its value from a customer's number.
_FEATURES = {
    "recency_days": "CAST(hash(i) % 730 AS INTEGER)",
    "order_count": "CAST(hash(i + 1) % 60 AS BIGINT)",
    "net_amount": "CAST(hash(i + 2) % 5000000 / 100 AS DECIMAL(18, 4))",
    "discount_share": "CASE WHEN hash(i + 3) % 10 > 0 THEN hash(i + 3) % 1000 / 1000 END",
    "age_years": "CASE WHEN hash(i + 4) % 5 > 0 THEN CAST(18 + hash(i + 4) % 70 AS BIGINT) END",
    "top_channel_name": "['web', 'store', 'app', 'phone'][CAST(1 + hash(i + 5) % 4 AS INTEGER)]",
    "country_name": "'country ' || (hash(i + 6) % 20)",
}
_CATEGORIES = {"top_channel_name", "country_name"}


def _condition(draw: random.Random) -> str:
    """A condition that about three customers of a thousand meet."""
    days, orders, country = draw.randint(0, 600), draw.randint(0, 50), draw.randint(0, 19)
    channel = draw.choice(["web", "store", "app", "phone"])
    return (
        f"recency_days BETWEEN {days} AND {days + 365} AND order_count >= {orders // 2}"
        f" AND country_name = 'country {country}' AND top_channel_name = '{channel}'"
    )


def _segments(count: int) -> list[dict[str, Any]]:
    draw = random.Random(7)  # noqa: S311 - the same rules in every run
    segments: list[dict[str, Any]] = []
    for number in range(count):
        segment: dict[str, Any] = {"id": f"s{number:04d}", "name": f"Segment {number}", "when": _condition(draw)}
        if number % 10 == 1:
            segment["when"] = {"all": [segment["when"], {"any": ["age_years >= 40", {"not": "discount_share > 0.3"}]}]}
        elif number % 10 == 2:
            segment |= {"extends": f"s{number - 2:04d}", "when": f"net_amount > {draw.randint(0, 30000)}"}
        elif number % 10 == 3:
            segment["except"] = ["net_amount < 100", "discount_share > 0.9"]
        segments.append(segment)
    return segments


def _workspace(folder: Path, segments: list[dict[str, Any]], match: str) -> Workspace:
    made = {"kind": "rules", "basis": "needs", "match": match, "segments": segments}
    (folder / "orders.csv").touch()
    (folder / "resegment.yaml").write_text(yaml.safe_dump(small_workspace() | {"segmentations": {match: made}}))
    return load_workspace(folder)


def _catalogue() -> Catalogue:
    kinds = {name: "category" if name in _CATEGORIES else "number" for name in _FEATURES}
    columns = [ModelColumn("customer_id", "the customer", kind="id")]
    columns += [ModelColumn(name, name, kind=kind) for name, kind in kinds.items()]  # type: ignore[arg-type]
    sql = f"SELECT * FROM {_TABLE}"
    return Catalogue(
        [SqlModel("features", "customer_made", Path("made.sql"), sql, "w", "w", "customer", tuple(columns))]
    )


def _make_features(warehouse: Warehouse, run: Run, customers: int) -> None:
    selected = ", ".join(f"{sql} AS {name}" for name, sql in _FEATURES.items())
    warehouse.execute("CREATE SCHEMA IF NOT EXISTS features")
    warehouse.execute(
        f"CREATE TABLE {_TABLE} AS SELECT {literal(AS_OF)} AS as_of_date, {literal(run.run_id)} AS run_id,"
        f" printf('C%08d', i) AS customer_id, {selected} FROM range({customers}) AS r (i)"
    )


def _timed(work: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """Seconds on the clock and of the processor, and what the work gave."""
    started, cpu_started = time.perf_counter(), time.process_time()
    result = work()
    return (round(time.perf_counter() - started, 2), round(time.process_time() - cpu_started, 2)), result


def _by_hand(warehouse: Warehouse, space: Workspace, match: str) -> None:
    """The same conditions as bare SQL."""
    rules = space.resolved[match].rules
    if match == "first":
        cases = " ".join(f"WHEN {rule.condition} THEN '{rule.key}'" for rule in rules)
        warehouse.execute(
            "CREATE OR REPLACE TEMP TABLE by_hand AS SELECT * FROM"
            f" (SELECT customer_id, CASE {cases} END AS key FROM {_TABLE}) WHERE key IS NOT NULL"
        )
        return
    warehouse.execute("CREATE OR REPLACE TEMP TABLE by_hand (customer_id VARCHAR, key VARCHAR)")
    for rule in rules:
        warehouse.execute(f"INSERT INTO by_hand SELECT customer_id, '{rule.key}' FROM {_TABLE} WHERE {rule.condition}")


def _measure(folder: Path, warehouse: Warehouse, options: argparse.Namespace, match: str) -> dict[str, Any]:
    segments = _segments(options.rules)
    reading, space = _timed(lambda: _workspace(folder, segments, match))
    run = Run(space, warehouse, OutputPaths(folder / "out"), AS_OF, None)
    run.run_id = "benchmark"
    catalogue = _catalogue()
    if not warehouse.table_exists(_TABLE):
        _make_features(warehouse, run, options.customers)
    checking, _ = _timed(lambda: check_rules(space, catalogue))
    by_hand, _ = _timed(lambda: _by_hand(warehouse, space, match))
    dividing, _ = _timed(lambda: divide_by(run, catalogue, match, {}))
    members = MEMBERS.format(match)
    count, differing = warehouse.rows(
        f"SELECT (SELECT count(*) FROM {members}), (SELECT count(*) FROM {members} AS ours FULL JOIN by_hand"
        f" ON ours.customer_id = by_hand.customer_id AND ours.segment_id = '{match}.' || by_hand.key"
        " WHERE ours.customer_id IS NULL OR by_hand.customer_id IS NULL)"
    )[0]
    assert differing == 0, f"{differing} memberships are not those of the bare SQL"
    return {"reading": reading, "checking": checking, "dividing": dividing, "by_hand": by_hand, "memberships": count}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--memory-limit", default="4GB")
    options = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Warehouse.open(folder / "warehouse.duckdb", memory_limit=options.memory_limit) as warehouse:
            for match in ("first", "any"):
                found[match] = _measure(folder, warehouse, options, match)
                figures = found[match]
                told = "; ".join(
                    f"{key} {figures[key][0]:.2f} s, {figures[key][1]:.2f} s of processor"
                    for key in ("reading", "checking", "dividing", "by_hand")
                )
                clock, processor = (figures["dividing"][n] / max(figures["by_hand"][n], 0.01) for n in (0, 1))
                print(f"{match}: {told}; {figures['memberships']:,} memberships", flush=True)  # noqa: T201
                print(f"{match}: {clock:.2f} × bare SQL by the clock, {processor:.2f} × of processor", flush=True)  # noqa: T201
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MB")  # noqa: T201
    print(json.dumps({"customers": options.customers, "rules": options.rules, **found}))  # noqa: T201


if __name__ == "__main__":
    main()
