"""The floor: connections, transactions, the lock, models and their headers."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from pathlib import Path

import polars as pl
import pytest

from tasks.config.errors import DamageError, OutputError, SourceError, SqlError, WorkspaceError
from tasks.config.features import Features
from tasks.warehouse import tables
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.lock import writer_lock
from tasks.warehouse.models import load_models, read_model
from tests.workspaces import AS_OF, MakeWorkspace, OpenRun

HEADER = "-- what: one row is a thing\n-- why: to test\n-- grain: customer\n"


@pytest.fixture
def memory() -> Warehouse:
    return Warehouse.open(None)


@pytest.mark.parametrize("text", ["plain", "it's", "a'; DROP TABLE x; --", "", "ü\n"])
def test_literals_come_back_as_they_were(memory: Warehouse, text: str) -> None:
    assert memory.value(f"SELECT {literal(text)}") == text
    assert memory.columns(f"SELECT 1 AS {identifier(text or 'x')}")[0][0] == (text or "x")


def test_times_come_back_as_they_were(memory: Warehouse) -> None:
    moment = dt.datetime(2025, 6, 30, 23, 59, 59, 123456)
    assert memory.value(f"SELECT {literal(moment)}") == moment
    assert memory.value(f"SELECT {literal(moment.date())}") == moment.date()


def test_who_holds_the_file_is_named_and_not_duckdbs_lock(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    holds = "import sys, duckdb; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holds, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OutputError) as caught:
            Warehouse.open(path)
        holder.communicate("")
    assert caught.value.message == f"is held by process {holder.pid}, which writes or reads it"
    assert "wait for what holds it to end" in str(caught.value)


def test_an_error_names_the_statement_and_not_duckdbs_drawing(memory: Warehouse) -> None:
    with pytest.raises(SqlError, match="in the statement: SELECT nothing_such") as caught:
        memory.rows("SELECT nothing_such")
    assert "LINE 1" not in str(caught.value)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("CAST('Anna SECRET' AS INTEGER)", "Could not convert string … to INT32"),
        ("CAST('An''na SECRET' AS DATE)", "expected format is (YYYY-MM-DD)"),
        ("CAST('Anna' || chr(10) || 'SECRET' AS INTEGER)", "Could not convert string …"),
        ("strptime('SECRET Anna', '%d.%m.%Y')", "Could not parse string …"),
        ("CAST(CAST(491705550123 AS BIGINT) AS TINYINT)", "with value … can't be cast"),
        ("2147483647::INTEGER * x::INTEGER", "multiplication of INT32"),
        ("json_extract('{SECRET', '$.a')", "Malformed JSON"),
        ("error('it is ' || 'SECRET')", "Invalid Input Error: …"),
    ],
)
def test_an_error_about_a_value_does_not_quote_it(memory: Warehouse, sql: str, told: str) -> None:
    """The message goes to the ledger; the statement, which the hint begins with, is the workspace's own text."""
    with pytest.raises(SqlError) as caught:
        memory.rows(f"SELECT {sql} FROM (VALUES (5)) AS t (x)")
    assert told in caught.value.message
    for value in ("SECRET", "Anna", "491705550123", "5 *"):
        assert value not in caught.value.message
    assert caught.value.__suppress_context__


def test_a_text_that_the_statement_itself_says_is_told(memory: Warehouse) -> None:
    with pytest.raises(SqlError, match="no such country"):
        memory.rows("SELECT error('no such country')")


def test_a_key_that_comes_twice_is_not_quoted(memory: Warehouse) -> None:
    memory.execute("CREATE TABLE t (x VARCHAR PRIMARY KEY)")
    memory.execute("INSERT INTO t VALUES ('Anna')")
    with pytest.raises(SqlError, match="Duplicate key … violates primary key"):
        memory.execute("INSERT INTO t SELECT 'An' || 'na'")


def test_a_transaction_is_all_or_nothing(memory: Warehouse) -> None:
    memory.execute("CREATE TABLE t (x INTEGER)")
    with pytest.raises(SqlError), memory.transaction():
        memory.execute("INSERT INTO t VALUES (1)")
        memory.execute("INSERT INTO nowhere VALUES (1)")
    assert memory.value("SELECT count(*) FROM t") == 0


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(DamageError, match=r"x\.duckdb: is damaged: .* not a valid DuckDB.*\n.*resegment rebuild"):
        Warehouse.open(path)


def test_a_second_writer_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    program = "import sys; from tasks.warehouse.lock import writer_lock; from pathlib import Path\nwith writer_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OutputError, match=f"process {holder.pid}"), writer_lock(tmp_path):
            pass
        with pytest.raises(OutputError, match=f"process {holder.pid}"), writer_lock(tmp_path, wait_seconds=0.3):
            pass
        # Whoever waits gets it when the other is gone.
        threading.Timer(0.3, holder.kill).start()
        with writer_lock(tmp_path, wait_seconds=60):
            assert holder.wait(timeout=60) < 0
    with writer_lock(tmp_path):
        pass


def test_an_output_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write the output folder"), writer_lock(tmp_path / "file"):
        pass


def test_a_folder_that_may_not_be_written_any_more_is_told_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writer_lock(tmp_path):
        pass
    # As it is for somebody else than root, who may write whatever it is; the file of the lock is his own.
    monkeypatch.setattr("os.access", lambda place, _mode: Path(place) != tmp_path)
    with pytest.raises(OutputError, match="cannot write the output folder: Permission denied"), writer_lock(tmp_path):
        pass


def model_file(folder: Path, schema: str, name: str, text: str) -> Path:
    path = folder / schema / f"{name}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_header_is_read(tmp_path: Path) -> None:
    path = model_file(
        tmp_path,
        "features",
        "customer_x",
        HEADER
        + "-- column customer_id: the customer [id]\n-- column age_days: days since [unit=days; calendar]\n"
        + "{% for window in windows %}-- column n_{{ window }}d: orders [unit=orders; cumulative]\n{% endfor %}"
        + "SELECT 1",
    )
    model = read_model("features", path, {"windows": [7, 30]})
    assert (model.what, model.grain) == ("one row is a thing", "customer")
    assert [column.name for column in model.columns] == ["customer_id", "age_days", "n_7d", "n_30d"]
    assert model.columns[0].kind == "id"
    assert model.columns[1].is_calendar_driven
    assert model.columns[1].unit == "days"
    assert model.columns[2].is_cumulative
    assert model.columns[2].meaning == "orders"


def test_a_header_ends_with_the_comments_at_the_top(tmp_path: Path) -> None:
    text = (
        "-- owner: marketing\n"
        + HEADER
        + "-- column a: the [first] a [unit=days; external]\nSELECT '\n-- column b: b' AS a"
    )
    model = read_model("features", model_file(tmp_path, "features", "customer_x", text), {})
    assert model.owner == "marketing"
    (column,) = model.columns
    assert (column.name, column.meaning, column.unit, column.is_external) == ("a", "the [first] a", "days", True)


def test_a_header_without_its_parts_is_refused(tmp_path: Path) -> None:
    path = model_file(tmp_path, "features", "customer_x", "-- what: x\nSELECT 1")
    with pytest.raises(WorkspaceError, match="the header lacks grain, why"):
        read_model("features", path, {})


def test_an_unknown_template_name_is_refused(tmp_path: Path) -> None:
    path = model_file(tmp_path, "features", "customer_x", HEADER + "SELECT {{ nope }}")
    with pytest.raises(WorkspaceError, match="'nope' is undefined"):
        read_model("features", path, {"as_of": "x"})


def test_a_workspaces_models_are_added_and_ordered(tmp_path: Path) -> None:
    model_file(tmp_path, "mine", "a", HEADER + "SELECT * FROM mine.b")
    model_file(tmp_path, "mine", "b", HEADER + "SELECT * FROM raw.customers")
    models = load_models("mine", as_of=AS_OF, features=Features(windows=[30]), extra=tmp_path)
    assert [model.name for model in models] == ["mine.b", "mine.a"]


def test_models_that_read_each_other_are_refused(tmp_path: Path) -> None:
    model_file(tmp_path, "mine", "a", HEADER + "SELECT * FROM mine.b")
    model_file(tmp_path, "mine", "b", HEADER + "SELECT * FROM mine.a")
    with pytest.raises(WorkspaceError, match="in a circle: mine"):
        load_models("mine", as_of=AS_OF, features=Features(windows=[30]), extra=tmp_path)


def test_a_feature_defined_twice_is_refused(tmp_path: Path) -> None:
    for name in ("customer_x", "customer_y"):
        header = HEADER + "-- column customer_id: who [id]\n-- column same: x\n"
        model_file(tmp_path, "mine", name, header + "SELECT 1 AS customer_id, 1 AS same")
    with pytest.raises(WorkspaceError, match="the feature 'same' is defined twice: here and in .*customer_x"):
        Catalogue(load_models("mine", as_of=AS_OF, features=Features(windows=[30]), extra=tmp_path))


def test_rows_are_kept_by_run_and_new_columns_are_added(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace()) as run:
        run.run_id = "first"
        tables.write_rows(run, "monitoring.x", "SELECT 1 AS a")
        tables.write_rows(run, "monitoring.x", "SELECT 2 AS a UNION ALL SELECT 3")
        run.run_id = "second"
        tables.write_frame(run, "monitoring.x", pl.DataFrame({"a": [4], "b": ["new"]}))
        assert run.warehouse.rows("SELECT run_id, a, b FROM monitoring.x ORDER BY ALL") == [
            ("first", 2, None),
            ("first", 3, None),
            ("second", 4, "new"),
        ]
        assert tables.forget_superseded(run) == 2
        assert run.warehouse.rows("SELECT a FROM monitoring.x") == [(4,)]


def test_a_run_that_fails_is_noted_and_the_lock_is_free_again(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace()
    with pytest.raises(SqlError), opened(space) as run:
        run.warehouse.execute("SELECT nothing_such")
    with opened(space) as run:
        noted = run.warehouse.rows("SELECT status_name, error_message FROM ops.run ORDER BY started_at")
    assert noted[0][0] == "failed"
    assert "nothing_such" in noted[0][1]


def test_the_text_of_a_foreign_error_is_not_noted(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    """Python and Polars quote the value that they could not use."""
    space = make_workspace()
    with pytest.raises(ValueError, match="anna@example.com"), opened(space):
        float("anna@example.com")
    with opened(space) as run:
        told = run.warehouse.value("SELECT error_message FROM ops.run WHERE status_name = 'failed'")
    assert told.startswith("ValueError at test_warehouse.py:")
    assert "anna" not in told


def test_where_it_failed_is_noted_and_what_to_do_is_not(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    """A hint may quote the first line of a file, which of one without a header is somebody's."""
    space = make_workspace()
    error = SourceError("the file has no column 'order'", where="orders.csv", hint="it has one, 'anna;1'")
    with pytest.raises(SourceError), opened(space):
        raise error
    with opened(space) as run:
        told = run.warehouse.value("SELECT error_message FROM ops.run WHERE status_name = 'failed'")
    assert told == "the file has no column 'order' (orders.csv)"


def test_the_run_id_follows_from_inputs_alone(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    ids = []
    for space, date in (
        (make_workspace(), AS_OF),
        (make_workspace("engine.threads=1"), AS_OF),
        (make_workspace(), AS_OF - dt.timedelta(days=1)),
        (make_workspace("features.windows=[7]"), AS_OF),
    ):
        with opened(space, date) as run:
            run.identify()
            ids.append(run.run_id)
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
