"""What is told of folders as columns: that they could be some, which there are, and nothing wrong of the file beside."""

from __future__ import annotations

import polars as pl
import pytest

from tasks.config.errors import SourceError, WorkspaceError
from tasks.ingest.absent_keys import absent_keys
from tasks.ingest.mapping import parse_mapping
from tasks.ingest.tasks import ingest_source
from tests.unit.ingest.made_files import WRITTEN, load
from tests.unit.ingest.made_quarantine import GOOD, HEADER
from tests.unit.ingest.test_folders import LAKE, ON, PLACES, STORES, lay, place
from tests.workspaces import ORDERS, MakeWorkspace, OpenRun


def test_a_folder_of_a_lookup_that_is_no_column_is_told(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    told = "the folder store=a is a column with options: {hive_partitions: true}"
    for overrides in (PLACES, (PLACES[0].replace("key: line", "key: store, source_key: line"), *PLACES[1:])):
        off = overrides[0].replace("true", "false")
        space = make_workspace(off, *overrides[1:], orders=HEADER + GOOD)
        if not (space.directory / "places").exists():
            place(space.directory, "a")
        with opened(space) as run, pytest.raises((SourceError, WorkspaceError)) as raised:
            ingest_source.fn(run, "orders")
        assert raised.value.hint == told


def test_a_misspelt_folder_is_told_with_those_there_are(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    for column, hint in (("stores", "did you mean 'store'?"), ("zzz", "units, price, store")):
        space = make_workspace(ON, STORES[0], f"sources.orders.columns.store_id={column}")
        lay(space, s1=HEADER + GOOD)
        with opened(space) as run, pytest.raises(SourceError, match=f"no column '{column}'") as raised:
            ingest_source.fn(run, "orders")
        assert hint in str(raised.value.hint)
        # In a lake all files have one name.
        assert str(raised.value.where).endswith("and sales/store=1/part.csv")


def test_a_key_of_json_lines_that_only_a_folder_names_is_told(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    for is_on, told in ((False, "is a column with options"), (True, None)):
        space = make_workspace(
            f"sources.orders.options={{hive_partitions: {str(is_on).lower()}}}",
            "sources.orders.path=store=9/orders.jsonl",
            "sources.orders.format=jsonl",
            "sources.orders.columns.store_id=store",
        )
        (space.directory / "store=9").mkdir(exist_ok=True)
        file = space.directory / "store=9" / "orders.jsonl"
        WRITTEN["jsonl"](pl.read_csv(ORDERS.encode(), infer_schema=False), file)
        with opened(space) as run:
            sentences = absent_keys(run.warehouse, parse_mapping(space, "orders"), file)
        assert [told in sentence for sentence in sentences if told] == ([True] if told else [])
        assert len(sentences) == int(not is_on)


def test_a_header_further_down_is_found_beside_folders(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(*LAKE)
    lay(space, s1="Sales of June,,,,,,,\n" + HEADER + GOOD)
    with opened(space) as run, pytest.raises(SourceError) as raised:
        ingest_source.fn(run, "orders")
    assert raised.value.hint is not None
    assert "line 2 has it" in raised.value.hint


def test_a_line_break_in_a_folder_is_none_in_the_file(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    """Lines that a quotation mark swallowed are counted by the breaks in values, and these are not the file's."""
    space = make_workspace(*LAKE)
    torn = GOOD.replace("bread", '"bread')
    lay(space, **{"a%0Ab%0Ac": HEADER + GOOD * 3 + torn + GOOD * 3})
    with opened(space) as run, pytest.raises(SourceError, match="3 lines after it cannot be told apart"):
        ingest_source.fn(run, "orders")


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_what_a_folder_is_called_is_in_no_row(make_workspace: MakeWorkspace, opened: OpenRun, kind: str) -> None:
    space = make_workspace(
        f"sources.orders.path=product=p9/customer=zoe/orders.{kind}", f"sources.orders.format={kind}"
    )
    file = space.directory / "product=p9" / "customer=zoe" / f"orders.{kind}"
    file.parent.mkdir(parents=True)
    WRITTEN[kind](pl.read_csv(ORDERS.encode(), infer_schema=False), file)
    with opened(space) as run:
        assert load(run, space).loaded == 5
        found = run.warehouse.rows("SELECT DISTINCT product_id FROM raw.orders__order_lines ORDER BY 1")
        assert found == [("p1",), ("p2",), ("p3",)]
        assert run.warehouse.value("SELECT count(*) FROM raw.orders__order_lines WHERE customer_id = 'zoe'") == 0


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_column_that_only_a_folder_names_is_told(make_workspace: MakeWorkspace, opened: OpenRun, kind: str) -> None:
    path = f"store=9/orders.{kind}"
    space = make_workspace(
        f"sources.orders.path={path}", f"sources.orders.format={kind}", "sources.orders.columns.store_id=store"
    )
    (space.directory / "store=9").mkdir()
    WRITTEN[kind](pl.read_csv(ORDERS.encode(), infer_schema=False), space.directory / path)
    with opened(space) as run, pytest.raises(SourceError, match="no column 'store'") as raised:
        load(run, space)
    assert raised.value.hint == "the folder store=9 is a column with options: {hive_partitions: true}"
