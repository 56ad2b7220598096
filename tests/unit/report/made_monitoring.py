"""Tables of the overlap, drift and quality rooms, made by hand and counted in plain Python."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import polars as pl

from tasks.warehouse import ledger, tables
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import Run
from tests.unit.report.made_run import STARTED_AT, Placed, segment_id


def write_overlap(run: Run, now: Placed) -> None:
    """All pairs with their figures, and exclusive combinations."""
    members: dict[str, set[int]] = {}
    for key, placed in now.items():
        for customer, index in enumerate(placed):
            if index is not None:
                members.setdefault(segment_id(key, index), set()).add(customer)
    pairs = []
    total = len(set().union(*members.values()))
    for a, b in combinations(sorted(members), 2):
        common = len(members[a] & members[b])
        size_a, size_b = len(members[a]), len(members[b])
        jaccard = common / (size_a + size_b - common)
        nested = max(common / size_a, common / size_b) >= 0.95 and min(size_a, size_b) / max(size_a, size_b) < 0.8
        pairs.append(
            {
                "segment_id_a": a,
                "segment_id_b": b,
                "a_count": size_a,
                "b_count": size_b,
                "intersection_count": common,
                "jaccard_share": jaccard,
                "containment_a_share": common / size_a,
                "containment_b_share": common / size_b,
                "lift": common * total / (size_a * size_b),
                "phi": 0.0,
                "p_adjusted": 1.0,
                "relation_name": "redundant"
                if jaccard >= 0.8
                else "nested"
                if nested
                else "overlapping"
                if common
                else "disjoint",
            }
        )
    tables.write_frame(run, "monitoring.overlap", pl.DataFrame(pairs, infer_schema_length=None))
    held: Counter[str] = Counter()
    for customer in range(len(next(iter(now.values())))):
        ids = sorted(segment for segment, inside in members.items() if customer in inside)
        if ids:
            held[" & ".join(ids)] += 1
    frame = pl.DataFrame(
        {
            "segment_ids": list(held),
            "degree_count": [ids.count("&") + 1 for ids in held],
            "customer_count": list(held.values()),
        }
    )
    tables.write_frame(run, "monitoring.intersection", frame)


def drift_row(subject: str, effect: float | None, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """One row of monitoring.drift: `probit_d` against the previous run, judged by 0.05 and 0.1."""
    row: dict[str, Any] = {
        "subject_kind": "feature",
        "subject_name": subject,
        "reference_kind": "previous",
        "reference_as_of_date": dt.date(2025, 5, 31),
        "snapshot_kind": "paired",
        "test_name": "wilcoxon",
        "statistic": 1.0,
        "p_value": 0.2,
        "p_adjusted": 1.0,
        "effect_name": "probit_d",
        "effect_size": effect,
        "minimum_detectable_effect": 0.03,
        "notice_threshold": 0.05,
        "alarm_threshold": 0.1,
        "reference_count": 1_985,
        "current_count": 2_000,
        "common_count": 1_940,
        "entered_count": 60,
        "left_count": 45,
        "reference_value_count": 1_940,
        "current_value_count": 1_940,
        "psi": 0.004,
        "psi_p_value": 0.5,
        "verdict_name": "no_material_drift",
        "level_name": "none",
        "sentence": f"{subject}: no material change.",
    }
    return row | changes


def write_drift(run: Run, rows: list[dict[str, Any]]) -> None:
    """Verdicts as `drift_row` makes them."""
    tables.write_frame(run, "monitoring.drift", pl.DataFrame(rows, infer_schema_length=None))


def add_load(run: Run, number: int, source: str, entity: str, **counts: int) -> str:
    """One load of the ledger; returns its id."""
    load_id = f"load{number:04d}"
    read, out = counts.get("read", 1_000), counts.get("quarantined", 0)
    values = {
        "load_id": load_id,
        "load_no": number,
        "source_name": source,
        "entity_name": entity,
        "file_name": f"{source}_{number:04d}.csv.gz",
        "file_sha256": f"{number:064x}"[::-1],
        "file_bytes": 1_234_567,
        "loaded_at": STARTED_AT,
        "attempt_id": run.attempt_id if number % 2 else "earlier",
        "rows_read_count": read,
        "rows_loaded_count": read - out,
        "rows_quarantined_count": out,
        "values_blanked_count": counts.get("blanked", 0),
    }
    ledger.insert(run.warehouse, "load", values)
    file, attempt = str(values["file_name"]), str(values["attempt_id"])
    ledger.note_delivery(run.warehouse, source=source, file=file, load_id=load_id, attempt_id=attempt)
    return load_id


def add_quarantine(
    run: Run, load_id: str, entity: str, column: str | None, value: str | None, reason: str, *, times: int = 1
) -> None:
    """Rows kept out, each with the whole row beside it."""
    for number in range(times):
        values = {
            "load_id": load_id,
            "source_name": "crm" if entity == "customers" else "shop",
            "entity_name": entity,
            "file_name": "file.csv",
            "row_number": 17 + number,
            "column_name": column,
            "reason": reason,
            "action_name": "row",
            "status_name": "open",
        }
        ledger.insert(run.warehouse, "quarantine", values)
        place = {"load": load_id, "row": 17 + number}
        run.warehouse.execute(
            "INSERT INTO raw.quarantined_value VALUES ($load, $row, $name, $value)",
            place | {"name": column, "value": value},
        )
        row = json.dumps({"full_name": "Anna Rowjson"})
        run.warehouse.execute(
            "INSERT INTO raw.quarantined_row VALUES ($load, $row, $json, NULL)", place | {"json": row}
        )


def add_check(run: Run, table: str, column: str | None, meaning: str, **changes: object) -> None:
    """One check result, passed and a warning unless said otherwise."""
    values = {
        "attempt_id": run.attempt_id,
        "run_id": run.run_id,
        "as_of_date": run.as_of,
        "door_name": table.partition(".")[0],
        "table_name": table,
        "check_no": 1,
        "expectation_name": "expect_column_values_to_be_between",
        "column_name": column,
        "severity_name": "warning",
        "is_success": True,
        "meaning": meaning,
        "observed_value": None,
        "element_count": 1_000,
        "unexpected_count": 0,
        "example_values": None,
        "checked_at": STARTED_AT,
    }
    ledger.insert(run.warehouse, "check_result", values | changes)


def add_attempt(run: Run, number: int, *, days_before: int, status: str = "published") -> str:
    """An earlier attempt with its number in its id, that many days before this one; returns its id."""
    attempt_id = f"{number:032d}"
    at = dt.timedelta(days=days_before)
    values = {"attempt_id": attempt_id, "as_of_date": run.as_of - at, "status_name": status}
    ledger.insert(run.warehouse, "run", values | {"started_at": STARTED_AT - at, "finished_at": STARTED_AT - at})
    return attempt_id


def write_published_file(path: Path, rows: int) -> None:
    """A published file with two views over versioned tables, as readers open it."""
    path.parent.mkdir(parents=True)
    with Warehouse.open(path, threads=1) as published:
        published.execute("CREATE SCHEMA v1")
        for name in ("segment", "customer_segment"):
            published.execute(f"CREATE TABLE v1.{name} AS SELECT range AS customer_id FROM range({rows})")
            published.execute(f"CREATE VIEW main.{name} AS SELECT * FROM v1.{name}")
