"""The pages of tables: published ones, and what lies between the files and them.

Owns: their layout, and how the published tables are read. Does not own what a column means: the headers of `sql/` do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from generator.markdown import code, grid
from tasks.comments.evidence import CLASS_COLUMNS, CLASS_TABLE, MODEL_COLUMNS, MODEL_TABLE
from tasks.config.features import Features
from tasks.config.shipped import shipped
from tasks.drift.emergence_tables import MEMBER_COLUMNS, SEGMENT_COLUMNS
from tasks.drift.emergence_tables import MEMBERS as CANDIDATE_MEMBER_TABLE
from tasks.drift.emergence_tables import SEGMENTS as CANDIDATE_TABLE
from tasks.insight.events import SCHEMA as EVENT_COLUMNS
from tasks.insight.news import COLUMNS as NEWS_COLUMNS
from tasks.insight.news import TABLE as NEWS_TABLE
from tasks.predict.write import EVIDENCE
from tasks.publish.build import CONTRACT_VERSION
from tasks.quality.suites import Suite, read_suite
from tasks.segments.registry import TABLE as VERSION_TABLE
from tasks.segments.version import COLUMNS as VERSION_COLUMNS
from tasks.treatment.tasks import COLUMNS as TREATMENT_COLUMNS
from tasks.warehouse import migrations
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.models import ModelColumn, SqlModel, load_models

WINDOWS = (30, 90, 365)
#: What a run gives the templates of `monitoring` and `published`; any value will do to read their headers.
_NAMES = {
    **dict.fromkeys(("run_id", "previous_run_id", "current_run", "listed_runs", "multiple", "load_numbers"), "'x'"),
    **dict.fromkeys(("workspace_name", "workspace_sha256", "code_version"), "'x'"),
    **dict.fromkeys(("min_group_size", "heeded"), "1"),
    **dict.fromkeys(("previous_as_of", "current_as_of", "known_as_of"), "DATE '2025-06-30'"),
    "runs_until": "SELECT DATE '2025-06-30' AS as_of_date, 'x' AS run_id",
}

_MEANINGS = {
    MODEL_TABLE: MODEL_COLUMNS,
    CLASS_TABLE: CLASS_COLUMNS,
    NEWS_TABLE: NEWS_COLUMNS,
    CANDIDATE_TABLE: {name: meaning for name, (_, meaning) in SEGMENT_COLUMNS.items()},
    CANDIDATE_MEMBER_TABLE: {name: meaning for name, (_, meaning) in MEMBER_COLUMNS.items()},
    "monitoring.treatment": TREATMENT_COLUMNS,
    VERSION_TABLE: {name: meaning for name, (_, meaning) in VERSION_COLUMNS.items()},
}

WINDOWS_TOLD = f"""\
Names that hold a number of days are those of `features.windows: {list(WINDOWS)}`, the default; a workspace with other
windows has other names."""

_PUBLISHED = f"""\
The contract with readers, version `{CONTRACT_VERSION}`. Below the output folder (`out/` in the workspace, or what
`output` or `--output` says) each table is there twice:

- as a view in `published/published.duckdb`, over a table of schema `{CONTRACT_VERSION}` with these texts as comments;
- as Parquet, `published/<table>/as_of_date=YYYY-MM-DD/part-0.parquet`: of each published date the rows that describe
  it (none where the workspace says `publish.parquet: false`).

The folder is replaced whole, in one step. Readers open the file read-only, and never `warehouse.duckdb`, which a run
locks. More: [read-the-published-tables.md](../how-to/read-the-published-tables.md).

{WINDOWS_TOLD}

```python
import duckdb

with duckdb.connect("out/published/published.duckdb", read_only=True) as published:
    print(published.sql("SELECT segment_id, segment_name, description FROM segment ORDER BY segment_id"))
```

Who is in a segment now, and why:

```sql
SELECT customer_id, segment_name, reason
FROM customer_segment
JOIN segment USING (segment_id)
WHERE segment_id = 'rfm.champions'
ORDER BY customer_id
```

How a segmentation developed:

```sql
SELECT as_of_date, segment_id, customer_count, change_count, net_90d_amount
FROM segment_kpi
WHERE segmentation_id = 'lifecycle'
ORDER BY as_of_date, segment_id
```

Membership at every date, from Parquet, in any DuckDB:

```sql
SELECT as_of_date, segment_id, count(*) AS customer_count
FROM read_parquet('out/published/customer_segment/*/*.parquet')
GROUP BY ALL
ORDER BY ALL
```"""

_TABLES = f"""\
What lies in `warehouse.duckdb` between the files and the [published tables](published.md), for those who work on the
pipeline or look into a run; readers use the published tables. Features have [a page of their own](features.md).

Tables of `staging`, `features`, `segments` and `monitoring` begin with `as_of_date` and `run_id`, which are not listed
here. `staging` is rebuilt by each run; the others keep the rows of the run that is published for each date.
{WINDOWS_TOLD}"""

_LEDGER = """\
The ledger: what was run, loaded, checked, quarantined and published. Its times are UTC; of the derived tables none
has a clock time."""


def models(schema: str) -> list[SqlModel]:
    """The models of a schema with the default windows, by name."""
    found = load_models(schema, as_of=dt.date(2025, 6, 30), features=Features(windows=list(WINDOWS)), values=_NAMES)
    return sorted(found, key=lambda model: model.name)


def suites(schema: str) -> list[Suite]:
    """Our suites of a schema, by table."""
    return [read_suite(path)[0] for path in sorted((shipped("expectations") / schema).glob("*.yaml"))]


def published_page() -> Iterator[str]:
    """The contract tables."""
    yield _PUBLISHED
    for model in models("published"):
        holds_all = "listed_runs" in model.path.read_text(encoding="utf-8")
        dates = "every published date" if holds_all else "the newest published date"
        yield f"## {model.table}"
        yield f"{told(model)} The DuckDB file holds {dates}."
        yield _columns(model.columns)


def tables_page() -> Iterator[str]:
    """The tables of the warehouse that are neither features nor published."""
    yield _TABLES
    for schema in ("staging", "segments", "monitoring"):
        yield f"## {schema}"
        modelled = models(schema)
        for model in modelled:
            yield f"### {model.name}"
            yield told(model)
            yield _columns(model.columns)
        for suite in suites(schema):
            if suite.table not in {model.name for model in modelled}:
                yield f"### {suite.table}"
                yield from _computed(suite)
    yield "## ops"
    yield _LEDGER
    for table, columns in _ledger_columns().items():
        yield f"### ops.{table}"
        yield grid(("column", "type"), columns)


def _computed(suite: Suite) -> Iterator[str]:
    """A table that a room computes: what it is, and where its columns are described."""
    yield suite.description
    readers = [model.table for model in models("published") if suite.table in model.reads]
    if suite.table == "monitoring.segment_event":
        yield grid(("column", "type"), ((code(name), kind) for name, kind in EVENT_COLUMNS.items()))
    elif suite.table in _MEANINGS:
        meanings = _MEANINGS[suite.table]
        yield grid(("column", "meaning"), ((code(name), meaning) for name, meaning in meanings.items()))
    elif suite.table in EVIDENCE:
        columns = EVIDENCE[suite.table].items()
        yield grid(("column", "meaning", "type"), ((code(name), meaning, kind) for name, (kind, meaning) in columns))
    elif readers:
        links = ", ".join(f"[{table}](published.md#{table})" for table in readers)
        yield f"Readers get it as {links}; its columns are described there."


def _ledger_columns() -> dict[str, list[tuple[str, str]]]:
    """Columns and types of the `ops` tables, as the code creates them."""
    tables: dict[str, list[tuple[str, str]]] = {}
    with Warehouse.open(None) as warehouse:
        migrations.migrate(warehouse)
        for table, column, kind in warehouse.rows(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'ops' ORDER BY table_name, ordinal_position"
        ):
            tables.setdefault(table, []).append((code(column), kind))
    return tables


def told(model: SqlModel) -> str:
    """What one row of a table is, and why the table exists."""
    return f"{model.what[0].upper()}{model.what[1:]}. Why: {model.why}."


def _columns(columns: Iterable[ModelColumn]) -> str:
    return grid(("column", "meaning", "unit"), ((code(column.name), column.meaning, column.unit) for column in columns))
