"""Folders as columns: `store=9` above a file is a column of its rows, where the source says so."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.config.sources import FormatOptions
from tasks.ingest.discovery import find_files
from tasks.ingest.folders import folder_called, folders_in, known_by
from tasks.ingest.loading import load_file
from tasks.ingest.mapping import parse_mapping
from tasks.ingest.raw_views import build_raw_views
from tasks.ingest.renamed import former_names
from tasks.ingest.tasks import ingest_source
from tasks.ingest.whose import customers_in_quarantine
from tasks.warehouse.erasures import Erased, hashed
from tasks.warehouse.run import Run
from tests.unit.ingest.made_files import WRITTEN
from tests.unit.ingest.made_quarantine import GOOD, HEADER, NEGATIVE, SHORT, UNREADABLE, decide, open_numbers
from tests.workspaces import ORDERS, MakeWorkspace, OpenRun, small_workspace

ON = "sources.orders.options={hive_partitions: true}"
STORES = ("sources.orders.path=sales/**/*.csv", "sources.orders.columns.store_id=store")
LAKE = (ON, *STORES)


def lay(space: Any, **files: str) -> None:  # noqa: ANN401 - a workspace
    """Write files by their folder's value of `store`."""
    for store, text in files.items():
        file = space.directory / "sales" / f"store={store.removeprefix('s')}" / "part.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def rows(run: Run, columns: str = "store_id, order_id") -> list[tuple[Any, ...]]:
    build_raw_views(run)
    return run.warehouse.rows(f"SELECT DISTINCT {columns} FROM raw.order_lines ORDER BY ALL")


def loads(run: Run) -> int:
    return int(run.warehouse.value("SELECT count(*) FROM ops.load"))


@pytest.mark.parametrize(
    ("path", "folders"),
    [
        ("sales/store=9/dt=2025-06-01/part-0.parquet", {"store": "9", "dt": "2025-06-01"}),
        ("/mnt/env=x/store=9/a=b.csv", {"env": "x", "store": "9"}),
        ("store=a%2Fb%3D%C3%A9/part.csv", {"store": "a/b=é"}),
        ("a%3Db=1+2/part.csv", {"a=b": "1+2"}),
        ("store=__HIVE_DEFAULT_PARTITION__/dt=/part.csv", {"store": None, "dt": None}),
        ("store=1/x/STORE=2=3/part.csv", {"STORE": "2=3"}),
        ("=9/ =8/plain/_record=7/_ROW=6/part.csv", {}),
    ],
)
def test_what_folders_say(path: str, folders: dict[str, str | None]) -> None:
    assert folders_in(path) == folders


def test_a_file_without_such_folders_is_known_by_its_bytes() -> None:
    assert known_by("aa", {}) == "aa"
    assert len({"aa", *(known_by("aa", {"store": value}) for value in ("1", "2", None, "None"))}) == 5
    assert known_by("aa", {"Store": "1", "dt": "2"}) == known_by("aa", {"dt": "2", "store": "1"})


def test_the_folder_of_a_column_is_found_as_it_is_written() -> None:
    assert folder_called("sales/Store%20no=a%2Fb/part.csv", "store no") == "Store%20no=a%2Fb"
    assert folder_called("sales/part.csv", "sales") is None


def test_options_that_are_off_are_in_no_digest() -> None:
    """Otherwise each file of each workspace would be loaded anew by a version that knows them."""
    assert "hive_partitions" not in FormatOptions(hive_partitions=False).model_dump(mode="json")
    assert FormatOptions(hive_partitions=True).model_dump(mode="json")["hive_partitions"] is True


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_folders_are_text_columns_and_those_of_the_file_stay_its_own(
    make_workspace: MakeWorkspace, opened: OpenRun, kind: str
) -> None:
    path = f"store=007/Product=p9/region=N%2FA/orders.{kind}"
    mapped = ("store_id=store", "brand_name=region || '!'", "channel_name=typeof(store)")
    columns = tuple(f"sources.orders.columns.{column}" for column in mapped)
    space = make_workspace(ON, f"sources.orders.path={path}", f"sources.orders.format={kind}", *columns)
    file = space.directory / path
    file.parent.mkdir(parents=True)
    WRITTEN[kind](pl.read_csv(ORDERS.encode(), infer_schema=False), file)
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        assert rows(run, "store_id, brand_name, channel_name") == [("007", "N/A!", "VARCHAR")]
        assert rows(run, "product_id") == [("p1",), ("p2",), ("p3",)]


def test_of_json_lines_each_says_for_itself_what_it_has(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(
        ON,
        "sources.orders.path=store=9/orders.jsonl",
        "sources.orders.format=jsonl",
        "sources.orders.columns.store_id=Store",
    )
    line = '"line": 1, "customer": "a", "at": "2025-06-01", "product": "p", "category": "c", "units": 1, "price": 1}\n'
    file = space.directory / "store=9" / "orders.jsonl"
    file.parent.mkdir()
    file.write_text(f'{{"order": "o1", {line}{{"order": "o2", "Store": 5, {line}{{"order": "o3", "Store": null, {line}')
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        assert rows(run) == [("5", "o2"), ("9", "o1"), (None, "o3")]


def test_the_same_bytes_in_two_folders_are_two_loads(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(*LAKE)
    lay(space, s1=HEADER + GOOD, s2=HEADER + GOOD, __HIVE_DEFAULT_PARTITION__=HEADER + GOOD)
    with opened(space) as run:
        assert ingest_source.fn(run, "orders") == 3
        assert rows(run) == [("1", "o1"), ("2", "o1"), (None, "o1")]
        # The next day nothing is new, under another name in its folder neither.
        (space.directory / "sales" / "store=1" / "part.csv").rename(space.directory / "sales" / "store=1" / "b.csv")
        assert ingest_source.fn(run, "orders") == 0
        # In the folder of another store it is another file.
        (space.directory / "sales" / "store=3").mkdir()
        (space.directory / "sales" / "store=1" / "b.csv").rename(space.directory / "sales" / "store=3" / "b.csv")
        assert ingest_source.fn(run, "orders") == 1
        assert ("3", "o1") in rows(run)


def test_a_version_in_the_same_folder_replaces_or_adds(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    for versions, orders in (("replace", ["o9"]), ("add", ["o1", "o9"])):
        space = make_workspace(*LAKE, f"sources.orders.versions={versions}")
        lay(space, s1=HEADER + GOOD)
        with opened(space) as run:
            ingest_source.fn(run, "orders")
            lay(space, s1=HEADER + GOOD.replace("o1", "o9"))
            ingest_source.fn(run, "orders")
            assert rows(run) == [("1", order) for order in orders]


def test_quarantined_rows_are_replayed_with_what_their_folder_says(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    lists = "sources.orders.options={hive_partitions: true, null_values: ['', n/a]}"
    space = make_workspace(*LAKE, lists)
    # Of the last row one value is too many; with marks that quote nothing it would be none.
    lay(space, s1=HEADER + UNREADABLE, s2=HEADER + UNREADABLE.replace("o2", "o7") + 'o8,1,b"en,"2025-06-02,p1,x,1,1\n')
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        assert len(open_numbers(run)) == 3
    mended = make_workspace(
        *STORES,
        "sources.orders.columns.quantity=replace(units, ' pcs', '')",
        "sources.orders.columns.ordered_at=replace(\"at\", '\"', '')",
        "sources.orders.options={hive_partitions: true, quote: ''}",
    )
    with opened(mended) as run:
        assert sorted(decide(run, "replayed").loaded) == [1, 2, 3]
        assert run.warehouse.rows("SELECT store_id, order_id FROM raw.orders__order_lines ORDER BY ALL") == [
            ("1", "o2"),
            ("2", "o7"),
            ("2", "o8"),
        ]


def test_a_value_of_a_folder_is_replayed_as_it_was_loaded(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    lists = "sources.orders.options={hive_partitions: true, null_values: ['', NA]}"
    space = make_workspace(*LAKE, lists)
    lay(space, NA=HEADER + GOOD + NEGATIVE)
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        decide(run, "released", *open_numbers(run), because="a credit note")
        assert rows(run) == [("NA", "o1"), ("NA", "o3")]


def test_decisions_outlive_that_folders_become_columns(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(STORES[0])
    lay(space, s1=HEADER + NEGATIVE, s2=HEADER + NEGATIVE)
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        decide(run, "released", *open_numbers(run), because="a credit note")
    with opened(make_workspace(*LAKE)) as run:
        ingest_source.fn(run, "orders")
        assert rows(run) == [("1", "o3"), ("2", "o3")]
    with opened(make_workspace(STORES[0])) as run:
        ingest_source.fn(run, "orders")
        assert rows(run) == [(None, "o3")]


def test_a_decision_on_a_row_is_none_on_the_same_bytes_in_another_folder(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    space = make_workspace(*LAKE)
    lay(space, s1=HEADER + NEGATIVE)
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        decide(run, "released", *open_numbers(run), because="a credit note")
        lay(space, s2=HEADER + NEGATIVE)
        ingest_source.fn(run, "orders")
        assert rows(run) == [("1", "o3")]
        assert len(open_numbers(run)) == 1


def test_a_source_that_is_called_otherwise_is_known_by_its_folders(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    tree: dict[str, Any] = small_workspace()
    source = tree["sources"]["orders"]
    source |= {"path": "sales/**/*.csv", "options": {"hive_partitions": True}}
    source["columns"]["store_id"] = "store"
    space = make_workspace(tree=tree)
    lay(space, s1=HEADER + GOOD)
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        tree["sources"] = {"till": source}
        renamed = make_workspace(tree=tree)
        assert former_names(run.warehouse, renamed) == {"till": "orders"}
        # Of another store it is another file.
        (space.directory / "sales" / "store=1").rename(space.directory / "sales" / "store=2")
        assert former_names(run.warehouse, renamed) == {}


PLACES = (
    "sources.orders.lookups.places={path: 'places/**/*.csv', format: csv, key: line, options: {hive_partitions: true}}",
    "sources.orders.columns.line_id=source.line",
    "sources.orders.columns.store_id=places.store",
)


def place(directory: Path, store: str) -> Path:
    file = directory / "places" / f"store={store}" / "p.csv"
    file.parent.mkdir(parents=True)
    file.write_text("line\n1\n")
    return file


def test_folders_of_a_lookup_are_columns_that_are_looked_up(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(*PLACES, orders=HEADER + GOOD)
    first = place(space.directory, "a")
    with opened(space) as run:
        assert ingest_source.fn(run, "orders") == 1
        assert rows(run) == [("a", "o1")]
        assert ingest_source.fn(run, "orders") == 0
        # The same bytes in another folder say something else of the orders.
        place(space.directory, "b")
        first.unlink()
        assert ingest_source.fn(run, "orders") == 1
        assert rows(run) == [("b", "o1")]


def test_folders_above_the_workspace_are_none_of_a_file(make_workspace: MakeWorkspace) -> None:
    space = make_workspace(*LAKE)
    lay(space, s1=HEADER + GOOD)
    mapping = parse_mapping(space, "orders")
    elsewhere = Path("/mnt/env=x/store=1/part.csv")
    options = mapping.source.options
    assert mapping.folders_of(space.directory / "sales" / "store=1" / "part.csv", options) == {"store": "1"}
    assert mapping.folders_of(elsewhere, options) == {"env": "x", "store": "1"}
    assert mapping.folders_of(elsewhere, FormatOptions()) == {}


def test_the_ledger_knows_a_file_by_its_bytes_where_no_folder_counts(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(make_workspace(ON)) as run:
        ingest_source.fn(run, "orders")
        known = run.warehouse.value("SELECT file_sha256 FROM ops.load")
        assert known == hashlib.sha256(ORDERS.encode()).hexdigest()


def test_a_line_that_is_no_row_is_whose_folder_it_lies_in(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    """It came back as a row of a customer called `[erased]` once he was forgotten and the line could be read."""
    space = make_workspace(ON, "sources.orders.path=sales/**/*.csv", "sources.orders.columns.customer_id=store")
    lay(space, anna=HEADER + GOOD + SHORT, ben=HEADER + SHORT)
    erased = Erased(b"k" * 32, frozenset({hashed(b"k" * 32, "anna")}))
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        whose = {customer: number for (_, number), customer in customers_in_quarantine(run).items()}
        assert whose == {"anna": 2, "ben": 1}
        mapping = parse_mapping(space, "orders")
        run.warehouse.execute("DELETE FROM ops.load")
        found = [load_file(run.warehouse, mapping, file, run.attempt_id, erased) for file in find_files(space, mapping)]
    assert [(one.read, one.quarantined, one.erased) for one in found] == [(0, 0, 2), (1, 1, 0)]
