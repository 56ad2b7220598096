"""Which files are new, and what they are compared with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.quality.file_history import file_histories
from tasks.warehouse import migrations
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import OutputPaths, Run
from tests.unit.quality import corridor

START = dt.datetime(2025, 7, 1, 6)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with Warehouse.open(None, threads=1) as warehouse:
        migrations.migrate(warehouse)
        space = corridor.workspace(tmp_path, entities=("order_lines",))
        yield Run(space, warehouse, OutputPaths(tmp_path / "out"), corridor.AS_OF, None)


def deliver(run: Run, hour: int, load_no: int, file: str) -> None:
    at = START + dt.timedelta(hours=hour)
    run.warehouse.execute(
        "INSERT INTO ops.load (load_id, load_no, source_name, entity_name, file_name, loaded_at)"
        " VALUES ($id, $no, 'my_order_lines', 'order_lines', $file, $at)",
        {"id": f"load{load_no}", "no": load_no, "file": file, "at": at},
    )
    run.warehouse.execute(
        "INSERT INTO ops.delivery SELECT count(*) + 1, 'my_order_lines', $file, $id, 'a', $at FROM ops.delivery",
        {"file": file, "id": f"load{load_no}", "at": at},
    )


def publish(run: Run, hour: int, day: int) -> None:
    run.warehouse.execute(
        "INSERT INTO ops.publication VALUES ($day, $id, $at)",
        {"day": dt.date(2025, 6, day), "id": f"run{day}", "at": START + dt.timedelta(hours=hour)},
    )


def found(run: Run) -> dict[int, tuple[tuple[int, ...], bool, int | None]]:
    files = file_histories(run).get("my_order_lines", [])
    return {file.load_no: (file.others, file.is_version, file.published) for file in files}


def test_on_the_first_run_each_file_is_compared_with_the_others(run: Run) -> None:
    for number in (1, 2, 3):
        deliver(run, number, number, f"{number}.csv")
    assert found(run) == {1: ((3, 2), False, None), 2: ((3, 1), False, None), 3: ((2, 1), False, None)}


def test_published_files_are_history_and_not_new(run: Run) -> None:
    deliver(run, 1, 1, "1.csv")
    deliver(run, 2, 2, "2.csv")
    publish(run, 3, 1)
    deliver(run, 4, 3, "3.csv")
    assert found(run) == {3: ((2, 1), False, 2)}
    publish(run, 5, 2)
    assert found(run) == {}


def test_a_file_delivered_again_is_compared_with_its_published_versions(run: Run) -> None:
    deliver(run, 1, 1, "all.csv")
    publish(run, 2, 1)
    deliver(run, 3, 2, "all.csv")
    publish(run, 4, 2)
    deliver(run, 5, 3, "other.csv")
    deliver(run, 6, 4, "all.csv")
    assert found(run) == {4: ((2, 1), True, 2), 3: ((2, 1), False, 2)}


def test_what_a_gate_refused_is_no_history(run: Run) -> None:
    deliver(run, 1, 1, "all.csv")
    publish(run, 2, 1)
    # Load 2 was refused, and corrected by load 3 before anything was published.
    deliver(run, 3, 2, "all.csv")
    deliver(run, 4, 3, "all.csv")
    assert found(run) == {3: ((1,), True, 1)}
    publish(run, 5, 2)
    deliver(run, 6, 4, "all.csv")
    assert found(run) == {4: ((3, 1), True, 3)}


def test_what_was_refused_stays_new_in_the_next_attempt(run: Run) -> None:
    deliver(run, 1, 1, "all.csv")
    publish(run, 2, 1)
    deliver(run, 3, 2, "all.csv")
    again = Run(run.workspace, run.warehouse, run.paths, run.as_of, None)
    assert found(again) == {2: ((1,), True, 1)}


def test_the_same_content_under_another_name_is_the_same_load(run: Run) -> None:
    deliver(run, 1, 1, "1.csv")
    publish(run, 2, 1)
    run.warehouse.execute(
        "INSERT INTO ops.delivery VALUES (2, 'my_order_lines', 'copy.csv', 'load1', 'a', $at)",
        {"at": START + dt.timedelta(hours=3)},
    )
    (file,) = file_histories(run)["my_order_lines"]
    assert (file.file, file.load_no) == ("copy.csv", 1)


def test_what_was_not_known_then_is_not_seen(run: Run) -> None:
    deliver(run, 1, 1, "1.csv")
    deliver(run, 5, 2, "2.csv")
    earlier = Run(run.workspace, run.warehouse, run.paths, run.as_of, START + dt.timedelta(hours=3))
    assert found(earlier) == {1: ((), False, None)}
