"""`ops.model_*`: what is appended is whole, whatever happens to the process that appends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.warehouse import migrations, model_ledger
from tasks.warehouse.connection import Warehouse

REPOSITORY = Path(__file__).resolve().parents[3]
#: Decides once, and dies between what is in a challenger and its entry.
_DIES = """
import datetime as dt, os, signal, sys
from pathlib import Path
from tasks.warehouse import ledger, migrations, model_ledger
from tasks.warehouse.connection import Warehouse

warehouse = Warehouse.open(Path(sys.argv[1]))
migrations.migrate(warehouse)
model_ledger.decide(warehouse, segmentation="k", model_no=1, version_id="a", name="accept",
                    as_of=dt.date(2025, 6, 30), by="anna", because="so")
keep = model_ledger.keep_contents
def dying(*arguments):
    keep(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
model_ledger.keep_contents = dying
version = {"version_id": "b", "segmentation_id": "k", "trained_as_of_date": "2025-06-30"}
model_ledger.register_challenger(warehouse, version, {"content": 1})
"""


def test_a_process_that_is_killed_leaves_whole_entries(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([sys.executable, "-c", _DIES, str(path)], env=environment, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    with Warehouse.open(path) as warehouse:
        migrations.migrate(warehouse)
        assert warehouse.rows("SELECT decision_no, version_id, decided_by FROM ops.model_decision") == [
            (1, "a", "anna")
        ]
        for table in ("model_content", "model_challenger"):
            assert warehouse.value(f"SELECT count(*) FROM ops.{table}") == 0


def test_what_is_there_is_not_changed() -> None:
    version = {"version_id": "b", "segmentation_id": "k", "trained_as_of_date": "2025-06-30", "model_no": 2}
    with Warehouse.open(None) as warehouse:
        migrations.migrate(warehouse)
        model_ledger.register_challenger(warehouse, version, {"content": 1})
        model_ledger.register_challenger(warehouse, version | {"model_no": 9}, {"content": 1})
        assert warehouse.value("SELECT version_json ->> 'model_no' FROM ops.model_challenger") == "2"
        assert model_ledger.content_of(warehouse, "b") == {"content": 1}
        assert model_ledger.content_of(warehouse, "c") is None


@pytest.mark.parametrize("table", ["model_content", "model_challenger", "model_decision"])
def test_a_folder_of_an_older_version_gets_the_tables(table: str) -> None:
    with Warehouse.open(None) as warehouse:
        warehouse.execute("CREATE SCHEMA ops")
        migrations.migrate(warehouse)
        assert warehouse.table_exists(f"ops.{table}")
