"""Which partitions a publication has: those of the days that history is kept, of the tables that were published then."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb
import pytest

from tasks.config.publishing import PublishPolicy
from tasks.publish.build import begin_candidate
from tasks.publish.inspection import damage_of_publication
from tasks.warehouse import ledger
from tasks.warehouse.ledger import Publication
from tasks.warehouse.published_files import changed_files, digests, listed
from tasks.warehouse.run import OutputPaths
from tests.workspaces import MakeWorkspace, OpenRun

MARCH, APRIL, MAY = dt.date(2025, 3, 31), dt.date(2025, 4, 30), dt.date(2025, 5, 31)
LINE = [Publication(day, f"run of {day:%B}") for day in (MARCH, APRIL, MAY)]


@pytest.fixture
def paths(tmp_path: Path) -> OutputPaths:
    """Of a company that added the table `vip` in April and took `basket` away in May."""
    paths = OutputPaths(tmp_path / "company")
    for table, days in {"segment": (MARCH, APRIL, MAY), "vip": (APRIL, MAY), "basket": (MARCH, APRIL)}.items():
        for day in days:
            partition(paths, table, day).parent.mkdir(parents=True)
            duckdb.sql("SELECT 1 AS a").write_parquet(str(partition(paths, table, day)))
    with duckdb.connect(paths.published_database) as database:
        database.execute("CREATE TABLE segment (a INTEGER); CREATE TABLE vip (a INTEGER)")
    runs = {item.as_of.isoformat(): item.run_id for item in LINE}
    paths.manifest.write_text(json.dumps({"runs": runs, "files": digests(paths.published, {})}), encoding="utf-8")
    return paths


def partition(paths: OutputPaths, table: str, day: dt.date) -> Path:
    return paths.published / table / f"as_of_date={day}" / "part-0.parquet"


def damage(paths: OutputPaths) -> list[str]:
    return damage_of_publication(paths, LINE, has_parquet=True)


def test_a_table_that_came_or_went_with_a_definition_is_no_damage(paths: OutputPaths) -> None:
    assert damage(paths) == []


def test_a_date_of_which_every_partition_is_gone_is_told(paths: OutputPaths) -> None:
    for table in ("segment", "vip", "basket"):
        partition(paths, table, APRIL).unlink()
        partition(paths, table, APRIL).parent.rmdir()

    gone = [f"{table}/as_of_date=2025-04-30/part-0.parquet is gone" for table in ("basket", "segment", "vip")]

    assert damage(paths) == gone
    assert [f"{name} {told}" for name, told in changed_files(paths.published).items()] == gone


def test_the_newest_date_is_wanted_of_every_table_though_no_file_is_listed_of_it(paths: OutputPaths) -> None:
    with duckdb.connect(paths.published_database) as database:
        database.execute("CREATE TABLE consent (a INTEGER)")
    tree = json.loads(paths.manifest.read_text(encoding="utf-8"))
    tree["files"] = digests(paths.published, {})
    paths.manifest.write_text(json.dumps(tree), encoding="utf-8")

    assert damage(paths) == ["consent/as_of_date=2025-05-31/part-0.parquet is gone"]


def test_where_the_manifest_lists_no_files_each_table_has_the_dates_of_the_others(paths: OutputPaths) -> None:
    tree = json.loads(paths.manifest.read_text(encoding="utf-8"))
    del tree["files"]
    paths.manifest.write_text(json.dumps(tree), encoding="utf-8")

    assert damage(paths) == [
        "basket/as_of_date=2025-05-31/part-0.parquet is gone",
        "vip/as_of_date=2025-03-31/part-0.parquet is gone",
    ]


def test_a_value_that_was_changed_in_the_file_of_duckdb_is_told(paths: OutputPaths) -> None:
    with duckdb.connect(paths.published_database) as database:
        database.execute("FROM segment")
    # Whoever reads changes nothing, though he may write.
    assert damage(paths) == []

    with duckdb.connect(paths.published_database) as database:
        database.execute("INSERT INTO segment VALUES (1)")

    assert damage(paths) == ["published.duckdb holds other bytes than were published"]
    assert changed_files(paths.published) == {"published.duckdb": "holds other bytes than were published"}
    assert damage_of_publication(paths, LINE, has_parquet=False) == damage(paths)
    # A publication that lists the partitions alone is of an earlier version, and says nothing of it.
    tree = json.loads(paths.manifest.read_text(encoding="utf-8"))
    del tree["files"]["published.duckdb"]
    paths.manifest.write_text(json.dumps(tree), encoding="utf-8")
    assert damage(paths) == []


def test_the_next_publication_does_not_forget_what_was_lost(
    paths: OutputPaths, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    partition(paths, "segment", APRIL).unlink()
    with opened(make_workspace("publish.keep_history_days=60"), as_of=MAY) as run:
        paths.published.rename(run.paths.published)
        for item in LINE:
            ledger.note_publication(run.warehouse, item)
        candidate = begin_candidate(run, [MAY], MAY)

    # Of March history is kept no more, and May is built anew.
    assert sorted(listed(candidate / "manifest.json")) == [
        f"{table}/as_of_date=2025-04-30/part-0.parquet" for table in ("basket", "segment", "vip")
    ]
    assert changed_files(candidate) == {"segment/as_of_date=2025-04-30/part-0.parquet": "is gone"}


@pytest.mark.parametrize(
    ("days", "oldest"), [(None, dt.date.min), (60, dt.date(2025, 4, 1)), (10**9, dt.date.min)], ids=str
)
def test_history_is_kept_so_many_days_back_from_the_newest_date(days: int | None, oldest: dt.date) -> None:
    assert PublishPolicy(keep_history_days=days).kept_since(MAY) == oldest
