"""`resegment rebuild`: a warehouse that is lost, damaged or put back from an old state, and damaged published files."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.flows.backfilled import MONTHS, World, order_lines, without_checks
from tests.flows.damaged import cut_short, held, overwritten, published_files, rebuilt, removed
from tests.flows.test_cli import resegment

_DATES = MONTHS[:2]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two months published, with a model that was learnt in the first; a file that came twice; a row in quarantine."""
    clusters = {
        "kind": "clusters",
        "basis": "behavioural",
        "features": ["order_count", "net_amount"],
        "k": {"min": 2, "max": 2},
    }
    segmentations = {"rfm": {"kind": "rfm", "basis": "value"}, "habits": clusters}
    world = World(tmp_path_factory.mktemp("rebuild") / "world", segmentations)
    draw = random.Random(7)  # noqa: S311 - a world, no secret
    first = order_lines(draw, 150)
    with without_checks():
        world.deliver("orders_0.csv", first + "o9998,1,c01,no day,p1,bread,1,1.50\n")
        world.run(_DATES[0])
        world.deliver("orders_1.csv", order_lines(draw, 20))
        world.run(_DATES[1])
    return world


@pytest.fixture
def world(whole: World, tmp_path: Path) -> World:
    """One that may be damaged."""
    shutil.copytree(whole.folder, tmp_path / "world")
    copied = World.__new__(World)
    copied.folder, copied.tree, copied.deliveries, copied.loaded_at = tmp_path / "world", whole.tree, [], []
    return copied


def test_what_is_whole_is_left_alone(whole: World) -> None:
    before = published_files(whole), held(whole)
    assert "nothing to do" in resegment("rebuild", cwd=whole.folder).stdout
    assert (published_files(whole), held(whole)) == before
    listed = json.loads((whole.output / "copy" / "manifest.json").read_text())
    on_disk = {
        path.relative_to(whole.output / "copy").as_posix() for path in (whole.output / "copy").rglob("*.parquet")
    }
    assert on_disk == {part["file"] for part in listed["parts"] if part["file"]}


@pytest.mark.parametrize("harm", [removed, overwritten])
def test_a_warehouse_is_made_from_its_copy_as_it_was(world: World, harm: Callable[[Path], None]) -> None:
    before = published_files(world), held(world)
    warehouse = world.output / "warehouse.duckdb"
    harm(warehouse)
    told = resegment("run", "--as-of", "2025-06-30", "--quiet", cwd=world.folder, code=1).stderr
    assert str(warehouse) in told
    assert "resegment rebuild" in told
    asked = resegment("rebuild", "--dry-run", cwd=world.folder).stdout
    assert "would make the warehouse anew" in asked
    done = rebuilt(world, "--yes")
    assert done["is_warehouse_rebuilt"]
    assert not done["is_published_anew"]
    assert done["lost"] == []
    assert (published_files(world), held(world)) == before
    assert (world.output / "warehouse.damaged.duckdb").exists() == (harm is not removed)


def test_the_next_run_is_that_of_a_warehouse_that_was_never_harmed(whole: World, world: World, tmp_path: Path) -> None:
    shutil.copytree(whole.folder, tmp_path / "other")
    other = World.__new__(World)
    other.folder, other.tree = tmp_path / "other", whole.tree
    (world.output / "warehouse.duckdb").unlink()
    rebuilt(world, "--yes")
    with without_checks():
        for one in (world, other):
            one.run(MONTHS[2])
    assert published_files(world) == published_files(other)
    assert "nothing to do" in resegment("rebuild", cwd=world.folder).stdout


def test_damaged_published_files_are_built_again_byte_for_byte(world: World) -> None:
    before = published_files(world), held(world)
    published = world.output / "published"
    cut_short(published / "published.duckdb")
    overwritten(published / "segment" / "as_of_date=2025-04-30" / "part-0.parquet")
    removed(published / "customer_segment" / "as_of_date=2025-05-31" / "part-0.parquet")
    wrong = " ".join(rebuilt(world, "--dry-run")["published"])
    for part in ("published.duckdb is damaged", "segment/as_of_date=2025-04-30", "customer_segment/as_of_date=2025-05"):
        assert part in wrong
    done = rebuilt(world, "--yes")
    assert done["is_published_anew"]
    assert not done["is_warehouse_rebuilt"]
    assert (published_files(world), held(world)) == before


def test_a_value_that_somebody_changed_in_a_published_file_is_found(world: World) -> None:
    before = published_files(world)
    name = "customer_segment/as_of_date=2025-04-30/part-0.parquet"
    path = world.output / "published" / name
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE held AS FROM read_parquet('{path}', hive_partitioning = false)")
        connection.execute("UPDATE held SET segment_id = 'rfm.champions' WHERE segment_id <> 'rfm.champions'")
        # Readers open a folder's files by a pattern.
        for target in (path, path.with_name("part-1.parquet")):
            connection.execute(f"COPY held TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    added = name.replace("part-0", "part-1")
    wrong = [f"{name} holds other bytes than were published", f"{added} is none of the files that were published"]
    assert rebuilt(world, "--dry-run")["published"] == wrong
    with without_checks():
        # A run takes other dates over as they are, and what was wrong with them does not become right by that.
        world.run(MONTHS[2])
        checked = resegment("check", "--as-of", "2025-06-30", "--quiet", "--json", cwd=world.folder, code=1).stdout
    assert json.loads(checked)["published"] == wrong[:1]
    assert not (world.output / "published" / added).exists()
    assert rebuilt(world, "--yes")["is_published_anew"]
    after = published_files(world)
    assert {file: after[file] for file in before} == before
    assert rebuilt(world, "--dry-run")["published"] == []


def test_a_table_of_which_no_partition_is_left_is_missed(world: World) -> None:
    before = published_files(world)
    shutil.rmtree(world.output / "published" / "segment")
    wrong = rebuilt(world, "--dry-run")["published"]
    assert [line.split("/")[0] for line in wrong] == ["segment"] * 2
    assert all(line.endswith("is gone") for line in wrong)
    assert rebuilt(world, "--yes")["is_published_anew"]
    assert published_files(world) == before


def test_everything_is_rebuilt_from_the_copy_alone_and_passes_the_gate(world: World) -> None:
    before, rows = published_files(world), held(world)
    shutil.rmtree(world.output / "published")
    (world.output / "warehouse.duckdb").unlink()
    done = rebuilt(world, "--yes", has_checks=True)
    assert done["is_warehouse_rebuilt"]
    assert done["is_published_anew"]
    assert published_files(world) == before
    after = held(world)
    assert {row[3] for row in after["ops.check_result"]} >= {"published.customer_segment"}
    assert [table for table in rows if after[table] != rows[table]] == ["ops.check_result", "ops.table_size"]


def test_a_warehouse_from_an_old_backup_is_not_gone_on_from(world: World) -> None:
    backup = world.output.with_name("backup.duckdb")
    shutil.copy2(world.output / "warehouse.duckdb", backup)
    resegment("alerts", "silence", "drift", "--for", "7d", "--because", "known", cwd=world.folder)
    after = held(world)
    shutil.copy2(backup, world.output / "warehouse.duckdb")
    assert held(world) != after
    told = resegment("alerts", "list", cwd=world.folder, code=1).stderr
    assert "older than the copy" in told
    # Nor is it read from: what is published may be of later runs.
    for command in (["explain", "anna"], ["status", "--stale"]):
        assert "older than the copy" in resegment(*command, cwd=world.folder, code=1).stderr
    assert rebuilt(world, "--yes")["is_warehouse_rebuilt"]
    assert held(world) == after


def test_every_command_says_of_a_damaged_warehouse_what_to_do(world: World) -> None:
    warehouse = world.output / "warehouse.duckdb"
    cut_short(warehouse)
    for command in (
        ("explain", "c01"),
        ("audit",),
        ("plan",),
        ("backfill", "list"),
        ("status", "--stale"),
        ("backfill", "--stale", "--dry-run"),
        ("alerts", "list"),
        ("quarantine", "list"),
        ("model", "list"),
    ):
        told = resegment(*command, cwd=world.folder, code=1).stderr
        assert f"{warehouse}: is damaged" in told, command
        assert "`resegment rebuild` makes it anew" in told, command
    status = resegment("status", cwd=world.folder).stdout
    assert "published as of 2025-05-31" in status
    assert "is damaged" in status
    warehouse.unlink()
    assert "is gone, while copy/" in resegment("explain", "c01", cwd=world.folder, code=1).stderr
    assert "is gone, while copy/" in resegment("export", "c01", cwd=world.folder, code=1).stderr


def test_a_warehouse_of_a_later_or_older_version_is_told(world: World) -> None:
    warehouse = world.output / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("UPDATE ops.warehouse SET schema_version = 99")
    for command in (("audit",), ("run", "--quiet"), ("rebuild", "--yes")):
        assert "later version of resegment" in resegment(*command, cwd=world.folder, code=1).stderr
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("UPDATE ops.warehouse SET schema_version = 1")
        connection.execute("ALTER TABLE monitoring.segment_health RENAME COLUMN segment_id TO segment")
    told = resegment("audit", cwd=world.folder, code=1).stderr
    assert "older version of resegment" in told
    assert "`resegment run` brings it up" in told


def part_of(world: World, table: str, key: str = "") -> Path:
    listed = json.loads((world.output / "copy" / "manifest.json").read_text())
    (found,) = (part["file"] for part in listed["parts"] if part["table"] == table and part["key"].startswith(key))
    return world.output / "copy" / str(found)


def test_a_damaged_load_costs_its_rows_and_is_read_again(world: World) -> None:
    (world.output / "warehouse.duckdb").unlink()
    overwritten(part_of(world, "raw.orders__order_lines", "load-000002"))
    (loss,) = rebuilt(world, "--yes")["lost"]
    assert "load 2 of orders, file orders_1.csv" in loss["what"]
    assert "reads the file again" in loss["hint"]
    with without_checks():
        world.run(_DATES[1])
    rows = held(world)["raw.orders__order_lines"]
    assert len(rows) == 170


def test_a_damaged_run_leaves_its_date_to_be_computed_anew(world: World) -> None:
    before = published_files(world)
    run_id = json.loads((world.output / "published" / "manifest.json").read_text())["runs"]["2025-05-31"]
    (world.output / "warehouse.duckdb").unlink()
    removed(part_of(world, "segments.membership", run_id))
    done = rebuilt(world, "--yes")
    (loss,) = done["lost"]
    assert run_id in loss["what"]
    assert done["dates"] == ["2025-04-30"]
    assert done["is_published_anew"]
    assert all("2025-05-31" not in file for file in published_files(world))
    with without_checks():
        resegment(*loss["hint"].split("`")[1].split()[1:], "--quiet", cwd=world.folder)
    assert published_files(world) == before


def test_a_damaged_ledger_is_not_guessed_at(world: World) -> None:
    (world.output / "warehouse.duckdb").unlink()
    overwritten(part_of(world, "ops.load"))
    told = resegment("rebuild", "--yes", "--quiet", cwd=world.folder, code=1).stderr
    assert "copy/ops/load/all" in told
    assert "holds other bytes than were written" in told
    assert not (world.output / "warehouse.duckdb").exists()


def test_without_a_copy_or_leave_nothing_is_done(world: World) -> None:
    warehouse = world.output / "warehouse.duckdb"
    cut_short(warehouse)
    told = resegment("rebuild", cwd=world.folder, code=2).stderr
    assert "add --yes" in told
    shutil.rmtree(world.output / "copy")
    assert "no copy of the warehouse" in resegment("rebuild", "--yes", cwd=world.folder, code=1).stderr
