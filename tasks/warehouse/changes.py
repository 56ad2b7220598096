"""What changed since tables were built: which build that was, and which rows went or came since.

Owns: `ops.built`, the memory of what each table was built from; and finding the rows of `raw.<entity>` that a run sees
and the build did not, or the other way round. Does not own rebuilding (`increments.py`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.config.entities import ENTITIES
from tasks.warehouse import ledger
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.models import SqlModel
from tasks.warehouse.provenance import code_version
from tasks.warehouse.run import Run


@dataclass(frozen=True, slots=True)
class Built:
    """What a table holds.

    Attributes:
        build_id: the attempt that built it.
        run_id: of that attempt.
        as_of: the day it was built for.
        loads: numbers of all loads that were seen.
        row_count: rows it had then.
    """

    build_id: str
    run_id: str
    as_of: dt.date
    loads: frozenset[int]
    row_count: int


def built_before(run: Run, model: SqlModel, views: Mapping[str, str]) -> Built | None:
    """The build whose result a table holds; None where another model, key or version of this project made it."""
    if not run.workspace.engine.incremental or not run.warehouse.table_exists(model.name):
        return None
    rows = run.warehouse.rows(
        "SELECT build_id, run_id, as_of_date, load_numbers, row_count FROM ops.built WHERE table_name = $table"
        " AND model_sha256 = $digest AND key_fingerprint IS NOT DISTINCT FROM $key",
        {"table": model.name, "digest": _digest(model, views), "key": run.workspace.key_fingerprint()},
    )
    if not rows:
        return None
    build_id, run_id, as_of, loads, row_count = rows[0]
    return Built(build_id, run_id, as_of, frozenset(loads), row_count)


def note_built(run: Run, model: SqlModel, views: Mapping[str, str], row_count: int) -> None:
    """Remember what a table holds now; of `staging` in the transaction that wrote it."""
    run.warehouse.execute(f"DELETE FROM ops.built WHERE table_name = {literal(model.name)}")
    values = {
        "table_name": model.name,
        "build_id": run.attempt_id,
        "run_id": run.run_id,
        "as_of_date": run.as_of,
        "model_sha256": _digest(model, views),
        "key_fingerprint": run.workspace.key_fingerprint(),
        "load_numbers": [number for _, number, *_ in run.visible_loads()],
        "row_count": row_count,
    }
    ledger.insert(run.warehouse, "built", values)


def _digest(model: SqlModel, views: Mapping[str, str]) -> str:
    said = [model.undated_sql, dict(views), code_version()]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def changed_raw_rows(run: Run, entity_name: str, built: Built, columns: Sequence[str]) -> str | None:
    """A SELECT of some columns of the rows of an entity that only the run, or only the build sees.

    None where that cannot be told: rows that were worked off from quarantine take the places of others, and what is no
    view over loads is not known by them.
    """
    visible = {number for _, number, _, entity in run.visible_loads() if entity == entity_name}
    loads = {
        number: (source, parent)
        for number, source, parent in run.warehouse.rows(
            "SELECT load_no, source_name, parent_load_id FROM ops.load WHERE entity_name = $entity",
            {"entity": entity_name},
        )
    }
    before = built.loads & loads.keys()
    if not _is_view(run, entity_name) or any(loads[number][1] for number in before ^ visible):
        return None
    listed = ", ".join(map(identifier, columns))
    relation = f"raw.{identifier(entity_name)}"
    selects = [f"SELECT {listed} FROM {relation} WHERE {_numbers(visible - before)}"]
    moment = ENTITIES[entity_name].event_time
    first, end = sorted(dt.datetime.combine(day, dt.time()) for day in (built.as_of, run.as_of))
    if moment and first < end:
        # Of the loads that both see, what lies between the two days.
        one_day = "INTERVAL 1 DAY"
        selects.append(
            f"SELECT {listed} FROM {relation} WHERE {identifier(moment)} >= {literal(first)} + {one_day}"
            f" AND {identifier(moment)} < {literal(end)} + {one_day}"
        )
    for source in sorted({loads[number][0] for number in before - visible}):
        gone = {number for number in before - visible if loads[number][0] == source}
        table = f"raw.{identifier(f'{source}__{entity_name}')}"
        selects.append(f"SELECT {listed} FROM {table} WHERE {_numbers(gone)}")
    return " UNION ALL ".join(selects)


def _numbers(numbers: set[int] | frozenset[int]) -> str:
    return f"load_no IN ({', '.join(map(str, sorted(numbers)))})" if numbers else "false"


def _is_view(run: Run, entity_name: str) -> bool:
    return bool(
        run.warehouse.value(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'raw' AND table_name = $name"
            " AND table_type = 'VIEW'",
            {"name": entity_name},
        )
    )
