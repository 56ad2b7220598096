"""The SQL of checks."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.config.errors import WorkspaceError
from tasks.quality import queries
from tasks.quality.binding import validate_suites
from tasks.quality.queries import PLACEHOLDERS, QueryContext
from tasks.quality.row_queries import key_query
from tasks.quality.suites import Check, Expectation
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import Run
from tests.unit.quality import corridor
from tests.workspaces import AS_OF, MakeWorkspace, OpenRun


@pytest.fixture
def context(tmp_path: Path) -> QueryContext:
    space = corridor.workspace(tmp_path, max_quarantined_share=0.05)
    return QueryContext(space, dt.date(2025, 6, 30), "0123abcd", ("l1", "l2"))


@pytest.mark.parametrize(("zone", "is_day_over"), [("Pacific/Auckland", True), ("America/New_York", False)])
def test_a_day_ends_where_the_company_is(
    make_workspace: MakeWorkspace, opened: OpenRun, monkeypatch: pytest.MonkeyPatch, zone: str, is_day_over: bool
) -> None:
    """Its newest orders are of a day that may not be over: it is not judged by what half a day brought."""
    loaded_at = dt.datetime.combine(AS_OF, dt.time(20))
    monkeypatch.setattr(queries, "newest_loaded_at", lambda _run: loaded_at)
    with opened(make_workspace(f"calendar.timezone={zone}")) as run:
        run.run_id = "r1"
        assert QueryContext.of_run(run).end == AS_OF + dt.timedelta(days=is_day_over)


def _query(context: QueryContext, query: str) -> str | None:
    expectation = Expectation(type="expect_no_rows", kwargs={"query": query}, severity="critical", meaning="m")
    return context.query("features.customer_value", Check(1, expectation, "made.yaml:7"))


def test_a_table_without_its_schema_is_told(context: QueryContext) -> None:
    with pytest.raises(WorkspaceError, match="named with its schema, such as staging.customers \\(got 'orders'\\)"):
        _query(context, "SELECT 1 FROM {{ rows('orders') }}")


@pytest.mark.parametrize(
    ("table", "relation"),
    [
        ("staging.orders", 'staging."orders"'),
        ("raw.customers", 'raw."customers"'),
        ("ops.load", "(SELECT * FROM ops.load WHERE load_id IN ('l1', 'l2'))"),
        ("segments.membership", "(SELECT * FROM segments.\"membership\" WHERE run_id = '0123abcd')"),
        ("published.segment", 'checked_candidate.main."segment"'),
    ],
)
def test_a_run_is_judged_by_its_own_rows(context: QueryContext, table: str, relation: str) -> None:
    assert context.rows(table) == relation


@pytest.mark.parametrize(
    ("query", "rendered"),
    [
        ("{{ as_of }}", "DATE '2025-06-30'"),
        ("{{ as_of_end }}", "TIMESTAMP '2025-07-01 00:00:00.000000'"),
        ("{{ run_id }}", "'0123abcd'"),
        ("{{ windows }}", "[30, 90, 365]"),
        ("{{ max_quarantined_share }}", "0.05"),
        ("{{ multiple }}", "'topics'"),
        ("{{ placeholders }}", ", ".join(f"'{word}'" for word in PLACEHOLDERS)),
        ("{{ complete }}", "'lifecycle'"),
        ("{{ rows('staging.orders') }}", 'staging."orders"'),
        ("SELECT 1; \n", "SELECT 1"),
    ],
)
def test_names_that_queries_may_use(context: QueryContext, query: str, rendered: str) -> None:
    assert _query(context, query) == rendered


def test_released_rows_are_those_of_loads_that_the_run_sees(context: QueryContext) -> None:
    rendered = _query(context, "{{ released('feedback') }}") or ""
    assert rendered.startswith('(SELECT * FROM raw."feedback" SEMI JOIN (SELECT')
    assert "closed_by_load_id IN ('l1', 'l2')" in rendered


@pytest.mark.parametrize(
    "query", ["{{ batsh }}", "{% if %}", "{{ nothing.here }}", "{{ rows() }}", "{{ rows('orders') }}"]
)
def test_a_template_that_cannot_be_rendered_is_told(context: QueryContext, query: str) -> None:
    with pytest.raises(WorkspaceError, match=r"made.yaml:7: cannot render the query.*\n.*batch, rows, released, as_of"):
        _query(context, query)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["a", "b", "ab", "", None]), st.sampled_from(["b", "ab", "", None])), max_size=8
    )
)
def test_keys_that_repeat_or_are_null_are_found_exactly(rows: list[tuple[str | None, str | None]]) -> None:
    with Warehouse.open(None, threads=1) as warehouse:
        warehouse.execute("CREATE TABLE made (x VARCHAR, y VARCHAR)")
        for row in rows:
            warehouse.execute("INSERT INTO made VALUES (?, ?)", row)
        found = {(x, y): count for x, y, count in warehouse.rows(key_query("made", ["x", "y"]))}
    expected = {key: count for key, count in Counter(rows).items() if count > 1 or None in key}
    assert found == expected


def test_shipped_suites_are_valid(tmp_path: Path) -> None:
    assert validate_suites(corridor.workspace(tmp_path)) > 150


@pytest.mark.parametrize("query", ["SELECT FROM WHERE (", "DELETE FROM {{ batch }}", "SELECT 1; SELECT 2"])
def test_a_query_that_is_no_select_is_told_before_anything_runs(tmp_path: Path, query: str) -> None:
    space = corridor.workspace(tmp_path, expectations="checks")
    file = tmp_path / "checks" / "staging" / "orders.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(
        "table: staging.orders\ndescription: d\nexpectations:\n"
        f"  - {{type: expect_no_rows, kwargs: {{query: '{query}'}}, severity: warning, meaning: m}}\n"
    )
    with pytest.raises(WorkspaceError) as raised:
        validate_suites(space)
    assert f"{file}:4: the query is not one SELECT" in str(raised.value)


@pytest.mark.parametrize(
    ("loaded_at", "end"),
    [
        (dt.datetime(2025, 6, 30, 5), dt.date(2025, 6, 30)),
        (dt.datetime(2025, 7, 1, 5), dt.date(2025, 7, 1)),
        (dt.datetime(2025, 6, 12, 5), dt.date(2025, 7, 1)),
    ],
)
def test_an_as_of_day_that_was_not_over_when_its_file_came_is_not_judged(
    fresh_run: Run, loaded_at: dt.datetime, end: dt.date
) -> None:
    fresh_run.warehouse.execute("UPDATE ops.load SET loaded_at = $at", {"at": loaded_at})
    assert QueryContext.of_run(fresh_run).end == end
