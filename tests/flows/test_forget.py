"""Erasing a customer: nothing of him is left in any file, others stay as they are, and nothing brings him back."""

from __future__ import annotations

import inspect
import json
import shutil
import stat
from collections import Counter
from pathlib import Path
from unittest import mock

import duckdb
import pytest
from prefect.exceptions import ParameterTypeError

from flows import forget_steps
from flows.embedded import embedded_prefect
from flows.forget import forget as forget_flow
from flows.forget_steps import end_stopped
from tasks.config.loading import load_workspace
from tasks.erasure.holdings import Columns
from tasks.warehouse.lock import writer_lock
from tasks.warehouse.published_files import changed_files
from tests.flows.backfilled import without_checks
from tests.flows.forgotten import (
    DATES,
    E_MAIL,
    HIM,
    NAME,
    NEXT,
    OTHER,
    PHONE,
    WORDS,
    command,
    places_of,
    rows_of,
)


def query(output: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(output / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def erased(company: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """The company after the erasure, and what the command told."""
    folder = tmp_path_factory.mktemp("erased") / "company"
    shutil.copytree(company, folder)
    told = command(folder, "forget", HIM, "--yes", "--reason", "request 4711", "--by", "dpo", "--json")
    return folder, json.loads(told)


def test_he_is_everywhere_before(company: Path) -> None:
    places = "\n".join(places_of(company / "out"))
    for place in ("raw", "staging", "features", "segments", "ops", "quarantined_row", "customer_segment_history"):
        assert place in places
    for word in WORDS:
        assert word in places


def test_nothing_is_left_in_any_file(erased: tuple[Path, dict[str, object]]) -> None:
    folder, told = erased
    assert places_of(folder / "out") == []
    files = [path for path in (folder / "out").rglob("*") if path.is_file()]
    assert told["file_count"] == len(files)
    assert told["sources"] == ["feedback.csv", "orders.csv", "people.csv"]


def test_others_are_published_as_before(company: Path, erased: tuple[Path, dict[str, object]]) -> None:
    folder, _ = erased
    before, after = rows_of(company / "out"), rows_of(folder / "out")
    assert before == after
    manifests = [json.loads((one / "out" / "published" / "manifest.json").read_text()) for one in (company, folder)]
    files = [manifest.pop("files") for manifest in manifests]
    assert manifests[0] == manifests[1]
    assert files[0].keys() == files[1].keys()
    assert files[0] != files[1]
    for one in (company, folder):
        assert changed_files(one / "out" / "published") == {}


def test_comments_and_views_of_the_published_file_stay(company: Path, erased: tuple[Path, dict[str, object]]) -> None:
    said = "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE schema_name = 'v1' ORDER BY ALL"
    found = []
    for folder in (company, erased[0]):
        with duckdb.connect(str(folder / "out" / "published" / "published.duckdb"), read_only=True) as connection:
            found.append(connection.execute(said).fetchall())
    assert found[0] == found[1]
    assert all(comment for *_, comment in found[0])


def test_rows_of_others_in_the_warehouse_stay_but_for_what_quotes_him(
    company: Path, erased: tuple[Path, dict[str, object]]
) -> None:
    for table in ("raw.orders__order_lines", "raw.people__customers", "features.customer_value", "segments.membership"):
        sql = f"SELECT * FROM {table} WHERE customer_id <> '{HIM}'"
        assert query(company / "out", sql) == query(erased[0] / "out", f"SELECT * FROM {table}")
    comments = query(
        erased[0] / "out", "SELECT customer_id, comment_text FROM raw.voices__feedback ORDER BY feedback_id"
    )
    assert comments == [(OTHER, "ask [erased] about it"), (OTHER, "all is well here")]
    assert query(erased[0] / "out", "SELECT body FROM ops.notification") == [("the row of [erased] says [erased]",)]


def test_rows_read_are_still_loaded_or_quarantined(erased: tuple[Path, dict[str, object]]) -> None:
    counts = query(
        erased[0] / "out",
        "SELECT source_name, rows_read_count, rows_loaded_count, rows_quarantined_count, rows_erased_count FROM ops.load"
        " ORDER BY 1",
    )
    assert counts == [("orders", 390, 390, 0, 12), ("people", 39, 39, 0, 1), ("voices", 2, 2, 0, 1)]
    for source, loaded in (("orders__order_lines", 390), ("people__customers", 39), ("voices__feedback", 2)):
        assert query(erased[0] / "out", f"SELECT count(*) FROM raw.{source}") == [(loaded,)]
    assert query(erased[0] / "out", "SELECT count(*) FROM ops.quarantine") == [(0,)]


def test_the_audit_names_nobody(erased: tuple[Path, dict[str, object]]) -> None:
    folder, _ = erased
    (told,) = json.loads(command(folder, "forget", "--list", "--json"))
    assert (told["by"], told["reason"], told["together"]) == ("dpo", "request 4711", 1)
    assert told["counts"]["raw.orders__order_lines"] == 10
    assert told["ended_at"] > told["begun_at"]
    assert HIM not in json.dumps(told)
    assert "request 4711" in command(folder, "forget", "--list")
    for name in ("erasures.jsonl", ".erasure_key"):
        assert stat.S_IMODE((folder / "out" / name).stat().st_mode) == 0o600


def test_no_date_is_stale_by_it(erased: tuple[Path, dict[str, object]]) -> None:
    assert "no published date is stale" in command(erased[0], "status", "--stale")
    told = command(erased[0], "forget", HIM, "--dry-run")
    assert "dry run: nothing was changed" in told


def test_nothing_brings_him_back(erased: tuple[Path, dict[str, object]], tmp_path: Path) -> None:
    """The same files under another mapping and more of them, the next date with all its checks, and a backfill."""
    folder = tmp_path / "company"
    shutil.copytree(erased[0], folder)
    yaml_file = folder / "resegment.yaml"
    yaml_file.write_text(yaml_file.read_text().replace("amount: price", "amount: CAST(price AS DECIMAL(9, 2))"))
    people = (folder / "people.csv").read_text()
    (folder / "people.csv").write_text(people + f"{HIM};Again;again@example.org;1\ncust-40;New One;new@example.org;2\n")
    told = command(folder, "run", "--as-of", NEXT)
    assert "12 rows of erased customers left out" in told
    assert places_of(folder / "out", (*WORDS, "again@example.org")) == []
    with without_checks():
        told = command(folder, "backfill", "--from", DATES[1], "--to", DATES[1], "--quiet")
    assert places_of(folder / "out", (*WORDS, "again@example.org")) == []
    sizes = query(
        folder / "out",
        "SELECT DISTINCT kpi.customer_count - members.size FROM monitoring.kpi AS kpi JOIN ops.publication USING (run_id)"
        " JOIN (SELECT run_id, segment_id, count(*) AS size FROM segments.membership GROUP BY ALL) AS members"
        f" USING (run_id, segment_id) WHERE kpi.as_of_date > DATE '{DATES[0]}'",
    )
    assert sizes == [(0,)]


def test_a_backup_does_not_bring_him_back(
    company: Path, erased: tuple[Path, dict[str, object]], tmp_path: Path
) -> None:
    """The folder of before, with the list and key of today."""
    folder = tmp_path / "company"
    shutil.copytree(company, folder)
    for name in ("erasures.jsonl", ".erasure_key"):
        shutil.copy(erased[0] / "out" / name, folder / "out" / name)
    space = load_workspace(folder)
    assert end_stopped(space, folder / "out") == 1
    assert places_of(folder / "out") == []
    assert end_stopped(space, folder / "out") == 0


def test_an_export_has_all_of_him_and_nothing_of_others(company: Path, tmp_path: Path) -> None:
    for form in ("json", "csv"):
        file = tmp_path / f"him.{form}"
        assert "parts" in command(company, "export", HIM, "--to", str(file), "--format", form)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        text = file.read_text()
        assert OTHER not in text
        for word in (HIM, E_MAIL, NAME, WORDS[4]):
            assert word in text
    assert f'"\'{PHONE}"' in text
    held = json.loads((tmp_path / "him.json").read_text())
    assert held["customer"] == {"customer_id": HIM, "published_id": HIM}
    assert {one["segmentation"] for one in held["reasons"]} == {"rfm", "lifecycle"}
    assert [len(held[name]) for name in ("raw.orders__order_lines", "raw.quarantined_row", "staging.orders")] == [
        10,
        2,
        7,
    ]
    assert {row["as_of_date"] for row in held["segments.membership"]} == set(DATES)
    assert json.loads(command(company, "export", HIM)) == held


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("forget", "nobody-1", "--yes"), "nothing is held of 'nobody-1'; nothing was changed"),
        (("export", "nobody-1"), "nothing is held of 'nobody-1'"),
        (("forget", "--yes"), "nobody is named"),
        (("forget", HIM), "1 customer would be erased, which cannot be undone"),
        (("forget", HIM, "--yes", "--reason", f"mail of {E_MAIL}"), "the reason names who is to be erased"),
        (("forget", HIM, "--yes", "--output", "/nowhere"), "nothing has been run here yet"),
        (("export", HIM, "--output", "/nowhere"), "nothing has been run here yet"),
        (("forget", "--from-file", "/nowhere/ids", "--yes"), "cannot read the ids: No such file or directory"),
    ],
)
def test_what_is_asked_wrongly_is_told_and_changes_nothing(
    company: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in command(company, *arguments, code=2)
    assert not (company / "out" / "erasures.jsonl").exists()


def test_an_export_that_cannot_be_written_is_told(company: Path) -> None:
    assert "cannot write the export: No such file" in command(company, "export", HIM, "--to", "/nowhere/x.json", code=1)


def test_a_folder_that_a_run_holds_is_refused(company: Path) -> None:
    with writer_lock(company / "out"):
        assert "another run is writing here" in command(company, "forget", HIM, "--yes", code=1)


def test_what_cannot_be_cleaned_is_told_before_anything_is_done(company: Path, tmp_path: Path) -> None:
    folder = tmp_path / "company"
    shutil.copytree(company, folder)
    backup = folder / "out" / "backup.bin"
    backup.write_bytes(b"\xff\xfe" + E_MAIL.encode())
    (tmp_path / "ids").write_text(f"{HIM}\n\n{HIM}\n")
    arguments = ("forget", "--from-file", str(tmp_path / "ids"), "--yes")
    assert "nothing was erased: backup.bin have them in them" in command(folder, *arguments, code=1)
    assert "nobody was erased here" in command(folder, "forget", "--list")
    backup.unlink()
    export = folder / "out" / f"{HIM}.json"
    export.write_text("{}")
    assert f"nothing was erased: {HIM}.json have them in their names" in command(folder, *arguments, code=1)
    assert "nobody was erased here" in command(folder, "forget", "--list")
    export.unlink()
    with mock.patch.object(forget_steps, "strike_out", return_value=Counter()):
        told = command(folder, *arguments, code=1)
    assert "the erasure is not done: report/index.html: its bytes; run.log: its bytes still have them" in told
    assert "not ended" in command(folder, "forget", "--list")
    assert "1 customer erased; searched" in command(folder, *arguments)
    assert places_of(folder / "out") == []


def test_no_table_knows_customers_by_another_name_than_the_walk_does(company: Path) -> None:
    """Whatever table comes: customers stand in `customer_id`, and texts in types in which they can be struck out."""
    ids = {f"cust-{n:02}" for n in range(41)}
    for file in ("warehouse.duckdb", "published/published.duckdb"):
        with duckdb.connect(str(company / "out" / file), read_only=True) as connection:
            columns = connection.execute(
                "SELECT schema_name || '.\"' || table_name || '\"', column_name, data_type FROM duckdb_columns()"
                " JOIN duckdb_tables() USING (database_name, schema_name, table_name) WHERE NOT duckdb_tables.internal"
            ).fetchall()
            assert len(columns) > 200
            for table, column, kind in columns:
                assert Columns("", "", {column: kind}).searchable == Columns("", "", {column: kind}).texts, (
                    table,
                    column,
                )
                if kind == "VARCHAR" and column != "customer_id":
                    values = connection.execute(f'SELECT DISTINCT "{column}" FROM {table}').fetchall()
                    assert ids.isdisjoint(value for (value,) in values), f"{table}.{column} holds ids of customers"


def test_the_flow_takes_a_file_of_ids_and_looks_first(company: Path, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text(f"{HIM}\n")
    asked = {"workspace": str(company), "ids_file": str(tmp_path / "ids"), "reason": "request 1", "by": "dpo"}
    with embedded_prefect():
        told = forget_flow(**asked)
        with pytest.raises(ParameterTypeError, match="confirm"):
            forget_flow(**asked, confirm="yes")
        with pytest.raises(ParameterTypeError, match="reason"):
            forget_flow(**asked | {"reason": ""})
    assert told["customers"] == 1
    assert told["rows"]["raw.orders__order_lines"] == 10
    assert told["searched_files"] is None
    assert not (company / "out" / "erasures.jsonl").exists()
    assert "ids" not in inspect.signature(forget_flow.fn).parameters
